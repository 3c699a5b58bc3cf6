"""Who handles what: a router per feature, handlers that receive only what they name, an onion of middlewares."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bot.events import Event, Incoming, Pressed
from utils.errors import Expired

if TYPE_CHECKING:
    from bot.keyboards import Packed

#: tasks that go on when a handler is done; the event counts as dealt with when they are
Rest = Sequence["asyncio.Task[None]"]
Handler = Callable[..., Awaitable[Rest | None]]
Forward = Callable[[Event], Awaitable[Rest]]
Middleware = Callable[[Event, Forward], Awaitable[Rest]]
Filter = Callable[[Incoming], bool]
H = TypeVar("H", bound=Handler)

#: what belongs to an event itself; everything else comes from the parts
EVENT_NAMES: Final = frozenset({"message", "press", "data", "payload"})


@dataclass(frozen=True, slots=True)
class Route:
    """One handler with the names that it asks for.

    `command`: of a message; `packed`: the data of a button; `fits`: whether a message's document is one for it.
    """

    handler: Handler
    names: frozenset[str]
    command: str = ""
    packed: type[Packed] | None = None
    fits: Filter | None = None


class Router:
    """The handlers of one feature, in the order in which they are asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: list[Route] = []

    def command(self, name: str) -> Callable[[H], H]:
        """Messages "/name …"; the rest of the line is `payload`."""
        return lambda handler: self._add(handler, command=name)

    def text(self) -> Callable[[H], H]:
        """Messages that are no command; in private also unknown commands, and everywhere changed messages."""
        return self._add

    def document(self, fits: Filter) -> Callable[[H], H]:
        """Messages with a document and no command that `fits` says yes to."""
        return lambda handler: self._add(handler, fits=fits)

    def press(self, packed: type[Packed]) -> Callable[[H], H]:
        """Buttons with that data, which is `data`."""
        return lambda handler: self._add(handler, packed=packed)

    def _add(self, handler: H, **what: Any) -> H:
        self.routes.append(Route(handler, frozenset(inspect.signature(handler).parameters), **what))
        return handler


class Dispatcher:
    """All routers behind the middlewares, the first of which is the outermost.

    `parts`: what handlers may name besides the event. Raises ValueError for a handler that names anything else.
    `bot_name()`: the bot's own user name, to know commands that are meant for other bots of a group.
    """

    def __init__(
        self,
        routers: Sequence[Router],
        middlewares: Sequence[Middleware],
        parts: Mapping[str, Any],
        bot_name: Callable[[], str],
    ) -> None:
        self._routes = [route for router in routers for route in router.routes]
        self._parts = parts
        self._bot_name = bot_name
        for route in self._routes:
            if unknown := route.names - parts.keys() - EVENT_NAMES:
                raise ValueError(f"{route.handler.__qualname__} names {sorted(unknown)}")
        self._chain: Forward = self._handle
        for middleware in reversed(middlewares):
            self._chain = _around(middleware, self._chain)

    async def dispatch(self, event: Event) -> Rest:
        """Run an event through the middlewares to its handler, if it has one; what of it still goes on.

        Raises Expired for a button that no handler knows: it is of another version, or made up.
        """
        return await self._chain(event)

    async def _handle(self, event: Event) -> Rest:
        found = self._press(event) if isinstance(event, Pressed) else self._message(event)
        if found is None:
            if isinstance(event, Pressed):  # whoever presses waits for an answer
                raise Expired("unknown data")
            return ()
        route, values = found
        rest = await route.handler(
            **{name: values[name] if name in values else self._parts[name] for name in route.names}
        )
        return rest or ()

    def _press(self, press: Pressed) -> tuple[Route, dict[str, Any]] | None:
        for route in self._routes:
            if route.packed is not None and (data := route.packed.unpack(press.data)) is not None:
                return route, {"press": press, "data": data}
        return None

    def _message(self, message: Incoming) -> tuple[Route, dict[str, Any]] | None:
        command, payload = read_command(message.text, self._bot_name())
        if command is None:
            return None
        values = {"message": message, "payload": payload}
        found = None if message.edited_at else self._route(message, command)
        if found is None and (message.private or not command):
            found = self._route(message, "", files=not message.edited_at)
        return (found, values) if found else None

    def _route(self, message: Incoming, command: str, *, files: bool = True) -> Route | None:
        for route in self._routes:
            wanted = route.fits is None or (files and message.document is not None and route.fits(message))
            if route.packed is None and route.command == command and wanted:
                return route
        return None


def read_command(text: str, bot_name: str) -> tuple[str | None, str]:
    """The command of a message and what follows it; "" for an ordinary text, None for somebody else's command."""
    if not text.startswith("/"):
        return "", ""
    word, *rest = text.split(maxsplit=1)
    command, _, owner = word.removeprefix("/").partition("@")
    if owner and owner.lower() != bot_name.lower():
        return None, ""
    return command.lower(), "".join(rest).strip()


def _around(middleware: Middleware, inner: Forward) -> Forward:
    async def call(event: Event) -> Rest:
        return await middleware(event, inner)

    return call
