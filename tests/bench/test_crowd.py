"""The judge of the crash test: what it calls lost, doubled and given up."""

from types import SimpleNamespace

import pytest

from bench.crowd import MIGRATIONS, Crowd, Errand, admit, judge
from core.job_queue import DONE, FAILED, JobQueue
from platforms.shapes import Link
from tests.telegram_server.harness import running_server
from tests.telegram_server.tl import T
from utils.database import Database

URL = "https://cdn.goldcrest-files.net/m/mux_144.mp4?n=1"


@pytest.fixture
async def scene(tmp_path):
    """Alice has ordered one file; `come` files and an `end` of the job make the case."""
    async with running_server() as telegram:
        alice = telegram.alice
        await admit(tmp_path, [alice])

        async def case(come, end, code=None):
            database = Database(tmp_path / "goldcrest.db", MIGRATIONS)
            await database.start()
            queue = JobQueue(database, bound=9, user_bound=9)
            link = Link(URL, URL, "generic", "video", URL, URL)
            await queue.add("telegram", link, "best", title="", user_id=alice.id, target={})
            await database.run("UPDATE jobs SET state = ?, error_code = ?", end, code)
            await database.stop()
            source = T.MessageEntityTextUrl(offset=0, length=6, url=URL)
            for _ in range(come):
                file = telegram.world.file(b"film", name="film.mp4")
                place = telegram.world.place(telegram.bot, alice)
                telegram.world.post(telegram.bot, place, "Source", file=file, entities=[source])
            crowd = Crowd(telegram, [alice], str)
            crowd.errands.append(Errand(alice, URL, 0.0))
            return judge(crowd, tmp_path)

        yield SimpleNamespace(case=case)


@pytest.mark.parametrize(
    ("come", "end", "code", "well", "lost", "doubled"),
    [
        (1, DONE, None, True, 0, 0),
        (0, DONE, None, False, 1, 0),
        (2, DONE, None, False, 0, 1),
        (1, "running", None, False, 1, 0),
        (0, FAILED, "removed", True, 0, 0),
        (0, FAILED, "worker_crashed", False, 0, 0),
    ],
)
async def test_the_judge(scene, come, end, code, well, lost, doubled):  # noqa: PLR0917 - a row of the table
    """A job is done once its file has come exactly once, or its failure was told and was no kill of ours."""
    verdict = await scene.case(come, end, code)
    assert (verdict.well, len(verdict.lost), len(verdict.duplicates)) == (well, lost, doubled)
    assert verdict.integrity == "ok"
