"""Links to replicas of the sites through the real extractor: claimed, resolved, described, or judged."""

import pytest

from platforms.registry import Registry
from tests.platforms.extractor.conftest import Running
from utils.errors import GoldcrestError, UnsupportedLink

pytestmark = pytest.mark.asyncio(loop_scope="module")
REGISTRY = Registry()
LIMIT = 2_000 << 20
ORIGIN = "https://cdn.goldcrest-files.net"
YOUTUBE = "https://www.youtube.com/watch?v="
TIKTOK = "https://www.tiktok.com/@goldcrest/video/73000000000000"
INSTAGRAM = "https://www.instagram.com/p/"


async def probe(running: Running, text: str):
    link = REGISTRY.claim(text)
    if link.short:
        link = REGISTRY.claim(await running.host.resolve(link.url))
    return await REGISTRY.platform(link.platform).probe(link, running.host, LIMIT)


@pytest.mark.parametrize(
    ("text", "kind", "canonical", "best", "keys"),
    [
        (
            "youtu.be/clip0000000?si=x",
            "video",
            "youtube:clip0000000",
            "401+140",
            "best 2160p 1440p 1080p 720p 480p 360p 240p 144p audio",
        ),
        ("https://youtube.com/shorts/short000000", "short", "youtube:short000000", "22", "best 480p 360p audio"),
        (f"{YOUTUBE}live0000000", "live", "youtube:live0000000", "0", "best 144p audio"),
        (f"{TIKTOK}00002", "video", "tiktok:7300000000000000002", "h264_720p_900000", "best 720p 360p audio"),
        ("vm.tiktok.com/ZMclip001/", "video", "tiktok:7300000000000000001", None, "best 720p 480p 360p audio"),
        ("https://www.instagram.com/share/reel/BAreel0001", "reel", None, "1", "best 480p 360p audio"),
        (
            f"{INSTAGRAM}DDash000000/",
            "video",
            "instagram:DDash000000",
            "dash-720v+dash-sound",
            "best 720p 480p 360p audio",
        ),
        (f"{INSTAGRAM}DVideos0000/?igsh=x", "carousel", "instagram:DVideos0000", "1,1", "best"),
        (f"{ORIGIN}/m/mux_720.mp4", "video", f"generic:{ORIGIN}/m/mux_720.mp4", "mp4", "best audio"),
        (f"{ORIGIN}/m/music.mp3", "track", None, "mpeg", "best audio"),
        (f"{ORIGIN}/m/photo.jpg", "photo", None, "0", "best originals"),
        (f"{ORIGIN}/m/hls/master.m3u8", "video", None, "900", "best 360p 144p audio"),
        (f"{ORIGIN}/m/hls_apart/master.m3u8", "video", None, "1500+sound-en", "best 720p 360p audio"),
        (f"{ORIGIN}/m/dash/manifest.mpd", "video", None, "1+2", "best 720p 360p audio"),
        (f"{ORIGIN}/page/og", "video", None, "0", "best audio"),
        (f"{ORIGIN}/page/video", "video", None, None, "best audio"),
        (f"{ORIGIN}/page/rungs", "video", None, None, "best 720p 360p audio"),
    ],
)
async def test_what_stands_behind_a_link(  # noqa: PLR0917 - a row of the table
    shared: Running, text, kind, canonical, best, keys
):
    """Kind, key and the real menu of every replica."""
    media = await probe(shared, text)
    assert media.kind == kind
    assert canonical is None or media.canonical == canonical
    assert [quality.key for quality in media.qualities] == keys.split()
    assert best is None or media.qualities[0].format_id == best
    assert media.is_live == (kind == "live")


@pytest.mark.parametrize(
    ("text", "code", "rest"),
    [
        (f"{YOUTUBE}toomany0000", "rate_limited", None),
        (f"{YOUTUBE}bot00000000", "bot_check", None),
        (f"{YOUTUBE}private0000", "private", None),
        (f"{YOUTUBE}age00000000", "age_restricted", None),
        (f"{YOUTUBE}gone0000000", "removed", None),
        (f"{YOUTUBE}geo00000000", "geo_blocked", None),
        (f"{YOUTUBE}members0000", "paid", None),
        (f"{YOUTUBE}premiere000", "not_live_yet", 3 * 3600.0),
        (f"{YOUTUBE}working0000", "processing", None),
        (f"{TIKTOK}10204", "site_blocked", None),
        (f"{TIKTOK}10216", "private", None),
        (f"{TIKTOK}10231", "removed", None),
        (f"{TIKTOK}00401", "login_required", None),
        (f"{TIKTOK}00429", "rate_limited", 20.0),
        (f"{TIKTOK}00500", "extractor_broken", None),
        (f"{INSTAGRAM}DGone000000/", "login_required", None),
        (f"{INSTAGRAM}DMissing000/", "removed", None),
        (f"{ORIGIN}/page/none", "unsupported", None),
        (f"{ORIGIN}/fault/status/404/clip.mp4", "removed", None),
        (f"{ORIGIN}/fault/status/429/clip.mp4?retry_after=2", "rate_limited", 2.0),
        (f"{ORIGIN}/fault/status/503/clip.mp4?retry_after=7", "site_down", 7.0),
        (f"{ORIGIN}/fault/redirect_loop/clip.mp4", "dead_link", None),
    ],
)
async def test_why_it_can_not_be_had(shared: Running, text, code, rest):
    """One class per trouble, with the rest that the site asked for."""
    with pytest.raises(GoldcrestError) as caught:
        await probe(shared, text)
    assert (caught.value.code, caught.value.retry_after_seconds) == (code, rest)


@pytest.mark.parametrize("text", ["https://vm.tiktok.com/ZMdead001/", "https://www.instagram.com/share/BAdead0001"])
async def test_a_dead_share_leads_to_a_page_without_media(shared: Running, text):
    """The home page or a login page is no item."""
    with pytest.raises(UnsupportedLink):
        await probe(shared, text)
