"""Links in texts: found, brought into one spelling, refused with a code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.links import LINK_BOUND, TEXT_BOUND, Refused, candidates, normalise, refuse
from utils.addresses import parse_networks
from utils.errors import LinkError, NoLink, PrivateAddress, UnsafeLink

LINK = "https://youtu.be/dQw4w9WgXcQ"


def found(text):
    return [normalised(each) for each in candidates(text)]


def normalised(candidate):
    try:
        return normalise(candidate)
    except LinkError as error:
        return error.code


@pytest.mark.parametrize(
    "text",
    [
        "https://youtu.be/dQw4w9WgXcQ",
        "youtu.be/dQw4w9WgXcQ",
        "//youtu.be/dQw4w9WgXcQ",
        "HTTPS://YouTu.BE:443/dQw4w9WgXcQ",
        "look: https://youtu.be/dQw4w9WgXcQ, it's good",
        "https://youtu.be/dQw4w9WgXcQ.",
        "https://youtu.be/dQw4w9WgXcQ!!!",
        "https://youtu.be/dQw4w9WgXcQ…",
        "(https://youtu.be/dQw4w9WgXcQ)",
        "(see [this](https://youtu.be/dQw4w9WgXcQ).)",
        "[a](https://youtu.be/dQw4w9WgXcQ)b",
        "[https://youtu.be/dQw4w9WgXcQ]",
        "{https://youtu.be/dQw4w9WgXcQ}",
        "<https://youtu.be/dQw4w9WgXcQ>",
        "«https://youtu.be/dQw4w9WgXcQ»",
        "“https://youtu.be/dQw4w9WgXcQ”",
        '"https://youtu.be/dQw4w9WgXcQ"',
        "'https://youtu.be/dQw4w9WgXcQ'",
        "`https://youtu.be/dQw4w9WgXcQ`",
        "**https://youtu.be/dQw4w9WgXcQ**",
        "__https://youtu.be/dQw4w9WgXcQ__",
        "_youtu.be/dQw4w9WgXcQ_",
        "~~https://youtu.be/dQw4w9WgXcQ~~",
        "||https://youtu.be/dQw4w9WgXcQ||",
        '<a href="https://youtu.be/dQw4w9WgXcQ">film</a>',
        "смотри:https://youtu.be/dQw4w9WgXcQ🔥🔥",
        "смотриhttps://youtu.be/dQw4w9WgXcQ👨‍👩‍👧❤️👍🏽",  # noqa: RUF001
        "看这个【https://youtu.be/dQw4w9WgXcQ】。",
        "https://youtu.be/dQw4w9WgXcQ，好看",  # noqa: RUF001
        "https://youtu.be/dQw4w9WgXcQ\u200b",
        "line\nhttps://youtu.be/dQw4w9WgXcQ\nline",
        "tel. 12.30, 3.5/4 and/or node.js, me@example.com/x, README.md: youtu.be/dQw4w9WgXcQ",
        "https://youtu.be/dQw4w9WgXcQ?utm_source=a&si=b&fbclid=c&igsh=d#comments",
    ],
)
def test_a_link_is_found_in_any_surroundings(text):
    """Prose, brackets, quotes, Markdown, HTML, emoji, Chinese punctuation, no scheme: the same link."""
    assert found(text) == [LINK]


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("", []),
        ("no link here", []),
        ("hello.World and/or 1.2/3 file.txt C:/x a.b", []),
        ("http://", []),
        ("https://", []),
        ("https://a.com/1,https://b.com/2", ["https://a.com/1", "https://b.com/2"]),
        ("https://a.com/1https://b.com/2", ["https://a.com/1", "https://b.com/2"]),
        ("https://a.com/1\nb.com/2 www.c.com", ["https://a.com/1", "https://b.com/2", "https://www.c.com/"]),
        ("https://en.wikipedia.org/wiki/A_(b)", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("(https://en.wikipedia.org/wiki/A_(b))", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ('[a](https://a.com/x "title")', ["https://a.com/x"]),
        ("https://a.com/x([", ["https://a.com/x"]),
        ("https://archive.org/web/https://b.com/", ["https://archive.org/web/https://b.com/"]),
        ("https://a.com/?u=https://b.com/", ["https://a.com/?u=https://b.com/"]),
        ("https://youtu.be/abcdefghi__", ["https://youtu.be/abcdefghi__"]),
        ("пример.рф/путь", ["https://xn--e1afmkfd.xn--p1ai/%D0%BF%D1%83%D1%82%D1%8C"]),
        ("example.com:8080/x", ["https://example.com:8080/x"]),
        ("ftp://a.com/x", ["unsafe_link"]),
        ("file:///etc/passwd", ["unsafe_link"]),
        ("javascript:alert(1)", ["unsafe_link"]),
        ("data:text/html,x", ["unsafe_link"]),
        ("127.0.0.1/admin", ["private_address"]),
        ("localhost:8080/x", ["private_address"]),
        ("http://[::1]/x", ["private_address"]),
        (f"https://a.com/{'x' * LINK_BOUND}", ["bad_link"]),
        ("https://a.com\\@127.0.0.1/", ["unsafe_link"]),
        ("https://you\u200btube.com/", ["unsafe_link"]),
    ],
)
def test_what_stands_in_a_text(text, urls):
    """Several links, links inside links, things that only look like one, and refusals."""
    assert found(text) == urls


def test_the_words_of_the_text_come_back():
    """People are told which of their words is meant; what can't be written as UTF-8 is replaced."""
    assert list(candidates("x (YOUTU.BE/a), ftp://b.com/c")) == ["YOUTU.BE/a", "ftp://b.com/c"]
    assert refuse("https://a.com/\ud800x", "unsafe_link") == Refused("https://a.com/?x", "unsafe_link")


