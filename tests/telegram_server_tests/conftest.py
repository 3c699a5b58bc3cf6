"""A server, and the real client signed in to it as the bot or as alice."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from pyrogram import Client
from pyrogram.handlers import (
    CallbackQueryHandler,
    EditedMessageHandler,
    InlineQueryHandler,
    MessageHandler,
    RawUpdateHandler,
)

from tests.telegram_server.client import client_for, close, session_string
from tests.telegram_server.harness import Telegram, running_server
from tests.telegram_server.people import Account


@dataclass
class Tracked:
    """A running client and what it was told, each kind in its queue."""

    client: Client
    messages: "asyncio.Queue[Any]" = field(default_factory=asyncio.Queue)
    edits: "asyncio.Queue[Any]" = field(default_factory=asyncio.Queue)
    presses: "asyncio.Queue[Any]" = field(default_factory=asyncio.Queue)
    inline: "asyncio.Queue[Any]" = field(default_factory=asyncio.Queue)
    raw: "asyncio.Queue[Any]" = field(default_factory=asyncio.Queue)

    def listen(self) -> None:
        """Fill the queues, each kind of update in a group of its own."""
        kinds = (
            (MessageHandler, self.messages),
            (EditedMessageHandler, self.edits),
            (CallbackQueryHandler, self.presses),
            (InlineQueryHandler, self.inline),
        )
        for group, (handler, queue) in enumerate(kinds):

            async def keep(_: Client, thing: Any, queue: "asyncio.Queue[Any]" = queue) -> None:
                await queue.put(thing)

            self.client.add_handler(handler(keep), group)

        async def keep_raw(_: Client, update: Any, __: Any, ___: Any) -> None:
            await self.raw.put(update)

        self.client.add_handler(RawUpdateHandler(keep_raw), len(kinds))

    async def message(self) -> Any:
        """Give the next message."""
        return await asyncio.wait_for(self.messages.get(), 10)

    async def edit(self) -> Any:
        """Give the next edited message."""
        return await asyncio.wait_for(self.edits.get(), 10)

    async def press(self) -> Any:
        """Give the next pressed button."""
        return await asyncio.wait_for(self.presses.get(), 10)

    async def inline_query(self) -> Any:
        """Give the next inline query."""
        return await asyncio.wait_for(self.inline.get(), 10)

    async def raw_update(self, name: str) -> Any:
        """Give the next raw update of a class; others are dropped."""
        async with asyncio.timeout(10):
            while type(update := await self.raw.get()).__name__ != name:
                pass
        return update


Start = Callable[..., Awaitable[Tracked]]


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with running_server() as running:
        yield running
        assert running.world.failures == [], "a handler of the test server broke"


@pytest.fixture
async def start(telegram: Telegram) -> AsyncIterator[Start]:
    """Start clients: for an account by a ready session, without one by the options given."""
    async with contextlib.AsyncExitStack() as stack:

        async def run(account: Account | None = None, *, name: str = "client", **options: Any) -> Tracked:
            if account is not None and "session_string" not in options:
                options["session_string"] = session_string(telegram.server, account)
            tracked = Tracked(client_for(telegram.server, name, **options))
            tracked.listen()
            await tracked.client.start()
            stack.push_async_callback(close, tracked.client)
            return tracked

        yield run


@pytest.fixture
async def bot(telegram: Telegram, start: Start) -> Tracked:
    return await start(telegram.bot, sleep_threshold=0)


@pytest.fixture
async def alice(telegram: Telegram, start: Start) -> Tracked:
    return await start(telegram.alice, sleep_threshold=0)
