"""Running streams recorded by the real extractor from a broadcast whose window slides."""

from __future__ import annotations

import asyncio
import subprocess
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from platforms.extractor.live import FIT_REST_SECONDS, FITS, Recorder
from platforms.extractor.live_track import Track
from platforms.extractor.protocol import Order
from platforms.parts import Recording
from platforms.registry import Registry
from tests.platforms.extractor.test_clip import frames
from tests.sites.messages import Reply
from tests.sites.recipes import TAPE_SECONDS
from utils.errors import LiveEnded, MediaTool, MemoryShort, NotLiveYet, OutOfMemory, Stalled, TooLarge
from utils.ffmpeg import find_ffmpeg

if TYPE_CHECKING:
    from pathlib import Path

    from platforms.shapes import Progress
    from tests.platforms.extractor.conftest import Running
    from tests.sites.live import Broadcast

pytestmark = pytest.mark.asyncio(loop_scope="module")
REGISTRY = Registry()
LIMIT = 2_000 << 20
MINUTE = 60


@pytest.fixture
def air(shared: Running) -> Broadcast:
    """A broadcast that began a moment ago."""
    shared.sites.broadcast.reset()
    return shared.sites.broadcast


class Taping:
    """One recording; `progress` is all that it reported."""

    def __init__(self, running: Running, url: str, minutes: int = 1, quality: str = "best", limit: int = LIMIT) -> None:
        self.running, self.minutes, self.quality, self.limit = running, minutes, quality, limit
        self.link = REGISTRY.claim(url)
        self.site = REGISTRY.platform(self.link.platform)
        self.enough = asyncio.Event()
        self.progress: list[Progress] = []
        self.began = asyncio.Event()
        self.folder = running.folder()

    async def run(self, media=None):
        media = media or await self.probe()
        host, part = self.running.host, Recording(self.minutes)
        fetched = await self.site.fetch(
            media, self.quality, host, self.folder, self.limit, self._hear, part, self.enough
        )
        (file,) = fetched.files
        return file

    async def probe(self):
        return await self.site.probe(self.link, self.running.host, self.limit)

    def _hear(self, progress) -> None:
        if progress.phase == "recording":
            self.progress.append(progress)
            if progress.done_seconds:
                self.began.set()


