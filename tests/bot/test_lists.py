"""Lists and batches in a chat, with the real client on the wire."""

import asyncio

import pytest

from bot.batch_screens import NEXT
from services.stored import OFFER_SECONDS
from services.users import Person
from tests.bot.conftest import settled
from tests.telegram_server import asking
from utils.errors import CutOff, EmptyList, Private, Removed
from utils.texts import Texts

LIST = "https://www.youtube.com/playlist?list=PLsixty0000000000000000000000000"
VIDEO = "https://www.youtube.com/watch?v=dQw4w9WgX{:02}"


def buttons(message):
    return [button.text for row in message.buttons for button in row]


def is_list(message):
    return "Choose\u2026" in buttons(message)


def is_choice(message):
    return "720p" in buttons(message)


def files(telegram, chat=None):
    return [m for m in telegram.alice.messages(chat) if m.file]


@pytest.fixture
def texts():
    return Texts(strict=True)


async def list_of(telegram, text=LIST, **where):
    said = await telegram.alice.say(where.get("chat", telegram.bot), text)
    return await telegram.alice.wait_for(is_list, after=said, **where)


async def remembered(bot, telegram, message):
    """Until the bot has written down which message it has sent there, for which no person's reply is too quick."""
    query = "SELECT 1 FROM batch_menus WHERE ? IN (message_id, prompt_id)"
    async with asyncio.timeout(10):
        while await bot.database.one(query, message.id_for(telegram.bot)) is None:
            await asyncio.sleep(0.005)
    return message


async def ended(telegram, message):
    """The message of a batch when it has ended."""
    await telegram.world.until(lambda: "Cancel all" not in buttons(message) and "sent" in message.text)
    return message.text


async def test_a_list_becomes_a_paged_menu(bot, telegram, sites):
    """Entries with lengths; pages are turned in place, there and back."""
    menu = await list_of(telegram)
    assert menu.text.startswith(
        "A list\nGoldie \u00b7 25 entries \u00b7 1 to 10 of 25\n\n1. Entry 1 \u00b7 1:01\n2. Entry 2"
    )
    await telegram.alice.press(menu, NEXT)
    await telegram.world.until(lambda: "11. Entry 11" in menu.text)
    await telegram.alice.press(menu, NEXT)
    await telegram.world.until(lambda: "25. Entry 25" in menu.text)
    assert NEXT not in buttons(menu)
    await telegram.alice.press(menu, "\u2039")
    await telegram.world.until(lambda: "11. Entry 11" in menu.text and "21. " not in menu.text)
    assert sites.probes == []


async def test_a_page_becomes_files_and_one_message(bot, telegram, sites):
    """This page, 720p: ten files beneath the link, one message that counts them, no other."""
    sites.length = 12
    said = await telegram.alice.say(telegram.bot, LIST)
    menu = await telegram.alice.wait_for(is_list, after=said)
    await telegram.alice.press(menu, NEXT)
    await telegram.world.until(lambda: "11. Entry 11" in menu.text)
    await telegram.alice.press(menu, "This page")
    await telegram.world.until(lambda: is_choice(menu))
    assert "Positions 11-12" in menu.text
    await telegram.alice.press(menu, "360p")
    assert await ended(telegram, menu) == "A list\n2 sent"
    assert sorted(sites.fetches) == [("youtube:entry000011", "360p"), ("youtube:entry000012", "360p")]
    assert len(files(telegram)) == 2
    assert {m.reply_to for m in files(telegram)} == {said}
    assert [m for m in telegram.alice.messages() if m.sender is telegram.bot and not m.file] == [menu]


