"""Alice sends lists and many links to the bot process; the real extractor reads them from the replicas."""

from __future__ import annotations

import asyncio
import signal

import pytest

from bot.batch_screens import NEXT
from tests.end_to_end.bot_process import bot_process
from tests.end_to_end.test_bad_input import sentence
from tests.end_to_end.test_life import alive
from tests.end_to_end.test_links import SECONDS, is_menu, playable

pytestmark = pytest.mark.process


def buttons(message):
    """Their texts."""
    return [button.text for row in message.buttons for button in row]


def is_list(message):
    """Positions can be chosen from it."""
    return "Choose\u2026" in buttons(message)


def is_choice(message):
    """It offers qualities for many items."""
    return "720p" in buttons(message) and not is_menu_of_item(message)


def is_menu_of_item(message):
    """It offers qualities of one item, with their sizes."""
    return any("MB" in text or "KB" in text for text in buttons(message))


def files(telegram):
    """What has come."""
    return [m for m in telegram.alice.messages() if m.file]


async def choice_for(telegram, text):
    """Say a link with positions; the choice of a quality."""
    said = await telegram.alice.say(telegram.bot, text)
    return await telegram.alice.wait_for(is_choice, SECONDS, after=said)


async def until(telegram, condition):
    """Wait for what takes real downloads."""
    await telegram.world.until(condition, 2 * SECONDS, lambda: f"alice sees {telegram.alice.messages()[-6:]}")


async def test_positions_of_a_playlist_become_files(bot, telegram, sites):
    """Three entries in 360p, playable, in one message's count; an entry by itself has its own menu."""
    said = await telegram.alice.say(telegram.bot, sites.youtube.samples()["list_sixty"])
    menu = await telegram.alice.wait_for(is_list, SECONDS, after=said)
    assert "60 entries" in menu.text
    assert "1. Item 1 \u00b7 0:04" in menu.text
    await telegram.alice.press(menu, NEXT)
    await until(telegram, lambda: "11. Item 11" in menu.text)
    reply = await telegram.alice.say(telegram.bot, "3, 59-", reply_to=menu)
    choice = await telegram.alice.wait_for(is_choice, SECONDS, after=reply)
    await telegram.alice.press(choice, "360p")
    await until(telegram, lambda: choice.text.endswith("\n3 sent"))
    came = files(telegram)
    assert len(came) == 3
    assert [playable(m.file.path) for m in came] == [""] * 3
    assert all(m.reply_to is reply for m in came)
    await telegram.alice.press(menu, "12")
    await telegram.alice.wait_for(is_menu_of_item, SECONDS, after=choice)


async def test_every_third_item_fails_and_the_rest_comes(bot, telegram, sites):
    """Private and deleted ones are listed with their reasons; the button tries them again."""
    choice = await choice_for(telegram, sites.youtube.samples()["list_faulty"] + " 1-6")
    await telegram.alice.press(choice, "Audio")
    await until(telegram, lambda: any("again" in text for text in buttons(choice)))
    assert choice.text.splitlines()[1] == "4 sent \u00b7 2 failed"
    lines = choice.text.splitlines()[3:]
    assert [line.partition(".")[0] for line in lines] == ["3", "6"]
    assert sentence("private") in lines[0]
    assert len(files(telegram)) == 4
    await telegram.alice.press(choice, "Try the 2 failed again")
    await until(telegram, lambda: choice.text.splitlines()[1:2] == ["2 failed"])
    assert len(files(telegram)) == 4


