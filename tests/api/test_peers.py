"""Who is at the other end: forged headers, chains of proxies, and whose share a connection counts to."""

import pytest

from api.peers import PROXY_CONNECTIONS, STRANGER_CONNECTIONS, Peers, share_of
from tests.api.test_access import scope

PROXIES = ("10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1")


def caller(client, *told, trusted=PROXIES):
    asked = scope(client=client)
    asked["headers"] += [(b"x-forwarded-for", each.encode("latin-1")) for each in told]
    return Peers(trusted).caller(asked)


@pytest.mark.parametrize(
    ("client", "told", "visitor"),
    [
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1", "203.0.113.7 , 10.9.9.9"], "203.0.113.7"),
        ("::ffff:10.0.0.1", ["[2001:db8:9::5]:4711"], "2001:db8:9::5"),
        ("2001:db8:1::1", ["203.0.113.7:80"], "203.0.113.7"),
        ("10.0.0.1", ["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        ("127.0.0.1", ["203.0.113.7"], "203.0.113.7"),
    ],
)
def test_a_trusted_proxy_names_the_visitor(client, told, visitor):
    """From the right, hop by hop, as far as the hops are trusted."""
    assert caller(client, *told) == visitor


@pytest.mark.parametrize(
    ("client", "told"),
    [
        ("203.0.113.9", ["198.51.100.1"]),
        ("203.0.113.9", ["198.51.100.1, 10.0.0.1"]),
        ("10.0.0.1", []),
        ("10.0.0.1", ["unknown"]),
        ("10.0.0.1", ["198.51.100.1, _hidden"]),
        ("10.0.0.1", ["\u00e9"]),
        ("10.0.0.1", ["[zz]:80"]),
    ],
)
def test_what_others_say_is_not_believed(client, told):
    """A header from a stranger, or one that can't be read, leaves the address of the connection."""
    assert caller(client, *told) == client


def test_nobody_is_trusted_where_nothing_is_set():
    """Not even this machine."""
    assert caller("127.0.0.1", "203.0.113.7", trusted=()) == "127.0.0.1"
    assert caller(None, "203.0.113.7") == ""


def test_proxies_and_this_machine_may_have_more_connections():
    """Many people stand behind them."""
    peers = Peers(PROXIES)
    assert [peers.bound(address) for address in ("127.8.0.1", "::1", "10.3.2.1")] == [PROXY_CONNECTIONS] * 3
    assert [peers.bound(address) for address in ("203.0.113.9", "", "2001:db8::1")] == [STRANGER_CONNECTIONS] * 3


def test_a_customer_of_ipv6_is_one_visitor():
    """Whoever has a network of 64 bits has no end of addresses."""
    assert share_of("2001:db8::1") == share_of("2001:db8::ffff:1") != share_of("2001:db8:0:1::1")
    assert share_of("::ffff:192.0.2.1") == share_of("192.0.2.1") == "192.0.2.1"
    assert share_of("") == ""