async def test_progress_is_told_in_one_message(bot, telegram, sites):
    """Counts and titles in flight while it goes on, with a button for each and one for all."""
    sites.length = 8
    sites.fetching.clear()
    menu = await list_of(telegram)
    await telegram.alice.press(menu, "All 8")
    await telegram.world.until(lambda: is_choice(menu))
    await telegram.alice.press(menu, "720p")
    await telegram.world.until(lambda: "2 running" in menu.text and "Cancel all" in buttons(menu))
    assert "0 of 8" in menu.text
    assert "6 waiting" in menu.text
    assert "\u25b8 Entry 1\n\u25b8 Entry 2" in menu.text
    assert "Skip: 1. Entry 1" in buttons(menu)
    sites.fetching.set()
    assert await ended(telegram, menu) == "A list\n8 sent"


async def test_one_item_can_be_skipped(bot, telegram, sites):
    """The others go on, the end says that one was cancelled."""
    sites.length = 3
    sites.fetching.clear()
    menu = await list_of(telegram)
    await telegram.alice.press(menu, "All 3")
    await telegram.world.until(lambda: is_choice(menu))
    await telegram.alice.press(menu, "720p")
    await telegram.world.until(lambda: "Skip: 2. Entry 2" in buttons(menu))
    await telegram.alice.press(menu, "Skip: 2. Entry 2")
    await telegram.world.until(lambda: "1 cancelled" in menu.text)
    sites.fetching.set()
    assert await ended(telegram, menu) == "A list\n2 sent \u00b7 1 cancelled"
    assert len(files(telegram)) == 2


async def test_cancel_all_while_it_is_fed(bot, telegram, sites, texts, tmp_path):
    """Nothing comes after it, nothing is left behind."""
    sites.length = 20
    sites.fetching.clear()
    menu = await list_of(telegram)
    await telegram.alice.press(menu, "All 20")
    await telegram.world.until(lambda: is_choice(menu))
    await telegram.alice.press(menu, "720p")
    await telegram.world.until(lambda: "Cancel all" in buttons(menu) and "running" in menu.text)
    assert (await telegram.alice.press(menu, "Cancel all")).text == texts("press.cancelling")
    await telegram.world.until(lambda: menu.text.startswith(f"A list\n{texts('error.cancelled')}\n"))
    assert "cancelled" in menu.text.splitlines()[-1]
    sites.fetching.set()
    assert files(telegram) == []
    assert menu.buttons == ()
    await settled(lambda: not list((tmp_path / "work").iterdir()))


async def test_failures_are_listed_and_tried_again(bot, telegram, sites, texts):
    """Position, title and reason of each; the button orders just those, once."""
    sites.length = 4
    menu = await list_of(telegram)
    sites.breaks = [Removed("x"), Private("x")]
    await telegram.alice.press(menu, "All 4")
    await telegram.world.until(lambda: is_choice(menu))
    await telegram.alice.press(menu, "720p")
    text = await ended(telegram, menu)
    assert text.splitlines()[1] == "2 sent \u00b7 2 failed"
    assert texts("error.removed") in text
    assert texts("error.private") in text
    assert text.count("Entry ") == 2
    sites.fetches.clear()
    data = menu.button("Try the 2 failed again").data
    await telegram.alice.press(menu, data)
    await telegram.world.until(lambda: menu.text == "A list\n2 sent")
    assert len(sites.fetches) == 2
    assert len(files(telegram)) == 4
    assert not telegram.alice.copies()[0][4:]


async def test_an_entry_has_the_usual_menu(bot, telegram, sites):
    """A number leads to the qualities of that item beneath the link; the list stays."""
    said = await telegram.alice.say(telegram.bot, LIST)
    menu = await telegram.alice.wait_for(is_list, after=said)
    await telegram.alice.press(menu, "7")
    item = await telegram.alice.wait_for(lambda m: "1080p \u00b7 84.0 MB" in buttons(m), after=menu)
    assert item.reply_to is said
    assert sites.probes == ["youtube:entry000007"]
    assert is_list(menu)


