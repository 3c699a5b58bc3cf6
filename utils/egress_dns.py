"""Looking up names with the system's resolver, in threads that hold up nobody when a name server is silent."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

#: name, port -> addresses as text. Raises OSError.
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

#: Lookups at once. getaddrinfo can't be interrupted: one that nobody waits for any more keeps its place.
LOOKUPS: Final = 8


class SystemResolver:
    """getaddrinfo in daemon threads of its own.

    In asyncio's shared pool a few silent names would hold up everybody's work, and the end of the process as well.
    """

    def __init__(self, lookups: int = LOOKUPS) -> None:
        self._free = asyncio.Semaphore(lookups)

    async def __call__(self, name: str, port: int) -> Sequence[str]:
        """The addresses of a name, in the system's order. Raises OSError."""
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[str]] = loop.create_future()

        def deliver(addresses: Sequence[str], error: OSError | None) -> None:
            self._free.release()
            if answer.done():
                return
            if error is None:
                answer.set_result(addresses)
            else:
                answer.set_exception(error)

        def look() -> None:
            addresses, failure = [], None
            try:
                infos = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
                addresses = [str(info[4][0]) for info in infos]
            except OSError as error:
                failure = error
            with suppress(RuntimeError):  # the loop is closed, nobody waits
                loop.call_soon_threadsafe(deliver, addresses, failure)

        threading.Thread(target=look, name=f"dns {name}", daemon=True).start()
        return await answer
