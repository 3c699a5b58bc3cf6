"""The shelf: files wait for their download, bounded by age and size, over a restart."""

import asyncio
import os
import threading
from dataclasses import replace

import pytest

from core.job_queue import Job
from platforms.shapes import Fetched, FetchedFile
from services.shelf import Shelf
from tests.services.conftest import link, media
from utils.config import load_settings
from utils.errors import Expired, TooLarge

MEBIBYTE = 1 << 20


class Clock:
    def __init__(self):
        self.now = 1_000_000.0
        self.waits: asyncio.Queue[None] = asyncio.Queue()

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        """Wait until the test lets time pass."""
        await self.waits.get()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(tmp_path, clock):
    def make(*, minutes=30, megabytes=2):
        names = {"GOLDCREST_STORAGE__SHELF_MINUTES": str(minutes), "GOLDCREST_STORAGE__SHELF_MB": str(megabytes)}
        return Shelf(tmp_path / "shelf", load_settings(names).storage, clock=clock, sleep=clock.sleep)

    return make


@pytest.fixture
async def shelf(make):
    shelf = make()
    await shelf.start()
    yield shelf
    await shelf.stop()


def job(number=1, quality="720p"):
    identity = f"01HZZZZZZZZZZZZZZZZZZZZZZ{number}"
    return Job(identity, "web", link(), quality, "T", None, {}, "sending", 1, 1, None, 0.0, 0.0)


def fetched(folder, *sizes, suffix=".mp4", title="A bird"):
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, size in enumerate(sizes):
        path = folder / f"{number}{suffix}"
        path.write_bytes(b"x" * size)
        files.append(FetchedFile(path, size, "video", "video/mp4", 640, 360, 6.0, title=title))
    return Fetched(media(link()), tuple(files))


def ignore(progress):
    """No progress is told: a link takes no time."""
    raise AssertionError(progress)


async def put(shelf, tmp_path, *sizes, number=1, quality="720p", **more):
    await shelf.send(job(number, quality), fetched(tmp_path / f"work{number}", *sizes, **more), ignore)
    return shelf.of(job(number).id)


async def test_a_file_outlives_the_job_folder(shelf, tmp_path):
    """It is the same bytes under a second name, so that nobody else who waits for them loses them."""
    [file] = await put(shelf, tmp_path, 10)
    source = tmp_path / "work1" / "0.mp4"
    found, path = shelf.find(file.token)
    assert (found.name, found.size_bytes, found.width) == ("A bird (720p).mp4", 10, 640)
    assert source.stat().st_ino == path.stat().st_ino
    source.unlink()
    assert path.read_bytes() == b"x" * 10
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_it_is_copied_where_a_second_name_is_impossible(shelf, tmp_path, monkeypatch):
    """Some file systems know no links."""

    def refuse(*paths):
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    [file] = await put(shelf, tmp_path, 10)
    assert shelf.find(file.token)[1].read_bytes() == b"x" * 10


@pytest.mark.parametrize(
    ("quality", "suffix", "name"),
    [("1080p", ".mp4", "A bird (1080p).mp4"), ("mp3", ".mp3", "A bird.mp3"), ("best", ".webm", "A bird.webm")],
)
async def test_names_tell_the_height(shelf, tmp_path, quality, suffix, name):
    """Two qualities of one film are two names on the visitor's disk."""
    [file] = await put(shelf, tmp_path, 1, quality=quality, suffix=suffix)
    assert file.name == name


async def test_time_takes_it_away(shelf, tmp_path, clock):
    """At its age it can't be found any more, and the next sweep removes it from the disk."""
    [file] = await put(shelf, tmp_path, 10)
    assert shelf.until(file) == clock.now + 1800
    clock.now += 1800
    assert shelf.of(file.job_id) == ()
    with pytest.raises(Expired):
        shelf.find(file.token)
    clock.waits.put_nowait(None)
    async with asyncio.timeout(30):
        while (tmp_path / "shelf" / file.token).exists():
            await asyncio.sleep(0.001)
    assert shelf.figures() == {"files": 0, "bytes": 0}


async def test_the_oldest_leave_for_a_new_one(shelf, tmp_path, clock):
    """The bound holds whatever comes."""
    sizes = MEBIBYTE * 8 // 10
    for number in (1, 2, 3):
        clock.now += 1
        await put(shelf, tmp_path, sizes, number=number)
    assert [len(shelf.of(job(number).id)) for number in (1, 2, 3)] == [0, 1, 1]
    assert shelf.figures()["bytes"] <= 2 * MEBIBYTE
    assert len(list((tmp_path / "shelf").iterdir())) == 2


