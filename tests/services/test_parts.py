"""Parts of an item: never taken for the whole, nor for each other."""

from dataclasses import replace

import pytest

from core.job_queue import JobQueue
from platforms.parts import Recording, read_part
from services.jobs import StoredFile
from services.stored import StoredFiles
from tests.services.conftest import ended, link, media, order
from utils.database import Database
from utils.errors import BadPart, CircuitOpen, MemoryShort, NotAllowed


@pytest.fixture(autouse=True)
def cutting(sites, telegram):
    """The scripted sites fetch parts, and the front keeps them under their keys."""
    sites.parts, sites.enough = [], []
    whole, settle, send = sites.fetch, sites.settle, telegram.send

    async def fetch(asked, quality, folder, on_progress, part="", enough=None):  # noqa: PLR0917 - as it is called
        sites.parts.append(part)
        sites.enough.append(enough)
        return await whole(asked, quality, folder, on_progress)

    async def sent(job, fetched, on_progress):
        kept = await send(job, fetched, on_progress)
        return tuple(replace(each, part=job.part) for each in kept)

    sites.fetch, telegram.send = fetch, sent
    sites.settle_part = lambda _link, part: part
    sites.settle = lambda asked, quality, _part="": settle(asked, quality)


def cut(part, item="1", **more):
    return replace(order(item, **more), part=part)


async def test_a_clip_is_not_the_whole(downloads, sites, telegram):
    """Each is fetched, stored and sent again as what it is."""
    for part in ("", "clip:1-2", "clip:1-3", "clip:1-2", ""):
        assert (await ended(downloads, await downloads.submit(cut(part)))).phase == "done"
    assert sites.parts == ["", "clip:1-2", "clip:1-3"]
    assert len(telegram.resent) == 2
    assert len(await downloads.stored("site:1", "360p")) == 1
    item = replace(media(link()), qualities=media(link()).qualities[1:])
    assert await downloads.stored_qualities(item, "clip:1-9") == frozenset()


async def test_the_same_clip_is_fetched_once(downloads, sites):
    """Two people, one flight; the whole beside it is another."""
    sites.gate.clear()
    jobs = [await downloads.submit(cut(part, user=user)) for part, user in (("clip:1-2", 7), ("clip:1-2", 8), ("", 9))]
    sites.gate.set()
    for job in jobs:
        assert (await ended(downloads, job)).phase == "done"
    assert sorted(sites.parts) == ["", "clip:1-2"]


async def test_recordings_share_nothing(downloads, sites, telegram):
    """The same stream, the same minutes, at the same time and later: each its own, and none is stored."""
    jobs = [await downloads.submit(cut("live:5", user=user)) for user in (7, 8, 7)]
    for job in jobs:
        assert (await ended(downloads, job)).phase == "done"
        part = read_part(job.part)
        assert isinstance(part, Recording)
        assert part.minutes == 5
    assert len(set(sites.parts)) == 3
    assert telegram.resent == []
    assert await downloads.stored("site:1", "360p") == ()


async def test_a_recording_leaves_a_slot(downloads, sites):
    """Of two slots it takes one: a second recording waits, a download doesn't."""
    sites.gate.clear()
    first = await downloads.submit(cut("live:5", "1"))
    second = await downloads.submit(cut("live:5", "2"))
    third = await downloads.submit(order("3"))
    await sites.began.wait()
    while len(sites.fetches) < 2:
        sites.began.clear()
        await sites.began.wait()
    assert [key for key, _ in sites.fetches] == ["site:1", "site:3"]
    sites.gate.set()
    for job in (first, second, third):
        assert (await ended(downloads, job)).phase == "done"


async def test_minutes_are_bounded(downloads):
    """By the setting, before anything is written."""
    for minutes in (0, 31, 9999):
        with pytest.raises(BadPart):
            await downloads.submit(cut(f"live:{minutes}"))
    with pytest.raises(BadPart):
        await downloads.submit(cut("nonsense"))


async def test_enough(downloads, sites):
    """Told to the one recording; nothing to tell where none runs, to strangers, or of a download."""
    sites.gate.clear()
    job = await downloads.submit(cut("live:5"))
    await sites.began.wait()
    with pytest.raises(NotAllowed):
        await downloads.finish(job.id, user_id=99)
    assert not sites.enough[0].is_set()
    assert await downloads.finish(job.id, user_id=7)
    assert sites.enough[0].is_set()
    sites.gate.set()
    assert (await ended(downloads, job)).phase == "done"
    assert not await downloads.finish(job.id)
    other = await downloads.submit(order("2"))
    assert not await downloads.finish(other.id)


@pytest.mark.parametrize("error", [MemoryShort("ffmpeg"), CircuitOpen()])
async def test_a_recording_that_somebody_has_ended_does_not_begin_anew(downloads, sites, error):
    """Where it can't be handed over it has failed; one that goes on by itself would record for half an hour more."""
    sites.gate.clear()
    job = await downloads.submit(cut("live:5"))
    await sites.began.wait()
    sites.fails = [error]
    assert await downloads.finish(job.id)
    sites.gate.set()
    event = await ended(downloads, job)
    assert event.phase == "failed"
    assert len(sites.fetches) == 1


async def test_parts_survive_a_restart(database, make, telegram, sites):
    """Accepted as a clip, begun again as a clip; stored as one."""
    first = make()
    await first.start()  # no front is up: the job waits
    job = await first.submit(cut("clip:1-2"))
    await first.stop()
    kept = await JobQueue(database, bound=9, user_bound=9).get(job.id)
    assert kept is not None
    assert kept.part == "clip:1-2"
    second = make()
    await second.start()
    second.deliver_to("telegram", telegram)
    assert (await ended(second, job)).phase == "done"
    assert sites.parts == ["clip:1-2"]
    stored = StoredFiles(database)
    assert await stored.qualities("site:1", "clip:1-2") == {"360p"}
    assert await stored.find("site:1", "360p") == ()
    await stored.forget("site:1", "360p")
    assert len(await stored.find("site:1", "360p", "clip:1-2")) == 1
    await second.stop()


async def test_what_was_stored_before_parts_is_whole(tmp_path):
    """An older database keeps its files: they are wholes."""
    from pathlib import Path

    migrations = Path(__file__).parents[2] / "core" / "migrations"
    old = tmp_path / "migrations"
    old.mkdir()
    for file in migrations.glob("00[1-3]_*.sql"):
        (old / file.name).write_bytes(file.read_bytes())
    database = Database(tmp_path / "goldcrest.db", old)
    await database.start()
    await database.run(
        "INSERT INTO stored_files VALUES ('site:1', '360p', 0, 'file', 1, 2, 'video', 10, 1, 1, 4.0, 'T', 'P', 0)"
    )
    await database.stop()
    database = Database(tmp_path / "goldcrest.db", migrations)
    await database.start()
    (kept,) = await StoredFiles(database).find("site:1", "360p")
    assert kept == StoredFile("site:1", "360p", 0, "file", 1, 2, "video", 10, 1, 1, 4.0, "T", "P")
    await database.stop()
