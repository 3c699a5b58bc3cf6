"""Faults on demand: errors, cuts, silence and delays for chosen requests, and updates that come late, twice or never.

server.faults.add("messages.SendMessage", flood_wait(3), times=2)
server.faults.add("upload.*", Cut(after=True), when=lambda query: query.file_part == 7)
server.faults.add("messages.SendMedia", Mute())                # never answered, never done
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class RpcError(Exception):
    """An error that a method answers with, such as RpcError(400, "PEER_ID_INVALID")."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection breaks; with `after` the request has been done by then, and its answer comes at the next one."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class Mute:
    """No answer ever comes; with `after` the request has been done all the same."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """The answer comes that much later; the request is done at once."""

    seconds: float


Effect = RpcError | Cut | Mute | Late


def flood_wait(seconds: int, *, premium: bool = False) -> RpcError:
    """Make the error by which Telegram asks for a pause."""
    return RpcError(420, f"FLOOD_{'PREMIUM_' if premium else ''}WAIT_{seconds}")


@dataclass(slots=True)
class Fault:
    """One fault in wait; `hits` counts how often it struck."""

    pattern: re.Pattern[str]
    effect: Effect
    left: int | None
    skip: int
    when: Callable[[Any], bool]
    hits: int = 0

    def strikes(self, name: str, query: Any) -> bool:
        """Tell whether this request is met, and count it."""
        if self.left == 0 or not self.pattern.fullmatch(name) or not self.when(query):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.left = None if self.left is None else self.left - 1
        self.hits += 1
        return True


@dataclass(slots=True)
class Faults:
    """Every fault of a server.

    Updates: `repeat_updates` says how often each is sent, `lose_updates` sends none, `hold_updates` keeps them
    until `Server.release_updates()`.
    """

    waiting: list[Fault] = field(default_factory=list)
    repeat_updates: int = 1
    lose_updates: bool = False
    hold_updates: bool = False

    def add(
        self,
        methods: str,
        effect: Effect,
        *,
        times: int | None = 1,
        skip: int = 0,
        when: Callable[[Any], bool] = lambda _: True,
    ) -> Fault:
        """Let requests of these methods fail.

        methods: a name such as "messages.SendMessage" in any case, with `*` for any letters.
        times: how many requests are met, None for all from now on; skip: how many pass unharmed before.
        when: further condition, given the request itself.
        """
        pattern = re.compile(re.escape(methods).replace(r"\*", ".*"), re.IGNORECASE)
        self.waiting.append(fault := Fault(pattern, effect, times, skip, when))
        return fault

    def take(self, name: str, query: Any) -> Effect | None:
        """Give the effect that meets this request, None for the usual course."""
        return next((fault.effect for fault in self.waiting if fault.strikes(name, query)), None)

    def clear(self) -> None:
        """Take every fault back."""
        self.waiting.clear()
        self.repeat_updates, self.lose_updates, self.hold_updates = 1, False, False
