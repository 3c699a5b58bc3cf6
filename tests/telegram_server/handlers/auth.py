"""auth.* and help.getConfig: signing in as a bot or by phone, other data centres, signing out."""

import os
import secrets
import time
from typing import Any

from tests.telegram_server import render
from tests.telegram_server.actors import Person
from tests.telegram_server.call import Call
from tests.telegram_server.faults import RpcError
from tests.telegram_server.handlers.router import Router
from tests.telegram_server.limits import CAPTION_CHARACTERS, TEXT_CHARACTERS
from tests.telegram_server.people import Account, Bot
from tests.telegram_server.tl import T, build

router = Router()

_CODE_LIFE_SECONDS = 300


@router.on("help.GetConfig")
async def get_config(call: Call) -> Any:
    """Tell the addresses of every data centre and the lengths that are allowed."""
    now = int(time.time())
    options = [
        build(T.DcOption, id=dc, ip_address="127.0.0.1", port=port, static=True)
        for dc, port in call.server.ports.items()
    ]
    return build(
        T.Config,
        date=now,
        expires=now + 3600,
        this_dc=call.dc,
        dc_options=options,
        message_length_max=TEXT_CHARACTERS,
        caption_length_max=CAPTION_CHARACTERS,
        me_url_prefix="https://t.me/",
    )


@router.on("help.GetNearestDc")
async def get_nearest_dc(call: Call) -> Any:
    """Tell the nearest data centre."""
    return build(T.NearestDc, country="UZ", this_dc=call.dc, nearest_dc=call.server.dcs[0])


def _check_api(call: Call) -> None:
    world, query = call.world, call.query
    if world.api_id and (query.api_id, query.api_hash) != (world.api_id, world.api_hash):
        raise RpcError(400, "API_ID_INVALID")


def _sign_in(call: Call, account: Account, migration: str) -> Any:
    if account.home_dc != call.dc and account.home_dc in call.server.ports:
        raise RpcError(303, f"{migration}_MIGRATE_{account.home_dc}")
    if account.deactivated:
        raise RpcError(401, "USER_DEACTIVATED")
    call.session.key.user_id = account.id
    return build(T.auth.Authorization, user=render.user(account, account))


@router.on("auth.ImportBotAuthorization")
async def import_bot_authorization(call: Call) -> Any:
    """Sign a bot in by its token."""
    _check_api(call)
    token = call.query.bot_auth_token
    for account in call.world.accounts.values():
        if isinstance(account, Bot) and secrets.compare_digest(account.token, token):
            return _sign_in(call, account, "USER")
    raise RpcError(400, "ACCESS_TOKEN_INVALID")


def _phone_owner(call: Call) -> Person:
    number = call.query.phone_number.lstrip("+").replace(" ", "")
    if not number.isdecimal():
        raise RpcError(400, "PHONE_NUMBER_INVALID")
    for account in call.world.accounts.values():
        if isinstance(account, Person) and account.phone == number:
            return account
    raise RpcError(400, "PHONE_NUMBER_UNOCCUPIED")


@router.on("auth.SendCode", "auth.ResendCode")
async def send_code(call: Call) -> Any:
    """Send a login code: it stands in `Person.login_code`."""
    if hasattr(call.query, "api_id"):
        _check_api(call)
    person = _phone_owner(call)
    if person.home_dc != call.dc and person.home_dc in call.server.ports:
        raise RpcError(303, f"PHONE_MIGRATE_{person.home_dc}")
    code, code_hash = f"{secrets.randbelow(90_000) + 10_000}", secrets.token_hex(9)
    call.world.login_codes[person.phone] = (code, code_hash, call.world.clock())
    return build(T.auth.SentCode, type=T.auth.SentCodeTypeApp(length=len(code)), phone_code_hash=code_hash)


@router.on("auth.SignIn")
async def sign_in(call: Call) -> Any:
    """Sign a person in by the code."""
    person, query = _phone_owner(call), call.query
    code, code_hash, at = call.world.login_codes.get(person.phone, ("", "", 0.0))
    if not code or query.phone_code_hash != code_hash or call.world.clock() - at > _CODE_LIFE_SECONDS:
        raise RpcError(400, "PHONE_CODE_EXPIRED")
    if query.phone_code != code:
        raise RpcError(400, "PHONE_CODE_INVALID")
    answer = _sign_in(call, person, "PHONE")
    del call.world.login_codes[person.phone]
    return answer


@router.on("auth.ExportAuthorization")
async def export_authorization(call: Call) -> Any:
    """Give a ticket with which the same client signs in to another data centre."""
    dc = call.query.dc_id
    if dc == call.dc or dc not in call.server.ports:
        raise RpcError(400, "DC_ID_INVALID")
    ticket = os.urandom(32)
    call.world.exported[ticket] = (call.me.id, dc)
    return T.auth.ExportedAuthorization(id=call.me.id, bytes=ticket)


@router.on("auth.ImportAuthorization")
async def import_authorization(call: Call) -> Any:
    """Take such a ticket; each is good once, for its data centre."""
    if call.world.exported.pop(call.query.bytes, None) != (call.query.id, call.dc):
        raise RpcError(400, "AUTH_BYTES_INVALID")
    account = call.world.accounts[call.query.id]
    call.session.key.user_id = account.id
    return build(T.auth.Authorization, user=render.user(account, account))


@router.on("auth.LogOut")
async def log_out(call: Call) -> Any:
    """End the authorization of this key."""
    _ = call.me
    call.session.key.user_id = None
    call.session.wants_updates = False
    return build(T.auth.LoggedOut)