def test_only_so_much_of_a_text_is_read():
    """Its length is bounded."""
    assert found(f"{' ' * TEXT_BOUND}https://a.com/") == []


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("HTTP://Example.COM", "http://example.com/"),
        ("http://example.com:80", "http://example.com/"),
        ("https://example.com:", "https://example.com/"),
        ("http://example.com:443/", "http://example.com:443/"),
        ("https://example.com:08443/", "https://example.com:8443/"),
        ("https://example.com?a=1", "https://example.com/?a=1"),
        ("https://example.com/?", "https://example.com/"),
        ("https://example.com/#", "https://example.com/"),
        ("https://example.com/a/./b/../c/", "https://example.com/a/c/"),
        ("https://example.com/../..", "https://example.com/"),
        ("https://example.com/a/%2e%2E/b/.", "https://example.com/b/"),
        ("https://example.com/%7eme/%2f%c3%a9é", "https://example.com/~me/%2F%C3%A9%C3%A9"),
        ("https://example.com/100%/%zz", "https://example.com/100%25/%25zz"),
        ("https://example.com/?a=1&&utm_medium=x&b=2&", "https://example.com/?a=1&b=2"),
        ("https://example.com/?UTM_Source=x&%75tm_id=1", "https://example.com/"),
        ("https://example.com/?a=1&amp;b=2&amp;amp;c=3", "https://example.com/?a=1&b=2&c=3"),
        ("https://example.com/?size=1&sid=2&site=3&utm=4", "https://example.com/?size=1&sid=2&site=3&utm=4"),
        ("https://example.com/v?t=90&start=5#top", "https://example.com/v?t=90&start=5"),
        ("https://example.com/v#t=1m30s", "https://example.com/v#t=1m30s"),
        ("https://example.com/#!/clip/1", "https://example.com/#!/clip/1"),
        ("https://example.com/#/clip/1#2", "https://example.com/#/clip/1%232"),
        ("https://example.com/#tfoo", "https://example.com/"),
        ("  example.com/x\n", "https://example.com/x"),
    ],
)
def test_one_spelling(text, url):
    """Case, default ports, dot segments, escapes, tracking parameters and fragments; start times stay."""
    assert normalise(text) == url
    assert normalise(url) == url


