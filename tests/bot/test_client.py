"""The life of the bot's connection: one login ever, nothing missed, no trouble of Telegram's ends the process."""

import asyncio

import pytest

from tests.bot.conftest import settled
from tests.telegram_server.faults import Cut, Mute, RpcError, flood_wait
from utils.logs import setup_logs

LINK = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
LOGIN = "auth.ImportBotAuthorization"


def logins(telegram):
    return len(telegram.server.calls_of(LOGIN))


async def answered(telegram, text=LINK):
    """Say something and get the bot's answer."""
    said = await telegram.alice.say(telegram.bot, text)
    return await telegram.alice.wait_for(lambda m: True, after=said, seconds=20)


async def test_one_login_ever(run, telegram):
    """A restart uses the kept session; nothing of it stands in the clear in the database."""
    bot = await run()
    key = bot.part._line.client.storage.record.auth_key
    for _ in range(2):
        await run()
    assert logins(telegram) == 1
    await run()
    await run.stop()
    files = [path.read_bytes() for path in bot.folder.glob("goldcrest.db*")]
    assert files
    assert not any(key in content or key[:16] in content for content in files)


async def test_what_came_meanwhile_is_read(run, telegram):
    """Messages of the time between two processes are answered, each once; so is one in a group."""
    group = telegram.world.supergroup("Birds", telegram.alice)
    await telegram.alice.add(group, telegram.bot, "admin")
    bot = await run()
    await answered(telegram, "/start")
    await telegram.alice.say(group, "/help@goldcrest_bot")
    await telegram.alice.wait_for(lambda m: True, chat=group)
    await settled(lambda: not bot.part._desk.open_events())
    await run.stop()
    missed = [await telegram.alice.say(telegram.bot, "/help") for _ in range(3)]
    in_group = await telegram.alice.say(group, "/help@goldcrest_bot")
    bot = await run()
    await telegram.world.until(lambda: {m.reply_to for m in telegram.alice.messages()} >= {*missed, in_group})
    await settled(lambda: not bot.part._desk.open_events())
    assert len([m for m in telegram.alice.messages() if m.sender is telegram.bot]) == 6


async def test_updates_that_come_twice_are_handled_once(run, telegram):
    """Neither a message nor a press that Telegram repeats is dealt with again, in this process or the next."""
    telegram.server.faults.repeat_updates = 3
    bot = await run()
    await answered(telegram, "/help")
    menu = await telegram.alice.wait_for(lambda m: m.sender is telegram.bot)
    await answered(telegram, "no link, which is answered as an error")
    await settled(lambda: not bot.part._desk.open_events())
    await run()
    said = await telegram.alice.say(telegram.bot, "/start")
    await telegram.world.until(lambda: said in {m.reply_to for m in telegram.alice.messages()})
    answers = [m for m in telegram.alice.messages() if m.sender is telegram.bot]
    assert len(answers) == 3
    assert menu in answers


async def test_flood_at_login_is_waited_out(run, telegram):
    """The process lives, waits as long as it was told and a second, and then signs in."""
    telegram.server.faults.add(LOGIN, flood_wait(1057))
    bot = await run()
    await settled(lambda: bot.part.health().ok)
    assert 1058 in bot.sleeps
    assert logins(telegram) == 2


async def test_health_says_what_telegram_asks_for(run, telegram):
    """While waiting, the detail names the error and the seconds that are left; start has returned long before."""
    telegram.server.faults.add(LOGIN, flood_wait(3135), times=None)
    bot = await run(endless=3000)
    await settled(lambda: "3136 s" in bot.part.health().detail)
    assert not bot.part.health().ok
    assert "FLOOD_WAIT_3135" in bot.part.health().detail


async def test_a_wrong_token_is_said_in_one_line(run, telegram, capsys):
    """No traceback; health names the setting; it is tried again much later only."""
    bot = await run(BOT_TOKEN=f"{telegram.bot.id}:{'x' * 35}")
    assert not bot.part.health().ok
    assert "BOT_TOKEN" in bot.part.health().detail
    assert "ACCESS_TOKEN_INVALID" in bot.part.health().detail
    assert 600 in bot.sleeps
    assert "Traceback" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("code", "name"), [(401, "AUTH_KEY_UNREGISTERED"), (406, "AUTH_KEY_DUPLICATED"), (401, "SESSION_REVOKED")]
)
@pytest.mark.parametrize("method", ["updates.GetState", "help.GetConfig"])
async def test_a_dead_session_leads_to_a_new_login(run, telegram, code, name, method):
    """Found out at the start: the kept session is dropped, the bot signs in anew and works."""
    await run()
    await run.stop()
    telegram.server.faults.add(method, RpcError(code, name))
    await run()
    assert await answered(telegram, "/help")
    assert logins(telegram) == 2
    await run()
    assert logins(telegram) == 2


