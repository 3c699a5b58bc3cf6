"""Messages between people and the bot, as the real client sends and gets them."""

import pytest
from pyrogram import enums, errors
from pyrogram.types import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, MenuButtonCommands

from tests.telegram_server.harness import Telegram
from tests.telegram_server.world import NeverCame
from tests.telegram_server_tests.conftest import Tracked


async def test_what_alice_says_reaches_the_bot_with_its_links_marked(telegram: Telegram, bot: Tracked) -> None:
    """A private message arrives once, with sender, chat and the entities that Telegram finds by itself."""
    await telegram.alice.say(telegram.bot, "/get 😀 https://youtu.be/a?b=1, bare vimeo.com/1 @goldcrest_bot #tag")
    message = await bot.message()
    assert (message.from_user.id, message.chat.type) == (telegram.alice.id, enums.ChatType.PRIVATE)
    kinds = {
        entity.type: message.text.encode("utf-16-le")[entity.offset * 2 :][: entity.length * 2]
        for entity in message.entities
    }
    assert kinds[enums.MessageEntityType.BOT_COMMAND].decode("utf-16-le") == "/get"
    assert kinds[enums.MessageEntityType.MENTION].decode("utf-16-le") == "@goldcrest_bot"
    links = [entity for entity in message.entities if entity.type == enums.MessageEntityType.URL]
    text = message.text.encode("utf-16-le")
    found = [text[link.offset * 2 :][: link.length * 2].decode("utf-16-le") for link in links]
    assert found == ["https://youtu.be/a?b=1", "vimeo.com/1"]


async def test_the_bot_answers_and_every_edit_is_kept_with_its_time(telegram: Telegram, bot: Tracked) -> None:
    """Alice sees the reply, its formatting, and each version of it; an edit without change is refused."""
    said = await telegram.alice.say(telegram.bot, "hello")
    incoming = await bot.message()
    reply = await incoming.reply("one **two**")
    seen = await telegram.alice.wait_for(lambda message: message.text == "one two")
    assert seen.reply_to is said
    assert [type(entity).__name__ for entity in seen.entities] == ["MessageEntityBold"]
    for text in ("second", "third"):
        await reply.edit_text(text)
    with pytest.raises(errors.MessageNotModified):
        await reply.edit_text("third")
    assert [version.text for version in seen.versions] == ["one two", "second", "third"]
    assert len(seen.edit_gaps) == 2
    assert all(gap > 0 for gap in seen.edit_gaps)


async def test_an_edit_without_buttons_takes_them_away(telegram: Telegram, bot: Tracked) -> None:
    """Telegram keeps no keyboard that an edit doesn't repeat."""
    await telegram.alice.start(telegram.bot)
    keyboard = InlineKeyboardMarkup(
        [[InlineKeyboardButton("a", callback_data="1"), InlineKeyboardButton("b", url="https://e.org")]]
    )
    sent = await bot.client.send_message(telegram.alice.id, "choose", reply_markup=keyboard)
    seen = telegram.alice.messages()[-1]
    assert [[(button.text, button.data, button.url) for button in row] for row in seen.buttons] == [
        [("a", b"1", ""), ("b", b"", "https://e.org")]
    ]
    await sent.edit_text("chosen")
    assert seen.buttons == ()


async def test_deleted_messages_are_gone_but_remembered(telegram: Telegram, bot: Tracked) -> None:
    """A deletion by the bot shows for alice, and a deletion by alice is told to the bot."""
    said = await telegram.alice.say(telegram.bot, "secret")
    incoming = await bot.message()
    sent = await bot.client.send_message(telegram.alice.id, "noise")
    noise = telegram.alice.messages()[-1]
    await sent.delete()
    assert noise.deleted_at is not None
    assert telegram.alice.messages() == [said]
    await telegram.alice.delete(said)
    assert (await bot.raw_update("UpdateDeleteMessages")).messages == [incoming.id]
    gone = await bot.client.get_messages(telegram.alice.id, incoming.id)
    assert gone.empty


async def test_an_edit_by_alice_reaches_the_bot(telegram: Telegram, bot: Tracked) -> None:
    """The bot gets the edited text as an edit, not as a new message."""
    said = await telegram.alice.say(telegram.bot, "frist")
    await bot.message()
    await telegram.alice.edit(said, "first")
    edited = await bot.edit()
    assert edited.text == "first"
    assert bot.messages.empty()


