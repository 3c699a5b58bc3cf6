"""What can be pressed under a failure, with the real client on the wire; waits pass when the test says so."""

import pytest

from bot.failures import minutes_until_live
from services.users import Person
from tests.bot.conftest import MEBIBYTE, QUALITIES, settled
from tests.telegram_server import asking
from utils.errors import (
    BotCheck,
    LoginRequired,
    NotLiveYet,
    Private,
    RateLimited,
    Removed,
    SiteDown,
    TooLarge,
)
from utils.texts import Texts

LINK = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
KEY = "youtube:dQw4w9WgXcQ"


@pytest.fixture
def texts():
    return Texts(strict=True)


def is_menu(message):
    return bool(message.buttons) and len(message.buttons) > 2 and not message.file


def labels(message):
    return [button.text for row in message.buttons for button in row]


async def failed_job(telegram, sites, error, quality="1080p"):
    """A job that failed with that error: its status message."""
    said = await telegram.alice.say(telegram.bot, LINK)
    menu = await telegram.alice.wait_for(lambda m: "Audio only" in str(m.buttons), after=said)
    sites.breaks = [error]
    await telegram.alice.press(menu, quality)
    await telegram.world.until(lambda: "Try again" in str(menu.buttons))
    return menu


async def failed_look(telegram, sites, error, sentence, who=None):
    who = who or telegram.alice
    sites.fails = [error]
    said = await who.say(telegram.bot, LINK)
    return await who.wait_for(lambda m: sentence in m.text, after=said)


async def waiting(bot):
    return await bot.database.all("SELECT * FROM reminders")


async def test_too_large_offers_the_next_that_fits(bot, telegram, sites, texts):
    """The button names quality and size; pressed, it brings that one."""
    sites.qualities = (*QUALITIES[:3], *(q for q in QUALITIES[3:] if q.key != "360p"), *QUALITIES[3:4])
    status = await failed_job(telegram, sites, TooLarge(size_mb=2500, limit_mb=2000))
    assert texts("error.too_large:limit_mb,size_mb", size_mb=2500, limit_mb=2000) in status.text
    assert labels(status) == ["Try 360p", "Try again"]
    await telegram.alice.press(status, "Try 360p")
    await telegram.alice.wait_for(lambda m: m.file)
    assert sites.fetches == [(KEY, "1080p"), (KEY, "360p")]


async def test_sound_is_the_last_that_may_fit(bot, telegram, sites):
    """Where no picture is smaller."""
    status = await failed_job(telegram, sites, TooLarge(), quality="360p")
    assert labels(status) == ["Try Audio only \u00b7 3.0 MB", "Try again"]


async def test_a_later_try_comes_by_itself_once(bot, telegram, sites, texts):
    """The wait that the site named, rounded up; then the file, and nothing waits any more."""
    status = await failed_job(telegram, sites, RateLimited(retry_after_seconds=550))
    assert labels(status) == ["Try again in 10 min", "Try again"]
    await telegram.alice.press(status, "Try again in 10 min")
    await telegram.world.until(lambda: texts("later.waiting:wait", wait="10 min") in status.text)
    assert labels(status) == ["Cancel"]
    assert len(await waiting(bot)) == 1
    bot.ticker.pass_by(599)
    assert len(sites.fetches) == 1
    bot.ticker.pass_by(2)
    await telegram.alice.wait_for(lambda m: m.file)
    assert sites.fetches == [(KEY, "1080p")] * 2
    await telegram.world.until(lambda: status.deleted_at)
    bot.ticker.pass_by(100_000)
    assert await waiting(bot) == []
    assert len(sites.fetches) == 2


async def test_a_later_try_survives_a_restart(run, telegram, sites):
    """What was due meanwhile is ordered when the bot is back, in the same message."""
    await run.sign_in()
    bot = await run()
    status = await failed_job(telegram, sites, SiteDown())
    await telegram.alice.press(status, "Try again in 10 min")
    await telegram.world.until(lambda: labels(status) == ["Cancel"])
    bot = await run()
    await bot.database.run("UPDATE reminders SET due_at = ?", bot.ticker.now - 1)
    bot.app.reminders.deliver_to(bot.app.reminders._recipient)
    await telegram.alice.wait_for(lambda m: m.file)
    await telegram.world.until(lambda: status.deleted_at)
    assert len(sites.fetches) == 2


