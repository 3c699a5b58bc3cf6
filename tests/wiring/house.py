"""The real server in the test's own event loop, as people deploy it; only quicker to look and to mend."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import msgspec

from core.system_manager import Patience
from main import wire
from utils.config import load_settings
from wiring.process import listen

#: as patient as the server, only faster
QUICK = Patience(check_seconds=0.05, answer_seconds=2.0, base_seconds=0.02, cap_seconds=0.2, restarts=100)
SECONDS = 20


class House:
    """The server; `made` are its parts, `seen_ill` the names of those that were seen to say so of themselves."""

    def __init__(self, manager, settings, seen_ill):
        self.manager = manager
        self.settings = settings
        self.made = manager.made
        self.seen_ill = seen_ill

    def view(self, name):
        view = self.manager.state()["parts"][name]
        if not view["ok"] and view["detail"]:
            self.seen_ill.add(name)
        return view

    async def until(self, condition):
        async with asyncio.timeout(SECONDS):
            while not condition():
                await asyncio.sleep(0.01)

    async def well(self):
        await self.until(lambda: self.manager.state()["state"] == "ok")

    async def back(self, name, restarts=1):
        """Wait until that part was restarted and everything is well again."""
        await self.until(lambda: self.view(name)["restarts"] >= restarts)
        await self.well()


@asynccontextmanager
async def standing(folder, seen_ill, **environment):
    """The server before its start; stopped at the end, with nothing left of it."""
    settings = load_settings(
        # The process of the tests counts as well.
        {"MAX_MEMORY_MB": "4000"}
        | {"DATA_DIR": str(folder), "PORT": "0", "GOLDCREST_SERVER__HOST": "127.0.0.1", "LOG_LEVEL": "error"}
        | environment
    )
    before = asyncio.all_tasks()
    with listen(settings) as listener:
        house = House(wire(settings, listener, QUICK), settings, seen_ill)
        try:
            yield house
        finally:
            await house.manager.stop()
    assert asyncio.all_tasks() - before <= {asyncio.current_task()}


def running(name):
    """The tasks of that name."""
    return [task for task in asyncio.all_tasks() if task.get_name() == name and not task.done()]


def task(name):
    """The one task of that name."""
    (found,) = running(name)
    return found


async def kill(name):
    """End the one task of that name; the dead one."""
    dead = task(name)
    dead.cancel()
    await asyncio.wait({dead})
    return dead


async def ask(port, path="/health"):
    """Status and JSON as a host sees them."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: any\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), msgspec.json.decode(body)
