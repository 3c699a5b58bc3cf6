"""Signing in, as a bot and by phone; several data centres; signing out."""

from pathlib import Path

import pytest
from pyrogram import errors, raw
from pyrogram.raw.functions.auth import ExportAuthorization, ImportAuthorization, ImportBotAuthorization

from tests.telegram_server.client import API_HASH, API_ID, client_for
from tests.telegram_server.faults import flood_wait
from tests.telegram_server.harness import Telegram
from tests.telegram_server_tests.conftest import Start


async def test_a_bot_signs_in_by_its_token(telegram: Telegram, start: Start) -> None:
    """The whole way: key exchange, a salt learnt from the refusal of none, initConnection, the token, getState."""
    bot = await start(bot_token=telegram.bot.token)
    assert (bot.client.me.id, bot.client.me.username, bot.client.me.is_bot) == (telegram.bot.id, "goldcrest_bot", True)
    names = [call.name for call in telegram.server.calls]
    assert names == ["help.GetConfig", "auth.ImportBotAuthorization", "updates.GetState", "users.GetFullUser"]


async def test_wrong_tokens_and_api_ids_are_refused(telegram: Telegram, start: Start) -> None:
    """ACCESS_TOKEN_INVALID and API_ID_INVALID, as the person who sets the bot up would meet them."""
    with pytest.raises(errors.AccessTokenInvalid):
        await start(bot_token="1:wrong")
    with pytest.raises(errors.ApiIdInvalid):
        await start(bot_token=telegram.bot.token, api_hash="0" * 32)


async def test_a_flood_of_logins_is_told_with_its_seconds(telegram: Telegram, start: Start) -> None:
    """Restart loops meet waits of a quarter of an hour and more."""
    telegram.server.faults.add("auth.importBotAuthorization", flood_wait(1057))
    with pytest.raises(errors.FloodWait) as caught:
        await start(bot_token=telegram.bot.token)
    assert caught.value.value == 1057


async def test_a_bot_of_another_data_centre_is_sent_there(telegram: Telegram, start: Start) -> None:
    """USER_MIGRATE_4: the client makes a key there and stays, the address coming from help.getConfig."""
    far = telegram.world.bot("Far", "far_bot", home_dc=4)
    bot = await start(bot_token=far.token)
    assert await bot.client.storage.dc_id() == 4
    assert await bot.client.storage.port() == telegram.server.ports[4]
    await telegram.alice.say(far, "hi")
    assert (await bot.message()).text == "hi"


async def test_a_kept_session_signs_in_no_second_time(telegram: Telegram, start: Start, tmp_path: Path) -> None:
    """With a storage that lasts the second start needs neither key exchange nor token."""
    first = await start(bot_token=telegram.bot.token, workdir=tmp_path)
    await first.client.stop()
    telegram.server.calls.clear()
    second = await start(bot_token=telegram.bot.token, workdir=tmp_path)
    assert second.client.me.id == telegram.bot.id
    assert not telegram.server.calls_of("auth.")
    assert len(telegram.server.keys) == 1


async def test_a_person_signs_in_by_phone(telegram: Telegram) -> None:
    """SendCode and signIn; a wrong code is refused, a right one is good once."""
    client = client_for(telegram.server, "phone")
    await client.connect()
    sent = await client.send_phone_number_code(telegram.alice.phone)
    with pytest.raises(errors.PhoneCodeInvalid):
        await client.sign_in(telegram.alice.phone, sent.phone_code_hash, "00000")
    user = await client.sign_in(telegram.alice.phone, sent.phone_code_hash, telegram.alice.login_code)
    assert (user.id, user.first_name) == (telegram.alice.id, "Alice")
    with pytest.raises(errors.PhoneCodeExpired):
        await client.sign_in(telegram.alice.phone, sent.phone_code_hash, "12345")
    with pytest.raises(errors.PhoneNumberUnoccupied):
        await client.send_phone_number_code("+998000000")
    await client.disconnect()


async def test_signing_out_ends_the_authorization(telegram: Telegram, start: Start) -> None:
    """After log_out the key belongs to nobody and updates end."""
    bot = await start(bot_token=telegram.bot.token)
    await bot.client.log_out()
    [key] = telegram.server.keys.values()
    assert key.user_id is None


async def test_an_authorization_is_carried_to_another_data_centre_once(telegram: Telegram, start: Start) -> None:
    """ExportAuthorization's ticket is good once, and only where it was made for."""
    bot = await start(telegram.bot)
    with pytest.raises(errors.DcIdInvalid):
        await bot.client.invoke(ExportAuthorization(dc_id=2))
    ticket = await bot.client.invoke(ExportAuthorization(dc_id=4))
    with pytest.raises(errors.AuthBytesInvalid):
        await bot.client.invoke(ImportAuthorization(id=ticket.id, bytes=ticket.bytes))
    far = await bot.client.get_session(4)
    users = await far.invoke(raw.functions.users.GetUsers(id=[raw.types.InputUserSelf()]))
    assert users[0].id == telegram.bot.id
    await far.stop()


async def test_a_request_before_signing_in_is_unauthorised(telegram: Telegram) -> None:
    """AUTH_KEY_UNREGISTERED for whoever has not signed in."""
    client = client_for(telegram.server, "nobody")
    await client.connect()
    with pytest.raises(errors.AuthKeyUnregistered):
        await client.invoke(raw.functions.updates.GetState())
    await client.invoke(
        ImportBotAuthorization(flags=0, api_id=API_ID, api_hash=API_HASH, bot_auth_token=telegram.bot.token)
    )
    assert (await client.invoke(raw.functions.updates.GetState())).pts == 1
    await client.disconnect()


async def test_two_processes_with_one_key_kill_it_where_that_is_asked_for(telegram: Telegram, start: Start) -> None:
    """AUTH_KEY_DUPLICATED for the second, and a dead key for both afterwards."""
    telegram.server.one_session_per_key = True
    first = await start(telegram.bot)
    exported = await first.client.export_session_string()
    with pytest.raises(errors.AuthKeyDuplicated):
        await start(telegram.bot, session_string=exported)
    assert all(key.dead for key in telegram.server.keys.values())
