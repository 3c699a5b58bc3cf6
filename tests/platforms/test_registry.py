"""The registry: discovery, ownership, what is switched off, texts with several links."""

import json
import subprocess
import sys

import pytest

from platforms.links import Refused
from platforms.registry import FOLDER, LEFT_OUT_BOUND, Registry
from utils.addresses import parse_networks
from utils.errors import ConfigError, PlatformDisabled, PrivateAddress, UnsafeLink, UnsupportedLink


def keys(detected):
    return [link.canonical for link in detected.links]


def test_a_text_gives_each_item_once_and_tells_what_is_refused():
    """Order of the text; two spellings of an item are one job; the words of a refusal come back."""
    detected = Registry().detect(
        "https://youtu.be/dQw4w9WgXcQ and https://m.youtube.com/watch?v=dQw4w9WgXcQ, "
        "(www.tiktok.com/@a/video/6718335390845095173) ftp://a.com/x http://127.0.0.1/ "
        "https://example.com/a.mp4 https://www.youtube.com/premium ftp://a.com/x"
    )
    assert keys(detected) == [
        "youtube:dQw4w9WgXcQ",
        "tiktok:6718335390845095173",
        "generic:https://example.com/a.mp4",
    ]
    assert detected.refused == (
        Refused("ftp://a.com/x", "unsafe_link"),
        Refused("http://127.0.0.1/", "private_address"),
        Refused("https://www.youtube.com/premium", "unsupported"),
    )
    assert detected.links[0].text == "https://youtu.be/dQw4w9WgXcQ"


def test_only_so_many_links_are_read():
    """The bound counts what stands in the text; how many links were left out is told, up to a bound of its own."""
    detected = Registry().detect(" ".join(f"https://a.com/{n}" for n in range(9)), 4)
    assert [link.id for link in detected.links] == [f"https://a.com/{n}" for n in range(4)]
    assert detected.left_out == 5
    assert Registry().detect("https://a.com/1 https://a.com/2", 2).left_out == 0
    assert Registry().detect("https://a.com/ " * 3000, 20).left_out == LEFT_OUT_BOUND


def test_only_enabled_sites_are_served():
    """A known site that is switched off is told as such; the generic one is a site like the others."""
    registry = Registry(enabled=("YouTube", "instagram"))
    assert registry.claim("https://youtu.be/dQw4w9WgXcQ").platform == "youtube"
    with pytest.raises(PlatformDisabled) as caught:
        registry.claim("https://www.tiktok.com/@a/video/6718335390845095173")
    assert caught.value.values == {"platform": "tiktok"}
    with pytest.raises(PlatformDisabled):
        registry.claim("https://example.com/a.mp4")
    assert [each.code for each in registry.detect("vm.tiktok.com/ZTR45GpSF").refused] == ["platform_disabled"]


def test_a_name_that_is_no_site_ends_the_start():
    """One line that names the setting, the value and what fits."""
    with pytest.raises(ConfigError, match=r"platforms\.enabled: youtub is not one of .*youtube"):
        Registry(enabled=("youtub",))


def test_a_site_is_asked_for_by_name():
    """The same object each time; a job of a site that is gone is unsupported."""
    registry = Registry()
    assert registry.platform("youtube") is registry.platform("youtube")
    with pytest.raises(UnsupportedLink):
        registry.platform("base")


def test_safety_comes_before_claiming():
    """What the operator allows and what is our own is known here."""
    registry = Registry(allow=parse_networks(["127.0.0.0/8"]), ports={9000}, own_hosts=("Me.Example.org",))
    assert registry.claim("http://127.0.0.1:4567/a.mp4").canonical == "generic:http://127.0.0.1:4567/a.mp4"
    assert registry.claim("http://example.com:9000/").kind == "item"
    for text, error in (
        ("https://me.example.org/x", UnsafeLink),
        ("https://user@youtube.com/watch?v=dQw4w9WgXcQ", UnsafeLink),
        ("http://10.0.0.1/", PrivateAddress),
    ):
        with pytest.raises(error):
            registry.claim(text)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.com/a.MP4?x=1", "video"),
        ("https://example.com/live.m3u8", "video"),
        ("https://example.com/a.mp3", "track"),
        ("https://example.com/a.jpeg#t=1", "photo"),
        ("https://example.com/page", "item"),
        ("https://example.com/?f=a.mp4", "item"),
        ("https://example.mp4.com/x", "item"),
    ],
)
def test_the_ending_of_a_file_tells_its_kind(url, kind):
    """Only the path counts."""
    assert Registry().claim(url).kind == kind


def test_start_times_stay():
    """Where the address of an item is rewritten, too."""
    assert (
        Registry().claim("https://youtu.be/dQw4w9WgXcQ?t=1m5s").url
        == "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=1m5s"
    )
    link = Registry().claim("https://www.youtube.com/embed/dQw4w9WgXcQ?start=7&autoplay=1")
    assert link.url == "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=7"
    assert Registry().claim("https://www.youtube.com/shorts/dQw4w9WgXcQ#t=3").url.endswith("/shorts/dQw4w9WgXcQ?t=3")


def test_a_link_costs_the_import_of_its_own_site_only(tmp_path):
    """A fresh process that meets a TikTok link loads no other site, and no extractor."""
    script = (
        "import json, sys; from platforms.registry import Registry; r = Registry();"
        "before = [m for m in sys.modules if m.startswith('platforms.')];"
        "r.detect('https://vm.tiktok.com/ZTR45GpSF');"
        "print(json.dumps([before, [m for m in sys.modules if m.startswith(('platforms.', 'yt_dlp'))]]))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    before, after = json.loads(done.stdout)
    assert set(after) - set(before) == {"platforms.tiktok"}
    assert "platforms.youtube" not in before


NEW_SITE = '''"""Cliphouse: clips of a house."""

from platforms.base import Platform


class Cliphouse(Platform):
    hosts = ("cliphouse.example.com", "clh.example.com")
    fixers = ("fxcliphouse.example.com",)
    paths = {"clip": r"/c/(?P<id>[0-9]+)", "user": r"/(?P<name>@[A-Za-z]+)"}
    shares = (r"clh[.]example[.]com/(?P<id>[a-z]+)",)
    extractors = ("generic",)
'''


def test_a_new_site_is_one_file(tmp_path):
    """A module that is dropped into the folder is found, owns its hosts and claims its links; no list knows of it."""
    (tmp_path / "cliphouse.py").write_text(NEW_SITE, "utf-8")
    (tmp_path / "generic.py").write_bytes((FOLDER / "generic.py").read_bytes())
    registry = Registry(folder=tmp_path)
    assert registry.names() == ("cliphouse", "generic")
    detected = registry.detect(
        "cliphouse.example.com/c/12?utm_source=x https://fxcliphouse.example.com/c/13 clh.example.com/ab "
        "https://www.cliphouse.example.com/@Me https://cliphouse.example.com/about https://youtu.be/dQw4w9WgXcQ"
    )
    assert keys(detected) == [
        "cliphouse:12",
        "cliphouse:13",
        "cliphouse:share:ab",
        "cliphouse:user:@me",
        "generic:https://youtu.be/dQw4w9WgXcQ",
    ]
    assert [link.kind for link in detected.links] == ["clip", "clip", "item", "user", "item"]
    assert [each.code for each in detected.refused] == ["unsupported"]
    assert Registry(enabled=("cliphouse",), folder=tmp_path).claim("clh.example.com/ab").short
