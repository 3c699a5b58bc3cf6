"""What must never stand in a report, whatever shape it comes in."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.redaction import HIDDEN, clean_text, clean_url

SECRET = st.text(string.ascii_letters + string.digits, min_size=24, max_size=60).filter(
    lambda text: any(character.isdigit() for character in text)
)
BOT = st.builds(
    lambda number, rest: f"{number}:{rest}",
    st.integers(100_000, 10**10),
    st.text(string.ascii_letters + string.digits + "_-", min_size=35, max_size=35),
)
#: how a secret may stand in a message, an address or a dump
FRAMES = (
    "HTTP Error 403: Authorization: Bearer {0} was refused",
    "{{'Authorization': 'Basic {0}', 'Accept': '*/*'}}",
    "Proxy-Authorization: Basic {0}",
    "Cookie: sessionid={0}; csrftoken=x{0}",
    "Set-Cookie: {0}=1; Path=/",
    ".youtube.com\tTRUE\t/\tTRUE\t1790000000\tSID\t{0}",
    "proxy http://goldie:{0}@proxy.example.com:3128 refused",
    "proxy goldie:{0}@proxy.example.com refused",
    "unable to download https://cdn.example.com/clip.mp4?sig={0}&expire=1790000000",
    "unable to download https://cdn.example.com/clip.mp4?{0}",
    "see https://example.com/s/{0}/clip, please",
    "see https://example.com/clip;jsessionid={0}",
    "see https://example.com/clip#access_token={0}",
    "see https://{0}@example.com/",
    "api_key={0}",
    '"access_token": "{0}"',
    "po_token = {0})",
    "Exception('{0}')",
    "https://api.telegram.org/bot{0}/getMe",
    "oauth {0}",
    "x-goog-visitor-id={0}",
)


@pytest.mark.parametrize("frame", FRAMES)
@given(secret=SECRET)
@settings(max_examples=15, deadline=None)
def test_no_secret_comes_through(frame, secret):
    """In headers, cookies, proxies, queries, paths, fragments, dumps: nothing of it is left, and the rest is."""
    cleaned = clean_text(frame.format(secret))
    assert secret not in cleaned
    assert secret[:12] not in cleaned


@given(token=BOT, frame=st.sampled_from(FRAMES))
@settings(max_examples=60, deadline=None)
def test_no_bots_token_comes_through(token, frame):
    """Neither its number nor its secret half."""
    cleaned = clean_text(frame.format(token))
    assert token.partition(":")[2] not in cleaned
    assert token not in cleaned


@given(known=st.text(min_size=3, max_size=30).filter(str.strip), before=st.text(max_size=20))
@settings(max_examples=60, deadline=None)
def test_known_secrets_go_whatever_they_look_like(known, before):
    """Settings like the proxy's password are short words; they are taken out by value."""
    if known not in before and not set(known) <= {"*"}:
        assert known not in clean_text(f"{before} {known} tail", [known]) or known in f"{before} {HIDDEN} tail"


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_is_taken(text):
    """No input breaks it, and cleaning twice changes nothing that matters."""
    assert isinstance(clean_text(text), str)
    assert isinstance(clean_url(text), str)


def test_numbers_of_people_and_their_addresses():
    """User ids, chats, mail, machines."""
    cleaned = clean_text("user 123456789 in chat -1001234567890 at 203.0.113.7 wrote goldie@example.com")
    assert cleaned == "user *** in chat *** at *** wrote ***"


def test_what_helps_stays():
    """Words, short numbers, the item and the site."""
    text = "[vimeo] Unable to extract title (HTTP Error 403) after 3 tries; see https://vimeo.com/76979871?share=copy."
    assert clean_text(text) == text.replace("share=copy", "share=***")


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        (
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=43&si=abc",
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=43&si=***",
        ),
        ("https://a:b@example.com:8443/x?list=a%20b&&%41=1", "https://example.com:8443/x?list=***&***&***"),
        ("https://example.com/my-long-title-of-2024.html", "https://example.com/my-long-title-of-2024.html"),
        ("https://example.com/Straße", "https://example.com/***"),
        ("https://203.0.113.7:8443/x", "https://***:8443/x"),
        ("https://example.com/#x", "https://example.com/#***"),
        ("https://example.com:99999/", HIDDEN),
        ("https://[::1/", HIDDEN),
        ("https://exa mple.com/", HIDDEN),
        ("clip.mp4", HIDDEN),
        ("https:///x", HIDDEN),
    ],
)
def test_addresses(url, cleaned):
    """The page can be found again; who asked and with which key can't."""
    assert clean_url(url) == cleaned
