"""Hosts: read strictly, judged by explicit tables."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.addresses import WEB_PORTS, Host, classify, parse_host, parse_networks, port_fits, public_host
from utils.config import load_settings
from utils.errors import ConfigError, PrivateAddress, UnsafeLink

LOOPBACK = parse_networks(["127.0.0.0/8"])


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254"),
        *("172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1"),
        *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        "168.63.129.16",
        *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1"),
        *("fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "100::1", "5f00::1"),
        *("2001::1", "2001:1ff::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "2606:4700::1%eth0"),
    ],
)
def test_addresses_that_are_not_public_are_told_why(text):
    """Loopback, private, shared, link-local, cloud, documentation, multicast; IPv6 that carries or maps IPv4."""
    assert classify(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        *("1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "168.63.129.17"),
        *("223.255.255.255", "2606:4700::1111", "2001:200::1", "2a00:1450::1", "2003::1"),
    ],
)
def test_neighbours_of_the_refused_networks_are_public(text):
    """The tables end where the registries say."""
    assert classify(ip_address(text)) is None


def test_allowed_networks_outweigh_the_tables():
    """An operator may open a network of each family; nothing else opens with it."""
    allow = parse_networks(["127.0.0.0/8", "fd00::/8", "10.0.0.5"])
    assert classify(ip_address("127.0.0.1"), allow) is None
    assert classify(ip_address("fd00::1"), allow) is None
    assert classify(ip_address("10.0.0.5"), allow) is None
    assert classify(ip_address("10.0.0.6"), allow)
    assert classify(ip_address("::1"), allow)
    assert classify(ip_address("::ffff:127.0.0.1"), allow)


@pytest.mark.parametrize("text", ["127.0.0.1/8", "10.0.0.0/33", "lan", ""])
def test_a_network_that_does_not_fit_is_named(text):
    """The start ends with one line."""
    with pytest.raises(ConfigError, match=r"egress\.allow"):
        parse_networks([text])


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("YouTube.com", "youtube.com"),
        ("youtube.com.", "youtube.com"),
        ("a-b.c_d.example.co", "a-b.c_d.example.co"),
        ("xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("уoutube.com", "xn--outube-vrf.com"),  # noqa: RUF001 - the first letter is Cyrillic
        ("8.8.8.8", "8.8.8.8"),
        ("8.8.8.8.", "8.8.8.8"),
        ("[2606:4700::1111]", "[2606:4700::1111]"),
        ("2606:4700:0:0::1111", "[2606:4700::1111]"),
    ],
)
def test_a_plain_host_has_one_spelling(text, host):
    """Lower case, no root dot, Punycode: a look-alike letter is seen for what it is."""
    assert str(public_host(text)) == host
    assert str(public_host(host)) == host


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "2130706433", "017700000001", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "0"),
        *("127.0.0.1.", "0x7F.0.0.0x1", "00000177.1", "3232235777", "10.0x10203", "0x", "192.168.257"),
        *("[::1]", "::1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[fe80::1%25eth0]"),
        *("[fe80::1%eth0]", "[2002:7f00:1::]", "[0:0:0:0:0:0:0:1]"),
        *("１２７.０.０.１", "127。0。0。1", "①②⑦.⓪.⓪.①", "𝟏𝟐𝟕.𝟎.𝟎.𝟏", "%31%32%37.0.0.1", "127%2e0.0.1"),  # noqa: RUF001
        *("localhost", "LOCALHOST.", "a.localhost", "ｌocalhost", "local%68ost"),  # noqa: RUF001
        *("router.lan", "nas.local", "x.internal", "metadata.google.internal", "1.0.0.127.in-addr.arpa", "a.home.arpa"),
        *("a.onion", "intranet", "x.corp"),
    ],
)
def test_private_addresses_are_seen_in_every_disguise(text):
    """Decimal, octal, hexadecimal, short, mapped, translated, zoned, full-width and encoded spellings."""
    with pytest.raises(PrivateAddress):
        public_host(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "0x08080808",
            "134744072",
            "8.8.2056",
            "08.8.8.8",
            "1.2.3.4.5",
            "256.1.1.1",
            "1.1.1.256",
            "1..1",
            "4294967296",
        ),
        *("9" * 5000, "a.123", "a.0x1", "1.2.3.0xg"),
        *("[::1", "::1]", "[1.2.3.4]", "[]", ":", "[::g]", "a:b"),
        *(
            "",
            ".",
            "..",
            "a",
            "a..b",
            ".a.b",
            "-a.com",
            "a-.com",
            "a b.com",
            "a/b.com",
            "a@b.com",
            "x.c-",
            "a." * 130 + "b",
        ),
        *("a" * 64 + ".com", "example.-com"),
        *("youtube。com", "ｙoutube.com", "you%74ube.com", "you\u00adtube.com", "a%00b.com", "%", "%2531.com"),  # noqa: RUF001
        *("you\u200dtube.com", "xn--\u00e9.com", "\u2024.com", "ａ/ｂ.com", "\ud800.com"),  # noqa: RUF001
    ],
)
def test_whatever_is_not_written_plainly_is_refused(text):
    """Also where what it hides is public: a plain spelling exists."""
    with pytest.raises(UnsafeLink) as caught:
        public_host(text)
    assert not isinstance(caught.value, PrivateAddress)


def test_allowed_addresses_pass_in_their_plain_spelling_only():
    """With 127.0.0.0/8 allowed 127.0.0.1 and localhost pass, their disguises stay refused as unsafe."""
    assert public_host("127.0.0.1", LOOPBACK).address == ip_address("127.0.0.1")
    assert public_host("localhost", LOOPBACK) == Host(name="localhost")
    with pytest.raises(UnsafeLink) as caught:
        public_host("2130706433", LOOPBACK)
    assert not isinstance(caught.value, PrivateAddress)
    for text in ("nas.local", "10.0.0.1", "[::1]"):
        with pytest.raises(PrivateAddress):
            public_host(text, LOOPBACK)


def test_parsing_does_not_judge_addresses():
    """The proxy judges what a name resolves to, and needs the same reading of hosts."""
    assert parse_host("10.0.0.1").address == ip_address("10.0.0.1")


def test_ports_of_the_web_and_any_of_an_allowed_address():
    """A port of the list; above that only 1-65535 of an address that was opened by hand."""
    inside = ip_address("127.0.0.1")
    assert port_fits(443, None)
    assert not port_fits(22, None)
    assert not port_fits(22, inside)
    assert port_fits(34567, inside, WEB_PORTS, LOOPBACK)
    assert not port_fits(0, inside, WEB_PORTS, LOOPBACK)
    assert not port_fits(65536, inside, WEB_PORTS, LOOPBACK)
    assert not port_fits(34567, ip_address("10.0.0.1"), WEB_PORTS, LOOPBACK)
    assert port_fits(22, None, {22})


def test_the_ports_are_those_of_the_settings():
    """One list, told in two places."""
    assert frozenset(load_settings({}).egress.ports) == WEB_PORTS


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{0}", "0x{0:x}", "0{0:o}"]))
def test_every_number_form_is_refused(number, form):
    """No address gets through as one number; zero alone may look plain and is private."""
    with pytest.raises(UnsafeLink):
        public_host(form.format(number))


@given(st.text(max_size=40))
def test_any_text_is_a_host_or_refused(text):
    """Nothing else is raised, and a host that passes is stable."""
    try:
        host = str(public_host(text))
    except UnsafeLink:
        return
    assert host.isascii()
    assert str(public_host(host)) == host