@pytest.mark.parametrize(
    "text",
    [
        "ftp://example.com/",
        "mailto:me@example.com",
        "javascript:alert(1)",
        "view-source:https://example.com",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com@evil.io/",
        "https://example.com%40evil.io/",
        "https://example.com:22/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:123456/",
        "https://example.com:x/",
        "https://example.com:８０/",  # noqa: RUF001
        "https://example.com\\.evil.io/",
        "https://example.com/\\x",
        "https://example.com/\x00",
        "https://exa\tmple.com/",
        "https://example.com/a\nb",
        "https://example.com/\u202egpj.exe",
        "https://example.com/\ufeffx",
        "https://exam\u2060ple.com/",
        "https://example.com/\ud800",
        "https://example.com/#__youtubedl_smuggle=%7B%7D",
        "https://example.com/#__youtubedl%5Fsmuggle=x",
        "https:///example.com/",
        "https://",
        "http://a..b/",
        "https://me.example.org/x",
    ],
)
def test_unsafe_links_are_refused(text):
    """Schemes, user names, ports, hosts, characters, the extractor's marker, our own host."""
    with pytest.raises(UnsafeLink) as caught:
        normalise(text, own_hosts={"me.example.org"})
    assert not isinstance(caught.value, PrivateAddress)


@pytest.mark.parametrize("text", ["", "hello", "a/b.c", "?x=1.2"])
def test_a_word_is_no_link(text):
    """Without scheme and host there is nothing to refuse."""
    with pytest.raises(NoLink):
        normalise(text)


@pytest.mark.parametrize("text", ["https://example.com/a b", "x" * (LINK_BOUND + 1)])
def test_broken_links_are_told_apart_from_unsafe_ones(text):
    """A space or too much of it: bad, not dangerous."""
    with pytest.raises(LinkError) as caught:
        normalise(text)
    assert caught.value.code == "bad_link"


def test_an_allowed_network_opens_its_addresses_with_every_port():
    """An operator's own origin listens anywhere; names keep to the ports of the web."""
    allow = parse_networks(["127.0.0.0/8"])
    assert normalise("http://127.0.0.1:34567/x.mp4", allow) == "http://127.0.0.1:34567/x.mp4"
    with pytest.raises(PrivateAddress):
        normalise("http://127.0.0.1:34567/x.mp4")
    with pytest.raises(UnsafeLink):
        normalise("http://example.com:34567/x.mp4", allow)
    assert normalise("http://example.com:34567/x.mp4", ports={34567}) == "http://example.com:34567/x.mp4"


URLS = st.builds(
    "{}://{}{}/{}{}{}".format,
    st.sampled_from(["http", "https", "HTTPS"]),
    st.sampled_from(["example.com", "EXAMPLE.com.", "пример.рф", "8.8.8.8", "[2606:4700::1]"]),
    st.sampled_from(["", ":80", ":443", ":8080", ":"]),
    st.text("abc/.%2eEfF7é🔥&=;~()!*+,@:$'", max_size=20),
    st.one_of(st.just(""), st.text("?ab&=%2eutm_sourcei;+p/é", max_size=25).map("?{}".format)),
    st.one_of(st.just(""), st.text("t=1#!/%2é", max_size=10).map("#{}".format)),
)


@given(URLS)
def test_normalising_twice_changes_nothing(url):
    """The canonical key of a generic link is its normalised URL, so that must be a fixed point."""
    once = normalise(url)
    assert normalise(once) == once
    assert once.isascii()


@given(URLS)
def test_two_spellings_share_one(url):
    """Case of scheme and host, the root dot, tracking parameters and surroundings make no difference."""
    scheme, _, rest = url.partition("://")
    place, hash_sign, fragment = rest.partition("#")
    tracked = f"{place}{'&' if '?' in place else '?'}utm_campaign=x&fbclid=y{hash_sign}{fragment}"
    assert normalise(f"{scheme.swapcase()}://{tracked}") == normalise(url)
    host, slash, path = rest.partition("/")
    assert normalise(f"{scheme}://{host.swapcase()}{slash}{path}") == normalise(url)


@given(st.text(max_size=60))
def test_any_text_is_read(text):
    """Whatever people send: links that stand, or refusals; never another exception."""
    for candidate in candidates(f"{text} example.com/{text} https://{text}"):
        url = normalised(candidate)
        assert "://" not in url or normalise(url) == url
        refuse(candidate, url).text.encode()
