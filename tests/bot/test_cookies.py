"""Cookie files from the owner's private chat, over the real client: kept, refused with a sentence, deleted, hidden."""

import asyncio
import stat
import time

import pytest

from core.identities import Identities
from platforms.registry import Registry
from services.cookies import CookieFiles
from services.users import Person
from tests.telegram_server import asking
from tests.telegram_server.faults import RpcError
from utils.circuit_breaker import BreakerPolicy
from utils.circuit_breakers import Breakers
from utils.cookies import FILE_BYTES

SOON = int(time.time()) + 10 * 86_400
SECRET = "7%3Athe-secret-of-anna"


def rows(*cookies, expires=SOON):
    lines = (f".{domain}\tTRUE\t/\tTRUE\t{expires}\t{name}\t{value}\n" for domain, name, value in cookies)
    return ("# Netscape HTTP Cookie File\n" + "".join(lines)).encode()


INSTAGRAM = rows(("instagram.com", "sessionid", SECRET), ("instagram.com", "csrftoken", "x"), ("bank.test", "id", "b"))
SEVERAL = rows(
    ("instagram.com", "sessionid", SECRET), ("youtube.com", "LOGIN_INFO", "y"), ("reddit.com", "edgebucket", "r")
)


@pytest.fixture
async def keeper(bot, tmp_path):
    """The bot's cookie files, as main.py wires them."""
    breakers = Breakers(BreakerPolicy())
    files = CookieFiles(
        tmp_path / "cookies", Registry(), Identities({}, breakers), bot.database, notice_days=3, clock=time.time
    )
    await files.start()
    bot.app.up_cookies = files
    yield files
    await files.stop()


def said(telegram, part):
    return lambda message: message.sender is telegram.bot and part in message.text


async def send(telegram, data, name="cookies.txt", text="", **more):
    """Alice sends a file; the message that it came with."""
    return await telegram.alice.send_file(telegram.bot, data, name, "text/plain", text=text, **more)


async def test_a_file_with_its_site_is_kept_and_its_message_deleted(keeper, telegram, tmp_path):
    """Mode 0600, only the site's own cookies, an identity of the site at once; the secret stays out of the chat."""
    sent = await send(telegram, INSTAGRAM, text="/cookies instagram anna")
    answer = await telegram.alice.wait_for(said(telegram, 'for instagram as "anna": good for 9 more days.'))
    assert "deleted" in answer.text
    await telegram.world.until(lambda: sent not in telegram.alice.messages())
    path = tmp_path / "cookies" / "instagram" / "anna.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert SECRET in path.read_text()
    assert "bank.test" not in path.read_text()
    assert [each.name for each in keeper.identities.identities("instagram")] == ["anonymous", "anna"]
    assert not any(SECRET in message.text for message in telegram.alice.messages())


async def test_a_file_tells_by_its_name_and_contents_what_it_is(keeper, telegram):
    """Without a caption, also as an extension's JSON."""
    fields = '"domain": ".instagram.com", "name": "sessionid", "value": "s", "session": true, "path": "/"'
    exported = f"[{{{fields}}}]".encode()
    await send(telegram, exported, "www.instagram.com_cookies.json")
    await telegram.alice.wait_for(said(telegram, 'for instagram as "main": no known end.'))
    assert [(held.site, held.name) for held in keeper.held()] == [("instagram", "main")]


async def test_a_file_of_several_sites_asks_for_which(keeper, telegram):
    """Those that somebody is signed in to stand first; nothing is kept before the press."""
    await send(telegram, SEVERAL)
    question = await telegram.alice.wait_for(said(telegram, "several sites"))
    assert [button.text for row in question.buttons for button in row] == ["instagram", "youtube", "reddit"]
    assert keeper.held() == ()
    await telegram.alice.press(question, "youtube")
    await telegram.alice.wait_for(said(telegram, 'for youtube as "main"'))
    assert [held.site for held in keeper.held()] == ["youtube"]


@pytest.mark.parametrize(
    ("data", "caption", "sentence"),
    [
        (b" ", "/cookies", "This file is empty."),
        (b"\x89PNG\r\n\x1a\n\0\0", "/cookies", "not text"),
        (b"x" * (FILE_BYTES + 1), "/cookies", "larger than any cookie file (1024 KB)"),
        (b"<html>cookies</html>", "/cookies", "web page"),
        (b"Dear diary\n", "/cookies", "neither Netscape's format"),
        (b"# Netscape HTTP Cookie File\n", "/cookies", "not a single cookie"),
        (rows(("bank.test", "id", "b")), "/cookies", "None of the cookies in this file belong to a site"),
        (INSTAGRAM, "/cookies youtube", "no cookie of youtube in this file; it holds cookies of instagram"),
        (INSTAGRAM, "/cookies instagran", "There is no site named instagran"),
        (INSTAGRAM, "/cookies instagram ../x", "1 to 24 small letters"),
        (INSTAGRAM, "/cookies instagram anonymous", "1 to 24 small letters"),
        (rows(("instagram.com", "sessionid", "s"), expires=1_000_000_000), "/cookies instagram", "have expired"),
        (rows(("instagram.com", "csrftoken", "s")), "/cookies instagram", "not signed in (sessionid is missing"),
    ],
    ids=range(13),
)
async def test_what_is_no_use_gets_one_sentence(keeper, telegram, data, caption, sentence):
    """Nothing is kept, and the message is taken away all the same: it may hold secrets."""
    sent = await send(telegram, data, text=caption)
    await telegram.alice.wait_for(said(telegram, sentence))
    await telegram.world.until(lambda: sent not in telegram.alice.messages())
    assert keeper.held() == ()
    assert not list(keeper._folder.glob("*/*"))


