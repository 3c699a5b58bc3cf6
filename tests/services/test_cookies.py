"""Cookie files on disk: what is kept, read again after a restart, bounded, and told of before it ends. Time is ours."""

import asyncio
import stat
from pathlib import Path

import pytest

from core.identities import Identities
from platforms.registry import Registry
from platforms.shapes import Identity
from services.cookies import DAY_SECONDS, LOOK_SECONDS, MOST_FILES, CookieFiles
from utils.circuit_breaker import BreakerPolicy
from utils.circuit_breakers import Breakers
from utils.cookies import Cookie
from utils.database import Database
from utils.errors import BadCookies, NotFound, TelegramRefused

NOW = 1_900_000_000.0
MIGRATIONS = Path(__file__).parents[2] / "core" / "migrations"


def session(expires=int(NOW + 10 * DAY_SECONDS), domain="instagram.com", name="sessionid"):
    return Cookie(domain, name, "the-secret-of-anna", expires)


@pytest.fixture
async def database(tmp_path):
    database = Database(tmp_path / "db", MIGRATIONS)
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
async def make(tmp_path, database):
    made = []

    async def make(now=NOW, sleep=asyncio.sleep, configured=None):
        identities = Identities(configured or {}, Breakers(BreakerPolicy()))
        files = CookieFiles(
            tmp_path / "cookies", Registry(), identities, database, notice_days=3, clock=lambda: now, sleep=sleep
        )
        made.append(files)
        await files.start()
        return files

    yield make
    for files in made:
        await files.stop()


def names(files, site="instagram"):
    return [each.name for each in files.identities.identities(site)]


async def test_what_is_kept_is_there_after_a_restart(make, tmp_path):
    """With its end and as an identity whose cookies go to that site's domains only."""
    await (await make()).keep("instagram", "anna", [session(), session(domain="bank.test")])
    files = await make()
    (held,) = files.held()
    assert (held.site, held.name, held.cookies, held.expires_at) == ("instagram", "anna", 1, NOW + 10 * DAY_SECONDS)
    path = tmp_path / "cookies" / "instagram" / "anna.txt"
    assert files.identities.identities("instagram")[1] == Identity(
        "anna", cookies=str(path), domains=("instagram.com", "instagr.am")
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each["expires_in_days"] for each in files.figures()["instagram"]] == [None, 10.0]
    assert "secret" not in repr(files.figures())


async def test_a_new_file_takes_the_place_of_the_old_one(make, tmp_path):
    """Whole or not at all; what a broken write has left is in nobody's way."""
    files = await make()
    await files.keep("instagram", "anna", [session(int(NOW + DAY_SECONDS))])
    (tmp_path / "cookies" / "instagram" / "anna.part").write_text("left over")
    await files.keep("instagram", "anna", [session(0)])
    assert [held.expires_at for held in files.held()] == [None]
    assert [path.name for path in tmp_path.glob("cookies/*/*")] == ["anna.txt"]


async def test_a_new_file_ends_the_rest_of_the_old_one(make):
    """The owner has signed in anew, so nobody waits for what the old cookies met; another account goes on resting."""
    files = await make()
    for name in ("anna", "ben"):
        await files.keep("instagram", name, [session()])
        files.identities._breakers.get(f"instagram/{name}").open(7200)
    await files.keep("instagram", "anna", [session(expires=int(NOW + 20 * DAY_SECONDS))])
    states = {each["name"]: each["state"] for each in files.figures()["instagram"]}
    assert states == {"anonymous": "closed", "anna": "closed", "ben": "open"}


async def test_files_that_are_none_are_left_out(make, tmp_path):
    """Another's folder, a strange name, a broken file: the others are read."""
    await (await make()).keep("instagram", "anna", [session()])
    for place in ("nosite/x.txt", "instagram/A B.txt", "instagram/broken.txt"):
        path = tmp_path / "cookies" / place
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\xff")
    assert names(await make()) == ["anonymous", "anna"]


