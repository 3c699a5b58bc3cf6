"""How jobs end otherwise than well: cancelled, stalled, too late, crashed; nothing of them is ever left."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.platforms.extractor.conftest import group_is_gone, until
from utils.errors import (
    DeadlineExceeded,
    MemoryShort,
    OutOfMemory,
    ShuttingDown,
    Stalled,
    WorkerCrashed,
)
from utils.ffmpeg import find_ffmpeg

if TYPE_CHECKING:
    from platforms.shapes import Progress
    from tests.platforms.extractor.conftest import Running, Start

SLOW = "/fault/slow/clip.mp4?bytes_per_second=50000"


def descriptors() -> set[str]:
    """Number and target of what this process has open."""
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own
            found.add(f"{link.name} {link.readlink()}")
    return found


def sleepy_ffmpeg(folder: Path, when: str) -> str:
    """A folder for PATH with an ffmpeg that never finishes where its arguments hold `when`."""
    real = find_ffmpeg()
    folder.mkdir()
    script = folder / "ffmpeg"
    script.write_text(f'#!/bin/sh\ncase "$*" in *"{when}"*) sleep 600 ;; esac\nexec "{real}" "$@"\n')
    script.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


async def cancelled_in(running: Running, phase: str, link: str, format_id: str = "") -> None:
    """Cancel a fetch as soon as it reports that phase; check that nothing of it is left."""
    reached = asyncio.Event()

    def on_progress(progress: Progress) -> None:
        if progress.phase == phase:
            reached.set()

    running.on_progress = on_progress
    job = asyncio.create_task(running.fetch(link, format_id))
    async with asyncio.timeout(20):
        await reached.wait()
    group = await running.pid()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert group_is_gone(group)
    assert running.host.state()["running"] == 0
    assert running.egress.figures()["tickets"] == 0


@pytest.mark.parametrize(
    ("phase", "link"),
    [("probing", "/fault/no_reply/clip.mp4"), ("downloading", "/fault/stalled/clip.mp4"), ("downloading", SLOW)],
)
async def test_cancel_while_the_network_works(start_host: Start, phase: str, link: str):
    """Whatever the child waits for, it is gone when the cancelled call returns."""
    async with start_host() as running:
        await cancelled_in(running, phase, running.link(link))


@pytest.mark.parametrize(
    ("when", "job"),
    [
        ("-map 1:a:0", ("merging", "https://www.youtube.com/watch?v=clip0000000", "136+140")),
        ("+faststart", ("fitting", "https://cdn.goldcrest-files.net/m/tail.mp4", "")),
    ],
)
async def test_cancel_while_ffmpeg_works(
    start_host: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, job: tuple[str, str, str]
):
    """The grandchild dies with its group."""
    monkeypatch.setenv("PATH", sleepy_ffmpeg(tmp_path / "bin", when))
    async with start_host() as running:
        await cancelled_in(running, *job)


async def test_jobs_leave_no_descriptor(start_host: Start):
    """After good and bad ends the parent has the descriptors that it had before."""
    async with start_host(stall_seconds="2") as running:
        await running.fetch(running.link("/m/mux_144.mp4"))
        before = descriptors()
        await running.fetch(running.link("/m/mux_144.mp4"))
        with pytest.raises(Stalled):
            await running.fetch(running.link("/fault/stalled/clip.mp4"))
        await cancelled_in(running, "downloading", running.link(SLOW))
        await until(lambda: descriptors() <= before or None)


@pytest.mark.parametrize("path", ["/fault/stalled/clip.mp4", "/fault/no_reply/clip.mp4"])
async def test_silence_is_a_stall(start_host: Start, path: str):
    """Without a byte for the stall limit the job is ended, whatever yt-dlp's own timeouts say."""
    async with start_host(stall_seconds="0.3") as running:
        with pytest.raises(Stalled):
            await running.fetch(running.link(path))


async def test_slow_is_no_stall_but_has_a_deadline(start_host: Start):
    """Bytes that trickle in keep the job alive until its deadline."""
    async with start_host(stall_seconds="1.5", fetch_deadline_seconds="4") as running:
        with pytest.raises(DeadlineExceeded):
            await running.fetch(running.link(SLOW))
        assert running.progress[-1].done_bytes > 0


async def test_a_probe_has_its_own_deadline(start_host: Start):
    """It doesn't get the time of a download."""
    async with start_host(probe_deadline_seconds="0.5") as running:
        with pytest.raises(DeadlineExceeded):
            await running.host.extract(running.link("/fault/no_reply/clip.mp4"), {})


@pytest.mark.parametrize(
    ("number", "error"),
    [(signal.SIGSEGV, WorkerCrashed), (signal.SIGKILL, MemoryShort), (signal.SIGXCPU, DeadlineExceeded)],
)
async def test_the_signal_that_killed_a_child_is_told(start_host: Start, number: int, error: type[Exception]):
    """A crash, the kernel's memory killer and a used-up processor limit are different failures."""
    async with start_host() as running:
        job = asyncio.create_task(running.fetch(running.link(SLOW)))
        pid = await running.pid()
        os.kill(pid, number)
        with pytest.raises(error):
            await job
        assert group_is_gone(pid)
        assert await running.fetch_file(running.link("/m/mux_144.mp4"))


