"""The world that the servers know: accounts, chats, messages and files. In memory; it outlives a server's restart."""

import asyncio
import itertools
import random
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.telegram_server import updates
from tests.telegram_server.actors import Person
from tests.telegram_server.chats import Box, Channel, Chat, Dialog, Event, Group
from tests.telegram_server.entities import find_entities
from tests.telegram_server.files import File, Files, filename_attribute
from tests.telegram_server.ledger import Ledger
from tests.telegram_server.limits import check_text
from tests.telegram_server.messages import Message
from tests.telegram_server.people import Account, Bot
from tests.telegram_server.queries import Queries

Result = TypeVar("Result")


class NeverCame(AssertionError):
    """What a test waited for didn't happen in time; the message says what there was instead."""


class World:
    """Everything that Telegram remembers. `clock` gives seconds since 1970; api_id 0 takes every api_id."""

    def __init__(self, clock: Callable[[], float] = time.time, *, api_id: int = 0, api_hash: str = "") -> None:
        self.clock, self.api_id, self.api_hash = clock, api_id, api_hash
        self.files = Files()
        self.ledger = Ledger()
        self.queries = Queries(clock)
        self.accounts: dict[int, Account] = {}
        self.groups: dict[int, Group] = {}
        self.channels: dict[int, Channel] = {}
        self.inline_messages: dict[int, Message] = {}
        self.actions: list[tuple[float, Account, Chat, str]] = []
        self.exported: dict[bytes, tuple[int, int]] = {}
        self.login_codes: dict[str, tuple[str, str, float]] = {}
        self.failures: list[str] = []
        self.deliver: Callable[[Account, Callable[[], Any], object], bool] = lambda *_: False
        self._dialogs: dict[frozenset[int], Dialog] = {}
        self._user_ids = itertools.count(700_001)
        self._chat_ids = itertools.count(1_000_001)
        self._orders = itertools.count(1)
        self._waiting: set[asyncio.Future[None]] = set()

    def close(self) -> None:
        """Remove the files."""
        self.files.close()

    # --- who and where

    def person(self, name: str, username: str | None = None, **known: Any) -> Person:
        """Make a person; `known` may hold phone, password, home_dc, language."""
        person = Person(self, next(self._user_ids), name, username, Box(self.clock), **known)
        person.phone = person.phone or f"99966{person.id}"
        self.accounts[person.id] = person
        return person

    def bot(self, name: str, username: str, **known: Any) -> Bot:
        """Make a bot; `known` may hold privacy=False and home_dc."""
        bot = Bot(self, next(self._user_ids), name, username, Box(self.clock), **known)
        bot.token = f"{bot.id}:{secrets.token_urlsafe(26)}"
        self.accounts[bot.id] = bot
        return bot

    def group(self, title: str, owner: Account, *members: Account) -> Group:
        """Make a basic group."""
        group = Group(next(self._chat_ids), title, self.accounts)
        self.groups[group.id] = group
        self._seat(group, owner, members)
        return group

    def channel(self, title: str, owner: Account, *members: Account, supergroup: bool = False, **known: Any) -> Channel:
        """Make a channel, or a supergroup; `known` may hold username and forum."""
        channel = Channel(
            next(self._chat_ids), title, self.accounts, box=Box(self.clock), supergroup=supergroup, **known
        )
        self.channels[channel.id] = channel
        self._seat(channel, owner, members)
        return channel

    def supergroup(self, title: str, owner: Account, *members: Account, **known: Any) -> Channel:
        """Make a supergroup; `known` may hold username and forum."""
        return self.channel(title, owner, *members, supergroup=True, **known)

    def _seat(self, place: Group | Channel, owner: Account, members: Iterable[Account]) -> None:
        place.members.update({owner.id: "creator"} | {account.id: "member" for account in members})
        self.introduce(place)

    def introduce(self, place: Group | Channel) -> None:
        """Let the bots of a place know its members: they may write to them by id."""
        for bot in place.audience():
            if isinstance(bot, Bot):
                bot.met.update(account.id for account in place.audience())

    def dialog(self, first: Account, second: Account) -> Dialog:
        """Give the private chat of two accounts."""
        return self._dialogs.setdefault(frozenset((first.id, second.id)), Dialog(first, second))

    def place(self, viewer: Account, target: Account | Group | Channel | Dialog) -> Chat:
        """Give the chat that somebody means by a person, a bot, a group or a channel."""
        return self.dialog(viewer, target) if isinstance(target, Account) else target

    def find_username(self, name: str) -> Account | Channel | None:
        """Find who has a username."""
        everybody: Iterable[Account | Channel] = [*self.accounts.values(), *self.channels.values()]
        return next((one for one in everybody if (one.username or "").lower() == name.lower()), None)

    def file(
        self, data: bytes | Path, name: str = "", mime: str = "", attributes: Sequence[Any] = (), **known: Any
    ) -> File:
        """Make a file that somebody can send; `known` may hold photo, thumb, dc."""
        named = [filename_attribute(name)] if name else []
        return self.files.keep(
            File(self.files.content(data), mime or "application/octet-stream", [*attributes, *named], **known)
        )

    def seen_by(self, viewer: Account, target: Account | Group | Channel | None = None) -> list[Message]:
        """Give what somebody sees, oldest first; of one chat, or of all."""
        boxes = [viewer.box, *(channel.box for channel in self.channels.values() if viewer in channel.audience())]
        if isinstance(target, Channel):
            boxes = [target.box]
        place = self.place(viewer, target) if target is not None else None
        found = [message for box in boxes for message in box.messages.values() if message.chat.shows(message, viewer)]
        return sorted((m for m in found if place is None or m.chat is place), key=lambda message: message.order)

    # --- messages

    def post(
        self,
        sender: Account,
        chat: Chat,
        text: str = "",
        *,
        find_entities: bool = False,
        skip: object = None,
        **known: Any,
    ) -> Message:
        """Put a message where it belongs and tell everybody; `skip` is a session that has it from its own answer."""
        if find_entities:
            known["entities"] = _entities(text)
        if text or (known.get("file") is None and known.get("action") is None):
            check_text(text, known.get("entities", ()), caption=known.get("file") is not None)
        message = Message(sender, chat, self.clock(), next(self._orders), text, **known)
        message.note_version(message.at)
        for box in self._boxes(message):
            box.put(message)
        if isinstance(chat, Dialog):
            other = chat.other(sender)
            if isinstance(other, Bot):
                other.met.add(sender.id)
                other.started.add(sender.id)
        self.ledger.note(message)
        updates.announce(self, message, "new", skip)
        self.changed()
        return message

    def _boxes(self, message: Message) -> list[Box]:
        if isinstance(message.chat, Channel):
            return [message.chat.box]
        if isinstance(message.chat, Group):
            return [account.box for account in message.chat.audience() if message.chat.hears(message, account)]
        return [account.box for account in message.chat.audience()]

    def edit(
        self, message: Message, *, find_entities: bool = False, skip: object = None, **changes: Any
    ) -> dict[Account, Event]:
        """Change a message and tell everybody; gives the event of each who sees it."""
        if find_entities:
            changes["entities"] = _entities(changes["text"])
        for name, value in changes.items():
            setattr(message, name, value)
        message.edited_at = self.clock()
        message.note_version(message.edited_at)
        events = updates.announce(self, message, "edit", skip)
        self.changed()
        return events

    def delete(self, gone: Sequence[Message], skip: object = None) -> dict[Account, Event]:
        """Take messages of one chat away from everybody; gives the event of each who saw them."""
        if not gone:
            return {}
        for message in gone:
            message.deleted_at = self.clock()
            for box, number in message.ids.items():
                box.messages.pop(number, None)
        events = updates.announce_deletion(self, gone[0].chat, gone, skip)
        self.changed()
        return events

    def forward(self, sender: Account, message: Message, chat: Chat, **known: Any) -> Message:
        """Pass a message on."""
        chat.check_writer(sender)
        source = message.forwarded_from or message
        return self.post(
            sender, chat, message.text, entities=message.entities, file=message.file, forwarded_from=source, **known
        )

    # --- waiting

    def changed(self) -> None:
        """Wake everybody who waits for something."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def until(
        self, condition: Callable[[], Result | None], seconds: float = 10, sight: Callable[[], str] = lambda: "nothing"
    ) -> Result:
        """Wait until a condition gives something true: it is looked at after every change and every request."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not (result := condition()):
            future = loop.create_future()
            self._waiting.add(future)
            try:
                await asyncio.wait_for(future, max(0.0, end - loop.time()))
            except TimeoutError:
                raise NeverCame(f"not within {seconds} s; {sight()}") from None
            finally:
                self._waiting.discard(future)
        return result

    def new_album(self) -> int:
        """Give a number that holds the messages of an album together."""
        return random.getrandbits(60)


def _entities(text: str) -> list[Any]:
    return find_entities(text)
