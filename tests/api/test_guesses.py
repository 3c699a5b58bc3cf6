"""Wrong access keys: bounded by visitor, never a hint which was right, one line in the log."""

from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

import api.guesses
from api.access import Access
from api.guesses import Guesses
from tests.api.stage import settings_for, staged
from tests.api.test_access import KEY, scope
from utils.errors import KeyNeeded, TooFast


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def access(tmp_path, clock):
    return Access(settings_for(tmp_path, access="key", access_key=KEY).server, Guesses(clock))


def attempt(access, key, client="203.0.113.7"):
    access.check(scope(client=client, authorization=f"Bearer {key}"))


def guess(access, count, **who):
    for number in range(count):
        with pytest.raises(KeyNeeded):
            attempt(access, f"wrong-{number}", **who)


def test_after_ten_wrong_keys_even_the_right_one_has_to_wait(access, clock):
    """So that nobody learns which it is; half a minute later there is one more try."""
    guess(access, 10)
    for key in ("another", KEY):
        with pytest.raises(TooFast) as refused:
            attempt(access, key)
    assert refused.value.retry_after_seconds == pytest.approx(30)
    with pytest.raises(TooFast):
        access.enter(scope(client="203.0.113.7"), KEY)
    clock.now += 30
    attempt(access, KEY)


def test_others_are_not_held_up(access):
    """Whose address is another; of IPv6 whose network is."""
    guess(access, 10, client="2001:db8::1")
    attempt(access, KEY, client="203.0.113.8")
    attempt(access, KEY, client="2001:db8:0:1::1")
    with pytest.raises(TooFast):
        attempt(access, KEY, client="2001:db8::2")


def test_an_old_cookie_is_one_guess_however_often_it_comes(access):
    """A page that was left open asks every second."""
    for _ in range(50):
        with pytest.raises(KeyNeeded):
            access.check(scope(cookie="goldcrest_key=of-an-old-key"))
    access.enter(scope(), KEY)


def test_no_key_at_all_is_no_guess(access):
    """Everybody sees the form as often as they like."""
    for _ in range(50):
        with pytest.raises(KeyNeeded):
            access.check(scope())
    attempt(access, KEY, client="127.0.0.1")


def test_the_table_is_bounded(access, monkeypatch):
    """Who guessed longest ago is forgotten first."""
    monkeypatch.setattr(api.guesses, "VISITORS", 2)
    guess(access, 10, client="203.0.113.1")
    guess(access, 10, client="203.0.113.2")
    guess(access, 1, client="203.0.113.3")
    attempt(access, KEY, client="203.0.113.1")
    with pytest.raises(TooFast):
        attempt(access, KEY, client="203.0.113.2")


def test_the_log_tells_of_it_once_a_minute(access, clock):
    """With how many there were since the last line, and never with a key."""
    with capture_logs() as lines:
        guess(access, 5)
        clock.now += 60
        guess(access, 3, client="203.0.113.9")
    assert [(line["event"], line["log_level"], line["count"], line["last"]) for line in lines] == [
        ("access.refused", "warning", 1, "203.0.113.7"),
        ("access.refused", "warning", 5, "203.0.113.9"),
    ]
    assert "wrong" not in repr(lines)


async def test_over_the_wire_it_is_a_429_with_its_time(tmp_path):
    """By header and by form; a trusted proxy's visitors are told apart."""
    async with staged(tmp_path, access="key", access_key=KEY, trusted_proxies="127.0.0.1") as stage:
        client = stage.client
        for number in range(10):
            answer = await client.get("/status", authorization=f"Bearer wrong-{number}", x_forwarded_for="203.0.113.7")
            assert (answer.status, answer.error["code"]) == (401, "key_needed")
        answer = await client.get("/status", authorization=f"Bearer {KEY}", x_forwarded_for="198.51.100.1, 203.0.113.7")
        assert (answer.status, answer.error["message"]) == (429, "Too many wrong keys came from your address.")
        assert 0 < int(answer.headers["retry-after"]) <= 30
        form = {"content-type": "application/x-www-form-urlencoded", "x-forwarded-for": "203.0.113.7"}
        assert (await client.ask("POST", "/login", urlencode({"key": KEY}).encode(), form)).status == 429
        assert (await client.get("/status", authorization=f"Bearer {KEY}", x_forwarded_for="203.0.113.8")).status == 200
