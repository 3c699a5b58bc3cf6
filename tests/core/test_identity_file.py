"""The list of identities: what it may say, and one line about what doesn't fit, without a secret in it."""

from __future__ import annotations

import pytest

from core.identity_file import MOST_IDENTITIES, identities_path, read_identities
from platforms.shapes import ANONYMOUS, Identity
from utils.errors import ConfigError

SITES = ("generic", "youtube")


def domains(site):
    return {"youtube": ("youtube.com",), "generic": ()}[site]


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "identities.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_identities(path, SITES, domains)

    return read


def test_the_whole_of_it(read, tmp_path):
    """Cookie files stand beside the list or anywhere; nothing of it is kept elsewhere on the disk."""
    (tmp_path / "home.txt").write_text("x")
    pools = read(f"""
        youtube:
          - name: home
            cookies: home.txt
            proxy: socks5://me:secret@proxy.test:1080
            impersonate: chrome
          - name: tv
            cookies: {tmp_path}/home.txt
            client: mweb
            user_agent: Mozilla/5.0
            impersonate: asked
          - name: anonymous
        generic:
          - {{name: north, proxy: "http://proxy.test"}}
    """)
    cookies = str(tmp_path / "home.txt")
    secret = "socks5://me:secret@proxy.test:1080"
    assert pools == {
        "youtube": (
            Identity("home", cookies, secret, impersonate="chrome", domains=("youtube.com",)),
            Identity("tv", cookies, "", "Mozilla/5.0", "asked", "mweb", domains=("youtube.com",)),
            ANONYMOUS,
        ),
        "generic": (Identity("north", proxy="http://proxy.test"),),
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home.txt", "identities.yaml"]


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_list_is_none(read, text):
    """Everything is as without a file."""
    assert read(text) == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"\xff\xfe", "identities.yaml can't be read: 'utf-8' codec can't decode"),
        ("a: [", "identities.yaml can't be read: no YAML in line"),
        ("[" * 10_000, "identities.yaml can't be read: no YAML"),
        ("- name: x", "identities.yaml does not fit: it must hold sites with lists"),
        ("youtub: []", "identities.yaml: 'youtub' is no site; it must be one of generic, youtube"),
        ("youtube: []", f"identities.yaml: youtube must be a list of 1 to {MOST_IDENTITIES} identities"),
        ("youtube: {name: x}", "identities.yaml: youtube must be a list"),
        ("youtube: [x]", r"youtube\[1\] does not fit: it must be a mapping with some of name, cookies"),
        ("youtube: [{nam: x}]", r"youtube\[1\].'nam' does not fit: it must be one of name, cookies"),
        ("youtube: [{name: 5}]", r"youtube\[1\].name does not fit: it must be a text"),
        ("youtube: [{proxy: http://a.test}]", r"youtube\[1\].name does not fit: it must be 1 to 24 small letters"),
        ("youtube: [{name: A B}]", r"youtube\[1\].name = 'A B' does not fit"),
        ("youtube: [{name: x}, {name: x}]", r"youtube\[2\].name = x stands there twice"),
        ("youtube: [{name: anonymous, client: mweb}]", r"youtube\[1\].name = anonymous does not fit: .* another one"),
        ('youtube: [{name: x, user_agent: "a\\nb"}]', r"user_agent = .* does not fit: it must be 1 to 300 plain"),
        ("youtube: [{name: x, client: 'a,b'}]", r"client = 'a,b' does not fit: it must be a player client"),
        ("youtube: [{name: x, impersonate: Chrome 5}]", r"impersonate = 'Chrome 5' does not fit: it must be a browser"),
        ("youtube: [{name: x, impersonate: chrome, user_agent: a}]", "user_agent does not fit: it must be left out"),
        ("youtube: [{name: x, cookies: no.txt}]", r"cookies = 'no.txt' does not fit: it must be a file, absolute or"),
        ("youtube: [{name: x, cookies: ''}]", r"cookies = '' does not fit"),
    ],
)
def test_what_does_not_fit_is_named_in_one_line(read, text, line):
    """File, place, value and what would fit."""
    with pytest.raises(ConfigError, match=line) as error:
        read(text)
    assert "\n" not in error.value.detail


@pytest.mark.parametrize(
    "proxy",
    [
        "https://me:secret@proxy.test:1",
        "secret",
        "http://:1",
        "http://me:secret@proxy.test:99999",
        "http://me:secret@proxy.test:0",
        "http://[me:secret",
        "http://secret.test/x",
        "http://sec ret.test",
    ],
)
def test_a_proxy_that_does_not_fit_is_not_repeated(read, proxy):
    """A password may stand in it."""
    with pytest.raises(ConfigError, match=r"youtube\[1\].proxy = \(hidden\) does not fit: .* socks5://") as error:
        read(f"youtube: [{{name: x, proxy: '{proxy}'}}]")
    assert "secret" not in error.value.detail


def test_where_the_list_is(tmp_path):
    """The setting's, else the data folder's if there is one; one that is named and missing ends the start."""
    assert identities_path("", tmp_path) is None
    (tmp_path / "identities.yaml").touch()
    assert identities_path("", tmp_path) == tmp_path / "identities.yaml"
    named = identities_path(str(tmp_path / "other.yaml"), tmp_path)
    assert named is not None
    assert named == tmp_path / "other.yaml"
    with pytest.raises(ConfigError, match=r"other\.yaml can't be read: No such file"):
        read_identities(named, SITES, domains)
