"""One private address in every spelling that some parser somewhere accepts, and links that hide where they lead."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Addresses that no bot may touch, whoever listens there.
PRIVATE: Final = (
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "168.63.129.16", "192.0.0.192"),
    *("0.0.0.0", "255.255.255.255", "224.0.0.1", "198.18.0.1"),
    *(
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[2001::7f00:1]"),
)
#: Names of local networks and cloud metadata, refused without asking a resolver.
LOCAL_NAMES: Final = (
    *("localhost", "localhost.", "foo.localhost", "printer.local", "router.lan", "metadata.google.internal"),
    *("metadata", "intranet", "server.corp", "nas.home.arpa", "ip6-localhost"),
)
#: Public-looking names and what a resolver says of them; one private answer among public ones condemns the name.
POISONED_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "loop.goldcrest-attacks.net": ("127.0.0.1",),
    "home.goldcrest-attacks.net": ("192.168.1.1",),
    "mixed.goldcrest-attacks.net": ("1.1.1.1", "10.0.0.1"),
    "cloud.goldcrest-attacks.net": ("169.254.169.254",),
    "six.goldcrest-attacks.net": ("::1",),
    "mapped.goldcrest-attacks.net": ("::ffff:127.0.0.1",),
    "mixed-six.goldcrest-attacks.net": ("1.1.1.1", "fd00::1"),
    "zero.goldcrest-attacks.net": ("0.0.0.0",),
}
#: Names for which a test's resolver gives the canary's own address: alone, beside a public one, on every other asking.
CANARY_NAMES: Final = ("canary.goldcrest-attacks.net", "half.goldcrest-attacks.net", "turning.goldcrest-attacks.net")
WIDE_DIGITS: Final = str.maketrans("0123456789.", "０１２３４５６７８９．")  # noqa: RUF001 - the disguise
CIRCLED_DIGITS: Final = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")


def spellings(host: str, port: int, plain_port: int) -> dict[str, str]:
    """The canary's address as scheme-less authorities ("host:port"), by the name of the trick."""
    address = IPv4Address(host)
    number = int(address)
    a, b, c, d = address.packed
    hosts = {
        "dotted": host,
        "decimal": str(number),
        "hex": hex(number),
        "octal": f"0{number:o}",
        "hex_parts": f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        "octal_parts": f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        "two_parts": f"{a}.{number & 0xFFFFFF}",
        "three_parts": f"{a}.{b}.{number & 0xFFFF}",
        "leading_zeros": f"{a:04d}.{b:04d}.{c:04d}.{d:04d}",
        "trailing_dot": f"{host}.",
        "wide_digits": host.translate(WIDE_DIGITS),
        "circled_digits": host.translate(CIRCLED_DIGITS),
        "percent": quote(host, safe="").replace(".", "%2e").replace("1", "%31"),
        "mapped": f"[::ffff:{host}]",
        "mapped_hex": f"[::ffff:{a:02x}{b:02x}:{c:02x}{d:02x}]",
        "user": f"cdn.goldcrest-files.net@{host}",
        "user_and_secret": f"cdn.goldcrest-files.net:80@{host}",
    }
    plain = {"localhost": "localhost", "zero": "0.0.0.0", "loopback": "127.0.0.1", "short": "127.1", "six": "[::1]"}
    return {name: f"{value}:{port}" for name, value in hosts.items()} | {
        name: f"{value}:{plain_port}" for name, value in plain.items()
    }


def smuggled(url: str, proxy: str) -> str:
    """A link that carries yt-dlp's own internal notes, here: fetch through another proxy (CVE-2023-46121)."""
    notes = {"http_headers": {"Ytdl-Request-Proxy": proxy}, "to_generic": True, "referer": proxy}
    return f"{url}#{urlencode({'__youtubedl_smuggle': json.dumps(notes)})}"