async def test_lists_of_all_kinds_are_shown_or_explained(bot, telegram, sites):
    """Ten thousand items take few requests and no larger order; a mix is a press away; none and hidden are told."""
    samples = sites.youtube.samples()
    said = await telegram.alice.say(telegram.bot, samples["list_many"])
    menu = await telegram.alice.wait_for(is_list, SECONDS, after=said)
    assert "First 200" in buttons(menu)
    assert len(sites.requests.to("youtube.com")) < 10
    reply = await telegram.alice.say(telegram.bot, "1-9999", reply_to=menu)
    answer = await telegram.alice.wait_for(lambda m: m.sender is telegram.bot, SECONDS, after=reply)
    assert "200" in answer.text
    for kind, code in (("empty", "empty_list"), ("hidden", "private")):
        said = await telegram.alice.say(telegram.bot, samples[f"list_{kind}"])
        answer = await telegram.alice.wait_for(lambda m, code=code: sentence(code) in m.text, SECONDS, after=said)
        assert not is_list(answer)
    said = await telegram.alice.say(telegram.bot, samples["mix"])
    item = await telegram.alice.wait_for(is_menu, SECONDS, after=said)
    await telegram.alice.press(item, "The whole list")
    mix = await telegram.alice.wait_for(is_list, SECONDS, after=item)
    assert mix.text.startswith("Mix - Replica\n")
    said = await telegram.alice.say(telegram.bot, samples["channel"])
    channel = await telegram.alice.wait_for(is_list, SECONDS, after=said)
    assert "Item 1" in channel.text
    assert not files(telegram)


async def test_many_links_of_several_sites(bot, telegram, sites):
    """One menu, one message, every file."""
    links = [
        sites.youtube.samples()["clip"],
        sites.tiktok.samples()["clip"],
        sites.instagram.samples()["reel"],
        f"{sites.public_url}/m/mux_360.mp4",
        "http://127.0.0.1/private",
    ]
    said = await telegram.alice.say(telegram.bot, "\n".join(links))
    menu = await telegram.alice.wait_for(lambda m: "Show each" in buttons(m), SECONDS, after=said)
    assert menu.text.startswith("4 links\n")
    await telegram.alice.press(menu, "Best")
    await until(telegram, lambda: menu.text == "4 links\n4 sent")
    assert len(files(telegram)) == 4


async def test_killed_in_the_middle_it_goes_on_and_sends_nothing_twice(tmp_path, telegram, sites, settings):
    """Two batches, kill -9 after some files, started again: both messages come to their end, each file came once."""
    playlist = sites.youtube.samples()["list_sixty"]
    async with bot_process(tmp_path / "data", settings) as bot:
        choices = [await choice_for(telegram, f"{playlist} {ranges}") for ranges in ("1-3", "11-13")]
        for choice in choices:
            await telegram.alice.press(choice, "360p")
        await until(telegram, lambda: len(files(telegram)) >= 2)
        family = bot.family()
        await bot.stop(signal.SIGKILL)
        async with asyncio.timeout(20):
            while alive(family):
                await asyncio.sleep(0.05)
    assert len(files(telegram)) < 6
    async with bot_process(tmp_path / "data", settings):
        for choice in choices:
            await until(telegram, lambda choice=choice: choice.text.endswith("\n3 sent"))
    titles = sorted(m.text.splitlines()[0] for m in files(telegram))
    assert len(titles) == len(set(titles)) == 6


async def test_cancel_all_in_the_middle(bot, telegram, sites):
    """No worker and no folder is left, the message says what had come."""
    choice = await choice_for(telegram, sites.youtube.samples()["list_sixty"] + " 1-60")
    await telegram.alice.press(choice, "360p")
    await until(telegram, lambda: len(files(telegram)) >= 1)
    await telegram.alice.press(choice, "Cancel all")
    await until(telegram, lambda: sentence("cancelled") in choice.text)
    told = choice.text.splitlines()[2]
    sent = int(told.split()[0])
    assert told == f"{sent} sent \u00b7 {60 - sent} cancelled"
    assert len(files(telegram)) - sent in {0, 1}, "one that was on the wire when it was cancelled may come"
    async with asyncio.timeout(20):
        while list(bot.data.glob("work/*")):
            await asyncio.sleep(0.05)
    assert not choice.buttons
