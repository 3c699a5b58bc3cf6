"""Pressed buttons and inline queries, from the press to the answer."""

import asyncio
from typing import TYPE_CHECKING

import pytest
from pyrogram import errors
from pyrogram.types import InlineKeyboardButton as Button
from pyrogram.types import InlineKeyboardMarkup as Keyboard
from pyrogram.types import InlineQueryResultArticle, InlineQueryResultCachedDocument, InputTextMessageContent

from tests.telegram_server.faults import RpcError
from tests.telegram_server.harness import Telegram
from tests.telegram_server_tests.conftest import Tracked

if TYPE_CHECKING:
    from tests.telegram_server.chats import Chat


async def offer(telegram: Telegram, bot: Tracked) -> None:
    await telegram.alice.start(telegram.bot)
    await bot.client.send_message(
        telegram.alice.id, "pick", reply_markup=Keyboard([[Button("720p · 12 MB", callback_data="q:720")]])
    )


async def test_a_press_is_answered_once(telegram: Telegram, bot: Tracked) -> None:
    """Alice presses by a part of the text and gets the alert; a second answer meets QUERY_ID_INVALID."""
    await offer(telegram, bot)
    pressing = asyncio.create_task(telegram.alice.press(telegram.alice.messages()[-1], "720p"))
    query = await bot.press()
    assert (query.data, query.from_user.id, query.message.text) == ("q:720", telegram.alice.id, "pick")
    await query.answer("coming", show_alert=True)
    answer = await pressing
    assert (answer.text, answer.alert) == ("coming", True)
    with pytest.raises(errors.QueryIdInvalid):
        await query.answer("again")
    await query.edit_message_text("chosen")
    assert telegram.alice.messages()[-1].text == "chosen"


async def test_a_late_answer_is_refused(telegram: Telegram, bot: Tracked) -> None:
    """After its life a question takes no answer, and alice sees that none came."""
    await offer(telegram, bot)
    pressing = asyncio.create_task(telegram.alice.press(telegram.alice.messages()[-1], b"q:720", seconds=0.3))
    query = await bot.press()
    telegram.world.queries.expire()
    with pytest.raises(errors.QueryIdInvalid):
        await query.answer()
    with pytest.raises(RpcError, match="BOT_RESPONSE_TIMEOUT"):
        await pressing


async def test_only_buttons_that_are_there_can_be_pressed(telegram: Telegram, bot: Tracked) -> None:
    """A press on something else is a fault of the test, told at once."""
    await offer(telegram, bot)
    with pytest.raises(LookupError, match="720p"):
        await telegram.alice.press(telegram.alice.messages()[-1], "1080p")


async def test_a_person_s_client_presses_as_well(telegram: Telegram, bot: Tracked, alice: Tracked) -> None:
    """messages.getBotCallbackAnswer from a signed-in person carries the bot's answer back."""
    await offer(telegram, bot)
    assert (await alice.message()).text == "/start"  # what she does in her app shows in her other sessions
    seen = await alice.message()
    pressing = asyncio.create_task(alice.client.request_callback_answer(telegram.bot.id, seen.id, "q:720"))
    await (await bot.press()).answer("yes")
    assert (await pressing).message == "yes"


