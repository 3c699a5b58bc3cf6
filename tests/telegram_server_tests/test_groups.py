"""Groups, supergroups and channels: who hears what, who may write, who comes and goes."""

import pytest
from pyrogram import enums, errors

from tests.telegram_server.faults import RpcError
from tests.telegram_server.harness import Telegram
from tests.telegram_server_tests.conftest import Start, Tracked


async def said_to_bot(bot: Tracked, count: int) -> list[str]:
    return [(await bot.message()).text for _ in range(count)]


@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_with_privacy_a_bot_hears_only_what_is_meant_for_it(telegram: Telegram, bot: Tracked, kind: str) -> None:
    """Commands, mentions and replies come through, talk doesn't; without privacy everything but other bots' words."""
    place = getattr(telegram.world, kind)("Friends", telegram.alice, telegram.bot)
    other = telegram.world.bot("Other", "other_bot")
    place.members[other.id] = "admin"
    alice = telegram.alice
    await alice.say(place, "https://youtu.be/1")
    await alice.say(place, "/start")
    await alice.say(place, "/start@other_bot")
    await alice.say(place, "hey @goldcrest_bot https://youtu.be/2")
    assert await said_to_bot(bot, 2) == ["/start", "hey @goldcrest_bot https://youtu.be/2"]
    command = await bot.client.send_message((await chat_id(bot, place)), "yes?")
    heard = alice.messages(place)[-1]
    assert heard.text == "yes?"
    await alice.say(place, "that one", reply_to=heard)
    assert (await bot.message()).reply_to_message.id == command.id
    telegram.bot.privacy = False
    telegram.world.post(other, place, "beep")
    await alice.say(place, "https://youtu.be/3")
    assert await said_to_bot(bot, 1) == ["https://youtu.be/3"]


async def chat_id(bot: Tracked, place: object) -> int:
    """Name a place as the client does."""
    number: int = place.id  # type: ignore[attr-defined]
    return -number if type(place).__name__ == "Group" else -1_000_000_000_000 - number


async def test_a_bot_acts_in_a_supergroup(telegram: Telegram, bot: Tracked) -> None:
    """It replies, edits, deletes there; alice sees all of it; messages can be fetched by number."""
    place = telegram.world.supergroup("Music", telegram.alice, telegram.bot, username="music_here")
    await telegram.alice.say(place, "/song")
    command = await bot.message()
    assert (command.chat.title, command.chat.type) == ("Music", enums.ChatType.SUPERGROUP)
    reply = await command.reply("searching")
    seen = await telegram.alice.wait_for(lambda message: message.text == "searching", chat=place)
    await reply.edit_text("found")
    assert seen.text == "found"
    assert [m.text for m in await bot.client.get_messages(command.chat.id, [1, 2, 3])] == ["/song", "found", None]
    await reply.delete()
    assert seen.deleted_at is not None
    with pytest.raises(errors.MessageDeleteForbidden):
        await bot.client.delete_messages(command.chat.id, command.id)
    place.members[telegram.bot.id] = "admin"
    await bot.client.delete_messages(command.chat.id, command.id)
    assert telegram.alice.messages(place) == []


async def test_channels_take_posts_from_admins_only(telegram: Telegram, bot: Tracked) -> None:
    """A member meets CHAT_ADMIN_REQUIRED, an admin posts and edits; a stranger doesn't get in by id."""
    place = telegram.world.channel("News", telegram.alice, telegram.bot)
    where = await chat_id(bot, place)
    with pytest.raises(errors.ChatAdminRequired):
        await bot.client.send_message(where, "mine")
    await telegram.alice.add(place, telegram.bot, "admin")
    sent = await bot.client.send_message(where, "post")
    await sent.edit_text("post 2")
    await telegram.alice.say(place, "hers")
    posted = await bot.message()
    assert (posted.text, posted.chat.type, posted.from_user) == ("hers", enums.ChatType.CHANNEL, None)
    assert [message.text for message in telegram.alice.messages(place)] == ["post 2", "hers"]
    hidden = telegram.world.channel("Hidden", telegram.alice)
    with pytest.raises((errors.ChannelInvalid, errors.PeerIdInvalid)):
        await bot.client.send_message(await chat_id(bot, hidden), "hello?")


async def test_membership_can_be_asked_for(telegram: Telegram, bot: Tracked) -> None:
    """GetParticipant tells roles, strangers and the banned; forced subscription is built on it."""
    place = telegram.world.channel("Must join", telegram.alice, username="must_join")
    place.members[telegram.bot.id] = "admin"
    bob = telegram.world.person("Bob", "bob")
    await bob.start(telegram.bot)
    with pytest.raises(errors.UserNotParticipant):
        await bot.client.get_chat_member("must_join", bob.id)
    await bob.join(place)
    assert (await bot.client.get_chat_member("must_join", bob.id)).status == enums.ChatMemberStatus.MEMBER
    joined = await bot.raw_update("UpdateChannelParticipant")
    assert (joined.user_id, joined.prev_participant) == (bob.id, None)
    await telegram.alice.add(place, bob, "banned")
    assert (await bot.client.get_chat_member("must_join", bob.id)).status == enums.ChatMemberStatus.BANNED
    owner = await bot.client.get_chat_member("must_join", telegram.alice.username)
    assert owner.status == enums.ChatMemberStatus.OWNER
    assert (await bot.client.get_chat("must_join")).title == "Must join"


