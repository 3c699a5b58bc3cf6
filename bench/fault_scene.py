"""What a fault is, and the bot at work that it strikes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from tests.end_to_end.bot_process import descendants

if TYPE_CHECKING:
    from bench.crash_steps import Stage
    from bench.crowd import Crowd, Errand
    from bench.server import Server
    from tests.redis_server import RedisServer


@dataclass(slots=True)
class Scene:
    """A bot at work. `errands`: what people asked for and still wait for; `clock`: how wrong its wall clock is."""

    stage: Stage
    server: Server
    redis: RedisServer | None
    clock: Path
    crowd: Crowd
    errands: list[asyncio.Task[Errand]] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)

    def ask_for(self, path: str) -> None:
        """Let somebody begin an errand."""
        number = next(self.numbers)
        person = self.stage.people[number % len(self.stage.people)]
        url = self.stage.link(path.format(n=f"fault{number}"))
        self.errands.append(asyncio.create_task(self.crowd.run(person, url)))

    async def served(self) -> None:
        """Everybody who waits has the file. Raises RuntimeError where somebody hears something else."""
        errands, self.errands = self.errands, []
        for errand in await asyncio.gather(*errands):
            if errand.seconds is None:
                raise RuntimeError(f"{errand.url}: {errand.told} {errand.seen}")

    def workers(self) -> list[int]:
        """The processes below the forkserver."""
        return descendants(self.server.process.pid)[2:]

    def says(self, words: str) -> bool:
        """Whether anybody sees a status with these words."""
        messages = (message for person in self.stage.people for message in person.messages())
        return any(words in message.text for message in messages if message.buttons)


Strike = Callable[[Scene], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """`part`: whose health tells of it, "" where nothing of the bot is ill; `seconds`: how long it lasts then.

    `error`: the code with which the job that it strikes may end, "" where every job is to bring its file.
    """

    strike: Strike
    part: str = ""
    seconds: float = 0.0
    error: str = ""
