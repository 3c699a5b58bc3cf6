"""Which function answers which method: each module of handlers fills one of these."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.telegram_server.call import Call
from tests.telegram_server.tl import method

Handler = Callable[[Call], Awaitable[Any]]


class Router:
    """Handlers by method; names that this layer doesn't have are left out."""

    def __init__(self) -> None:
        self.handlers: dict[Any, Handler] = {}

    def on(self, *names: str) -> Callable[[Handler], Handler]:
        """Let a function answer methods such as "messages.SendMessage"."""

        def register(handler: Handler) -> Handler:
            for name in names:
                if (constructor := method(name)) is not None:
                    self.handlers[constructor] = handler
            return handler

        return register