async def test_a_short_call_that_the_kernel_ended_is_worth_another_try(start_host: Start):
    """Nobody puts a look at a link back into a queue."""
    async with start_host() as running:
        call = asyncio.create_task(running.host.extract(running.link("/fault/no_reply/clip.mp4"), {}))
        os.kill(await running.pid(), signal.SIGKILL)
        with pytest.raises(OutOfMemory) as caught:
            await call
        assert caught.value.retry
        assert running.host._memory.figures()["starved"] == 1


async def test_the_death_of_the_forkserver(start_host: Start):
    """Its children are found dead with it; the next job starts a new one."""
    async with start_host() as running:
        job = asyncio.create_task(running.fetch(running.link(SLOW)))
        pid = await running.pid()
        forkserver = running.host.state()["forkserver"]
        os.kill(forkserver, signal.SIGKILL)
        with pytest.raises(WorkerCrashed):
            await job
        assert group_is_gone(pid)
        assert await running.fetch_file(running.link("/m/mux_144.mp4"))
        state = running.host.state()
        assert state["starts"] == 2
        assert state["forkserver"] != forkserver


async def test_a_forkserver_that_died_unseen(start_host: Start):
    """A job that finds it dead gets a new one, not an error."""
    async with start_host() as running:
        await running.host.extract(running.link("/m/mux_144.mp4"), {})
        os.kill(running.host.state()["forkserver"], signal.SIGKILL)
        assert await running.fetch_file(running.link("/m/mux_144.mp4"))


async def test_a_forkserver_that_hangs(start_host: Start):
    """One that doesn't answer a kill is itself killed, and the job's group with it."""
    async with start_host(stall_seconds="0.3") as running:
        job = asyncio.create_task(running.fetch(running.link("/fault/stalled/clip.mp4")))
        pid = await running.pid()
        os.kill(running.host.state()["forkserver"], signal.SIGSTOP)
        with pytest.raises(Stalled):
            await job
        assert group_is_gone(pid)


async def test_idle_the_forkserver_leaves_memory(start_host: Start):
    """It goes after the idle time, and only when nothing runs."""
    async with start_host(idle_stop_seconds="0.1") as running:
        job = asyncio.create_task(running.fetch(running.link(SLOW)))
        await running.pid()
        assert running.host.state()["forkserver"]
        await running.fetch(running.link("/m/mux_144.mp4"))
        forkserver = running.host.state()["forkserver"]
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        await until(lambda: running.host.state()["forkserver"] is None or None)
        assert not Path(f"/proc/{forkserver}").exists() or await until(lambda: not Path(f"/proc/{forkserver}").exists())
        assert await running.fetch_file(running.link("/m/mux_144.mp4"))


async def test_the_first_calls_may_come_together(start_host: Start):
    """They share one forkserver that is still loading, and each gets its own child."""
    async with start_host() as running:
        calls = [running.host.extract(running.link(f"/m/mux_{size}.mp4"), {}) for size in (144, 360, 720, 1080)]
        async with asyncio.timeout(20):
            infos = await asyncio.gather(*calls)
        assert [info["title"] for info in infos] == ["mux_144", "mux_360", "mux_720", "mux_1080"]
        assert running.host.state()["starts"] == 1


async def test_stop_ends_what_runs(start_host: Start):
    """Calls under way tell that the process is stopping; no process is left; later calls are refused."""
    async with start_host() as running:
        job = asyncio.create_task(running.fetch(running.link(SLOW)))
        pid = await running.pid()
        forkserver = running.host.state()["forkserver"]
        await running.host.stop()
        with pytest.raises(ShuttingDown):
            await job
        assert group_is_gone(pid)
        assert group_is_gone(forkserver)
        with pytest.raises(ShuttingDown):
            await running.host.extract(running.link("/m/mux_144.mp4"), {})


async def test_the_parents_death_takes_all_with_it(start_host: Start, tmp_path: Path):
    """A forkserver whose parent is gone kills its children and leaves."""
    script = (
        "import asyncio, os, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from platforms.extractor.launcher import Launcher\n"
        "from platforms.extractor.protocol import Boot\n"
        "async def main():\n"
        "    launcher = Launcher(Boot(('generic',)))\n"
        "    launcher.start()\n"
        "    worker = await launcher.fork()\n"
        "    while worker.pid is None:\n"
        "        await asyncio.sleep(0.01)\n"
        "    print(launcher.pid, worker.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).resolve().parents[3]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", script, str(root), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    groups = [int(pid) for pid in out.split()]
    assert len(groups) == 2
    await until(lambda: all(map(group_is_gone, groups)) or None)
