"""Changed messages and unknown commands, through the real client."""

from __future__ import annotations

import pytest

from tests.bot.test_way_of_a_link import LINK, OTHER, is_menu, statuses
from utils.errors import Removed
from utils.texts import Texts


@pytest.fixture
def texts() -> Texts:
    return Texts(strict=True)


async def answer_to(telegram, text):
    said = await telegram.alice.say(telegram.bot, text)
    return said, await telegram.alice.wait_for(lambda m: "Looking" not in m.text, after=said)


async def dealt_with(bot, telegram, message):
    """The bot is done with a message."""

    async def known():
        return await bot.part._desk._seen.knows(f"message:{telegram.alice.id}:{message.id_for(telegram.bot)}")

    while not await known():
        pass


async def test_an_unknown_command_is_answered_with_the_help(bot, telegram, texts):
    """In private; a link behind it counts like any other. In a group it may be another bot's."""
    _, answer = await answer_to(telegram, "/video")
    assert answer.text.startswith(texts("help"))
    _, menu = await answer_to(telegram, f"/video {LINK}")
    assert is_menu(menu)
    group = telegram.world.supergroup("Birds", telegram.alice)
    await telegram.alice.add(group, telegram.bot, "admin")
    await telegram.alice.say(group, f"/video {LINK}")
    said = await telegram.alice.say(group, OTHER)
    await telegram.alice.wait_for(is_menu, chat=group, after=said)
    assert len(statuses(telegram, group)) == 1


@pytest.mark.parametrize("before", ["look at this", "https://www.youtube.com/watch?v=removed0000"])
async def test_a_link_that_is_added_or_put_right_is_looked_at(bot, telegram, sites, before):
    """Once: the next change of a message that has its menu changes nothing."""
    sites.fails = [Removed()] if "youtube" in before else []
    said, _ = await answer_to(telegram, before)
    await dealt_with(bot, telegram, said)
    await telegram.alice.edit(said, LINK)
    menu = await telegram.alice.wait_for(is_menu)
    assert menu.reply_to is said
    await telegram.alice.edit(said, OTHER)
    await answer_to(telegram, OTHER)
    assert len([message for message in statuses(telegram) if is_menu(message)]) == 2


async def test_a_change_without_a_link_is_no_news(bot, telegram, texts):
    """Neither words nor a command are answered a second time."""
    said, _ = await answer_to(telegram, "hello")
    await dealt_with(bot, telegram, said)
    await telegram.alice.edit(said, "hello there")
    await telegram.alice.edit(said, "/start")
    await answer_to(telegram, LINK)
    assert [m.text for m in statuses(telegram) if not is_menu(m)] == [
        f"{texts('error.no_link')} {texts('hint.no_link')}"
    ]


async def test_a_message_that_is_being_looked_at_is_left_alone(bot, telegram, sites):
    """Two looks at one message would be two menus."""
    sites.looking.clear()
    said = await telegram.alice.say(telegram.bot, LINK)
    await telegram.alice.wait_for(lambda m: "Looking" in m.text)
    await telegram.alice.edit(said, OTHER)
    sites.looking.set()
    await telegram.alice.wait_for(is_menu)
    await answer_to(telegram, "/help")
    assert len(sites.probes) == 1