async def test_positions_are_typed_as_a_reply(bot, telegram, sites):
    """To the menu; the choice stands beneath the reply and fetches those."""
    menu = await remembered(bot, telegram, await list_of(telegram))
    reply = await telegram.alice.say(telegram.bot, "2-3, 25", reply_to=menu)
    choice = await telegram.alice.wait_for(is_choice, after=reply)
    assert "Positions 2-3, 25" in choice.text
    assert choice.reply_to is reply
    await telegram.alice.press(choice, "Audio")
    assert await ended(telegram, choice) == "A list\n3 sent"
    assert sorted(key for key, _ in sites.fetches) == [f"youtube:entry0000{n:02}" for n in (2, 3, 25)]
    assert is_list(menu)


async def test_positions_are_asked_for(bot, telegram, sites):
    """The question opens a reply in the app, is asked once, and goes when it is answered."""
    menu = await list_of(telegram)
    await telegram.alice.press(menu, "Choose")
    first = await telegram.alice.wait_for(lambda m: m.text.startswith("Which ones?"))
    assert type(first.markup).__name__ == "ReplyKeyboardForceReply"
    await remembered(bot, telegram, first)
    await telegram.alice.press(menu, "Choose")
    second = await telegram.alice.wait_for(lambda m: m.text.startswith("Which ones?"), after=first)
    await telegram.world.until(lambda: first.deleted_at)
    await telegram.alice.say(telegram.bot, "4", reply_to=await remembered(bot, telegram, second))
    choice = await telegram.alice.wait_for(is_choice)
    assert "Positions 4\n" in choice.text
    await telegram.world.until(lambda: second.deleted_at)


async def test_bare_positions_belong_to_the_last_list(bot, telegram, texts):
    """In private, soon after it; without a list there was no link in the message."""
    said = await telegram.alice.say(telegram.bot, "1-3")
    answer = await telegram.alice.wait_for(lambda m: True, after=said)
    assert answer.text.startswith(texts("error.no_link"))
    await list_of(telegram)
    said = await telegram.alice.say(telegram.bot, "1-3")
    choice = await telegram.alice.wait_for(is_choice, after=said)
    assert "Positions 1-3\n" in choice.text


async def test_positions_behind_the_link(bot, telegram, sites):
    """The choice of a quality comes at once; the way back leads to the list."""
    said = await telegram.alice.say(telegram.bot, f"{LIST} 1-2,5")
    choice = await telegram.alice.wait_for(is_choice, after=said)
    assert "Positions 1-2, 5" in choice.text
    await telegram.alice.press(choice, "Back")
    await telegram.world.until(lambda: is_list(choice))
    await telegram.alice.press(choice, "1")
    await telegram.alice.wait_for(lambda m: "1080p \u00b7 84.0 MB" in buttons(m), after=choice)


async def test_the_list_beside_a_video(bot, telegram, sites):
    """A video opened from a playlist has its own menu, and a button for the list; positions mean the list."""
    link = VIDEO.format(1) + "&list=PLsixty0000000000000000000000000"
    said = await telegram.alice.say(telegram.bot, link)
    menu = await telegram.alice.wait_for(lambda m: "The whole list" in buttons(m), after=said)
    assert "Best \u00b7 84.0 MB" in buttons(menu)
    await telegram.alice.press(menu, "The whole list")
    shown = await telegram.alice.wait_for(is_list, after=menu)
    assert shown.reply_to is said
    said = await telegram.alice.say(telegram.bot, f"{link} 3")
    choice = await telegram.alice.wait_for(is_choice, after=said)
    assert "Positions 3\n" in choice.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("99", "This list has only 25 items."),
        ("tomorrow", "\u201ctomorrow\u201d"),
        ("0", "\u201c0\u201d"),
        ("1-", None),
    ],
)
async def test_garbage_positions_are_explained(bot, telegram, *, text, said):
    """One sentence beneath the reply; the menu stays."""
    menu = await remembered(bot, telegram, await list_of(telegram))
    reply = await telegram.alice.say(telegram.bot, text, reply_to=menu)
    answer = await telegram.alice.wait_for(lambda m: m.sender is telegram.bot, after=reply)
    assert answer.reply_to is reply
    assert (said or "Positions 1-25") in answer.text
    assert is_list(menu)