async def test_inline_results_are_offered_chosen_and_edited(telegram: Telegram, bot: Tracked) -> None:
    """Alice types a query, picks a result into a chat with bob, and the bot edits the sent message."""
    bob = telegram.world.person("Bob")
    asking = asyncio.create_task(telegram.alice.inline(telegram.bot, "cats", offset="20"))
    query = await bot.inline_query()
    assert (query.query, query.offset) == ("cats", "20")
    await query.answer(
        [
            InlineQueryResultArticle(
                "A cat",
                InputTextMessageContent("meow"),
                id="1",
                description="soft",
                reply_markup=Keyboard([[Button("more", callback_data="more")]]),
            )
        ],
        next_offset="40",
        cache_time=7,
    )
    offered = await asking
    assert [(r.id, r.title, r.description) for r in offered.results] == [("1", "A cat", "soft")]
    assert (offered.next_offset, offered.cache_seconds) == ("40", 7)
    sent = await telegram.alice.choose(offered, 0, bob)
    assert (sent.text, sent.via) == ("meow", telegram.bot)
    chosen = await bot.raw_update("UpdateBotInlineSend")
    pressing = asyncio.create_task(telegram.alice.press(sent, "more"))
    press = await bot.press()
    assert press.inline_message_id
    await press.answer()
    await press.edit_message_text("purr")
    assert (await pressing).text == ""
    assert (sent.text, chosen.id) == ("purr", "1")


async def test_a_stored_file_is_offered_inline(telegram: Telegram, bot: Tracked) -> None:
    """A file by its id can be an inline result and arrives as that file."""
    file = telegram.world.file(b"ID3" * 30, name="song.mp3", mime="audio/mpeg")
    await telegram.alice.say(telegram.bot, "", file=file)
    file_id = (await bot.message()).document.file_id
    asking = asyncio.create_task(telegram.alice.inline(telegram.bot, ""))
    await (await bot.inline_query()).answer([InlineQueryResultCachedDocument(file_id, "Song", id="s")], cache_time=1)
    sent = await telegram.alice.choose(await asking, 0, telegram.bot)
    assert sent.file is file


async def test_bad_inline_results_are_refused(telegram: Telegram, bot: Tracked) -> None:
    """Two results with one id are a mistake that Telegram tells; the question stays open."""
    asking = asyncio.create_task(telegram.alice.inline(telegram.bot, "x"))
    query = await bot.inline_query()
    article = InlineQueryResultArticle("T", InputTextMessageContent("t"), id="same")
    with pytest.raises(errors.ResultIdDuplicate):
        await query.answer([article, article])
    await query.answer([article])
    assert len((await asking).results) == 1


async def test_a_bot_knows_in_what_kind_of_chat_it_is_asked(telegram: Telegram, bot: Tracked) -> None:
    """An inline query tells the kind of place, never which one; without an answer alice sees that none came."""
    world, alice = telegram.world, telegram.alice
    places: dict[str, Chat] = {
        "SameBotPM": world.dialog(alice, telegram.bot),
        "PM": world.dialog(alice, world.person("Bob")),
        "Chat": world.group("G", alice),
        "Megagroup": world.supergroup("S", alice),
        "Broadcast": world.channel("C", alice),
    }
    for kind, place in places.items():
        with pytest.raises(RpcError, match="BOT_RESPONSE_TIMEOUT"):
            await alice.inline(telegram.bot, "x", chat=place, seconds=0.01)
        asked = await bot.raw_update("UpdateBotInlineQuery")
        assert type(asked.peer_type).__name__ == f"InlineQueryPeerType{kind}"


async def test_a_link_button_asks_nobody(telegram: Telegram, bot: Tracked) -> None:
    """It gives its address; a button that isn't there can't be pressed by a client either."""
    await telegram.alice.start(telegram.bot)
    await bot.client.send_message(
        telegram.alice.id, "see", reply_markup=Keyboard([[Button("site", url="https://example.org/x")]])
    )
    seen = telegram.alice.messages()[-1]
    assert (await telegram.alice.press(seen, "site")).url == "https://example.org/x"
    assert bot.presses.empty()


async def test_a_client_presses_no_button_that_is_not_there(telegram: Telegram, bot: Tracked, alice: Tracked) -> None:
    """DATA_INVALID, as at Telegram."""
    await offer(telegram, bot)
    number = telegram.alice.messages()[-1].id_for(telegram.alice)
    await alice.message()
    with pytest.raises(errors.DataInvalid):
        await alice.client.request_callback_answer(telegram.bot.id, number, "q:1080")
