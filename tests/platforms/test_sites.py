"""The contract of every site, found by discovery: shape of the module, examples, strangers, look-alikes."""

import ast
import importlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.base import Platform
from platforms.registry import FOLDER, GENERIC, Registry
from platforms.shapes import ITEM_KINDS, KEYED_KINDS, LIST_KINDS
from utils.errors import LinkError, UnsupportedLink

REGISTRY = Registry()
SITES = REGISTRY.names()
OWNERS = [name for name in SITES if name != GENERIC]
EXAMPLES = [(name, url) for name in SITES for url in REGISTRY.platform(name).examples]
CYRILLIC = str.maketrans("acekiopty", "асекіорту")
SCHEME = re.compile(r"^(?:https?:)?//", re.IGNORECASE)


def key(name, url):
    return f"{name}:{REGISTRY.platform(name).examples[url]}"


def spelled(url):
    """Host and the rest of an example, whatever its scheme."""
    host, slash, rest = SCHEME.sub("", url).partition("/")
    return host, slash + rest


def owned(name):
    site = REGISTRY.platform(name)
    return (*site.hosts, *site.fixers)


@pytest.mark.parametrize("name", SITES)
def test_a_site_is_one_small_module(name):
    """One Platform class, named as its file; it imports the common shape alone and says its job in one line."""
    module = importlib.import_module(f"platforms.{name}")
    source = Path(FOLDER, f"{name}.py").read_text("utf-8")
    classes = [
        value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__
    ]
    (site,) = classes
    assert issubclass(site, Platform)
    assert site.name == name == site.__name__.lower()
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    assert {node.module for node in imports} <= {
        "platforms.base",
        "platforms.shapes",
        "collections.abc",
        "dataclasses",
        "typing",
        "utils.errors",
        "__future__",
    }
    assert len(source.splitlines()) < 250
    assert (module.__doc__ or "").splitlines()[0].endswith(".")


@pytest.mark.parametrize("name", SITES)
def test_the_facts_of_a_site_are_whole(name):
    """Kinds that everybody knows, patterns with an id, extractors, a rate, examples; strangers where it owns hosts."""
    site = REGISTRY.platform(name)
    kinds = [kind for kind, _ in site.rules]
    assert set(kinds) <= {*ITEM_KINDS, *LIST_KINDS, "share"}
    assert set(site.address) <= set(kinds)
    assert all(set(re.compile(pattern).groupindex) in ({"id"}, {"name"}) for _, pattern in site.rules)
    assert site.extractors
    assert site.rate > 0
    assert site.examples
    assert all("{id}" in address for address in site.address.values())
    assert name == GENERIC or (site.hosts and site.strangers)


@pytest.mark.parametrize("name", OWNERS)
def test_every_kind_of_a_site_has_an_example(name):
    """What no example shows nobody has tried."""
    site = REGISTRY.platform(name)
    shown = {"share" if link.short else link.kind for link in map(REGISTRY.claim, site.examples)}
    assert shown == {kind for kind, _ in site.rules}


@pytest.mark.parametrize(("name", "url"), EXAMPLES)
def test_an_example_is_claimed_under_its_key(name, url):
    """Alone, in prose, and once more from its own address: platform, kind and key stay the same."""
    link = REGISTRY.claim(url)
    assert (link.canonical, link.platform, link.text) == (key(name, url), name, url)
    middle = f"{link.kind}:" if link.kind in KEYED_KINDS else "share:" if link.short else ""
    assert link.canonical == f"{name}:{middle}{link.id}"
    again = REGISTRY.claim(link.url)
    assert (again.canonical, again.url) == (link.canonical, link.url)
    assert [each.canonical for each in REGISTRY.detect(f"so ([that]({url})), {url}!").links] == [link.canonical]


@pytest.mark.parametrize(("name", "url"), [(name, url) for name in SITES for url in REGISTRY.platform(name).strangers])
def test_a_stranger_is_unsupported(name, url):
    """A page of a known site without media is told as such and never handed to the generic extractor."""
    with pytest.raises(UnsupportedLink) as caught:
        REGISTRY.claim(url)
    assert caught.value.values == {"platform": name}
    assert [each.code for each in REGISTRY.detect(url).refused] == ["unsupported"]


