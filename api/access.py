"""Who may use the page and the API: only this machine by default, everybody or key holders where the owner says so.

A page that downloads whatever it is told must not be an open relay. Two traps of "only this machine" are closed too: a
site that lets its own name point to 127.0.0.1 (DNS rebinding), and a page elsewhere that lets the browser post here.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from api.guesses import Guesses
from api.peers import address_of, share_of
from utils.errors import AccessDenied, CrossSite, KeyNeeded, UnknownHost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from utils.config import Server

COOKIE: Final = "goldcrest_key"
COOKIE_SECONDS: Final = 30 * 86_400
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
#: a request that carries one of these came through a proxy, whatever address it came from
FORWARDING: Final = frozenset(
    {
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "forwarded",
        "via",
        "x-real-ip",
        "cf-connecting-ip",
        "true-client-ip",
        "fly-client-ip",
    }
)


class Access:
    """The rules of `server.access`: local, open or key."""

    def __init__(self, server: Server, guesses: Guesses | None = None) -> None:
        self._guesses = Guesses() if guesses is None else guesses
        self._mode = server.access
        self._key = server.access_key
        self._public_host = (urlsplit(server.public_url).hostname or "").lower()
        self._pass = hmac.new(self._key.encode(), b"goldcrest web page", hashlib.sha256).hexdigest()

    def check(self, scope: Mapping[str, Any], *, key_free: bool = False) -> None:
        """Let a request pass. `key_free`: it needs no key.

        Raises AccessDenied, UnknownHost, CrossSite, KeyNeeded, or TooFast after too many wrong keys.
        """
        headers = headers_of(scope)
        if self._mode == "local" and not _is_local(scope, headers):
            raise AccessDenied("not from this machine")
        if not self._knows(_name(headers.get("host", ""))):
            raise UnknownHost(headers.get("host", ""))
        if scope["method"] not in READING and not _is_same_origin(headers):
            raise CrossSite(headers.get("origin", ""))
        if self.wants_key and not key_free:
            self._check_proof(scope, headers)

    @property
    def wants_key(self) -> bool:
        """Whether there is a key to enter."""
        return self._mode == "key"

    def enter(self, scope: Mapping[str, Any], key: str) -> str:
        """The Set-Cookie value for somebody who typed the key. Raises KeyNeeded for a wrong one, or TooFast."""
        who = _visitor(scope)
        self._guesses.check(who, key)
        if not self.fits(key):
            self._guesses.wrong(who, key)
            raise KeyNeeded("wrong key", wrong=True)
        return self.cookie(scope)

    def fits(self, key: str) -> bool:
        """Whether that is the key."""
        return self.wants_key and hmac.compare_digest(key.encode(), self._key.encode())

    def cookie(self, scope: Mapping[str, Any], *, ended: bool = False) -> str:
        """Set-Cookie value for somebody who knew the key; it holds a derived value, not the key. `ended`: forget it."""
        secure = scope.get("scheme") == "https" or headers_of(scope).get("x-forwarded-proto") == "https"
        value, seconds = ("", 0) if ended else (self._pass, COOKIE_SECONDS)
        parts = [f"{COOKIE}={value}", f"Max-Age={seconds}", "Path=/", "HttpOnly", "SameSite=Lax"]
        return "; ".join([*parts, "Secure"] if secure else parts)

    def _knows(self, name: str) -> bool:
        """Whether a Host name can't be an attacker's. A key is bound to its host, so any name does there."""
        if self._mode == "key" or _is_own_name(name):
            return True
        # In local mode the public name means that a proxy stands before us, which is not local.
        return self._mode == "open" and (address_of(name) is not None or name == self._public_host != "")

    def _check_proof(self, scope: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        bearer = key.strip() if scheme.lower() == "bearer" else ""
        cookies = (cookie.strip().partition("=") for cookie in headers.get("cookie", "").split(";"))
        proof = (bearer, *(value for name, _, value in cookies if name == COOKIE))
        if not any(proof):
            raise KeyNeeded
        who = _visitor(scope)
        self._guesses.check(who, proof)
        if not (
            self.fits(bearer) or any(hmac.compare_digest(each.encode(), self._pass.encode()) for each in proof[1:])
        ):
            self._guesses.wrong(who, proof)
            raise KeyNeeded("wrong key", wrong=bool(bearer))


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Headers of a request by lower-case name; of a repeated one the last."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _visitor(scope: Mapping[str, Any]) -> str:
    return share_of((scope.get("client") or ("",))[0])


def _is_local(scope: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    """From this machine and not passed on: a proxy without headers still gives itself away by HTTP/1.0."""
    client = scope.get("client")
    address = address_of(client[0]) if client else None
    if address is None or not address.is_loopback:
        return False
    return scope.get("http_version") != "1.0" and not FORWARDING & headers.keys()


def _is_own_name(name: str) -> bool:
    address = address_of(name)
    return address.is_loopback if address else name == "localhost" or name.endswith(".localhost")


def _is_same_origin(headers: Mapping[str, str]) -> bool:
    """Sent by our own page, or by a program that is no browser (browsers always send one of the two)."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def _name(host: str) -> str:
    """The name in a Host header without its port, lower case; "" for an unreadable one."""
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return ""