async def test_a_message_that_can_not_be_deleted_is_left_to_the_owner(keeper, telegram):
    """The file is kept, and the owner is told to delete it."""
    telegram.server.faults.add("messages.DeleteMessages", RpcError(400, "MESSAGE_DELETE_FORBIDDEN"))
    await send(telegram, INSTAGRAM)
    answer = await telegram.alice.wait_for(said(telegram, 'for instagram as "main"'))
    assert "delete your message with the file yourself" in answer.text


async def test_the_list_shows_ends_and_deletes(keeper, telegram, tmp_path):
    """A line per file with a button; what is deleted is gone from the disk and the pool."""
    await telegram.alice.say(telegram.bot, "/cookies")
    await telegram.alice.wait_for(said(telegram, "no cookie files yet"))
    await send(telegram, INSTAGRAM, text="/cookies instagram anna")
    await telegram.alice.wait_for(said(telegram, 'as "anna"'))
    asked = await telegram.alice.say(telegram.bot, "/cookies")
    shown = await telegram.alice.wait_for(said(telegram, "instagram \u00b7 anna: good for 9 more days"), after=asked)
    await telegram.alice.press(shown, "Delete instagram \u00b7 anna")
    await telegram.world.until(lambda: "no cookie files yet" in shown.text)
    assert (keeper.held(), keeper.identities.identities("instagram")) == ((), ())
    assert not list(tmp_path.glob("cookies/*/*.txt"))


async def test_others_get_nothing(keeper, bot, telegram):
    """A stranger doesn't even hear that there is such a command; whom the bot serves hears whose it is."""
    bob, mallory = telegram.world.person("Bob"), telegram.world.person("Mallory")
    await mallory.send_file(telegram.bot, INSTAGRAM, "cookies.txt", "text/plain", text="/cookies instagram bob")
    answer = await mallory.wait_for(said(telegram, ""))
    assert answer.text == bot.app.texts("stranger")
    await bot.app.users.allow(Person(bob.id))
    asked = await bob.say(telegram.bot, "/cookies")
    answer = await bob.wait_for(said(telegram, ""), after=asked)
    assert answer.text == bot.app.texts("cookies.owner_only")
    sent = await bob.send_file(telegram.bot, INSTAGRAM, "cookies.txt", "text/plain")
    answer = await bob.wait_for(said(telegram, ""), after=sent)
    assert answer.text == f"{bot.app.texts('cookies.owner_only')}\n{bot.app.texts('cookies.remove_yourself')}"
    assert keeper.held() == ()


async def test_others_can_not_press(keeper, bot, telegram):
    """Neither delete a file nor decide what becomes of one."""
    bob = telegram.world.person("Bob")
    await bot.app.users.allow(Person(bob.id))
    await send(telegram, INSTAGRAM, text="/cookies instagram anna")
    shown = await telegram.alice.wait_for(said(telegram, 'as "anna"'))
    for data in (b"cd:instagram:anna", b"ck:token:instagram"):
        answer = await asking.press(telegram.world, bob, shown, data, 10)
        assert answer.text == bot.app.texts("press.not_yours")
    assert len(keeper.held()) == 1


@pytest.mark.parametrize(("role", "key"), [("admin", "cookies.removed"), ("member", "cookies.remove_yourself")])
async def test_in_a_group_the_owners_file_goes_unread(keeper, bot, telegram, role, key):
    """The bot takes it away where it may, and otherwise says who must; the command alone is told where it belongs."""
    alice, texts = telegram.alice, bot.app.texts
    group = telegram.world.supergroup("Birds", alice)
    telegram.bot.privacy = False
    await alice.add(group, telegram.bot, role)
    sent = await alice.send_file(group, INSTAGRAM, "cookies.txt", "text/plain", text="/cookies instagram anna")
    answer = await alice.wait_for(said(telegram, texts("cookies.only_private")), chat=group)
    assert answer.text == f"{texts('cookies.only_private')}\n{texts(key)}"
    assert (sent in alice.messages(group)) == (role == "member")
    asked = await alice.say(group, "/cookies@goldcrest_bot")
    answer = await alice.wait_for(said(telegram, ""), chat=group, after=asked)
    assert answer.text == texts("cookies.only_private")
    assert keeper.held() == ()


async def test_the_owner_hears_of_an_end_once(keeper, bot, telegram):
    """Days before, and not again after a restart."""
    from bot.handlers.cookies import notices

    await send(telegram, rows(("instagram.com", "sessionid", SECRET), expires=int(time.time()) + 2 * 86_400))
    await telegram.alice.wait_for(said(telegram, "good for 1 more day"))

    def restarted():
        return CookieFiles(keeper._folder, Registry(), keeper.identities, bot.database, notice_days=3)

    first, second = restarted(), restarted()
    await first.start()
    first.notice_through(notices(bot.app, bot.part._desk.telegram))
    await telegram.alice.wait_for(said(telegram, "need a fresh file soon: good for 1 more day"))
    async with asyncio.timeout(10):
        while not await bot.database.all("SELECT site FROM cookie_notices"):
            await asyncio.sleep(0.01)
    await first.stop()
    await second.start()
    told = []

    async def notice(held):
        told.append(held)
        return True

    second.notice_through(notice)
    await second._tell(*second.held())
    assert told == []
    await second.stop()