async def test_an_interrupted_later_try_orders_nothing_twice(run, telegram, sites):
    """Killed between the order and the end of the reminder: the job is there, so no second one comes."""
    await run.sign_in()
    bot = await run()
    status = await failed_job(telegram, sites, SiteDown())
    await telegram.alice.press(status, "Try again in 10 min")
    await telegram.world.until(lambda: labels(status) == ["Cancel"])
    (row,) = [dict(row) for row in await waiting(bot)]
    bot.ticker.pass_by(601)
    await telegram.alice.wait_for(lambda m: m.file)
    await telegram.world.until(lambda: status.deleted_at)
    await settled(lambda: not bot.app.reminders._firing and not bot.app.downloads._workers._flights)
    row["firing"] = 1
    marks = ", ".join("?" * len(row))
    await bot.database.run(f"INSERT INTO reminders ({', '.join(row)}) VALUES ({marks})", *row.values())
    bot = await run()
    await bot.database.run("UPDATE reminders SET due_at = ?", bot.ticker.now - 1)
    bot.app.reminders.deliver_to(bot.app.reminders._recipient)
    await settled(lambda: bot.app.reminders.figures() == {"waiting": 0})
    assert len(await bot.database.all("SELECT id FROM jobs")) == 2
    assert len(sites.fetches) == 2


async def test_a_fault_of_our_own_ends_a_second_look_as_well(bot, telegram, sites, texts):
    """The message says so instead of looking for ever."""
    status = await failed_look(telegram, sites, SiteDown(), texts("error.site_down"))
    sites.fails = [RuntimeError("a fault")]
    await telegram.alice.press(status, "Try again")
    await telegram.world.until(lambda: texts("error.internal") in status.text)


async def test_a_later_try_can_be_cancelled(bot, telegram, sites, texts):
    """By the one who asked; then nothing comes."""
    status = await failed_job(telegram, sites, SiteDown())
    await telegram.alice.press(status, "Try again in 10 min")
    await telegram.world.until(lambda: labels(status) == ["Cancel"])
    await telegram.alice.press(status, "Cancel")
    await telegram.world.until(lambda: texts("later.cancelled") in status.text)
    assert await waiting(bot) == []
    bot.ticker.pass_by(10_000)
    assert len(sites.fetches) == 1


async def test_so_many_may_wait(run, telegram, sites, texts):
    """One more is refused on the button, and its message keeps it."""
    await run.sign_in()
    bot = await run(GOLDCREST_REMINDERS__USER_BOUND="1")
    first = await failed_look(telegram, sites, SiteDown(), texts("error.site_down"))
    await telegram.alice.press(first, "Try again in")
    second = await failed_look(telegram, sites, SiteDown(), texts("error.site_down"))
    answer = await telegram.alice.press(second, "Try again in")
    assert answer.text.startswith(texts("error.busy:bound,reminders", bound=1))
    assert "Try again" in labels(second)
    assert len(await waiting(bot)) == 1


async def test_a_failed_look_is_looked_at_again(bot, telegram, sites, texts):
    """At once by the plain button, by itself by the other; the message becomes the menu."""
    status = await failed_look(telegram, sites, SiteDown(), texts("error.site_down"))
    assert labels(status) == ["Try again in 10 min", "Try again"]
    sites.fails = [SiteDown()]
    await telegram.alice.press(status, sole(status, "Try again"))
    await telegram.world.until(lambda: len(sites.probes) == 2 and len(status.buttons) == 2)
    await telegram.alice.press(status, "Try again in 10 min")
    await telegram.world.until(lambda: labels(status) == ["Cancel"])
    bot.ticker.pass_by(601)
    await telegram.world.until(lambda: is_menu(status))
    await telegram.alice.press(status, "1080p")
    await telegram.alice.wait_for(lambda m: m.file)