async def test_more_than_one_order_takes(bot, telegram, sites, texts):
    """Ten thousand entries: pages come, the first two hundred are offered, more is refused with the bound."""
    sites.length = 10_000
    menu = await list_of(telegram)
    assert "10000 entries" in menu.text
    await remembered(bot, telegram, menu)
    reply = await telegram.alice.say(telegram.bot, "1-300", reply_to=menu)
    answer = await telegram.alice.wait_for(lambda m: m.sender is telegram.bot, after=reply)
    assert "200" in answer.text
    assert not answer.buttons
    await telegram.alice.press(menu, "First 200")
    await telegram.world.until(lambda: "The first 200 entries" in menu.text)
    assert len(sites.pages) == 1


async def test_an_empty_or_private_list_is_one_sentence(bot, telegram, sites, texts):
    """In place of the menu."""
    for error, code in ((EmptyList("x"), "empty_list"), (Private("x"), "private")):
        sites.fails = [error]
        said = await telegram.alice.say(telegram.bot, LIST)
        answer = await telegram.alice.wait_for(lambda m, code=code: texts(f"error.{code}") in m.text, after=said)
        assert not is_list(answer)


async def test_a_page_that_fails_leaves_the_menu(bot, telegram, sites, texts):
    """The reason stands on the button; the next press works."""
    sites.length = 60
    menu = await list_of(telegram)
    for first in ("11. Entry 11", "21. Entry 21"):
        await telegram.alice.press(menu, NEXT)
        await telegram.world.until(lambda first=first: first in menu.text)
    sites.fails = [CutOff("x")]
    answer = await telegram.alice.press(menu, NEXT)
    assert answer.alert
    assert texts("error.cut_off") in answer.text
    assert "21. Entry 21" in menu.text
    await telegram.alice.press(menu, NEXT)
    await telegram.world.until(lambda: "31. Entry 31" in menu.text)


async def test_a_slow_page_is_announced_and_its_failure_told_beneath(bot, telegram, sites, texts, monkeypatch):
    """A button can't wait for long; a second press meanwhile does nothing."""
    monkeypatch.setattr("bot.batch_lists.ANSWER_SECONDS", 0.01)
    sites.length = 60
    menu = await list_of(telegram)
    for first in ("11. Entry 11", "21. Entry 21"):
        await telegram.alice.press(menu, NEXT)
        await telegram.world.until(lambda first=first: first in menu.text)
    sites.looking.clear()
    assert (await telegram.alice.press(menu, NEXT)).text == texts("press.loading")
    assert not (await telegram.alice.press(menu, NEXT)).text
    sites.fails = [CutOff("x")]
    sites.looking.set()
    answer = await telegram.alice.wait_for(lambda m: texts("error.cut_off") in m.text)
    assert answer.reply_to is menu


async def ordered_but_held(telegram, sites):
    """A list of two that is ordered and waits for the site: its message, and the button that ordered it."""
    sites.length = 2
    sites.fetching.clear()
    menu = await list_of(telegram)
    await telegram.alice.press(menu, "All 2")
    await telegram.world.until(lambda: is_choice(menu))
    data = menu.button("720p").data
    await telegram.alice.press(menu, data)
    return menu, data


async def one_batch(telegram, sites, texts, menu, data):
    """A second press of that button orders nothing, and the files come once."""
    answer = await asking.press(telegram.world, telegram.alice, menu, data, 10)
    assert answer.text == texts("press.under_way")
    sites.fetching.set()
    assert await ended(telegram, menu) == "A list\n2 sent"
    assert len(files(telegram)) == 2


