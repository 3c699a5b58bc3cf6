"""The real extractors against the replicas: what is extracted, what is fetched, and what it looks like."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from platforms.extractor.host import ExtractorHost
from utils.errors import (
    CutOff,
    DeadLink,
    InternalError,
    LiveNow,
    NotAMedia,
    PrivateAddress,
    RateLimited,
    Removed,
    SiteDown,
    TooLarge,
    UnknownQuality,
    UnsafeLink,
    UnsupportedLink,
)
from utils.ffmpeg import FFmpeg, find_ffmpeg, needs_faststart

if TYPE_CHECKING:
    from tests.platforms.extractor.conftest import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLIP = "https://www.youtube.com/watch?v=clip0000000"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def looked_at(path: Path):
    program = find_ffmpeg()
    assert program
    return FFmpeg(program).inspect(path)


async def sizes(shared: Running, *ids: str) -> list[int]:
    info = await shared.host.extract(CLIP, {})
    return [each["filesize"] for each in info["formats"] if each["format_id"] in ids]


async def test_yt_dlp_never_comes_into_the_resident_process():
    """Importing the host costs no yt-dlp, no TLS context, no extractor."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import platforms.extractor.host\n"
        "sys.exit(any(name.split('.')[0] in {'yt_dlp', 'imageio_ffmpeg'} for name in sys.modules))"
    )
    root = Path(sys.modules[ExtractorHost.__module__].__file__ or "").parents[2]
    process = await asyncio.create_subprocess_exec(sys.executable, "-I", "-c", script, str(root))
    assert await process.wait() == 0


async def test_extract_gives_the_fields_of_the_menu(shared: Running):
    """Title, length and every format with codecs and sizes come through; addresses of the media don't."""
    info = await shared.host.extract(CLIP, {"noplaylist": True})
    formats = {each["format_id"]: each for each in info["formats"]}
    assert info["title"] == "Replica clip0000000"
    assert info["extractor_key"] == "Youtube"
    assert formats["136"]["height"] == 720
    assert formats["18"]["filesize"] == shared.sites.media.medium("mux_360.mp4").size_bytes
    assert formats["140"]["acodec"].startswith("mp4a")
    assert "googlevideo" not in json.dumps(info)


async def test_youtube_video_and_sound_become_one_playable_file(shared: Running):
    """Explicit ids are downloaded natively, merged without a transcode, with the index in front and a thumbnail."""
    shared.progress.clear()
    file = await shared.fetch_file(CLIP, "136+140", title="A title of ours")
    info = looked_at(file["path"])
    assert (info.video_codec, info.audio_codec) == ("h264", "aac")
    assert not needs_faststart(file["path"])
    assert (file["kind"], file["mime"], file["path"].suffix) == ("video", "video/mp4", ".mp4")
    assert (file["width"], file["height"]) == (1280, 720)
    assert file["duration_seconds"] == pytest.approx(4, abs=0.2)
    assert file["size_bytes"] == file["path"].stat().st_size
    assert (file["title"], file["performer"]) == ("A title of ours", "")
    thumbnail = looked_at(file["thumbnail"])
    assert max(thumbnail.width or 0, thumbnail.height or 0) <= 320
    assert sorted(path.name for path in file["path"].parent.iterdir()) == ["1-thumbnail.jpg", "1.mp4"]


async def test_progress_is_the_sum_of_both_parts(shared: Running):
    """The total of a pair is known from the start and reached at its end; phases follow each other."""
    shared.progress.clear()
    await shared.fetch(CLIP, "134+140")
    total = sum(await sizes(shared, "134", "140"))
    downloading = [each for each in shared.progress if each.phase == "downloading"]
    assert {each.total_bytes for each in downloading} == {total}
    assert downloading[-1].done_bytes == total
    phases = list(dict.fromkeys(each.phase for each in shared.progress))
    assert phases[:2] == ["probing", "downloading"]
    assert phases[-1] == "fitting"


@pytest.mark.parametrize(
    ("link", "format_id", "medium"),
    [
        ("https://www.tiktok.com/@goldcrest/video/7300000000000000001", "h264_540p_900000", "portrait.mp4"),
        ("https://www.instagram.com/reel/DReel000000/", "1", "portrait.mp4"),
        ("/m/mux_720.mp4", "", "mux_720.mp4"),
        ("/fault/redirects/3", "", "mux_720.mp4"),
        ("/page/og", "", "mux_360.mp4"),
        ("/m/music.mp3", "", "music.mp3"),
        ("/m/photo.jpg", "", "photo.jpg"),
        ("/m/vp9_360.webm", "", "vp9_360.webm"),
    ],
)
async def test_what_already_fits_stays_as_it_is_to_the_byte(shared: Running, link: str, format_id: str, medium: str):
    """A single file with its index in front isn't rewritten."""
    file = await shared.fetch_file(link if link.startswith("https") else shared.link(link), format_id)
    assert digest(file["path"]) == shared.sites.media.medium(medium).sha256