async def test_what_is_larger_than_the_shelf_is_refused(shelf, tmp_path):
    """With both figures; the others stay."""
    await put(shelf, tmp_path, 10)
    with pytest.raises(TooLarge) as caught:
        await put(shelf, tmp_path, MEBIBYTE, MEBIBYTE, 1, number=2)
    assert caught.value.values == {"size_mb": 2, "limit_mb": 2}
    assert shelf.figures() == {"files": 1, "bytes": 10}


async def test_a_repeat_after_a_crash_replaces_the_first(shelf, tmp_path):
    """One job, one set of files."""
    [first] = await put(shelf, tmp_path, 10)
    [second] = await put(shelf, tmp_path, 20)
    assert first.token != second.token
    assert [place.name for place in (tmp_path / "shelf").iterdir()] == [second.token]


async def test_a_restart_keeps_what_is_good_and_sweeps_the_rest(make, shelf, tmp_path, clock):
    """Torn, aged, foreign and oversized left-overs go."""
    clock.now -= 1700
    [aged] = await put(shelf, tmp_path, 10)
    clock.now += 1700
    [good] = await put(shelf, tmp_path, 10, number=2)
    [torn] = await put(shelf, tmp_path, 10, number=3)
    folder = tmp_path / "shelf"
    (folder / torn.token / "content").write_bytes(b"x")
    (folder / "foreign").mkdir()
    (folder / "moved").mkdir()
    (folder / "moved" / "card.json").write_bytes((folder / good.token / "card.json").read_bytes())
    clock.now += 200
    again = make()
    await again.start()
    await again.stop()
    assert again.of(good.job_id) == (good,)
    assert again.figures()["files"] == 1
    assert [place.name for place in folder.iterdir()] == [good.token]
    assert again.of(aged.job_id) == ()


async def test_a_smaller_bound_counts_at_once(make, shelf, tmp_path, clock):
    """After a restart with less room the oldest leave."""
    for number in (1, 2):
        clock.now += 1
        await put(shelf, tmp_path, MEBIBYTE * 7 // 10, number=number)
    again = make(megabytes=1)
    await again.start()
    await again.stop()
    assert [len(again.of(job(number).id)) for number in (1, 2)] == [0, 1]


async def test_a_cancelled_hand_over_leaves_nothing(shelf, tmp_path, monkeypatch):
    """Not even what a thread was still writing."""
    import threading

    began, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    real = shelf._place

    def slow(cards, files):
        loop.call_soon_threadsafe(began.set)
        go.wait(5)
        real(cards, files)

    monkeypatch.setattr(shelf, "_place", slow)
    task = asyncio.create_task(put(shelf, tmp_path, 10))
    await began.wait()
    task.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list((tmp_path / "shelf").iterdir()) == []
    assert shelf.figures()["files"] == 0


async def test_telegrams_copies_are_of_no_use_here(shelf):
    """The page needs the bytes themselves."""
    assert shelf.keeps is False
    assert await shelf.resend(job(), ()) is False
    await shelf.report(job(), None)
    with pytest.raises(Expired):
        shelf.find("unknown")


async def test_the_title_of_the_item_stands_in_for_that_of_a_file(shelf, tmp_path):
    """Photos of a post have no titles of their own."""
    one = fetched(tmp_path / "work", 1)
    await shelf.send(job(quality="best"), replace(one, files=(replace(one.files[0], title=""),)), ignore)
    assert shelf.of(job().id)[0].name == "T.mp4"


async def test_what_is_handed_over_during_the_start_stays(make, tmp_path, monkeypatch):
    """Jobs of the last process may be done before the stock is taken."""
    shelf, placing, taken = make(), threading.Event(), threading.Event()
    take_stock, hard_link = Shelf._take_stock, os.link

    def take_meanwhile(self):
        placing.wait(0.2)
        try:
            return take_stock(self)
        finally:
            taken.set()

    def slow_link(*arguments):
        placing.set()
        taken.wait(10)
        hard_link(*arguments)

    monkeypatch.setattr(Shelf, "_take_stock", take_meanwhile)
    monkeypatch.setattr(os, "link", slow_link)
    starting = asyncio.create_task(shelf.start())
    await asyncio.sleep(0)
    await shelf.send(job(), fetched(tmp_path / "job", 10), ignore)
    await starting
    assert len(shelf.of(job().id)) == 1
    await shelf.stop()


async def test_a_shelf_that_never_started_stops(make):
    """A start that failed halfway."""
    await make().stop()