async def test_a_chat_action_is_noted(telegram: Telegram, bot: Tracked) -> None:
    """world.actions tells when which action was shown to whom."""
    await telegram.alice.start(telegram.bot)
    await bot.client.send_chat_action(telegram.alice.id, enums.ChatAction.UPLOAD_VIDEO)
    [(_, who, chat, action)] = telegram.world.actions
    assert (who, chat, action) == (telegram.bot, telegram.world.dialog(telegram.bot, telegram.alice), "UploadVideo")


async def test_a_reply_is_fetched_by_the_client(telegram: Telegram, bot: Tracked) -> None:
    """A message that answers another one comes to the handler with that other one."""
    await telegram.alice.start(telegram.bot)
    await bot.message()
    await bot.client.send_message(telegram.alice.id, "question?")
    question = telegram.alice.messages()[-1]
    await telegram.alice.say(telegram.bot, "answer", reply_to=question)
    assert (await bot.message()).reply_to_message.text == "question?"


async def test_forwards_carry_their_author(telegram: Telegram, bot: Tracked) -> None:
    """Alice forwards what bob wrote; the bot sees whose it was, and passes it on itself."""
    bob = telegram.world.person("Bob", "bob")
    words = await bob.say(telegram.alice, "look https://a.example/1")
    await telegram.alice.forward(words, telegram.bot)
    message = await bot.message()
    assert message.forward_origin.sender_user.id == bob.id
    await message.forward(telegram.alice.id)
    assert telegram.alice.messages(telegram.bot)[-1].forwarded_from is words


async def test_who_never_started_the_bot_cannot_be_written_to(telegram: Telegram, bot: Tracked) -> None:
    """PEER_ID_INVALID for strangers, USER_IS_BLOCKED for those who stopped it, INPUT_USER_DEACTIVATED for the gone."""
    eve = telegram.world.person("Eve")
    with pytest.raises(errors.PeerIdInvalid):
        await bot.client.send_message(eve.id, "hi")
    await telegram.alice.start(telegram.bot)
    await bot.client.send_message(telegram.alice.id, "hi")
    await telegram.alice.block(telegram.bot)
    assert (await bot.raw_update("UpdateBotStopped")).stopped
    with pytest.raises(errors.UserIsBlocked):
        await bot.client.send_message(telegram.alice.id, "hi")
    await telegram.alice.unblock(telegram.bot)
    telegram.alice.deactivated = True
    with pytest.raises(errors.InputUserDeactivated):
        await bot.client.send_message(telegram.alice.id, "hi")


async def test_commands_are_set_per_scope_and_language(telegram: Telegram, bot: Tracked) -> None:
    """What the bot sets is kept and given back; a bad name is refused."""
    await bot.client.set_bot_commands([BotCommand("start", "begin")], language_code="ru")
    assert [command.command for command in telegram.bot.commands["Default", "ru"]] == ["start"]
    assert [command.description for command in await bot.client.get_bot_commands(language_code="ru")] == ["begin"]
    with pytest.raises(errors.BotCommandInvalid):
        await bot.client.set_bot_commands([BotCommand("Not a command", "x")])


async def test_the_bot_s_face_can_be_set(telegram: Telegram, bot: Tracked) -> None:
    """Menu button, commands taken back, description: taken and given back."""
    await bot.client.set_bot_commands([BotCommand("start", "begin")])
    await bot.client.delete_bot_commands()
    assert await bot.client.get_bot_commands() == []
    await bot.client.set_chat_menu_button(menu_button=MenuButtonCommands())
    assert type(telegram.bot.menu_button).__name__ == "BotMenuButtonCommands"
    await bot.client.set_bot_info_description("A downloader")


async def test_usernames_are_found(telegram: Telegram, bot: Tracked) -> None:
    """People and bots by name in any case; who is not there is not occupied."""
    assert (await bot.client.get_users("ALICE")).id == telegram.alice.id
    assert (await bot.client.get_chat("alice")).first_name == "Alice"
    with pytest.raises(errors.UsernameNotOccupied):
        await bot.client.get_users("nobody_here")


async def test_a_test_that_waits_in_vain_is_told_what_was_there(telegram: Telegram) -> None:
    """NeverCame names what alice sees instead."""
    bob = telegram.world.person("Bob")
    await bob.say(telegram.alice, "something else")
    with pytest.raises(NeverCame, match="something else"):
        await telegram.alice.wait_for(lambda message: message.text == "wanted", 0.01)
    with pytest.raises(LookupError, match="no file"):
        _ = telegram.alice.messages()[-1].attachment
