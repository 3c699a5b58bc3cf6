"""`main.py serve` as a subprocess: what people deploy."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60


class BotProcess:
    """One running process; `port` is where its page listens, `log` what it has written so far."""

    def __init__(self, process: asyncio.subprocess.Process, data: Path) -> None:
        self.process = process
        self.data = data
        self.port = 0
        self.log: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self._ended = False
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            try:
                event = json.loads(line)
            except ValueError:
                event = {"event": line.decode(errors="replace").rstrip()}
            self.log.append(event)
            if event["event"] == "http.listening":
                self.port = event["port"]
            self._news.set()
        self._ended = True
        self._news.set()

    async def logged(self, event: str) -> None:
        """Wait until the log holds that event."""
        async with asyncio.timeout(READY_SECONDS):
            while not any(line["event"] == event for line in self.log):
                assert not self._ended, self.log
                self._news.clear()
                await self._news.wait()

    async def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON of a GET on its page."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)

    def family(self) -> list[int]:
        """The process and everything that descends from it."""
        return descendants(self.process.pid)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(20):
            code = await self.process.wait()
            await self._reader
        return code


def descendants(pid: int) -> list[int]:
    """A process and its children's children, from /proc."""
    found = [pid]
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += descendants(int(child))
    except OSError:
        pass
    return found


@asynccontextmanager
async def bot_process(data: Path, *environments: Mapping[str, str]) -> AsyncIterator[BotProcess]:
    """Start the bot with nothing in its environment but what is given; it is killed at the end if it still runs."""
    environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    environment |= {"DATA_DIR": str(data), "PORT": "0", "GOLDCREST_SERVER__HOST": "127.0.0.1", "LOG_LEVEL": "debug"}
    for more in environments:
        environment |= more
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "main.py", "serve"), cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE, limit=1 << 20
    )
    bot = BotProcess(process, data)
    try:
        await bot.logged("system.ready")
        if "BOT_TOKEN" in environment:
            await bot.logged("telegram.signed_in")
        yield bot
    finally:
        if process.returncode is None:
            await bot.stop(signal.SIGKILL)
