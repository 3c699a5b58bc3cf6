"""What outlives a connection: authorization keys and the sessions that clients keep under them."""

import os
import random
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.telegram_server.tl import T, write
from tests.telegram_server.wire import Envelope, key_id, seal_envelope

# An answer above this size (a file part) is not kept for a second sending.
_KEPT_BYTES = 64 << 10
_KEPT_MESSAGES = 500
_SEEN_IDS = 5000


class Link(Protocol):
    """A connection, as a session uses it."""

    def send(self, packet: bytes) -> None:
        """Write a packet; nothing happens when the connection is closing."""
        ...


@dataclass(eq=False, slots=True)
class AuthKey:
    """An authorization key of one data centre and who has signed in with it."""

    key: bytes
    dc: int
    user_id: int | None = None
    dead: bool = False
    salt: int = field(default_factory=lambda: int.from_bytes(os.urandom(7), "little"))

    @property
    def id(self) -> bytes:
        """The 8 bytes that packets carry."""
        return key_id(self.key)


class Session:
    """One session of a client.

    It is known by its id, not by its connection; what was not acknowledged is sent again at the next one.
    """

    def __init__(self, key: AuthKey, session_id: bytes, clock: Callable[[], float] = time.time) -> None:
        self.key, self.id = key, session_id
        self.link: Link | None = None
        self.wants_updates = False
        self.device: dict[str, Any] = {}
        self._clock = clock
        self._welcomed = False
        self._sequence = 0
        self._last_id = 0
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._unacknowledged: OrderedDict[int, tuple[int, bytes]] = OrderedDict()
        self._waiting: deque[bytes] = deque()

    @property
    def connected(self) -> bool:
        """Whether a connection carries it now."""
        return self.link is not None

    def first_time(self, message_id: int) -> bool:
        """Tell whether a client's message is new, and remember it."""
        if message_id in self._seen:
            return False
        self._seen[message_id] = None
        while len(self._seen) > _SEEN_IDS:
            self._seen.popitem(last=False)
        return True

    def welcome(self, message_id: int) -> None:
        """Say once that it is new, at the first message that is taken."""
        if not self._welcomed:
            self._welcomed = True
            known = {"unique_id": random.getrandbits(63), "server_salt": self.key.salt}
            self.push(T.NewSessionCreated(first_msg_id=message_id, **known))

    def attach(self, link: Link) -> None:
        """Take a new connection: send again what the client never acknowledged, then what waited."""
        self.link = link
        for message_id, (sequence, body) in list(self._unacknowledged.items()):
            self._transmit(message_id, sequence, body)
        while self._waiting:
            self._number_and_send(self._waiting.popleft(), reply=False, content=True)

    def detach(self, link: Link) -> None:
        """Forget a connection that ended, unless the session has moved on to another."""
        if self.link is link:
            self.link = None

    def acknowledge(self, message_ids: list[int]) -> None:
        """Forget what the client has received."""
        for message_id in message_ids:
            self._unacknowledged.pop(message_id, None)

    def reply(self, thing: Any, *, content: bool = True) -> None:
        """Send the answer to a request; lost for good when it is a service message and nobody is connected."""
        self._number_and_send(write(thing), reply=True, content=content)

    def push(self, thing: Any) -> None:
        """Send an update, now or at the next connection. Too many missed ones become a single updatesTooLong."""
        body = write(thing)
        if self.link is not None:
            self._number_and_send(body, reply=False, content=True)
            return
        if len(self._waiting) >= _KEPT_MESSAGES:
            self._waiting.clear()
            body = write(T.UpdatesTooLong())
        self._waiting.append(body)

    def _number_and_send(self, body: bytes, *, reply: bool, content: bool) -> None:
        message_id = self._next_id(reply=reply)
        sequence = self._sequence * 2 + content
        self._sequence += content
        if content and len(body) <= _KEPT_BYTES:
            self._unacknowledged[message_id] = (sequence, body)
            while len(self._unacknowledged) > _KEPT_MESSAGES:
                self._unacknowledged.popitem(last=False)
        self._transmit(message_id, sequence, body)

    def _transmit(self, message_id: int, sequence: int, body: bytes) -> None:
        if self.link is not None:
            envelope = Envelope(self.key.salt, self.id, message_id, sequence, body)
            self.link.send(seal_envelope(self.key.key, envelope))

    def _next_id(self, *, reply: bool) -> int:
        """Number a message: time in the upper half, odd, rising; 1 ends an answer and 3 a notification."""
        time_part = max(int(self._clock() * 2**32) & ~3, (self._last_id & ~3) + 4)
        self._last_id = time_part | (1 if reply else 3)
        return self._last_id
