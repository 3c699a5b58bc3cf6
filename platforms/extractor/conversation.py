"""Talking with one child: send its order, hear its reports, notice when it stalls, judge how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from platforms.extractor.errors import classify
from platforms.extractor.launcher import BURY_SECONDS, Worker
from platforms.extractor.live_order import Enough
from platforms.extractor.protocol import WARNINGS, Order, decode_message, encode, encode_order
from platforms.extractor.replies import ending_of, facts_of, fence_of, progress_of
from utils.errors import (
    CutOff,
    DeadlineExceeded,
    ExtractorBroken,
    GoldcrestError,
    ProxyDown,
    SiteDown,
    Stalled,
    TooLarge,
    WorkerCrashed,
)
from utils.logs import get_logger
from utils.redaction import clean_text

if TYPE_CHECKING:
    from platforms.extractor.tools import Errand
    from platforms.shapes import ProgressSink
    from utils.egress import Ticket

#: Fewer bytes than that within the stall limit are no progress, they only keep a connection from timing out.
TRICKLE_BYTES: Final = 1024
#: Of a warning in the log.
WARNING_CHARACTERS: Final = 300
#: Phases in which nothing comes from the network; ffmpeg and the whole job have deadlines of their own.
LOCAL_PHASES: Final = frozenset({"merging", "fitting"})
#: What a job meets whose own proxy is no use.
_OF_THE_ROUTE: Final = (SiteDown, CutOff, ExtractorBroken)


class Conversation:
    """One order and all that is said about it.

    `landlock`: what the child reports of its fence; `enough`: ends a recording; `on_peak`: told how many bytes the
    child says that it took.
    """

    def __init__(self, worker: Worker, ticket: Ticket, errand: Errand | None = None, *, stall_seconds: float) -> None:
        self.worker = worker
        self.landlock: dict[str, Any] | None = None
        self.enough: asyncio.Event | None = None
        self.on_peak: Callable[[int], None] | None = None
        self._ticket = ticket
        self._errand = errand
        self._stall_seconds = stall_seconds
        self._warnings: list[str] = []
        self._phase = "probing"

    async def hold(self, order: Order, deadline_seconds: float, on_progress: ProgressSink | None) -> dict[str, Any]:
        """The child's result. Raises a GoldcrestError; the child may then still be running."""
        self._wish = Enough(self.enough, self.worker.writer.write)
        try:
            async with asyncio.timeout(deadline_seconds) as deadline:
                self.worker.writer.write(encode_order(order))
                while True:
                    kind, content = await self._hear()
                    if kind == "result":
                        return content
                    if kind == "error":
                        raise self._judge(content)
                    if kind == "ask":
                        answer = await self._errand.answer(content) if self._errand else {}
                        self.worker.writer.write(encode(answer))
                        continue
                    self._note(kind, content, on_progress)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise DeadlineExceeded(f"{order.op} took longer than {deadline_seconds:g} s") from None
        finally:
            self._wish.close()

    async def _hear(self) -> tuple[str, dict[str, Any]]:
        """The next message: its kind and its fields."""
        try:
            line = await self._line()
            if line.endswith(b"\n"):
                return decode_message(self._redacted(line))
        except ConnectionError:
            pass
        except ValueError as error:  # too long, or no JSON
            raise WorkerCrashed(f"a worker that doesn't keep to the protocol: {error}") from None
        raise await self._ending()

    def _redacted(self, line: bytes) -> bytes:
        """The line without a token that this job was handed, as it is or as it stands in a URL."""
        for secret in self._errand.secrets if self._errand else ():
            for spelled in {secret, quote(secret, safe="")}:
                line = line.replace(spelled.encode(), b"***")
        return line

    async def _line(self) -> bytes:
        """The next line, empty at the end. Raises Stalled."""
        while True:
            before = self._ticket.bytes_down + self._ticket.bytes_up
            try:
                async with asyncio.timeout(self._stall_seconds) as patience:
                    return await self.worker.reader.readline()
            except TimeoutError:
                if not patience.expired():
                    raise
                moved = self._ticket.bytes_down + self._ticket.bytes_up - before
                busy = self._phase in LOCAL_PHASES or (self._errand is not None and self._errand.busy)
                if moved < TRICKLE_BYTES and not busy:
                    raise Stalled(f"nothing came for {self._stall_seconds:g} s") from None

    def _note(self, kind: str, content: dict[str, Any], on_progress: ProgressSink | None) -> None:
        if kind == "hello":
            self.landlock = self.landlock or fence_of(content)
        elif kind == "memory":
            if self.on_peak is not None and isinstance(peak := content.get("peak_bytes"), int):
                self.on_peak(peak)
        elif kind == "warning":
            if len(self._warnings) < WARNINGS:
                self._warnings.append(text := str(content.get("text")))
                get_logger().info("extractor.warning", text=clean_text(text)[:WARNING_CHARACTERS])
        elif kind == "progress" and (progress := progress_of(content)):
            self._phase = progress.phase
            self._wish.note(progress.phase)
            if on_progress is not None:
                on_progress(progress)

    async def _ending(self) -> GoldcrestError:
        """Why the socket was closed without a result."""
        try:
            async with asyncio.timeout(BURY_SECONDS):
                return ending_of(await asyncio.shield(self.worker.exited))
        except TimeoutError:
            return WorkerCrashed("it fell silent")

    def _judge(self, told: Mapping[str, Any]) -> GoldcrestError:
        """The error that the child's facts, its warnings and the egress proxy's own record stand for."""
        if self._ticket.over_quota:
            return TooLarge("more bytes than the job may move")
        refusal = self._ticket.refused[-1].code if self._ticket.refused else None
        failed = self._ticket.failed[-1] if self._ticket.failed else None
        error = classify({**facts_of(told), "warnings": self._warnings, "egress": refusal, "failed": failed})
        if self._ticket.route_failed and isinstance(error, _OF_THE_ROUTE):
            return ProxyDown(f"{self._ticket.route_failed}: {error.detail}")
        return error