async def test_an_index_at_the_end_is_brought_to_the_front(shared: Running):
    """A moov behind mdat is remuxed once, with the same streams."""
    file = await shared.fetch_file(shared.link("/m/tail.mp4"))
    assert needs_faststart(shared.sites.media.path("tail.mp4"))
    assert not needs_faststart(file["path"])
    assert (file["width"], file["height"]) == (1280, 720)


@pytest.mark.parametrize(
    ("link", "format_id", "size"),
    [("/m/hls/master.m3u8", "900", (640, 360)), ("/m/dash/manifest.mpd", "1+2", (1280, 720))],
)
async def test_segments_become_a_plain_mp4(shared: Running, link: str, format_id: str, size: tuple[int, int]):
    """HLS and DASH are downloaded natively and put into a seekable file."""
    file = await shared.fetch_file(shared.link(link), format_id)
    assert (file["width"], file["height"]) == size
    assert file["mime"] == "video/mp4"
    assert b"moof" not in file["path"].read_bytes()


async def test_the_shown_size_respects_rotation(shared: Running):
    """A film that is stored lying is reported standing."""
    file = await shared.fetch_file(shared.link("/m/rotated.mp4"))
    assert file["height"] > file["width"]


@pytest.mark.parametrize(("audio", "codec"), [("mp3", "mp3"), ("m4a", "aac"), ("opus", "opus")])
async def test_sound_alone_in_the_container_asked_for(shared: Running, audio: str, codec: str):
    """Converted or copied; title and thumbnail come along."""
    file = await shared.fetch_file(CLIP, "251" if audio == "opus" else "140", audio=audio)
    assert looked_at(file["path"]).audio_codec == codec
    assert (file["kind"], file["width"], file["path"].suffix) == ("audio", None, f".{audio}")
    assert file["duration_seconds"] == pytest.approx(4, abs=0.2)
    assert file["title"] == "Replica clip0000000"


async def test_sound_out_of_a_film(shared: Running):
    """Where only whole films are on offer the sound track is taken out."""
    file = await shared.fetch_file(shared.link("/m/mux_360.mp4"), audio="m4a")
    info = looked_at(file["path"])
    assert (info.kind, info.audio_codec) == ("audio", "aac")


async def test_a_direct_link_takes_its_title_from_the_file_name(shared: Running):
    """The generic extractor knows nothing better, and no performer."""
    file = await shared.fetch_file(shared.link("/m/mux_360.mp4"))
    assert (file["title"], file["performer"]) == ("mux_360", "")


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/fault/status/404/clip.mp4", Removed),
        ("/fault/status/500/clip.mp4", SiteDown),
        ("/fault/truncated/clip.mp4", CutOff),
        ("/fault/wrong_length/clip.mp4?by=100000", CutOff),
        ("/fault/wrong_length/clip.mp4?by=-100000", CutOff),
        ("/fault/broken_video/clip.mp4", CutOff),
        ("/fault/empty/clip.mp4", CutOff),
        ("/fault/redirect_loop/clip.mp4", DeadLink),
        ("/fault/redirect_nowhere/clip.mp4", SiteDown),
        ("/fault/html/clip.mp4", UnsupportedLink),
        ("/fault/html_as_video/clip.mp4", NotAMedia),
        ("/fault/text_as_video/clip.mp4", NotAMedia),
        ("/page/none", UnsupportedLink),
    ],
)
async def test_a_bad_file_has_its_own_error(shared: Running, path: str, error: type[Exception]):
    """What the origin does wrong comes out as the class that tells it."""
    with pytest.raises(error):
        await shared.fetch(shared.link(path))


async def test_retry_after_and_warnings_reach_the_judgement(shared: Running):
    """YouTube's 429 shows in a warning only; the origin's 429 says for how long."""
    with pytest.raises(RateLimited):
        await shared.host.extract("https://www.youtube.com/watch?v=toomany0000", {})
    with pytest.raises(RateLimited) as told:
        await shared.host.extract(shared.link("/fault/status/429/clip.mp4?retry_after=2"), {})
    assert told.value.retry_after_seconds == 2


