"""updates.*: asking for updates, and catching up on those that were missed."""

import time
from collections.abc import Sequence
from typing import Any

from tests.telegram_server import render, updates
from tests.telegram_server.call import Call
from tests.telegram_server.chats import Channel, Event
from tests.telegram_server.faults import RpcError
from tests.telegram_server.handlers.router import Router
from tests.telegram_server.people import Bot
from tests.telegram_server.tl import T, build

router = Router()

_SLICE_EVENTS = 100


def _state(call: Call, pts: int) -> Any:
    qts = getattr(call.me, "qts", 0)
    return T.updates.State(pts=pts, qts=qts, date=int(time.time()), seq=0, unread_count=0)


@router.on("updates.GetState")
async def get_state(call: Call) -> Any:
    """Begin to send updates to this session and tell where they stand."""
    me, session = call.me, call.session
    rivals = [
        other
        for other in call.server.sessions.values()
        if other is not session and other.key is session.key and other.wants_updates and other.connected
    ]
    if call.server.one_session_per_key and rivals:
        session.key.dead = True
        raise RpcError(406, "AUTH_KEY_DUPLICATED")
    session.wants_updates = True
    return _state(call, me.box.pts)


def _told(events: Sequence[Event], channel: Channel | None, call: Call) -> dict[str, Any]:
    """Show missed events: new messages apart from other changes, what is gone since then left out."""
    me = call.me
    alive = [
        event
        for event in events
        if event.message is None or (event.message.deleted_at is None and event.message.chat.shows(event.message, me))
    ]
    new = [event.message for event in alive if event.kind == "new" and event.message is not None]
    people, places = updates.gather([e.message for e in alive if e.message is not None], me)
    return {
        "new_messages": [render.message(message, me) for message in new],
        "other_updates": [updates.event_update(event, channel, me) for event in alive if event.kind != "new"],
        "users": [render.user(account, me) for account in people],
        "chats": [render.chat(place, me) for place in places],
    }


def _stale_channels(call: Call) -> list[Channel]:
    """Give the channels that changed since the date of the question."""
    me, since = call.me, call.query.date
    return [
        channel
        for channel in call.world.channels.values()
        if me in channel.audience() and channel.box.events and channel.box.events[-1].at >= since
    ]


@router.on("updates.GetDifference")
async def get_difference(call: Call) -> Any:
    """Replay what private chats and basic groups have seen since a state."""
    me, query = call.me, call.query
    call.session.wants_updates = True
    if query.pts <= 0:
        raise RpcError(400, "PERSISTENT_TIMESTAMP_EMPTY")
    missed = [event for event in me.box.events if event.pts > query.pts]
    most = min(query.pts_total_limit or query.pts_limit or _SLICE_EVENTS, _SLICE_EVENTS)
    told = _told(missed[:most], None, call)
    if isinstance(me, Bot):
        for qts, make in me.missed:
            if qts > query.qts:
                late = make()
                told["other_updates"] += late.updates
                told["users"] += late.users
                told["chats"] += late.chats
        me.missed.clear()
    stale = _stale_channels(call)
    told["other_updates"] += [build(T.UpdateChannelTooLong, channel_id=c.id, pts=c.box.pts) for c in stale]
    shown = {place.id for place in told["chats"]}
    told["chats"] += [render.chat(channel, me) for channel in stale if channel.id not in shown]
    if not missed and not told["other_updates"]:
        return T.updates.DifferenceEmpty(date=int(time.time()), seq=0)
    told["new_encrypted_messages"] = []
    if len(missed) > most:
        return build(T.updates.DifferenceSlice, intermediate_state=_state(call, missed[most - 1].pts), **told)
    return build(T.updates.Difference, state=_state(call, me.box.pts), **told)


@router.on("updates.GetChannelDifference")
async def get_channel_difference(call: Call) -> Any:
    """Replay what a channel has seen since a state."""
    channel, query = call.channel(call.query.channel), call.query
    pts = channel.box.pts
    if query.pts <= 0:
        raise RpcError(400, "PERSISTENT_TIMESTAMP_EMPTY")
    missed = [event for event in channel.box.events if event.pts > query.pts]
    ranges = getattr(query.filter, "ranges", None)
    if ranges:
        missed = [
            event
            for event in missed
            if event.message is not None and any(r.min_id <= event.message.ids[channel.box] <= r.max_id for r in ranges)
        ]
    if not missed:
        return build(T.updates.ChannelDifferenceEmpty, final=True, pts=pts)
    most = max(1, min(query.limit, _SLICE_EVENTS))
    told = _told(missed[:most], channel, call)
    if not told["chats"]:
        told["chats"] = [render.chat(channel, call.me)]
    final = len(missed) <= most
    return build(T.updates.ChannelDifference, final=final, pts=pts if final else missed[most - 1].pts, **told)
