"""Replicas of the further sites through the real extractor: what it finds, fetches, and why it can not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from platforms.registry import Registry
from utils.errors import GoldcrestError

if TYPE_CHECKING:
    from tests.platforms.extractor.conftest import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")
REGISTRY = Registry()
LIMIT = 2_000 << 20

#: what a bare HTTP status is taken for
STATUSES = {
    "gone": ("removed", None),
    "wall": ("site_blocked", None),
    "many": ("rate_limited", 9.0),
    "down": ("site_down", None),
}
#: site and sample -> kind of the item, qualities of its menu
FOUND = {
    ("twitter", "clip"): ("video", "best 720p 360p audio"),
    ("twitter", "limited"): ("video", "best 720p 360p audio"),
    ("twitter", "short"): ("video", "best 720p 360p audio"),
    ("reddit", "clip"): ("video", "best 720p 360p audio"),
    ("reddit", "cross"): ("video", "best 720p 360p audio"),
    ("reddit", "link"): ("video", "best audio"),
    ("reddit", "share"): ("video", "best 720p 360p audio"),
    ("reddit", "file"): ("video", "best 720p 360p audio"),
    ("reddit", "short"): ("video", "best 720p 360p audio"),
    ("youtube", "in_list"): ("video", "best 2160p 1440p 1080p 720p 480p 360p 240p 144p audio"),
    ("youtube", "mix"): ("video", "best 2160p 1440p 1080p 720p 480p 360p 240p 144p audio"),
    ("youtube", "list_sixty"): ("playlist", ""),
    ("youtube", "list_many"): ("playlist", ""),
    ("youtube", "list_faulty"): ("playlist", ""),
    ("youtube", "list_empty"): ("playlist", ""),
    ("youtube", "channel_by_id"): ("channel", ""),
    ("youtube", "channel_shorts"): ("channel", ""),
    ("streamable", "clip"): ("video", "best 720p 360p audio"),
    ("bluesky", "clip"): ("video", "best 720p 360p 144p audio"),
    ("bluesky", "quoting"): ("video", "best 720p 360p 144p audio"),
    ("vimeo", "clip"): ("video", "best 720p 360p 144p audio"),
    ("vimeo", "player"): ("video", "best 720p 360p 144p audio"),
    ("dailymotion", "clip"): ("video", "best 360p 144p audio"),
    ("dailymotion", "short"): ("video", "best 360p 144p audio"),
    ("dailymotion", "live"): ("live", "best 360p 144p audio"),
    ("soundcloud", "song"): ("track", "best audio"),
    ("soundcloud", "share"): ("track", "best audio"),
    ("soundcloud", "set"): ("playlist", ""),
    ("soundcloud", "set_empty"): ("playlist", ""),
    ("twitch", "clip"): ("clip", "best 720p 360p audio"),
    ("twitch", "page"): ("clip", "best 720p 360p audio"),
    ("pinterest", "clip"): ("video", "best 720p 360p 144p audio"),
    ("pinterest", "story"): ("video", "best 720p 360p 144p audio"),
    ("pinterest", "short"): ("video", "best 720p 360p 144p audio"),
    ("tumblr", "clip"): ("video", "best 720p audio"),
    ("tumblr", "new_address"): ("video", "best 720p audio"),
    ("imgur", "clip"): ("video", "best 360p audio"),
    ("imgur", "gallery"): ("video", "best 360p audio"),
    ("imgur", "file"): ("video", "best 360p audio"),
    ("rutube", "clip"): ("video", "best 360p 144p audio"),
    ("rutube", "short"): ("short", "best 360p 144p audio"),
    ("rutube", "private"): ("video", "best 360p 144p audio"),
    ("rutube", "live"): ("live", "best 360p 144p audio"),
    ("rumble", "clip"): ("video", "best 720p 360p audio"),
    ("rumble", "embed"): ("video", "best 720p 360p audio"),
    ("rumble", "live"): ("live", "best 360p 144p audio"),
}
#: site and sample -> code of the error, seconds to rest
REFUSED = {
    ("twitter", "words"): ("no_media", None),
    ("twitter", "removed"): ("removed", None),
    ("twitter", "protected"): ("private", None),
    ("twitter", "adult"): ("age_restricted", None),
    ("twitter", "toomany"): ("rate_limited", None),
    ("twitter", "broken"): ("site_down", None),
    ("twitter", "short_dead"): ("unsupported", None),
    ("reddit", "lost"): ("removed", None),
    ("reddit", "secret"): ("private", None),
    ("reddit", "quara"): ("login_required", None),
    ("reddit", "wall"): ("login_required", None),
    ("reddit", "many"): ("rate_limited", 11.0),
    ("reddit", "down"): ("site_down", None),
    ("reddit", "busy"): ("processing", None),
    ("reddit", "words"): ("no_media", None),
    ("youtube", "list_hidden"): ("private", None),
    ("youtube", "list_lost"): ("removed", None),
    ("streamable", "busy"): ("processing", None),
    **{("streamable", name): told for name, told in STATUSES.items()},
    ("bluesky", "words"): ("no_media", None),
    ("bluesky", "lost"): ("removed", None),
    **{("bluesky", name): told for name, told in STATUSES.items()},
    ("vimeo", "upcoming"): ("not_live_yet", None),
    ("vimeo", "embed_only"): ("private", None),
    ("vimeo", "player_password"): ("password", None),
    ("vimeo", "login"): ("login_required", None),
    ("vimeo", "broken"): ("removed", None),
    ("vimeo", "gone"): ("removed", None),
    ("vimeo", "wall"): ("site_blocked", None),
    ("vimeo", "many"): ("rate_limited", 9.0),
    ("vimeo", "down"): ("site_down", None),
    ("dailymotion", "lost"): ("removed", None),
    ("dailymotion", "geo"): ("geo_blocked", None),
    ("dailymotion", "deleted"): ("removed", None),
    ("dailymotion", "secret"): ("private", None),
    ("dailymotion", "rights"): ("removed", None),
    **{("dailymotion", name): told for name, told in STATUSES.items()},
    ("soundcloud", "drm"): ("drm", None),
    ("soundcloud", "geo"): ("geo_blocked", None),
    **{("soundcloud", name): told for name, told in STATUSES.items()},
    ("soundcloud", "set_gone"): ("removed", None),
    ("twitch", "lost"): ("removed", None),
    **{("twitch", name): told for name, told in STATUSES.items() if name != "gone"},
    ("pinterest", "login"): ("login_required", None),
    **{("pinterest", name): told for name, told in STATUSES.items()},
    ("tumblr", "words"): ("no_media", None),
    **{("tumblr", name): told for name, told in STATUSES.items() if name != "wall"},
    ("imgur", "album_gone"): ("removed", None),
    **{("imgur", name): told for name, told in STATUSES.items()},
    ("rutube", "geo"): ("geo_blocked", None),
    **{("rutube", name): told for name, told in STATUSES.items() if name != "wall"},
    ("rumble", "soon"): ("not_live_yet", None),
    ("rumble", "bare"): ("unsupported", None),
    **{("rumble", name): told for name, told in STATUSES.items()},
}
#: site and sample -> the file of the shelf that arrives untouched
EXACT = {
    ("twitter", "clip"): "mux_720.mp4",
    ("reddit", "link"): "mux_720.mp4",
    ("streamable", "clip"): "mux_720.mp4",
    ("bluesky", "clip"): "mux_720.mp4",
    ("vimeo", "clip"): "mux_720.mp4",
    ("twitch", "clip"): "mux_720.mp4",
    ("pinterest", "clip"): "mux_720.mp4",
    ("tumblr", "clip"): "mux_720.mp4",
    ("imgur", "clip"): "mux_360.mp4",
    ("rumble", "clip"): "mux_720.mp4",
}


async def probe(running: Running, text: str):
    link = REGISTRY.claim(text)
    if link.short:
        link = REGISTRY.claim(await running.host.resolve(link.url))
    site = REGISTRY.platform(link.platform)
    return site, await site.probe(link, running.host, LIMIT)


def sample(running: Running, site: str, name: str) -> str:
    return running.sites.samples()[site][name]


@pytest.mark.parametrize(("site", "name"), FOUND)
async def test_what_stands_behind_a_link(shared: Running, site, name):
    """The site's own module claims it; kind and menu are the real ones."""
    kind, keys = FOUND[site, name]
    platform, media = await probe(shared, sample(shared, site, name))
    assert platform.name == site
    assert (media.kind, [quality.key for quality in media.qualities]) == (kind, keys.split())