async def test_looking_again_twice_is_one_look(bot, telegram, sites, texts):
    """A second press while the first still asks the site changes nothing."""
    status = await failed_look(telegram, sites, SiteDown(), texts("error.site_down"))
    again = sole(status, "Try again")
    sites.looking.clear()
    await telegram.alice.press(status, again)
    await telegram.world.until(lambda: len(sites.probes) == 2)
    await asking.press(telegram.world, telegram.alice, status, again, 10)
    sites.looking.set()
    await telegram.world.until(lambda: is_menu(status))
    assert len(sites.probes) == 2


def sole(message, text):
    """The data of the button with exactly that text."""
    return next(button.data for row in message.buttons for button in row if button.text == text)


async def test_what_no_wait_heals_has_no_button(bot, telegram, sites, texts):
    """Private, removed: the sentence and the next step alone."""
    for error in (Private(), Removed()):
        status = await failed_look(telegram, sites, error, texts(f"error.{error.code}"))
        assert not status.buttons


async def test_cookies_for_the_owner(bot, telegram, sites, texts):
    """The button leads to /cookies."""
    status = await failed_look(telegram, sites, LoginRequired(), texts("error.login_required"))
    assert labels(status) == ["Upload cookies"]
    await telegram.alice.press(status, "Upload cookies")
    told = await telegram.alice.wait_for(lambda m: m.text == texts("cookies.how", site="youtube"))
    assert "/cookies" in told.text


async def test_cookies_for_everybody_else(bot, telegram, sites, texts):
    """They are told who can; a bot check passes with time as well."""
    carol = telegram.world.person("Carol")
    await bot.app.users.allow(Person(carol.id))
    status = await failed_look(telegram, sites, BotCheck(), texts("error.bot_check"), who=carol)
    assert labels(status) == ["Upload cookies", "Try again in 10 min", "Try again"]
    answer = await carol.press(status, "Upload cookies")
    assert answer.text == texts("cookies.ask_owner", site="youtube")


async def test_told_when_it_is_live(bot, telegram, sites, texts):
    """A message of its own with the menu, once, and the one that waited goes; looks follow the announced time."""
    status = await failed_look(telegram, sites, NotLiveYet(retry_after_seconds=3600.0), "starts in about 60 min")
    assert labels(status) == ["Tell me when it is live"]
    await telegram.alice.press(status, "Tell me")
    await telegram.world.until(lambda: labels(status) == ["Cancel"])
    assert texts("live.waiting:wait", wait="60 min") in status.text
    sites.fails = [NotLiveYet(), SiteDown()]
    bot.ticker.pass_by(3600)
    assert len(sites.probes) == 1
    bot.ticker.pass_by(31)
    await settled(lambda: len(sites.probes) == 2 and not bot.app.reminders._firing)
    bot.ticker.pass_by(1000)
    await settled(lambda: len(sites.probes) == 3 and not bot.app.reminders._firing)
    bot.ticker.pass_by(2000)
    told = await telegram.alice.wait_for(lambda m: m.text.startswith(texts("live.begun")))
    assert is_menu(told)
    await telegram.world.until(lambda: status.deleted_at)
    await settled(lambda: not bot.app.reminders._firing)
    bot.ticker.pass_by(100_000)
    assert await waiting(bot) == []
    assert len(sites.probes) == 4
    await telegram.alice.press(told, "1080p")
    await telegram.alice.wait_for(lambda m: m.file)


async def test_a_stream_that_never_begins(bot, telegram, sites, texts):
    """The looking ends after a while, and says so."""
    status = await failed_look(telegram, sites, NotLiveYet(), texts("error.not_live_yet"))
    await telegram.alice.press(status, "Tell me")
    await telegram.world.until(lambda: texts("live.waiting") in status.text)
    sites.fails = [NotLiveYet()] * 100

    def gave_up():
        # time goes on whenever nobody looks, whether or not the next look is planned yet
        if not bot.app.reminders._firing:
            bot.ticker.pass_by(4000)
        return texts("live.gave_up") in status.text

    await settled(gave_up)
    assert not status.buttons
    assert 2 < len(sites.probes) < 40
    await settled(lambda: not bot.app.reminders._firing)
    assert await waiting(bot) == []


