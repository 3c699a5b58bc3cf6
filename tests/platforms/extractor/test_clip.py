"""Clips through the real extractor: exact, playable, and only what they need of fragmented formats."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from platforms.extractor.clip import _fragments
from platforms.parts import Clip
from platforms.registry import Registry
from utils.errors import BadPart, LiveNow
from utils.ffmpeg import find_ffmpeg

if TYPE_CHECKING:
    from tests.platforms.extractor.conftest import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")
REGISTRY = Registry()
LIMIT = 2_000 << 20
YOUTUBE = "https://www.youtube.com/watch?v=clip0000000"
#: pictures per second of the replicas' films
RATE = 10


def frames(path: Path) -> list[str]:
    """A hash of each picture that a player shows."""
    command = [str(find_ffmpeg()), "-v", "error", "-i", str(path), "-map", "0:v", "-f", "framemd5", "-"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.rpartition(",")[2].strip() for line in lines if not line.startswith("#")]


async def cut(running: Running, url: str, clip: Clip, quality: str = "best"):
    link = REGISTRY.claim(url)
    site = REGISTRY.platform(link.platform)
    media = await site.probe(link, running.host, LIMIT)
    fetched = await site.fetch(media, quality, running.host, running.folder(), LIMIT, lambda _: None, clip)
    (file,) = fetched.files
    return file


@pytest.mark.parametrize(
    ("path", "quality", "source"),
    [
        ("/m/mux_360.mp4", "best", "mux_360.mp4"),
        ("/m/hls/master.m3u8", "360p", "mux_360.mp4"),
        ("/m/hls_apart/master.m3u8", "720p", "h264_720.mp4"),
        ("/m/dash/manifest.mpd", "360p", "h264_360.mp4"),
        (YOUTUBE, "360p", "mux_360.mp4"),
        (YOUTUBE, "720p", "h264_720.mp4"),
    ],
)
async def test_a_clip_is_exact(shared: Running, path, quality, source):
    """Its first picture is the one at that time, though the copied video begins at the key frame before."""
    url = path if path.startswith("http") else shared.link(path)
    file = await cut(shared, url, Clip(1.5, 2.7), quality)
    shown, whole = frames(file.path), frames(shared.sites.media.path(source))
    assert shown[0] == whole[int(1.5 * RATE)]
    assert len(shown) == pytest.approx(12, abs=1)
    assert (file.kind, file.mime, file.duration_seconds) == ("video", "video/mp4", pytest.approx(1.2, abs=0.15))
    height = int(source.rpartition("_")[2].removesuffix(".mp4"))
    assert (file.width, file.height) == (height * 16 // 9, height)
    assert file.thumbnail
    assert {each.name for each in file.path.parent.iterdir()} == {file.path.name, file.thumbnail.name}


@pytest.mark.parametrize("folder", ["hls", "hls_apart", "dash"])
async def test_only_the_fragments_that_hold_it_are_moved(shared: Running, folder):
    """Films of four fragments a second each: a clip from the third on needs no first."""
    name = "manifest.mpd" if folder == "dash" else "master.m3u8"
    shared.sites.requests.clear()
    await cut(shared, shared.link(f"/m/{folder}/{name}"), Clip(2.2, 2.8))
    asked = [Path(entry.path).name for entry in shared.sites.requests.all() if entry.path.endswith((".ts", ".m4s"))]
    media = [each for each in asked if not each.startswith("init")]
    assert media
    assert not [each for each in media if each.endswith(("_0.ts", "_3.ts", "00001.m4s", "00004.m4s"))]


async def test_to_the_end_and_beyond(shared: Running):
    """An open end, and one that is later than the item's, are the item's own."""
    for end in (None, 900):
        file = await cut(shared, YOUTUBE, Clip(2.5, end), "360p")
        assert file.duration_seconds == pytest.approx(1.5, abs=0.15)


async def test_only_the_sound_of_a_clip(shared: Running):
    """Converted where that is asked for."""
    file = await cut(shared, YOUTUBE, Clip(1, 2), "mp3")
    assert (file.kind, file.mime, file.duration_seconds) == ("audio", "audio/mpeg", pytest.approx(1, abs=0.1))
    file = await cut(shared, YOUTUBE, Clip(1, 2), "audio")
    assert (file.kind, file.mime, file.duration_seconds) == ("audio", "audio/mp4", pytest.approx(1, abs=0.1))


async def test_webm_becomes_mp4_where_it_may(shared: Running):
    """Which hides what a copy has to take along before the start."""
    if not shared.sites.media.has("vp9_360.webm"):
        pytest.skip("this ffmpeg writes no VP9")
    file = await cut(shared, shared.link("/m/vp9_360.webm"), Clip(1.5, 2.5))
    assert file.mime == "video/mp4"
    assert frames(file.path)[0] == frames(shared.sites.media.path("vp9_360.webm"))[15]


async def test_where_nothing_is_left(shared: Running):
    """A start beyond the end is one sentence, also where nobody knew the length before."""
    link = REGISTRY.claim(shared.link("/m/tail.mp4"))
    site = REGISTRY.platform(link.platform)
    media = await site.probe(link, shared.host, LIMIT)
    for known in (media, type(media)(**{**_fields(media), "duration_seconds": None})):
        with pytest.raises(BadPart):
            await site.fetch(known, "best", shared.host, shared.folder(), LIMIT, lambda _: None, Clip(400))
    with pytest.raises(BadPart):
        await cut(shared, shared.link("/m/photo.jpg"), Clip(1))


async def test_a_running_stream_is_no_clip(shared: Running):
    """It has no times yet."""
    with pytest.raises(BadPart) as caught:
        await cut(shared, shared.sites.youtube.samples()["live"], Clip(1, 2))
    assert caught.value.problem == "live_clip"
    with pytest.raises(LiveNow):
        link = REGISTRY.claim(shared.sites.youtube.samples()["live"])
        site = REGISTRY.platform(link.platform)
        media = await site.probe(link, shared.host, LIMIT)
        await site.fetch(media, "best", shared.host, shared.folder(), LIMIT, lambda _: None)


def _fields(media):
    return {name: getattr(media, name) for name in media.__dataclass_fields__}


@pytest.mark.asyncio(loop_scope="function")
async def test_fragments_without_lengths_are_all_needed():
    """Pieces by bytes, or a generator, can't be chosen from."""
    assert _fragments([{"url": "1"}, {"url": "2"}], 1, 2) is None
    assert _fragments(iter(()), 1, 2) is None
    assert _fragments(None, 1, 2) is None
    head, rest = {"url": "0"}, [{"url": str(n), "duration": 2.0} for n in range(1, 4)]
    assert _fragments([head, *rest], 2.5, 4) == ([head, rest[1]], 2.0)
    assert _fragments(rest, 0, None) == (rest, 0.0)
    with pytest.raises(BadPart):
        _fragments(rest, 6, None)
