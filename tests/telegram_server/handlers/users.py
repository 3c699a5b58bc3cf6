"""users.* and contacts.*: who somebody is, and whose a username is."""

from typing import Any

from tests.telegram_server import render
from tests.telegram_server.call import Call
from tests.telegram_server.chats import Channel
from tests.telegram_server.faults import RpcError
from tests.telegram_server.handlers.router import Router
from tests.telegram_server.people import Account
from tests.telegram_server.tl import T, build

router = Router()


@router.on("users.GetUsers")
async def get_users(call: Call) -> Any:
    """Show accounts; those that the asking one may not know are left out."""
    shown = []
    for peer in call.query.id:
        try:
            shown.append(render.user(call.account(peer), call.me))
        except RpcError as error:
            if error.code != 400:
                raise
    return shown


@router.on("users.GetFullUser")
async def get_full_user(call: Call) -> Any:
    """Show an account with everything about it."""
    account = call.account(call.query.id)
    full = build(T.UserFull, id=account.id, blocked=account.id in call.me.blocked)
    return build(T.users.UserFull, full_user=full, users=[render.user(account, call.me)])


@router.on("contacts.ResolveUsername")
async def resolve_username(call: Call) -> Any:
    """Find who has a username."""
    found = call.world.find_username(call.query.username)
    if isinstance(found, Account):
        return T.contacts.ResolvedPeer(peer=T.PeerUser(user_id=found.id), chats=[], users=[render.user(found, call.me)])
    if isinstance(found, Channel):
        return T.contacts.ResolvedPeer(peer=found.peer(call.me), chats=[render.chat(found, call.me)], users=[])
    raise RpcError(400, "USERNAME_NOT_OCCUPIED")


@router.on("account.UpdateStatus")
async def update_status(call: Call) -> Any:
    """Take that somebody is online."""
    _ = call.me
    return True