async def test_a_bot_is_told_when_it_is_added_and_thrown_out(telegram: Telegram, bot: Tracked) -> None:
    """A service message and the change of its own membership come; afterwards it can't write."""
    place = telegram.world.supergroup("New", telegram.alice)
    await telegram.alice.add(place, telegram.bot)
    added = await bot.message()
    assert [user.id for user in added.new_chat_members] == [telegram.bot.id]
    assert (await bot.raw_update("UpdateChannelParticipant")).user_id == telegram.bot.id
    await telegram.alice.add(place, telegram.bot, "banned")
    with pytest.raises((errors.ChannelPrivate, errors.ChannelInvalid)):
        await bot.client.send_message(added.chat.id, "still here?")


async def test_anonymous_admins_and_topics(telegram: Telegram, bot: Tracked) -> None:
    """An anonymous admin writes as the group itself; a message in a topic names it."""
    telegram.bot.privacy = False
    place = telegram.world.supergroup("Forum", telegram.alice, telegram.bot, forum=True)
    await telegram.alice.say(place, "who am I", anonymous=True)
    hidden = await bot.message()
    assert hidden.from_user is None
    assert hidden.sender_chat.title == "Forum"
    root = await telegram.alice.say(place, "topic root")
    await telegram.alice.say(place, "in there", topic=root.id_for(telegram.alice))
    await bot.message()
    inside = await bot.raw_update("UpdateNewChannelMessage")
    while inside.message.message != "in there":
        inside = await bot.raw_update("UpdateNewChannelMessage")
    assert inside.message.reply_to.forum_topic


async def test_people_read_and_search_channels_and_bots_must_not(
    telegram: Telegram, start: Start, bot: Tracked
) -> None:
    """History and search give pages to a person's client, BOT_METHOD_INVALID to a bot's."""
    place = telegram.world.channel("Archive", telegram.alice, username="archive")
    for number in range(25):
        await telegram.alice.send_file(place, b"ID3", f"song {number}.mp3", "audio/mpeg", text=f"track {number}")
    telegram.bot.met.add(telegram.alice.id)
    with pytest.raises(errors.BotMethodInvalid):
        await anext(bot.client.get_chat_history("archive"))
    reader = await start(telegram.world.person("Reader"))
    newest = [message.caption async for message in reader.client.get_chat_history("archive", limit=3)]
    assert newest == ["track 24", "track 23", "track 22"]
    everything = [message.id async for message in reader.client.get_chat_history("archive")]
    assert everything == list(range(25, 0, -1))
    found = [message.document.file_name async for message in reader.client.search_messages("archive", "track 7")]
    assert found == ["song 7.mp3"]
    await reader.client.join_chat("archive")
    titles = [dialog.chat.title async for dialog in reader.client.get_dialogs()]
    assert titles == ["Archive"]
    await reader.client.leave_chat("archive")
    assert place.members[reader.client.me.id] == "left"


async def test_a_basic_group_is_a_group(telegram: Telegram, bot: Tracked, alice: Tracked) -> None:
    """Its members show, each has own message numbers, who leaves is gone and told of."""
    bob = telegram.world.person("Bob")
    group = telegram.world.group("Friends", telegram.alice, telegram.bot, bob)
    await telegram.alice.say(telegram.bot, "private first")
    await telegram.alice.say(group, "/here")
    command = [await bot.message(), await bot.message()][1]
    assert command.chat.type == enums.ChatType.GROUP
    shown = await bot.client.get_chat(command.chat.id)
    assert (shown.title, shown.members_count) == ("Friends", 3)
    assert (await bot.client.get_chat_member(command.chat.id, telegram.alice.id)).status == enums.ChatMemberStatus.OWNER
    sent = await bot.client.send_message(command.chat.id, "here I am")
    await sent.edit_text("here")
    assert [message.text for message in bob.messages(group)] == ["/here", "here"]
    assert bob.messages(group)[-1].id_for(bob) != sent.id
    await bob.leave(group)
    assert (await bot.raw_update("UpdateNewMessage")) is not None
    with pytest.raises(RpcError, match="CHAT_WRITE_FORBIDDEN"):
        await bob.say(group, "one more thing")
    await bot.client.leave_chat(command.chat.id)
    assert group.members[telegram.bot.id] == "left"
    assert [message.text async for message in alice.client.get_chat_history(command.chat.id, limit=1)] == [None]


async def test_members_are_listed(telegram: Telegram, bot: Tracked) -> None:
    """A bot finds the admins and the bots of a supergroup."""
    bob = telegram.world.person("Bob")
    place = telegram.world.supergroup("Many", telegram.alice, telegram.bot, bob, username="many")
    find = bot.client.get_chat_members
    assert {member.user.id async for member in find("many")} == {telegram.alice.id, telegram.bot.id, bob.id}
    kinds = enums.ChatMembersFilter
    assert [m.user.id async for m in find("many", filter=kinds.ADMINISTRATORS)] == [telegram.alice.id]
    assert [m.user.id async for m in find("many", filter=kinds.BOTS)] == [telegram.bot.id]
    assert [m.user.id async for m in find("many", query="bo", filter=kinds.SEARCH)] == [bob.id]
    assert place.title == "Many"


async def test_a_message_can_be_passed_on_without_its_author(telegram: Telegram, bot: Tracked) -> None:
    """Into a channel as its admin, with or without saying whose it was."""
    place = telegram.world.channel("Out", telegram.alice, telegram.bot)
    place.members[telegram.bot.id] = "admin"
    await telegram.alice.send_file(telegram.bot, b"data", "a.bin")
    message = await bot.message()
    where = await chat_id(bot, place)
    await message.forward(where)
    await message.forward(where, hide_sender_name=True)
    await message.copy(where)
    first, second, third = telegram.alice.messages(place)
    assert first.forwarded_from is not None
    assert (second.forwarded_from, third.forwarded_from) == (None, None)
    assert [len(group) for group in telegram.alice.copies(place)] == [3]
    assert telegram.alice.copies(telegram.bot) == []