async def test_two_presses_are_one_batch(bot, telegram, sites, texts):
    """However fast; also when an app still shows the old buttons."""
    menu, data = await ordered_but_held(telegram, sites)
    await one_batch(telegram, sites, texts, menu, data)


async def test_only_the_one_who_asked_may_press(bot, telegram, sites, texts):
    """Neither list nor choice nor batch of somebody else; positions of others are chatter. The owner may."""
    bob = telegram.world.person("Bob", "bob")
    group = telegram.world.supergroup("Birds", telegram.alice, bob)
    await telegram.alice.add(group, telegram.bot, "admin")
    await bot.app.users.allow(Person(bob.id))
    sites.length = 12
    menu = await list_of(telegram, chat=group)
    for button in (NEXT, "3", "This page", "Choose"):
        answer = await bob.press(menu, button)
        assert (answer.text, answer.alert) == (texts("press.not_yours"), True), button
    await bob.say(group, "1-2", reply_to=await remembered(bot, telegram, menu))
    assert "1. Entry 1 \u00b7" in menu.text
    assert sites.probes == []
    sites.fetching.clear()
    await telegram.alice.press(menu, "All 12")
    await telegram.world.until(lambda: is_choice(menu))
    assert (await bob.press(menu, "720p")).text == texts("press.not_yours")
    await telegram.alice.press(menu, "720p")
    await telegram.world.until(lambda: "Cancel all" in buttons(menu) and "Skip: 1. Entry 1" in buttons(menu))
    for button in ("Skip: 1. Entry 1", "Cancel all"):
        assert (await bob.press(menu, button)).text == texts("press.not_yours")
    said = await bob.say(group, LIST)
    his = await bob.wait_for(is_list, chat=group, after=said)
    await telegram.alice.press(his, "All 12")
    await telegram.world.until(lambda: is_choice(his))
    await telegram.alice.press(menu, "Cancel all")
    await telegram.world.until(lambda: "cancelled" in menu.text)
    sites.fetching.set()
    assert [m for m in telegram.alice.messages(group) if is_choice(m)] == [his]


async def test_in_a_forum_everything_stays_in_its_topic(bot, telegram, sites):
    """List, entry, question, choice and files."""
    forum = telegram.world.supergroup("Birds", telegram.alice, forum=True)
    await telegram.alice.add(forum, telegram.bot, "admin")
    root = await telegram.alice.say(forum, "Nests")
    topic = root.id_for(telegram.alice)
    sites.length = 2
    said = await telegram.alice.say(forum, LIST, topic=topic)
    menu = await telegram.alice.wait_for(is_list, chat=forum, after=said)
    await telegram.alice.press(menu, "2")
    await telegram.alice.wait_for(lambda m: "1080p \u00b7 84.0 MB" in buttons(m), chat=forum)
    await telegram.alice.press(menu, "Choose")
    question = await telegram.alice.wait_for(lambda m: m.text.startswith("Which ones?"), chat=forum)
    await remembered(bot, telegram, question)
    reply = await telegram.alice.say(forum, "all", reply_to=question, topic=topic)
    choice = await telegram.alice.wait_for(is_choice, chat=forum, after=reply)
    await telegram.alice.press(choice, "Best")
    assert await ended(telegram, choice) == "A list\n2 sent"
    written = [m for m in telegram.alice.messages(forum) if m.sender is telegram.bot]
    assert len(written) >= 5
    assert {m.topic for m in written} == {topic}


