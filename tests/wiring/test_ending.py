"""The end of the process: in time, whatever hangs; as processes of their own where it must really end."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading

import pytest

from core.system_manager import Health, Part, Patience, SystemManager
from tests.end_to_end.bot_process import ROOT
from utils.settings import Start
from wiring.ending import run
from wiring.process import run_until_signal

#: a process whose one part does something wrong in its stop; the first argument says what
PROGRAM = """
import asyncio, sys, time
from core.system_manager import Part, SystemManager
from utils.settings import Start
from wiring.ending import ENDING_SECONDS, run
from wiring.process import run_until_signal

class Odd:
    async def start(self):
        if sys.argv[1] == "thread":
            self.sleeping = asyncio.get_running_loop().run_in_executor(None, time.sleep, 300)
        if sys.argv[1] == "task":
            self.task = asyncio.create_task(self.hang(), name="stubborn")
    async def stop(self):
        if sys.argv[1] == "stop":
            await self.hang()
        if sys.argv[1] == "loop":
            time.sleep(300)
    async def hang(self):
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass

async def main():
    parts = [Part("odd", Odd), Part("top", lambda _odd: None, ("odd",))]
    manager = SystemManager(parts, stop_seconds=2.0 - ENDING_SECONDS)
    asyncio.get_running_loop().call_later(0.5, lambda: print("up", flush=True))
    return await run_until_signal(manager, Start(10.0, 2.0))

sys.exit(run(main()))
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("fault", "code", "told"),
    [
        ("thread", 0, b"process.left_behind"),
        ("task", 0, b"stubborn"),
        ("stop", 0, b"part.stop_unfinished"),
        ("loop", 1, b"in stop"),
        ("none", 0, b"up"),
    ],
)
async def test_a_process_ends_whatever_hangs_in_it(fault, code, told):
    """A thread in a system call, a task that ignores its end, a stop that hangs, a loop that is blocked."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, fault),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    lines = []
    async with asyncio.timeout(30):
        while b"up\n" not in lines:
            lines.append(await process.stdout.readline())
            assert lines[-1], lines
        process.send_signal(signal.SIGTERM)
        lines.append(await process.stdout.read())
        assert await process.wait() == code
    assert told in b"".join(lines)


def test_what_ends_well_is_left_as_asyncio_does(monkeypatch):
    """Tasks are cancelled, generators and the executor closed, and nobody is left behind."""
    cancelled = []
    others = set(threading.enumerate())  # what other tests of this process have left
    everyone = threading.enumerate
    monkeypatch.setattr(
        "wiring.ending.threading.enumerate", lambda: [each for each in everyone() if each not in others]
    )

    async def work():
        async def beside():
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(True)
                raise

        asyncio.create_task(beside())  # noqa: RUF006 - left alone on purpose
        await asyncio.to_thread(int)
        return 7

    left: list[int] = []
    assert run(work(), leave=left.append) == 7
    assert (cancelled, left) == ([True], [])


async def started(manager, *, stop_seconds=1.0):
    """The task that runs it until a signal, and the alarms that were set."""
    alarms = []
    task = asyncio.create_task(
        run_until_signal(manager, Start(10.0, stop_seconds), alarm=lambda *given, **more: alarms.append((given, more)))
    )
    return task, alarms


async def test_a_vital_part_that_is_lost_ends_the_process_with_one_line(capsys):
    """Code 1, so that the host starts it again; the line says which part and why."""
    manager = SystemManager([Part("base", dict)])
    task, alarms = await started(manager)
    while not manager.ready:
        await asyncio.sleep(0)
    manager._keeper.loss = "base does not come back (OSError)"
    manager._keeper.lost.set()
    assert await task == 1
    assert capsys.readouterr().err == (
        "Goldcrest ends, because a new start may help: base does not come back (OSError)\n"
    )
    assert alarms == [((0.9,), {"exit": True})]


async def test_a_part_that_falls_ill_beneath_a_first_start_ends_the_process_with_one_line(capsys):
    """What stands on it is cancelled in its start, to be made anew; the next process does better."""

    class Ill:
        def health(self):
            return Health(ok=False, detail="its loop is dead")

    class Slow:
        async def start(self):
            await asyncio.Event().wait()

    parts = [Part("base", Ill, renewed=True), Part("top", lambda _base: Slow(), ("base",))]
    task, _ = await started(SystemManager(parts, patience=Patience(check_seconds=0.01, base_seconds=0.01)))
    assert await task == 1
    assert capsys.readouterr().err == "Goldcrest could not start: a part fell ill during the start\n"


async def test_a_start_that_hangs_ends_by_a_signal():
    """Exit code 0: somebody asked for it, and nothing complains of the start that was broken off."""
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))

    class Stubborn:
        async def start(self):
            await asyncio.Event().wait()

    task, _ = await started(SystemManager([Part("base", Stubborn)]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    signal.raise_signal(signal.SIGTERM)
    assert await task == 0
    gc.collect()
    assert complaints == []