@pytest.mark.parametrize("path", ["/fault/huge/clip.mp4", "/fault/endless/clip.mp4", "/m/mux_720.mp4"])
async def test_the_size_cap_ends_a_download(shared: Running, path: str):
    """By the promised length before it comes, by the count where nothing is promised."""
    with pytest.raises(TooLarge) as told:
        await shared.fetch(shared.link(path), max_bytes=500_000)
    assert told.value.values["limit_mb"] == 0.5


async def test_a_list_of_parts_counts_against_the_cap_together(shared: Running):
    """Each part alone would fit, both don't; known before a byte is downloaded."""
    largest = max(await sizes(shared, "134", "140"))
    shared.progress.clear()
    with pytest.raises(TooLarge):
        await shared.fetch(CLIP, "134+140", max_bytes=largest + 1000)
    assert "downloading" not in {each.phase for each in shared.progress}


async def test_a_format_that_is_gone(shared: Running):
    """An id that the site no longer offers isn't silently replaced."""
    with pytest.raises(UnknownQuality):
        await shared.fetch(CLIP, "999+140")


async def test_a_running_stream_is_refused(shared: Running):
    """It has no end to download."""
    with pytest.raises(LiveNow):
        await shared.fetch("https://www.youtube.com/watch?v=live0000000")


async def test_short_links_are_followed_hop_by_hop(shared: Running):
    """The end is returned without its page being read; the last hop is asked by HEAD."""
    shared.sites.requests.clear()
    end = await shared.host.resolve("https://vm.tiktok.com/ZMclip001/")
    assert end.partition("?")[0] == shared.sites.tiktok.samples()["clip"]
    assert await shared.host.resolve(shared.link("/fault/redirects/3")) == shared.link("/m/mux_720.mp4")
    assert {entry.method for entry in shared.sites.requests.all()} == {"HEAD"}


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/fault/redirect_loop/clip.mp4", DeadLink),
        ("/fault/redirect_broken/x", DeadLink),
        ("/fault/status/410/x", DeadLink),
        ("/fault/redirects/20", DeadLink),
    ],
)
async def test_short_links_that_lead_nowhere(shared: Running, path: str, error: type[Exception]):
    """A circle, too many hops, a gone end and what is no address are dead links."""
    with pytest.raises(error):
        await shared.host.resolve(shared.link(path))


async def test_read_copies_a_small_resource(shared: Running):
    """Bytes and content type; not more than asked for."""
    path = shared.folder() / "picture"
    assert await shared.host.read(shared.link("/m/photo.jpg"), path, 1 << 20) == "image/jpeg"
    assert digest(path) == shared.sites.media.medium("photo.jpg").sha256
    with pytest.raises(CutOff):
        await shared.host.read(shared.link("/m/photo.jpg"), shared.folder() / "picture", 1000)


@pytest.mark.parametrize(
    "name", ["net/redirect_to_dotted", "net/redirect_by_307", "net/redirect_to_ftp", "net/page_refresh", "net/key"]
)
async def test_hostile_pages_reach_nobody(shared: Running, name: str):
    """A refusal of the egress proxy comes out as such, and the canary stays silent."""
    with pytest.raises((UnsafeLink, UnsupportedLink)):
        await shared.fetch(shared.sites.attacks.samples()[name])
    assert not shared.sites.canary.knocks


async def test_private_addresses_are_named_as_such(shared: Running):
    """The proxy's verdict outweighs what yt-dlp makes of it."""
    with pytest.raises(PrivateAddress):
        await shared.host.extract("https://10.0.0.1/clip.mp4", {})
    with pytest.raises(PrivateAddress):
        await shared.host.resolve("https://169.254.169.254/latest/")


async def test_smuggled_data_in_a_link_is_refused(shared: Running):
    """What yt-dlp's extractors pass to each other is nothing that a user may write."""
    with pytest.raises(UnsafeLink):
        await shared.host.extract(shared.sites.attacks.samples()["net/smuggled_link"], {})


async def test_options_are_those_of_the_list(shared: Running):
    """A site that asks for a program to be run gets an error, not a run."""
    with pytest.raises(InternalError):
        await shared.host.extract(CLIP, {"exec_cmd": "id"})


async def test_state_tells_what_the_kernel_confines(shared: Running):
    """After the first child the state of Landlock is known."""
    await shared.host.extract(shared.link("/m/mux_360.mp4"), {})
    state = shared.host.state()
    assert set(state["landlock"]) == {"abi", "files", "network"}
    assert state["running"] == 0
    assert state["ready_seconds"] > 0
