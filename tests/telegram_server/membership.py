"""Who comes, goes, is banned or promoted, and which bots are told of it."""

from typing import TYPE_CHECKING, Any

from tests.telegram_server import updates
from tests.telegram_server.chats import WRITERS, Channel, Group
from tests.telegram_server.people import Account, Bot
from tests.telegram_server.render import admin_rights
from tests.telegram_server.tl import T, build

if TYPE_CHECKING:
    from tests.telegram_server.world import World


def participant(place: Group | Channel, account: Account, role: str | None = None) -> Any:
    """Show a member of a group or channel, or how somebody left it."""
    role = place.role(account) if role is None else role
    if isinstance(place, Group):
        constructors = {"creator": T.ChatParticipantCreator, "admin": T.ChatParticipantAdmin}
        return build(
            constructors.get(role, T.ChatParticipant), user_id=account.id, inviter_id=account.id, date=place.at
        )
    constructors = {
        "creator": T.ChannelParticipantCreator,
        "admin": T.ChannelParticipantAdmin,
        "banned": T.ChannelParticipantBanned,
        "left": T.ChannelParticipantLeft,
    }
    return build(
        constructors.get(role, T.ChannelParticipant),
        user_id=account.id,
        peer=T.PeerUser(user_id=account.id),
        date=place.at,
        admin_rights=admin_rights(),
        promoted_by=account.id,
        kicked_by=account.id,
        left=True,
        banned_rights=build(T.ChatBannedRights, view_messages=True, until_date=0),
    )


def set_role(world: "World", place: Group | Channel, account: Account, role: str, actor: Account) -> None:
    """Let somebody come, go or change; groups get a service message, bots who may know are told."""
    before = place.role(account)
    if before == role:
        return
    old = participant(place, account, before) if before in WRITERS else None
    was_in, is_in = before in WRITERS, role in WRITERS
    talkative = isinstance(place, Group) or place.supergroup
    if was_in and not is_in and talkative:
        world.post(actor, place, action=T.MessageActionChatDeleteUser(user_id=account.id))
    place.members[account.id] = role
    world.introduce(place)
    if is_in and not was_in and talkative:
        world.post(actor, place, action=T.MessageActionChatAddUser(users=[account.id]))
    new = participant(place, account, role) if is_in or role == "banned" else None
    told = dict.fromkeys([*place.audience(), account])
    for bot in told:
        # Bots hear of others only as admins, of themselves always.
        if isinstance(bot, Bot) and (bot is account or place.role(bot) in ("creator", "admin")):
            fields = {"actor_id": actor.id, "user_id": account.id, "prev_participant": old, "new_participant": new}
            key = "chat_id" if isinstance(place, Group) else "channel_id"
            constructor = T.UpdateChatParticipant if isinstance(place, Group) else T.UpdateChannelParticipant
            updates.announce_to_bot(world, bot, constructor, [actor, account], place, **{key: place.id}, **fields)
    world.changed()


def block(world: "World", person: Account, bot: Bot, *, stopped: bool) -> None:
    """Stop a bot or take that back; it is told."""
    if stopped == (bot.id in person.blocked):
        return
    (person.blocked.add if stopped else person.blocked.discard)(bot.id)
    updates.announce_to_bot(world, bot, T.UpdateBotStopped, [person], None, user_id=person.id, stopped=stopped)
    world.changed()