async def test_a_site_holds_so_many_files(make):
    """More are refused, one in place of another isn't."""
    files = await make()
    for number in range(MOST_FILES):
        await files.keep("instagram", f"n{number}", [session()])
    with pytest.raises(BadCookies) as error:
        await files.keep("instagram", "more", [session()])
    assert error.value.problem == "full"
    await files.keep("instagram", "n0", [session()])


async def test_a_deleted_file_is_gone(make, tmp_path):
    """From disk, list and pool; a second time there is nothing to delete."""
    files = await make()
    await files.keep("instagram", "anna", [session()])
    await files.delete("instagram", "anna")
    assert (files.held(), names(files), list(tmp_path.glob("cookies/*/*"))) == ((), [], [])
    with pytest.raises(NotFound):
        await files.delete("instagram", "anna")


async def test_uploaded_and_configured_accounts_stand_side_by_side(make):
    """The list of the operator and the files of the chat make one pool."""
    files = await make(configured={"instagram": (Identity("north", proxy="http://north.test"),)})
    await files.keep("instagram", "anna", [session()])
    assert sorted(names(files)) == ["anna", "north"]


async def test_the_end_of_a_file_is_that_of_its_sign_in(make):
    """Short-lived cookies beside it don't count; where nobody knows the sign-in, the last end counts."""
    files = await make()
    soon = Cookie("instagram.com", "mid", "x", int(NOW + 60))
    assert (await files.keep("instagram", "a", [session(), soon])).expires_at == NOW + 10 * DAY_SECONDS
    rows = [Cookie("vimeo.com", name, "x", int(NOW + days * DAY_SECONDS)) for name, days in (("a", 1), ("b", 5))]
    assert (await files.keep("vimeo", "a", rows)).expires_at == NOW + 5 * DAY_SECONDS


async def test_an_end_is_told_once_and_again_for_the_next_one(make):
    """A notice that could not be sent is tried again at the next look; one far away isn't due."""
    looks = asyncio.Event()
    waits = []

    async def sleep(seconds):
        waits.append(seconds)
        if len(waits) == 4:
            looks.set()
            await asyncio.Event().wait()

    files = await make(sleep=sleep)
    await files.keep("instagram", "far", [session()])
    await files.keep("instagram", "near", [session(int(NOW + 2 * DAY_SECONDS))])
    await files.keep("instagram", "open", [session(0)])
    answers = [TelegramRefused("x"), RuntimeError("y"), False, True]
    told = []

    async def notice(held):
        told.append(held.name)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    files.notice_through(notice)
    files.notice_through(notice)
    await looks.wait()
    assert (told, waits) == (["near"] * 4, [LOOK_SECONDS] * 4)
    answers[:] = [True, True]
    await files._tell(files.held()[1])
    assert len(told) == 4
    await files.keep("instagram", "near", [session(int(NOW + DAY_SECONDS))])
    await files._tell(files.held()[1])
    assert len(told) == 5


async def test_sites_that_somebody_is_signed_in_to_stand_first(make):
    """Of a whole browser's export those are what the owner means."""
    files = await make()
    cookies = [session(domain="bilibili.com", name="buvid"), session(), session(domain="nowhere.test")]
    assert files.serves(cookies) == ("instagram", "bilibili")


async def test_files_of_the_operators_list_are_watched_too(make, tmp_path):
    """Their end shows and is told; a broken one is left to rest; none of them can be deleted from the chat."""
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text(f".instagram.com\tTRUE\t/\tTRUE\t{int(NOW + DAY_SECONDS)}\tsessionid\tx\n")
    bad.write_bytes(b"\xff")
    listed = [Identity(path.stem, cookies=str(path), domains=("instagram.com",)) for path in (good, bad)]
    files = await make(configured={"instagram": (*listed, Identity("north"))})
    shown = {each["name"]: each["expires_in_days"] for each in files.figures()["instagram"]}
    assert (shown, files.held()) == ({"good": 1.0, "bad": None, "north": None}, ())
    told, heard = [], asyncio.Event()

    async def notice(held):
        told.append(held.name)
        heard.set()
        return True

    files.notice_through(notice)
    await heard.wait()
    assert told == ["good"]