async def test_old_buttons_say_that_they_are_old(bot, telegram, texts):
    """Of lists and of batches that nobody knows any more."""
    menu = await list_of(telegram)
    await bot.database.run("UPDATE batch_menus SET created_at = created_at - ?", OFFER_SECONDS + 1)
    for button in (NEXT, "1", "All 25", "Choose"):
        answer = await telegram.alice.press(menu, button)
        assert (answer.text, answer.alert) == (f"{texts('error.expired')} {texts('hint.expired')}", True)
    for data in (b"bx:nothing", b"br:nothing", b"bs:nothing", b"bt:nothing:all:best", b"be:nothing", b"lb:nothing"):
        menu.button("1")
        stale = telegram.world.post(
            telegram.bot,
            telegram.world.dialog(telegram.bot, telegram.alice),
            "x",
            markup=one_button(data),
        )
        answer = await telegram.alice.press(stale, data)
        assert texts("error.expired") in answer.text, data


def one_button(data):
    from pyrogram import raw

    button = raw.types.KeyboardInlineButton(text="x", type=raw.types.InlineButtonTypeCallback(data=data))
    return raw.types.ReplyInlineMarkup(rows=[raw.types.KeyboardInlineButtonRow(buttons=[button])])


async def test_forged_buttons_are_refused(bot, telegram, sites, texts):
    """Positions and qualities that no menu shows start nothing."""
    menu = await list_of(telegram)
    token = menu.button("All 25").data.decode().split(":")[1]
    for data, code in ((f"bt:{token}:900:720p", "bad_range"), (f"bt:{token}:1:wrong", "unknown_quality")):
        stale = telegram.world.post(
            telegram.bot, telegram.world.dialog(telegram.bot, telegram.alice), "x", markup=one_button(data.encode())
        )
        answer = await telegram.alice.press(stale, data.encode())
        assert answer.alert, code
        assert sites.fetches == []


async def test_menus_and_batches_outlive_a_restart(run, telegram, sites):
    """The list's buttons work, a batch goes on in its message, no file comes twice."""
    await run()
    sites.length = 5
    menu = await list_of(telegram)
    other = await list_of(telegram)
    await telegram.alice.press(menu, "All 5")
    await telegram.world.until(lambda: is_choice(menu))
    await telegram.alice.press(menu, "720p")
    await telegram.world.until(lambda: len(files(telegram)) >= 2)
    sites.fetching.clear()
    await run.stop()
    sites.fetching.set()
    await run()
    assert await ended(telegram, menu) == "A list\n5 sent"
    assert len(files(telegram)) == 5
    await telegram.alice.press(other, "All 5")
    await telegram.world.until(lambda: is_choice(other))


async def test_a_second_press_after_a_restart_is_one_batch(run, telegram, sites, texts):
    """The app shows the old buttons, or Telegram brings a press again that nobody has answered."""
    await run()
    menu, data = await ordered_but_held(telegram, sites)
    await run.stop()
    await run()
    await one_batch(telegram, sites, texts, menu, data)


async def test_an_end_that_nobody_saw_is_shown_after_a_restart(run, telegram, sites):
    """The batch had ended, its message had not heard of it."""
    bot = await run()
    sites.length = 2
    menu = await list_of(telegram)
    await telegram.alice.press(menu, "All 2")
    await telegram.world.until(lambda: is_choice(menu))
    await telegram.alice.press(menu, "720p")
    await ended(telegram, menu)
    while not await bot.database.run("UPDATE batches SET told = 0 WHERE told = 1"):
        await asyncio.sleep(0.005)
    telegram.world.edit(menu, text="left over")
    await run.stop()
    await run()
    assert await ended(telegram, menu) == "A list\n2 sent"


async def test_two_batches_at_once(bot, telegram, sites):
    """Each has its own message and all of its files."""
    sites.length = 4
    first, second = await list_of(telegram), await list_of(telegram, LIST.replace("sixty", "other"))
    for menu, quality in ((first, "720p"), (second, "360p")):
        await telegram.alice.press(menu, "All 4")
        await telegram.world.until(lambda menu=menu: is_choice(menu))
        await telegram.alice.press(menu, quality)
    for menu in (first, second):
        assert await ended(telegram, menu) == "A list\n4 sent"
    assert len(files(telegram)) == 8