async def test_a_session_that_dies_later_leads_to_a_new_login(bot, telegram):
    """Found out by a call in the middle of the life: the next messages are answered over a new session."""
    telegram.server.faults.add("messages.SendMessage", RpcError(401, "AUTH_KEY_UNREGISTERED"))
    await telegram.alice.say(telegram.bot, "/help")
    await settled(lambda: logins(telegram) == 1)
    await settled(lambda: bot.part.health().ok)
    assert await answered(telegram, "/start")


async def test_a_key_that_the_server_forgot_leads_to_a_new_login(run, telegram):
    """The transport's own 404, which pyrogram waits on for minutes."""
    await run()
    await run.stop()
    telegram.server.keys.clear()
    telegram.server.sessions.clear()
    await run()
    assert await answered(telegram, "/help")
    assert logins(telegram) == 2


async def test_a_broken_seal_leads_to_a_new_login(run, telegram):
    """A session that somebody changed is not used, and no reason to stop."""
    bot = await run()
    await bot.database.run("UPDATE telegram_sessions SET sealed = ?", b"\x01" + bytes(200))
    await run()
    assert await answered(telegram, "/help")
    assert logins(telegram) == 2


async def test_a_session_belongs_to_its_token(run, telegram):
    """Another token of the same bot can't open it."""
    bot = await run()
    sealed = await bot.database.one("SELECT sealed FROM telegram_sessions")
    telegram.bot.token = f"{telegram.bot.id}:{'y' * 35}"
    bot = await run(BOT_TOKEN=telegram.bot.token)
    assert logins(telegram) == 2
    assert (await bot.database.one("SELECT sealed FROM telegram_sessions"))["sealed"] != sealed["sealed"]


async def test_a_bot_that_lives_in_another_data_centre(run, telegram):
    """USER_MIGRATE at the login: the other address comes from the server, and is kept."""
    telegram.bot.home_dc = 4
    await run()
    assert await answered(telegram, "/help")
    await run()
    assert await answered(telegram, "/start")
    assert logins(telegram) == 2  # one that was sent on, one that succeeded


async def test_telegram_unreachable_at_the_start(run, telegram):
    """The part starts all the same, says so, and signs in as soon as somebody answers."""
    await telegram.server.stop()
    bot = await run()
    assert not bot.part.health().ok
    assert "does not answer" in bot.part.health().detail
    await telegram.server.start()
    await settled(lambda: bot.part.health().ok, 20)
    assert await answered(telegram, "/help")


async def test_a_cut_connection_heals_and_nothing_is_missed(bot, telegram):
    """What is said while the connection is down is answered afterwards, once."""
    await answered(telegram, "/start")
    await telegram.server.stop()
    await settled(lambda: not bot.part.health().ok)
    assert bot.part.health().detail == "reconnecting"
    said = await telegram.alice.say(telegram.bot, "/help")
    await telegram.server.start()
    await telegram.world.until(lambda: said in {m.reply_to for m in telegram.alice.messages()}, 20)
    assert bot.part.health().ok


async def test_a_gap_is_read_although_later_updates_came_first(bot, telegram):
    """After a break, an update that arrives before the missed ones are asked for doesn't hide them."""
    await answered(telegram, "/start")
    line = bot.part._line
    line.down()
    telegram.server.faults.lose_updates = True
    missed = await telegram.alice.say(telegram.bot, "/help")
    telegram.server.faults.lose_updates = False
    await answered(telegram, "/start")
    await line.catch_up()
    await telegram.world.until(lambda: missed in {m.reply_to for m in telegram.alice.messages()})


async def test_an_answer_that_is_lost_with_the_connection_is_asked_for_at_once(bot, telegram):
    """A call on a connection that breaks is made again on the next one, without waiting for a timeout."""
    telegram.server.faults.add("messages.SendMessage", Cut(after=False))
    async with asyncio.timeout(8):
        assert await answered(telegram, "/help")
    assert len([m for m in telegram.alice.messages() if m.sender is telegram.bot]) == 1


async def test_stop_is_bounded_and_leaves_nothing(run, telegram):
    """With a handler that waits for an answer that never comes, stop returns soon and no task stays."""
    before = asyncio.all_tasks()
    bot = await run()
    telegram.server.faults.add("messages.SendMessage", Mute(), times=None)
    await telegram.alice.say(telegram.bot, "/help")
    await settled(lambda: telegram.server.calls_of("messages.SendMessage"))
    async with asyncio.timeout(3):
        await bot.part.stop()
    names = {repr(task.get_coro()) for task in asyncio.all_tasks() - before}
    assert not [name for name in names if any(owner in name for owner in ("Session.", "Client.", "Tasks.", "Line."))]


async def test_stop_is_bounded_while_telegram_is_gone(run, telegram, sites):
    """With a look under way and nobody to take its status away."""
    bot = await run()
    sites.looking.clear()
    await answered(telegram, LINK)
    await telegram.server.stop()
    async with asyncio.timeout(4):
        await bot.part.stop()
    await telegram.server.start()
    sites.looking.set()


