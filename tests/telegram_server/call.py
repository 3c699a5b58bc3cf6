"""One request in the hands of its handler: who asks, and the accounts and chats that its arguments mean."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.telegram_server.chats import Channel, Chat, Group
from tests.telegram_server.faults import RpcError
from tests.telegram_server.people import Account
from tests.telegram_server.tl import T
from tests.telegram_server.world import World

if TYPE_CHECKING:
    from tests.telegram_server.messages import Message
    from tests.telegram_server.server import Server
    from tests.telegram_server.session import Session


@dataclass(frozen=True, slots=True)
class Call:
    """A request; `me` and the look-ups raise the RpcError that Telegram answers with."""

    server: "Server"
    world: World
    session: "Session"
    dc: int
    query: Any

    @property
    def me(self) -> Account:
        """Who asks."""
        user_id = self.session.key.user_id
        if user_id is None:
            raise RpcError(401, "AUTH_KEY_UNREGISTERED")
        account = self.world.accounts[user_id]
        if account.deactivated:
            raise RpcError(401, "USER_DEACTIVATED")
        return account

    @property
    def person(self) -> Account:
        """Who asks, if it isn't a bot."""
        if self.me.is_bot:
            raise RpcError(400, "BOT_METHOD_INVALID")
        return self.me

    @property
    def bot(self) -> Account:
        """Who asks, if it is a bot."""
        if not self.me.is_bot:
            raise RpcError(400, "USER_BOT_REQUIRED")
        return self.me

    def account(self, peer: Any) -> Account:
        """Resolve a user; bots may leave the access hash out for people they have met."""
        me = self.me
        if isinstance(peer, (T.InputPeerSelf, T.InputUserSelf)):
            return me
        account = self.world.accounts.get(getattr(peer, "user_id", None) or 0)
        if account is None or not (
            peer.access_hash == account.access_hash or (me.is_bot and not peer.access_hash and me.has_met(account))
        ):
            raise RpcError(400, "USER_ID_INVALID" if isinstance(peer, T.InputUser) else "PEER_ID_INVALID")
        return account

    def chat(self, peer: Any) -> Chat:
        """Resolve the place that a message goes to or comes from."""
        if isinstance(peer, T.InputPeerChat):
            return self.group(peer.chat_id)
        if isinstance(peer, (T.InputPeerChannel, T.InputChannel)):
            return self.channel(peer)
        return self.world.dialog(self.me, self.account(peer))

    def group(self, chat_id: int) -> Group:
        """Resolve a basic group."""
        group = self.world.groups.get(chat_id)
        if group is None or self.me.id not in group.members:
            raise RpcError(400, "CHAT_ID_INVALID")
        return group

    def channel(self, peer: Any) -> Channel:
        """Resolve a channel or supergroup; those without a username are there for their members only."""
        me, channel = self.me, self.world.channels.get(getattr(peer, "channel_id", None) or 0)
        if channel is None or not (
            peer.access_hash == channel.access_hash or (me.is_bot and not peer.access_hash and me.id in channel.members)
        ):
            raise RpcError(400, "CHANNEL_INVALID")
        if channel.is_banned(me) or (not channel.username and me.id not in channel.members):
            raise RpcError(400, "CHANNEL_PRIVATE")
        return channel

    def message(self, chat: Chat, message_id: int) -> "Message":
        """Find a message that the asking account can see."""
        message = chat.box_of(self.me).messages.get(message_id)
        if message is None or not chat.shows(message, self.me):
            raise RpcError(400, "MESSAGE_ID_INVALID")
        return message

    def may_write(self, chat: Chat) -> None:
        """Refuse who must not write here."""
        chat.check_writer(self.me)