@pytest.mark.parametrize(("name", "url"), [(name, url) for name, url in EXAMPLES if name != GENERIC])
def test_a_look_alike_is_never_claimed(name, url):
    """Hosts that begin, end or are filled with the site's name, and links that carry the site's link."""
    host, rest = spelled(url)
    bare = host.lower().removesuffix(":443").removesuffix(".")
    own = max((each for each in owned(name) if f".{bare}".endswith(f".{each}")), key=len)
    before = bare.removesuffix(own)
    for fake in (
        f"https://{before}not{own}{rest}",
        f"https://{before}x-{own}{rest}",
        f"https://not{own}{rest}",
        f"https://{bare}.evil.io{rest}",
        f"https://{bare}-evil.io{rest}",
        f"https://{bare.replace('.', '-')}.io{rest}",
        f"https://evil.io/{bare}{rest}",
        f"https://evil.io/?u={bare}{rest}",
        f"https://evil.io/#/{bare}{rest}",
        f"https://{bare}@evil.io{rest}",
        f"https://{bare}%2f.evil.io{rest}",
        f"https://{bare}:8080{rest}",
        f"https://{bare.translate(CYRILLIC)}{rest}",
    ):
        detected = REGISTRY.detect(fake)
        assert [link.platform for link in detected.links if link.platform != GENERIC] == [], fake
        assert detected.links or detected.refused, fake


def test_no_host_belongs_to_two_sites():
    """Neither the same name nor one inside the other's."""
    owners = {host: name for name in SITES for host in owned(name)}
    assert len(owners) == sum(len(owned(name)) for name in SITES)
    for host, name in owners.items():
        assert all(owners[other] == name for other in owners if host.endswith(f".{other}") and name != GENERIC)


@pytest.mark.parametrize("name", OWNERS)
def test_the_index_reads_hosts_as_python_does(name):
    """The registry takes hosts from the source without importing the site."""
    index = Registry()._hosts
    assert {host for host, owner in index.items() if owner == name} == set(owned(name))


@given(
    st.sampled_from([(name, url) for name, url in EXAMPLES if name != GENERIC]),
    st.sampled_from(["https://", "http://", "//", "HTTPS://", ""]),
    st.booleans(),
    st.sampled_from(["", ".", ":443", ".:443"]),
    st.lists(st.sampled_from(["utm_source=a", "fbclid=b", "igsh=c", "si=d", "feature=e"]), max_size=3),
    st.sampled_from(["", "#", "#comments", "#t=5"]),
)
def test_two_spellings_share_a_key(example, scheme, upper, ending, more, fragment):  # noqa: PLR0917 - drawn values
    """Scheme, case of the host, port, root dot, added parameters and fragments change nothing."""
    name, url = example
    host, rest = spelled(url)
    host = host.removesuffix(":443").removesuffix(".")
    host = (host.upper() if upper else host.lower()) + ending
    if scheme == "http://":
        host = host.removesuffix(":443")
    rest += ("&" if "?" in rest or "&" in rest else "?") + "&".join(more)
    assert REGISTRY.claim(f"{scheme}{host}{rest}{fragment}").canonical == key(name, url)


@given(st.sampled_from(EXAMPLES), st.text("/?&=%.@aZ0-_", max_size=20))
def test_what_follows_an_example_never_breaks_a_site(example, tail):
    """Any tail is claimed by the same site, by the generic one, or refused; and stable."""
    try:
        link = REGISTRY.claim(example[1] + tail)
    except LinkError:
        return
    # Without a path the tail belongs to the host, and may make it somebody else's.
    bare = "/" not in example[1].partition("://")[2]
    assert link.platform == example[0] or (bare and link.platform == "generic")
    assert REGISTRY.claim(link.url).canonical == link.canonical


def test_the_modules_are_covered():
    """Discovery finds what lies in the folder."""
    assert {"generic", "instagram", "tiktok", "youtube"} <= set(SITES)