@pytest.mark.parametrize(("site", "name"), REFUSED)
async def test_why_it_can_not_be_had(shared: Running, site, name):
    """One class per trouble, with the rest that the site asked for."""
    with pytest.raises(GoldcrestError) as caught:
        await probe(shared, sample(shared, site, name))
    assert (caught.value.code, caught.value.retry_after_seconds) == REFUSED[site, name], caught.value.detail


@pytest.mark.parametrize("site", sorted({site for site, _ in FOUND}))
async def test_a_file_arrives(shared: Running, site):
    """The first item of each site, whole, as its menu promised."""
    name = next(name for owner, name in FOUND if owner == site)
    platform, media = await probe(shared, sample(shared, site, name))
    fetched = await platform.fetch(media, "best", shared.host, shared.folder(), LIMIT, lambda _: None)
    (file,) = fetched.files
    assert file.size_bytes == file.path.stat().st_size > 1000
    assert file.kind == ("audio" if media.kind == "track" else "video")
    assert file.duration_seconds == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize(("site", "name"), EXACT)
async def test_a_file_that_is_fit_stays_as_it_is(shared: Running, site, name):
    """Byte for byte the one that the site keeps."""
    platform, media = await probe(shared, sample(shared, site, name))
    fetched = await platform.fetch(media, "best", shared.host, shared.folder(), LIMIT, lambda _: None)
    digest = hashlib.sha256(fetched.files[0].path.read_bytes()).hexdigest()
    assert digest == shared.sites.media.medium(EXACT[site, name]).sha256
