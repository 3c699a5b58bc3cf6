"""channels.* and basic groups: what they are, who is in them, coming and going."""

from typing import Any

from tests.telegram_server import membership, render, updates
from tests.telegram_server.call import Call
from tests.telegram_server.chats import ADMINS, WRITERS, Channel, Group
from tests.telegram_server.faults import RpcError
from tests.telegram_server.handlers.router import Router
from tests.telegram_server.people import Account
from tests.telegram_server.tl import T, build

router = Router()


@router.on("channels.GetChannels")
async def get_channels(call: Call) -> Any:
    """Show channels."""
    return T.messages.Chats(chats=[render.chat(call.channel(peer), call.me) for peer in call.query.id])


@router.on("messages.GetChats")
async def get_chats(call: Call) -> Any:
    """Show basic groups."""
    return T.messages.Chats(chats=[render.chat(call.group(chat_id), call.me) for chat_id in call.query.id])


@router.on("channels.GetFullChannel")
async def get_full_channel(call: Call) -> Any:
    """Show a channel with everything about it."""
    channel = call.channel(call.query.channel)
    full = build(
        T.ChannelFull,
        id=channel.id,
        chat_photo=build(T.PhotoEmpty),
        pts=channel.box.pts,
        participants_count=len(channel.audience()),
    )
    return T.messages.ChatFull(full_chat=full, chats=[render.chat(channel, call.me)], users=[])


@router.on("messages.GetFullChat")
async def get_full_chat(call: Call) -> Any:
    """Show a basic group with its members."""
    group = call.group(call.query.chat_id)
    members = [membership.participant(group, account) for account in group.audience()]
    full = build(
        T.ChatFull,
        id=group.id,
        participants=T.ChatParticipants(chat_id=group.id, participants=members, version=1),
    )
    users = [render.user(account, call.me) for account in group.audience()]
    return T.messages.ChatFull(full_chat=full, chats=[render.chat(group, call.me)], users=users)


@router.on("channels.GetParticipant")
async def get_participant(call: Call) -> Any:
    """Show a member; in channels only admins may ask for others."""
    me, channel = call.me, call.channel(call.query.channel)
    account = call.account(call.query.participant)
    if not channel.supergroup and channel.role(me) not in ADMINS and account is not me:
        raise RpcError(400, "CHAT_ADMIN_REQUIRED")
    if channel.role(account) in ("", "left"):
        raise RpcError(400, "USER_NOT_PARTICIPANT")
    return T.channels.ChannelParticipant(
        participant=membership.participant(channel, account),
        chats=[render.chat(channel, me)],
        users=[render.user(account, me)],
    )


def _fits(channel: Channel, account: Account, wanted: Any) -> bool:
    if isinstance(wanted, T.ChannelParticipantsAdmins):
        return channel.role(account) in ADMINS
    if isinstance(wanted, T.ChannelParticipantsBots):
        return account.is_bot
    return str(getattr(wanted, "q", "")).lower() in account.name.lower()


@router.on("channels.GetParticipants")
async def get_participants(call: Call) -> Any:
    """List members."""
    me, channel, query = call.me, call.channel(call.query.channel), call.query
    if not channel.supergroup and channel.role(me) not in ADMINS:
        raise RpcError(400, "CHAT_ADMIN_REQUIRED")
    members = [account for account in channel.audience() if _fits(channel, account, query.filter)]
    shown = members[query.offset : query.offset + query.limit]
    return T.channels.ChannelParticipants(
        count=len(members),
        participants=[membership.participant(channel, account) for account in shown],
        chats=[render.chat(channel, me)],
        users=[render.user(account, me) for account in shown],
    )


def _move(call: Call, place: Group | Channel, account: Account, role: str) -> Any:
    membership.set_role(call.world, place, account, role, call.me)
    update = [T.UpdateChannel(channel_id=place.id)] if isinstance(place, Channel) else []
    return updates.pack(update, call.me, chats=[place])


@router.on("channels.JoinChannel")
async def join_channel(call: Call) -> Any:
    """Become a member of a public channel."""
    me, channel = call.person, call.channel(call.query.channel)
    if channel.role(me) in WRITERS:
        raise RpcError(400, "USER_ALREADY_PARTICIPANT")
    return _move(call, channel, me, "member")


@router.on("channels.LeaveChannel")
async def leave_channel(call: Call) -> Any:
    """Be a member no longer."""
    me, channel = call.me, call.channel(call.query.channel)
    if channel.role(me) not in WRITERS:
        raise RpcError(400, "USER_NOT_PARTICIPANT")
    return _move(call, channel, me, "left")


@router.on("messages.DeleteChatUser")
async def delete_chat_user(call: Call) -> Any:
    """Leave a basic group, or throw somebody out of it."""
    group, account = call.group(call.query.chat_id), call.account(call.query.user_id)
    if account is not call.me and group.role(call.me) not in ADMINS:
        raise RpcError(400, "CHAT_ADMIN_REQUIRED")
    return _move(call, group, account, "left")