def complaints(path: Path) -> str:
    """What ffmpeg says when it decodes everything."""
    command = [str(find_ffmpeg()), "-v", "error", "-i", str(path), "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def links(running: Running) -> dict[str, str]:
    return {
        "youtube": running.sites.youtube.samples()["live"],
        **{form: running.link(f"/live/{form}/master.m3u8") for form in ("apart", "fmp4", "secret")},
    }


@pytest.mark.parametrize("name", ["youtube", "apart", "fmp4", "secret"])
async def test_a_minute_of_a_stream(shared: Running, air: Broadcast, name):
    """Both tracks in one file, or apart, in fragments with a new beginning, encrypted: a minute, playable.

    The tape starts over again and again, so each has places where its clock breaks.
    """
    taping = Taping(shared, links(shared)[name])
    media = await taping.probe()
    assert (media.kind, media.is_live, media.duration_seconds) == ("live", True, None)
    assert [quality.key for quality in media.qualities] == ["best", "144p", "audio"]
    assert media.qualities[0].bits == 400_000
    file = await taping.run(media)
    assert file.duration_seconds == pytest.approx(MINUTE, abs=1.5)
    assert (file.kind, file.mime, file.width, file.height) == ("video", "video/mp4", 256, 144)
    assert file.thumbnail
    assert complaints(file.path) == ""
    assert len(frames(file.path)) == pytest.approx(MINUTE * 10, abs=15)
    assert taping.progress[-1].total_seconds == MINUTE
    assert taping.progress[-1].done_bytes > 1_000_000
    told = [each.done_seconds or 0 for each in taping.progress]
    assert told == sorted(told)
    assert {each.name for each in taping.folder.iterdir()} == {file.path.name, file.thumbnail.name}


async def test_enough_is_kept(shared: Running, air: Broadcast):
    """Told to stop, it hands over what there is: less than was asked for, and playable."""
    air.pace = 0.5
    taping = Taping(shared, links(shared)["youtube"], minutes=30)
    running = asyncio.create_task(taping.run())
    await taping.began.wait()
    taping.enough.set()
    file = await running
    assert 1 < file.duration_seconds < 30 * MINUTE
    assert complaints(file.path) == ""


async def test_a_stream_that_ends_early(shared: Running, air: Broadcast):
    """Its last segment comes, and then the file."""
    taping = Taping(shared, links(shared)["apart"], minutes=30)
    running = asyncio.create_task(taping.run())
    await taping.began.wait()
    air.end()
    file = await running
    assert 1 < file.duration_seconds < 30 * MINUTE
    assert air.served[-1].rpartition("_")[2] == f"{air.newest}.ts"


@pytest.mark.parametrize("how", ["stall", "vanish"])
async def test_a_stream_that_dies(start_host, sites, how):
    """Nothing new within the patience, or no playlist any more: what there is comes all the same."""
    async with start_host(stall_seconds="1.5") as running:
        sites.broadcast.reset()
        taping = Taping(running, links(running)["youtube"], minutes=30)
        task = asyncio.create_task(taping.run())
        await taping.began.wait()
        getattr(sites.broadcast, how)()
        file = await task
        assert 1 < file.duration_seconds < 30 * MINUTE


async def test_segments_that_are_lost(shared: Running, air: Broadcast):
    """A hole is no end: what comes behind it is taken, and the minute is full."""
    air.lost = {number for number in range(air.newest, air.newest + 1000) if number % 7 == 3}
    taping = Taping(shared, links(shared)["youtube"])
    file = await taping.run()
    assert file.duration_seconds is not None
    assert (taping.progress[-1].done_seconds or 0) >= MINUTE - 1
    assert not {int(name.rpartition("_")[2][:-3]) for name in air.served} & air.lost


async def test_a_window_that_slides_too_fast(shared: Running, air: Broadcast):
    """What left the window before it could be read is a hole too."""
    air.window = 20
    file = await Taping(shared, links(shared)["youtube"]).run()
    assert file.duration_seconds is not None


async def test_the_bytes_have_a_bound(shared: Running, air: Broadcast):
    """It ends below them, and keeps what it has."""
    taping = Taping(shared, links(shared)["youtube"], limit=500_000)
    file = await taping.run()
    assert 200_000 < file.size_bytes <= 500_000
    assert file.duration_seconds < MINUTE / 2


@pytest.fixture
def swell(monkeypatch):
    """Makes every further segment one that doesn't end, at so many bytes per second."""

    def start(air: Broadcast, bytes_per_second: int = 50_000_000) -> None:
        async def forever(number: int):
            yield air._shelf.path(f"live/mux_{number % TAPE_SECONDS}.ts").read_bytes()[: 188 * 20]
            while True:
                yield bytes(bytes_per_second // 20)

        def segment(_self: Broadcast, _form: str, number: int) -> Reply:
            return Reply(200, (("Content-Type", "video/mp2t"),), forever(number), bytes_per_second=bytes_per_second)

        monkeypatch.setattr(type(air), "_segment", segment)

    return start


@pytest.mark.parametrize(("form", "limit"), [("youtube", 500_000), ("secret", LIMIT)])
async def test_a_first_segment_without_end(shared: Running, air: Broadcast, swell, form, limit):
    """Too large, said once: neither the disk nor the memory takes it, and nothing is tried again."""
    swell(air)
    taping = Taping(shared, links(shared)[form], limit=limit)
    with pytest.raises(TooLarge):
        await taping.run()
    assert sum(file.stat().st_size for file in taping.folder.rglob("*") if file.is_file()) < 32 << 20


async def test_a_segment_without_end_costs_only_itself(shared: Running, air: Broadcast, swell):
    """What came before it is kept."""
    taping = Taping(shared, links(shared)["youtube"], minutes=30, limit=3_000_000)
    running = asyncio.create_task(taping.run())
    await taping.began.wait()
    swell(air)
    file = await running
    assert file.size_bytes <= 3_000_000
    assert complaints(file.path) == ""


async def test_enough_is_heard_while_a_segment_trickles(shared: Running, air: Broadcast, swell):
    """Stop and send does not wait for bytes that may never come."""
    taping = Taping(shared, links(shared)["youtube"], minutes=30)
    running = asyncio.create_task(taping.run())
    await taping.began.wait()
    swell(air, 20_000)
    taping.enough.set()
    file = await running
    assert complaints(file.path) == ""


async def test_only_the_sound(shared: Running, air: Broadcast):
    """Of a stream as of anything else."""
    file = await Taping(shared, links(shared)["apart"], quality="audio").run()
    assert (file.kind, file.duration_seconds) == ("audio", pytest.approx(MINUTE, abs=1.5))


async def test_a_stream_that_is_over_when_it_is_to_be_recorded(shared: Running, air: Broadcast):
    """Known as running, and off the air or ended meanwhile."""
    taping = Taping(shared, links(shared)["apart"])
    media = await taping.probe()
    air.end()
    with pytest.raises(LiveEnded):
        await taping.run(media)


async def test_a_channel_that_is_not_on_the_air(shared: Running):
    """As before: it isn't live."""
    with pytest.raises(NotLiveYet):
        await Taping(shared, shared.sites.samples()["twitch"]["offline"]).probe()


async def test_a_stream_of_which_nothing_comes(start_host, sites):
    """An error, not an empty file."""
    async with start_host(stall_seconds="1") as running:
        sites.broadcast.reset()
        sites.broadcast.stall()
        newest = sites.broadcast.newest
        sites.broadcast.lost = set(range(newest + 1))
        with pytest.raises(Stalled):
            await Taping(running, links(running)["youtube"]).run()


async def test_cancelling_leaves_nothing(shared: Running, air: Broadcast):
    """The worker is gone with everything; the folder is its owner's."""
    air.pace = 0.5
    taping = Taping(shared, links(shared)["youtube"], minutes=30)
    running = asyncio.create_task(taping.run())
    await taping.began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert shared.host.state()["running"] == 0


async def test_what_was_recorded_is_not_lost_for_want_of_memory():
    """The kernel has ended ffmpeg: the file is made later. As often as that helps, then the failure is told."""
    rests: list[float] = []
    fails = [MemoryShort("a"), MemoryShort("b")]

    class Fitter:
        def fit(self, _name, _parts, _order):
            if fails:
                raise fails.pop(0)
            return {"name": "1.mp4"}

    fitter: Any = Fitter()
    nobody: Any = None
    recorder = Recorder(Order("fetch", "u", "p"), nobody, fitter, nobody, sleep=rests.append)
    assert recorder._fit(nobody) == {"name": "1.mp4"}
    assert rests == [FIT_REST_SECONDS] * 2
    fails += [MemoryShort(str(number)) for number in range(FITS)]
    with pytest.raises(MemoryShort):
        recorder._fit(nobody)
    assert fails == []


@pytest.mark.parametrize("error", [MediaTool(""), MemoryShort(""), OutOfMemory("")])
async def test_what_can_not_be_joined_is_kept_in_part(tmp_path, error):
    """The stream began anew: the longest piece is better than nothing."""
    nobody: Any = None
    track = Track(nobody, {"url": "u"}, tmp_path / "1-0", 1.0, lambda: 0.0)
    track._pieces = SimpleNamespace(close=lambda: None)  # type: ignore[assignment]
    for name, size in (("a", 10), ("b", 30), ("c", 20)):
        (tmp_path / name).write_bytes(b"x" * size)
        track._files.append(tmp_path / name)

    class Program:
        def remux(self, *_):
            raise error

    program: Any = Program()
    assert track.close(program) == tmp_path / "b"
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