async def test_a_stream_that_is_taken_down(bot, telegram, sites, texts):
    """The message that waited says what became of it."""
    status = await failed_look(telegram, sites, NotLiveYet(), texts("error.not_live_yet"))
    await telegram.alice.press(status, "Tell me")
    await telegram.world.until(lambda: labels(status) == ["Cancel"])
    sites.fails = [Removed()]
    bot.ticker.pass_by(600)
    await telegram.world.until(lambda: texts("error.removed") in status.text)
    await settled(lambda: not bot.app.reminders._firing)
    assert await waiting(bot) == []


async def test_forged_data_is_harmless(bot, telegram, sites, texts):
    """Old, strange and absurd buttons are answered with a sentence, and nothing is kept."""
    status = await failed_look(telegram, sites, SiteDown(), texts("error.site_down"))
    token = sole(status, "Try again").split(b":")[1].decode()
    world, alice = telegram.world, telegram.alice
    foreign = ("w:AAAAAAAAAAAA:1080p:10", "v:AAAAAAAAAAAA:0", "f:AAAAAAAAAAAA", "g:AAAAAAAAAAAA", "k:<b>evil</b>")
    for data in foreign:
        answer = await asking.press(world, alice, status, data.encode(), 10)
        assert answer.text.startswith(texts("error.expired"))
    assert await waiting(bot) == []
    await asking.press(world, alice, status, f"w:{token}::999999999".encode(), 10)
    (row,) = await waiting(bot)
    assert row["due_at"] - bot.ticker.now <= 86_400


def test_no_stream_is_waited_for_longer_than_a_year():
    """A button may be forged, and a site may name any time."""
    assert minutes_until_live(60) == 60
    assert minutes_until_live(10**30) == minutes_until_live(-1) == 0


async def test_an_unknown_failure_names_its_report(bot, telegram, sites, texts):
    """The user sees its name, the owner reads it by /reports, and nothing of the user is in it."""
    sites.fails = [ZeroDivisionError(f"chat {telegram.alice.id}")]
    said = await telegram.alice.say(telegram.bot, LINK)
    told = await telegram.alice.wait_for(lambda m: texts("error.internal") in m.text, after=said)
    (note,) = bot.app.reports.newest()
    assert texts("failure.report", report=note.id) in told.text
    listed = await telegram.alice.say(telegram.bot, "/reports")
    answer = await telegram.alice.wait_for(lambda m: note.id in m.text, after=listed)
    assert answer.text.startswith("1 report\n")
    assert "internal" in answer.text
    asked = await telegram.alice.say(telegram.bot, f"/reports {note.id.lower()}")
    shown = await telegram.alice.wait_for(lambda m: "ZeroDivisionError" in m.text, after=asked)
    assert "platform" in shown.text
    assert str(telegram.alice.id) not in shown.text
    cleared = await telegram.alice.say(telegram.bot, "/reports clear")
    await telegram.alice.wait_for(lambda m: m.text == "1 report removed.", after=cleared)
    empty = await telegram.alice.say(telegram.bot, "/reports")
    await telegram.alice.wait_for(lambda m: m.text == texts("reports.none"), after=empty)
    missing = await telegram.alice.say(telegram.bot, "/reports ../../x")
    await telegram.alice.wait_for(lambda m: m.text == texts("reports.unknown"), after=missing)


async def test_reports_are_the_owners(bot, telegram, sites, texts):
    """Others hear so."""
    carol = telegram.world.person("Carol")
    await bot.app.users.allow(Person(carol.id))
    await carol.say(telegram.bot, "/reports")
    await carol.wait_for(lambda m: m.text == texts("reports.owner_only"))


def test_next_lower():
    """Below what was too much, fitting, smaller as far as known, and the best of these."""
    from dataclasses import replace

    from bot.failures import next_lower
    from platforms.shapes import Media

    media = Media("p", "1", "video", "p:1", "u", "t", QUALITIES)
    keys = {key: (found := next_lower(media, key)) and found.key for key in ("best", "2160p", "1080p", "360p", "audio")}
    assert keys == {"best": "360p", "2160p": "1080p", "1080p": "360p", "360p": "audio", "audio": None}
    assert next_lower(media, "mp3") is None
    larger = replace(QUALITIES[3], size_bytes=90 * MEBIBYTE)
    found = next_lower(replace(media, qualities=(*QUALITIES[:3], larger, QUALITIES[4])), "1080p")
    assert found is not None
    assert found.key == "audio"