@pytest.mark.parametrize("error", [flood_wait(0), RpcError(400, "CHANNEL_MONOFORUM_UNSUPPORTED")])
async def test_reading_what_was_missed_survives_a_refusal(run, telegram, error):
    """A flood wait is waited out; a chat that can't be read doesn't cost the private chats their messages."""
    group = telegram.world.supergroup("Birds", telegram.alice)
    await telegram.alice.add(group, telegram.bot, "admin")
    await run()
    await telegram.alice.say(group, "/help@goldcrest_bot")
    await telegram.alice.wait_for(lambda m: True, chat=group)
    await answered(telegram, "/start")
    await run.stop()
    missed = await telegram.alice.say(telegram.bot, "/help")
    telegram.server.faults.add("updates.GetChannelDifference", error)
    await run()
    await telegram.world.until(lambda: missed in {m.reply_to for m in telegram.alice.messages()})


async def test_reading_what_was_missed_is_taken_up_later(run, telegram):
    """Telegram refuses to tell: the next connection asks from the same place."""
    await run()
    await answered(telegram, "/start")
    await run.stop()
    missed = await telegram.alice.say(telegram.bot, "/help")
    telegram.server.faults.add("updates.GetDifference", RpcError(400, "INPUT_FETCH_ERROR"), times=2)
    bot = await run()
    await settled(lambda: telegram.server.calls_of("bots.SetBotCommands"))
    await answered(telegram, "/start")
    await bot.part._line.catch_up()
    await telegram.world.until(lambda: missed in {m.reply_to for m in telegram.alice.messages()})


async def test_errors_that_pyrogram_does_not_know_leave_no_file(bot, telegram, tmp_path, monkeypatch):
    """A new error name of Telegram is logged by us and written nowhere."""
    monkeypatch.chdir(tmp_path)
    telegram.server.faults.add("messages.SendMessage", RpcError(400, "BRAND_NEW_ERROR"))
    telegram.server.faults.add("messages.SendMessage", RpcError(599, "STRANGE"))
    await telegram.alice.say(telegram.bot, "/help")
    await answered(telegram, "/help")
    assert not (tmp_path / "unknown_errors.txt").exists()


async def test_commands_are_announced(bot, telegram):
    """The app's menu holds /start and /help; the owner's is told of in test_people."""
    await settled(lambda: telegram.bot.commands)
    assert [command.command for command in telegram.bot.commands["Default", ""]] == ["start", "help"]


async def test_a_claim_link_in_the_log_makes_the_owner(run, telegram):
    """Closed until somebody opens the link; it works once; strangers hear one polite sentence, in groups none."""
    bob = telegram.world.person("Bob", "bob")
    bot = await run(OWNER_ID="0")
    token = await bot.app.users.new_claim()
    polite = await answered(telegram, LINK)
    assert "private" in polite.text
    await telegram.alice.say(telegram.bot, "hello?")
    wrong = await telegram.alice.start(telegram.bot, "claim_wrong")
    await telegram.alice.wait_for(lambda m: "private" in m.text, after=wrong)
    await telegram.alice.start(telegram.bot, f"claim_{token}")
    await telegram.alice.wait_for(lambda m: "yours" in m.text)
    await bob.start(telegram.bot, f"claim_{token}")
    assert "private" in (await bob.wait_for(lambda m: True)).text
    assert bot.app.users.owner_id == telegram.alice.id
    group = telegram.world.supergroup("Birds", bob)
    await bob.add(group, telegram.bot, "admin")
    await bob.say(group, LINK)
    assert await answered(telegram, "/help")
    assert not [m for m in bob.messages(group) if m.sender is telegram.bot]
    assert len([m for m in telegram.alice.messages() if "serves only" in m.text]) == 1


async def test_the_claim_link_stands_in_the_log(run, telegram, capsys):
    """As something to open, with a token that isn't stored."""
    setup_logs()
    await run(OWNER_ID="0")
    await settled(lambda: telegram.server.calls_of("bots.SetBotCommands"))
    log = "".join(capsys.readouterr())
    assert "https://t.me/goldcrest_bot?start=claim_" in log


async def test_strangers_presses_are_refused(bot, telegram):
    """Somebody who was not let in can't use the owner's buttons."""
    bob = telegram.world.person("Bob", "bob")
    group = telegram.world.supergroup("Birds", telegram.alice, bob)
    await telegram.alice.add(group, telegram.bot, "admin")
    said = await telegram.alice.say(group, LINK)
    menu = await telegram.alice.wait_for(lambda m: len(m.buttons) > 1, chat=group, after=said)
    answer = await bob.press(menu, "Best")
    assert answer.alert
    assert "private" in answer.text
    assert bot.sites.fetches == []
