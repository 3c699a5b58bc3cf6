"""The parent's hold on one forkserver process: start it, ask it for children, learn how they end, end it."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from platforms.extractor.groups import is_alive, kill_group, reap
from platforms.extractor.protocol import REPLY_BYTES, Boot, decode, encode
from utils.errors import WorkerCrashed
from utils.sandbox import scrubbed_environment

ROOT: Final = Path(__file__).resolve().parents[2]
#: -I ignores the environment and the working folder, so the program is told where its modules lie.
_PROGRAM: Final = (
    "import json, sys; sys.path.insert(0, sys.argv[1])\n"
    "from platforms.extractor.forkserver import main\n"
    "from platforms.extractor.protocol import Boot\n"
    "main(int(sys.argv[2]), Boot(**json.loads(sys.argv[3])))"
)
#: Enough of a URL to tell its site.
URL_CHARACTERS: Final = 300
_CHUNK_BYTES: Final = 64 * 1024
#: Loading yt-dlp takes 0.3 s of a whole core; slow machines get their time.
START_SECONDS: Final = 60.0
#: A killed process is gone within milliseconds; whoever takes longer hangs in the kernel.
BURY_SECONDS: Final = 2.0
#: What a forkserver whose socket was closed needs to kill its children and leave.
GRACE_SECONDS: Final = 0.5
_STEP_SECONDS: Final = 0.01


@dataclass(eq=False, slots=True)
class Worker:
    """A child. `pid` is 0 until it has started; `exited` holds its wait status, None where nobody could tell."""

    job: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    started: asyncio.Event
    exited: asyncio.Future[int | None]
    pid: int = 0


class Launcher:
    """One forkserver process, from `start` to its death; a new one needs a new Launcher."""

    def __init__(self, boot: Boot, clock: Callable[[], float] = time.monotonic) -> None:
        self._boot = boot
        self._clock = clock
        self._workers: dict[int, Worker] = {}
        self._jobs = 0
        self._received = b""
        self._burial: asyncio.Task[None] | None = None
        self.ready_seconds: float | None = None

    def start(self) -> None:
        """Start the process; it takes orders at once and loads meanwhile."""
        ours, theirs = socket.socketpair()
        with theirs:
            descriptor = theirs.fileno()
            boot = json.dumps(asdict(self._boot))
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _PROGRAM, str(ROOT), str(descriptor), boot],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=scrubbed_environment(YTDLP_NO_PLUGINS="1"),
                cwd="/",
                pass_fds=[descriptor],
                start_new_session=True,  # Ctrl-C in the terminal is the parent's business
            )
        ours.setblocking(False)
        self._control = ours
        self._began = self._clock()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(ours, self._listen)

    @property
    def alive(self) -> bool:
        """Whether it takes orders."""
        return self._burial is None

    @property
    def frozen(self) -> bool:
        """Whether somebody has stopped the process, so that it takes no orders though it lives."""
        try:
            status = Path(f"/proc/{self.pid}/stat").read_text("utf-8", "replace")
        except OSError:  # it has just ended, or this system tells nothing
            return False
        return status.rpartition(")")[2].split()[0] in {"T", "t"}

    @property
    def pid(self) -> int:
        """Of the forkserver."""
        return self._process.pid

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The children that haven't ended."""
        return tuple(self._workers.values())

    async def fork(self, url: str = "") -> Worker:
        """A new child that waits for its order, which will be about that URL.

        Raises WorkerCrashed where the forkserver can't make one.
        """
        self._jobs += 1
        job = self._jobs
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                reader, writer = await asyncio.open_connection(sock=ours, limit=REPLY_BYTES)
            except BaseException:
                ours.close()
                raise
            worker = Worker(job, reader, writer, asyncio.Event(), self._loop.create_future())
            self._workers[job] = worker
            self._tell({"start": job, "url": url[:URL_CHARACTERS]}, theirs.fileno())
        try:
            async with asyncio.timeout(START_SECONDS):
                await worker.started.wait()
        except TimeoutError:
            await self.stop()
        except asyncio.CancelledError:
            await self.finish(worker)
            raise
        if not worker.pid:
            await self.finish(worker)
            raise WorkerCrashed("the forkserver makes no children")
        return worker

    def end(self, worker: Worker) -> None:
        """Have the child killed with all it has started; nobody waits for that here."""
        self._tell({"kill": worker.job})

    async def finish(self, worker: Worker) -> None:
        """End the child with all it has started; return when nothing of it is left."""
        worker.writer.close()
        with suppress(OSError):
            await worker.writer.wait_closed()
        if not worker.exited.done():
            self.end(worker)
            try:
                async with asyncio.timeout(BURY_SECONDS):
                    await asyncio.shield(worker.exited)
            except TimeoutError:
                await self.stop()  # it doesn't answer: it goes, and every child with it

    async def stop(self) -> None:
        """End the process and every child; return when all are gone."""
        if self._burial is None:
            self._die()  # it sees its socket closed, kills what runs and goes
        assert self._burial is not None
        await asyncio.shield(self._burial)

    def _tell(self, message: Mapping[str, Any], *descriptors: int) -> bool:
        if not self.alive:
            return False
        try:
            socket.send_fds(self._control, [encode(message)], descriptors)
        except OSError:  # gone, or so stuck that its buffer is full
            self._process.kill()
            self._die()
        return self.alive

    def _listen(self) -> None:
        try:
            data = self._control.recv(_CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._die()
            return
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self._hear(decode(line))

    def _hear(self, message: Mapping[str, Any]) -> None:
        if "ready" in message:
            self.ready_seconds = self._clock() - self._began
        elif "started" in message:
            if worker := self._workers.get(message["started"]):
                worker.pid = message["pid"]
                worker.started.set()
        elif worker := self._workers.get(message["exited"]):
            self._end(worker, message["status"])

    def _end(self, worker: Worker, status: int | None) -> None:
        del self._workers[worker.job]
        worker.started.set()  # or it never will
        if not worker.exited.done():
            worker.exited.set_result(status)

    def _die(self) -> None:
        """The process is dead or as good as that: what it can't do any more is done here."""
        self._loop.remove_reader(self._control)
        self._control.close()
        self._burial = self._loop.create_task(self._bury(), name="bury the forkserver")

    async def _bury(self) -> None:
        for step in count():
            if self._process.poll() is not None:
                break
            if step == int(GRACE_SECONDS / _STEP_SECONDS):
                self._process.kill()
            await asyncio.sleep(_STEP_SECONDS)
        await asyncio.gather(*(_bury_group(worker.pid) for worker in self.workers if worker.pid))
        for worker in self.workers:
            self._end(worker, None)


async def _bury_group(group: int) -> None:
    """Kill a process group whose forkserver is dead; return when it is empty, or after BURY_SECONDS."""
    for _ in range(int(BURY_SECONDS / _STEP_SECONDS)):
        reap(group)  # orphans are ours where we are the first process of a container
        if not kill_group(group) or not is_alive(group):
            return
        await asyncio.sleep(_STEP_SECONDS)
