"""What single sites do beyond the common way, and the hosts that stand in for them."""

import pytest

from platforms.registry import GENERIC, Registry

REGISTRY = Registry()


def address(text):
    return REGISTRY.claim(text).url


@pytest.mark.parametrize("site", [name for name in REGISTRY.names() if REGISTRY.platform(name).fixers])
def test_fixers_are_read_as_the_site(site):
    """Whatever a fixer is asked for is asked of the site itself, under the key that the site's own link has."""
    platform = REGISTRY.platform(site)
    for fixer in platform.fixers:
        for url in platform.examples:
            host, _, rest = url.partition("://")[2].lower().partition("/")
            own = REGISTRY.claim(url)
            if host.removeprefix("www.") == platform.hosts[0] and rest:
                place = url.partition("://")[2].partition("/")[2]
                fixed = REGISTRY.claim(f"https://{fixer}/{place}")
                assert (fixed.canonical, fixed.kind, fixed.short) == (own.canonical, own.kind, own.short)
                assert fixer not in fixed.url


def test_a_fixer_keeps_a_subdomain_that_means_something():
    """The short links of TikTok live on one."""
    assert address("https://vm.vxtiktok.com/ZTR45GpSF/") == "https://vm.tiktok.com/ZTR45GpSF/"
    assert address("https://old.rxddit.com/r/videos/s/AbCdEfGhIj") == "https://old.reddit.com/r/videos/s/AbCdEfGhIj"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://soundcloud.com/a/b#t=1:05", "https://soundcloud.com/a/b?t=1:05"),
        ("https://soundcloud.com/a/b?in=c#t=65", "https://soundcloud.com/a/b?in=c&t=65"),
        ("https://tumblr.com/me/765162750456578048", "https://www.tumblr.com/me/765162750456578048"),
        ("https://www.vk.com/video1_2", "https://vk.com/video1_2"),
        ("https://vk.com/video_ext.php?oid=-1&id=2&hash=3", "https://vk.com/video_ext.php?oid=-1&id=2&hash=3"),
        ("https://vimeo.com/160743502/abd0e13fb4#t=43s", "https://vimeo.com/160743502/abd0e13fb4#t=43s"),
        ("https://www.twitch.tv/videos/635475444?t=1h2m3s", "https://www.twitch.tv/videos/635475444?t=1h2m3s"),
        ("https://dai.ly/x94cnnk?start=43", "https://www.dailymotion.com/video/x94cnnk?t=43"),
        ("https://x.com/a/status/1?s=20&t=3hQ", "https://x.com/i/status/1"),
        ("https://www.facebook.com/a/videos/12345/?mibextid=x&__tn__=y", "https://www.facebook.com/a/videos/12345/"),
        ("https://x.com/a/status/1/video/2?s=20", "https://x.com/i/status/1/video/2"),
        ("https://t.me/s/vorposte/29342", "https://t.me/vorposte/29342"),
        ("https://imgur.io/t/unmuted/penguins-6lAn9VQ", "https://imgur.com/gallery/6lAn9VQ"),
        ("https://m.ok.ru/dk?st.cmd=x&st.mvId=20079905452", "https://ok.ru/video/20079905452"),
        ("https://i.redd.it/gyh95hiqc0b11.jpg", "https://i.redd.it/gyh95hiqc0b11.jpg"),
    ],
)
def test_an_address_is_as_the_extractor_takes_it(text, url):
    """Start times, tokens and hashes stay; what the extractor doesn't know is rewritten."""
    assert address(text) == url


def test_files_on_a_sites_host_need_no_page():
    """They are fetched as they are; other pages of the site without media are not."""
    link = REGISTRY.claim("https://i.redd.it/gyh95hiqc0b11.jpg")
    assert (link.platform, link.kind) == (GENERIC, "photo")


def test_items_whose_name_the_author_chooses_are_told_apart_by_author():
    """Nobody can put a file of his own into the place of somebody else's post."""
    first = REGISTRY.claim("https://bsky.app/profile/a.example.com/post/3l4omssdl632g")
    second = REGISTRY.claim("https://bsky.app/profile/b.example.com/post/3l4omssdl632g")
    assert first.canonical != second.canonical
