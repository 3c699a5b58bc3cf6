"""The extractor for everybody else: each call is one child process with its own egress ticket, deadline and limits."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from platforms.extractor.conversation import Conversation
from platforms.extractor.identity import AsIdentity, dressed
from platforms.extractor.launcher import Launcher, Worker
from platforms.extractor.live_order import partial_order
from platforms.extractor.orders import MEBIBYTE, fetch_order, kind_of, limits_of
from platforms.extractor.protocol import Boot, Order, check_options
from platforms.extractor.replies import files_of, missing_of
from platforms.extractor.tools import Tools
from platforms.shapes import ANONYMOUS, Progress
from utils.errors import GoldcrestError, MemoryShort, OutOfMemory, ShuttingDown, WorkerCrashed
from utils.health import Health
from utils.memory_admission import JOBS
from utils.memory_manager import MemoryManager

if TYPE_CHECKING:
    from platforms.extractor.tools import Errand
    from platforms.extractor.ways import Poor
    from platforms.shapes import Extractor, FetchOrder, Identity, ProgressSink, Way
    from utils.config import Settings
    from utils.egress import Egress
    from utils.memory_admission import Lease

#: What pages, scripts and manifests of one item may amount to.
PAGES_BYTES: Final = 64 * MEBIBYTE
#: A short link's redirects; bodies are not read, but what a site pushes meanwhile counts.
REDIRECT_BYTES: Final = 8 * MEBIBYTE
#: Small calls side by side, besides the downloads; each needs some 20 MB.
SMALL_CALLS: Final = 3
#: What the preloaded process takes once it is up, measured with the largest sites loaded.
FORKSERVER_BYTES: Final = 32 * MEBIBYTE
#: What a file may be larger than its parts.
CONTAINER_BYTES: Final = 64 * MEBIBYTE


class ExtractorHost:
    """A part. Implements platforms.shapes.Extractor; every call raises errors of the tree.

    Cancelling the awaiting task kills the child with everything it has started and returns when that is gone; the job's
    folder belongs to the caller. `memory` says when a child may start, and ends the youngest where it runs short: its
    call then raises MemoryShort. So does a download that the kernel has ended for want of memory; a short call raises
    OutOfMemory then, because it is worth another try at once.
    """

    def __init__(
        self,
        settings: Settings,
        egress: Egress,
        *,
        clock: Callable[[], float] = time.monotonic,
        memory: MemoryManager | None = None,
    ) -> None:
        self._settings = settings
        self._bounds = settings.extractor
        self._egress = egress
        self._clock = clock
        self._memory = memory or MemoryManager(settings.memory)
        self.tools = Tools(settings, self._memory.room_for, self._memory.reserve)
        self._launcher: Launcher | None = None
        self._downloads = asyncio.Semaphore(settings.downloads.parallel)
        self._small_calls = asyncio.Semaphore(SMALL_CALLS)
        self._running: set[Conversation] = set()
        #: what ends the recording into a folder; gone with whoever waits for it
        self._enough: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        self._endings: set[asyncio.Task[None]] = set()
        self._idle: asyncio.TimerHandle | None = None
        self._starts = 0
        self._landlock: dict[str, Any] | None = None
        self._forks = True
        self._stopping = False

    async def start(self) -> None:
        """Nothing yet: the forkserver is started by the first call."""
        self._stopping = False

    async def stop(self) -> None:
        """End everything that runs; calls under way raise ShuttingDown."""
        self._stopping = True
        if self._idle is not None:
            self._idle.cancel()
        if self._launcher is not None:
            await self._launcher.stop()
        await asyncio.gather(*self._endings)

    async def restart(self) -> None:
        """Begin anew with another forkserver, and see whether it makes children.

        Calls under way raise WorkerCrashed, so that they are tried again. Raises WorkerCrashed where it makes none.
        """
        if self._launcher is not None:
            await self._launcher.stop()
        launcher, worker = await self._fork("")
        await launcher.finish(worker)
        if not self._running:
            self._rest()

    def health(self) -> Health:
        """Whether children can be made. A forkserver that is gone is no trouble: the next call starts one."""
        if not self._forks:
            return Health(ok=False, detail="the forkserver makes no children")
        if self._launcher is not None and self._launcher.alive and self._launcher.frozen:
            return Health(ok=False, detail="the forkserver is frozen")
        return Health()

    def state(self) -> dict[str, Any]:
        """For /status: what runs, and what the kernel confines (None before the first child)."""
        launcher = self._launcher if self._launcher and self._launcher.alive else None
        return {
            "running": len(self._running),
            "forkserver": launcher.pid if launcher else None,
            "starts": self._starts,
            "ready_seconds": launcher.ready_seconds if launcher else None,
            "landlock": self._landlock,
            **self.tools.figures(),
        }

    def by_ways(self, site: str, ways: tuple[Way, ...], poor: Poor) -> Extractor:
        """A view that asks in several ways until one is let in."""
        return self.tools.by_ways(self, site, ways, poor)

    def as_identity(self, identity: Identity) -> AsIdentity:
        """The same, asking the site with that identity."""
        return AsIdentity(self, identity)

    async def extract(self, url: str, options: Mapping[str, Any], *, identity: Identity = ANONYMOUS) -> dict[str, Any]:
        """yt-dlp's trimmed info dict of one item or list."""
        order = Order("extract", url, "", options=dict(options))
        return await self._small(order, PAGES_BYTES, identity, file_bytes=MEBIBYTE)

    async def fetch(
        self, order: FetchOrder, on_progress: ProgressSink, *, identity: Identity = ANONYMOUS
    ) -> dict[str, Any]:
        """Download into `order.folder`: {"info", "files": [fields of FetchedFile], "missing": [fields of Missing]}."""
        folder = order.folder.absolute()
        asked = fetch_order(order, folder)
        asked = partial_order(asked, order.part, self._settings)
        deadline_seconds = self._bounds.fetch_deadline_seconds + asked.record_seconds
        asked = replace(asked, limits=limits_of(self._settings, deadline_seconds, asked.max_bytes + CONTAINER_BYTES))
        quota = int(asked.max_bytes * self._settings.egress.quota_factor) + PAGES_BYTES
        if order.enough is not None:
            self._enough[asked.folder] = order.enough
        async with self._downloads:
            result = await self._call(asked, quota, deadline_seconds, on_progress, identity)
        files = files_of(result.get("files"), folder)
        return {"info": result.get("info") or {}, "files": files, "missing": missing_of(result.get("missing"))}

    async def resolve(self, url: str, *, identity: Identity = ANONYMOUS) -> str:
        """Where a short link leads. Raises DeadLink for a circle."""
        # Whose account it is, is nobody's business on the way: the hops may be other people's hosts.
        asker = replace(identity, cookies="")
        result = await self._small(Order("resolve", url, ""), REDIRECT_BYTES, asker, file_bytes=MEBIBYTE)
        return str(result["url"])

    async def read(self, url: str, path: Path, max_bytes: int) -> str:
        """Copy a small resource (a thumbnail) into that file of an existing folder; the content type it came with."""
        folder = os.path.abspath(path.parent)  # noqa: ASYNC240, PTH100  # asks no disk
        order = Order("read", url, "", folder=folder, name=path.name, max_bytes=max_bytes)
        result = await self._small(order, max_bytes + MEBIBYTE, ANONYMOUS, file_bytes=max_bytes + MEBIBYTE)
        return str(result.get("content_type") or "")

    async def _small(self, order: Order, quota_bytes: int, identity: Identity, *, file_bytes: int) -> dict[str, Any]:
        seconds = self._bounds.probe_deadline_seconds
        limited = replace(order, limits=limits_of(self._settings, seconds, file_bytes))
        async with self._small_calls:
            return await self._call(limited, quota_bytes, seconds, None, identity)

    async def _call(
        self,
        order: Order,
        quota_bytes: int,
        deadline_seconds: float,
        on_progress: ProgressSink | None,
        identity: Identity,
    ) -> dict[str, Any]:
        check_options(order.options)
        errand = await dressed(await self.tools.errand(order), identity)
        try:
            result = await self._converse(errand, quota_bytes, deadline_seconds, on_progress, identity.proxy)
        except BaseException as error:
            errand.ended(error)
            raise
        errand.ended(None)
        return result

    async def _converse(
        self,
        errand: Errand,
        quota_bytes: int,
        deadline_seconds: float,
        on_progress: ProgressSink | None,
        upstream: str,
    ) -> dict[str, Any]:
        order = errand.order
        kind, wait_seconds = kind_of(order), None
        if kind in JOBS:  # by then every other one has come to its end
            wait_seconds = self._bounds.fetch_deadline_seconds
        up = self._launcher is not None and self._launcher.alive
        more_bytes = 0 if up else FORKSERVER_BYTES
        queued = None if on_progress is None else lambda before: on_progress(Progress("queued", position=before))
        place = self._memory.admit(kind, more_bytes=more_bytes, wait_seconds=wait_seconds, on_wait=queued)
        async with place as lease:
            with self._egress.open(order.op, quota_bytes=quota_bytes, upstream=upstream) as ticket:
                launcher, worker = await self._fork(order.url)
                lease.arrived(more_bytes)
                lease.attach(worker.pid, lambda: launcher.end(worker))
                conversation = Conversation(worker, ticket, errand, stall_seconds=self._bounds.stall_seconds)
                conversation.enough = self._enough.get(order.folder)
                conversation.on_peak = lease.told
                self._running.add(conversation)
                try:
                    asked = replace(order, proxy=ticket.proxy_url)
                    return await conversation.hold(asked, deadline_seconds, on_progress)
                except GoldcrestError as error:
                    raise self._judge(error, lease) from None
                finally:
                    self._landlock = conversation.landlock or self._landlock
                    await self._finish(launcher, conversation)

    def _judge(self, error: GoldcrestError, lease: Lease) -> GoldcrestError:
        """What an ended conversation means where we have ended it ourselves, or the kernel has."""
        if lease.evicted:
            return MemoryShort(f"{lease.kind} ended at {lease.used_bytes >> 20} MiB")
        if isinstance(error, WorkerCrashed) and self._stopping:
            return ShuttingDown()
        if isinstance(error, MemoryShort | OutOfMemory):
            self._memory.starved(lease)
        if isinstance(error, MemoryShort) and lease.kind not in JOBS:
            return OutOfMemory(error.detail)
        return error

    async def _finish(self, launcher: Launcher, conversation: Conversation) -> None:
        """Bury the child; done to the end even where the caller is cancelled a second time."""
        ending = asyncio.create_task(launcher.finish(conversation.worker), name="end a worker")
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        cancelled = None
        while not ending.done():
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError as error:
                cancelled = error
        self._running.discard(conversation)
        if not self._running:
            self._rest()
        if cancelled is not None:
            raise cancelled

    async def _fork(self, url: str) -> tuple[Launcher, Worker]:
        try:
            launcher = self._ready_launcher()
            worker = await launcher.fork(url)
        except WorkerCrashed:  # it died before it heard of us
            self._forks = False
            launcher = self._ready_launcher()
            worker = await launcher.fork(url)
        self._forks = True
        return launcher, worker

    def _ready_launcher(self) -> Launcher:
        if self._stopping:
            raise ShuttingDown
        if self._idle is not None:
            self._idle.cancel()
        if self._launcher is None or not self._launcher.alive:
            self._launcher = Launcher(self._boot(), self._clock)
            self._launcher.start()
            self._starts += 1
        return self._launcher

    def _boot(self) -> Boot:
        return Boot(self._settings.platforms.enabled, self._settings.egress.trust)

    def _rest(self) -> None:
        """Nothing runs: the preloaded process leaves memory after a while."""
        launcher = self._launcher
        if launcher is None or self._stopping:
            return

        def leave() -> None:
            ending = asyncio.ensure_future(launcher.stop())
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

        self._idle = asyncio.get_running_loop().call_later(self._bounds.idle_stop_seconds, leave)
