"""One job in a process of its own: fence itself in, do what the order says, report, end."""

from __future__ import annotations

import os
import select
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yt_dlp

from platforms.extractor import audit
from platforms.extractor.clip import ClipFetcher
from platforms.extractor.facts import facts
from platforms.extractor.fetching import Fetcher, save
from platforms.extractor.fit import Fitter
from platforms.extractor.guard import GuardedYoutubeDL, Loaded, parameters
from platforms.extractor.listing import list_info
from platforms.extractor.live import Recorder
from platforms.extractor.meter import Meter
from platforms.extractor.protocol import (
    REPLY_BYTES,
    REQUEST_BYTES,
    TEXT_CHARACTERS,
    WARNINGS,
    Order,
    decode,
    decode_order,
    encode,
)
from platforms.extractor.redirects import resolve
from platforms.extractor.sizes import Sizes
from platforms.extractor.sparing import check_some_left
from platforms.extractor.trim import fitting_info
from utils import sandbox
from utils.errors import InternalError, MediaTool, NoMedia, UnsafeLink
from utils.ffmpeg import GATE, FFmpeg
from utils.process_memory import peak_private_bytes

#: Room in a reply for what stands around an info dict.
_INFO_BYTES: Final = REPLY_BYTES - 64 * 1024
#: The largest script that a run of JavaScript prepares; it is kept in a file.
PLAYER_BYTES: Final = 16 << 20
#: When memory runs out, the kernel takes a worker first and the resident process last.
_OOM_SCORE: Final = "800"
_CODE: Final = Path(__file__).resolve().parent.parent
#: yt-dlp's way of carrying data between its extractors inside a URL
_SMUGGLED: Final = "__youtubedl_smuggle"


class Channel:
    """The child's end of its socket; also the logger that yt-dlp writes to."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._warnings = 0

    def order(self) -> Order:
        """What the parent asks for."""
        return decode_order(self._heard())

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Put a question and wait for the answer. Raises ConnectionError where the parent is gone."""
        self.send("ask", question)
        return decode(self._heard())

    def _heard(self) -> bytes:
        """The next line; the parent never sends a second one before it has heard of us."""
        with self._wire.makefile("rb") as lines:
            if not (line := lines.readline(REQUEST_BYTES)):
                raise ConnectionError("the parent is gone")
            return line

    def send(self, kind: str, content: Any) -> None:
        """One line. Raises ConnectionError where the parent is gone."""
        self._wire.sendall(encode({kind: content}))

    def progress(self, fields: Mapping[str, Any]) -> None:
        """A report."""
        self.send("progress", fields)

    def enough(self, seconds: float) -> bool:
        """Wait so long at most for the word that ends a recording. Raises ConnectionError where the parent is gone."""
        if not select.select([self._wire], [], [], seconds)[0]:
            return False
        if not self._wire.recv(REQUEST_BYTES):
            raise ConnectionError("the parent is gone")
        return True

    def debug(self, message: str) -> None:
        """Chatter stays here."""

    info = error = debug  # an error arrives as an exception

    def warning(self, message: str, *_: object, **__: object) -> None:
        """The classifier needs them: a refusal may show nowhere else."""
        self._warnings += 1
        if self._warnings <= WARNINGS:
            self.send("warning", {"text": str(message)[:TEXT_CHARACTERS]})


def run(wire: int, loaded: Loaded) -> int:
    """Serve one order on that descriptor; the exit code, which tells nothing that the last line didn't."""
    with socket.socket(fileno=wire) as stream:
        channel, url = Channel(stream), ""
        try:
            order = channel.order()
            url = order.url
            channel.send("hello", confine(order, loaded))
            result = OPERATIONS[order.op](order, loaded, channel)
            channel.send("memory", {"peak_bytes": peak_private_bytes()})
            channel.send("result", result)
        except ConnectionError:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever it is, the parent judges it
            _report(channel, error, arbitrary=bool(url) and not loaded.extractors.owned(url))
    return 0


def _report(channel: Channel, error: BaseException, *, arbitrary: bool) -> None:
    """Tell what happened; without memory for that, at least which kind it was. `arbitrary`: at a host of no site."""
    try:
        channel.send("error", {**facts(error), "arbitrary": arbitrary})
    except MemoryError:
        channel.send("error", {"code": "out_of_memory"})


def confine(order: Order, loaded: Loaded) -> dict[str, Any]:
    """Take away from this process what its job doesn't need; the state of Landlock."""
    port = urlsplit(order.proxy).port
    if port is None:
        raise InternalError("a job without a proxy")
    folder = Path(order.folder) if order.folder else None
    sys.dont_write_bytecode = True
    os.umask(0o077)
    place = str(folder or "/")
    os.chdir(place)
    os.environ.update(HOME=place, TMPDIR=place, PATH=os.defpath)
    with suppress(OSError):  # no such file outside Linux
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, "ascii")
    limits = order.limits
    runs = bool(order.runtime)
    sandbox.limit(
        address_space_bytes=None if runs else limits.memory_bytes or None,
        data_bytes=limits.memory_bytes or None if runs else None,
        cpu_seconds=limits.cpu_seconds or None,
        file_bytes=max(limits.file_bytes, PLAYER_BYTES if runs else 0) or None,
    )
    folders = [*([folder] if folder else []), *([Path(order.players)] if runs else [])]
    state = sandbox.landlock_state()
    if limits.landlock:
        programs = [GATE.parent, *([loaded.ffmpeg.parent] if loaded.ffmpeg else [])]
        programs += [Path(word).resolve().parent for word in order.runtime_command if word.startswith("/")]
        code = [_CODE, Path(sandbox.__file__).parent, Path(yt_dlp.__file__).parent]
        state = sandbox.confine(sandbox.runtime_paths(*code, *programs), folders, [port])
    audit.install(port, folders, [str(GATE)], order.runtime_command)
    return asdict(state)


def extract(order: Order, loaded: Loaded, channel: Channel) -> dict[str, Any]:
    """The trimmed info dict of an item or list."""
    channel.progress({"phase": "probing"})
    with _youtube_dl(order, loaded, channel) as ydl:
        sizes = Sizes(ydl, order.limits.size_seconds)
        info = ydl.extract_info(order.url, download=False)
        if not info:
            raise NoMedia("nothing was extracted")
        if order.options.get("extract_flat"):
            return list_info(info, _INFO_BYTES)
        check_some_left(info)
        sizes.fill(info)
        return fitting_info(info, _INFO_BYTES)


def fetch(order: Order, loaded: Loaded, channel: Channel) -> dict[str, Any]:
    """Download, merge and fit into the job's folder."""
    if loaded.ffmpeg is None:
        raise MediaTool("there is no ffmpeg on this machine")
    meter = Meter(channel.progress, order.max_bytes)
    with _youtube_dl(order, loaded, channel) as ydl:
        fitter = Fitter(FFmpeg(loaded.ffmpeg), meter)
        if order.record_seconds:
            return Recorder(order, ydl, fitter, channel).run(_INFO_BYTES)
        fetcher = ClipFetcher if order.clip_start or order.clip_end else Fetcher
        return fetcher(order, ydl, fitter, meter).run(_INFO_BYTES)


def follow(order: Order, loaded: Loaded, _channel: Channel) -> dict[str, Any]:
    """Where a short link leads."""
    return {"url": resolve(order, loaded)}


def read(order: Order, loaded: Loaded, channel: Channel) -> dict[str, Any]:
    """Copy a small resource into the file that the order names."""
    with _youtube_dl(order, loaded, channel) as ydl:
        path = Path(order.folder, order.name)
        return {"content_type": save(ydl, order.url, path, order.max_bytes)[:TEXT_CHARACTERS]}


OPERATIONS: Final = {"extract": extract, "fetch": fetch, "resolve": follow, "read": read}


def _youtube_dl(order: Order, loaded: Loaded, channel: Channel) -> GuardedYoutubeDL:
    if _SMUGGLED in order.url:
        raise UnsafeLink("data smuggled inside the link")
    if order.po_token:
        from platforms.extractor import po_provider

        po_provider.provide(channel.ask)
    if order.runtime:
        from platforms.extractor import solver

        solver.provide(channel.ask, order.runtime, order.runtime_command, Path(order.players))
    params = parameters(order, channel)
    if order.impersonate:
        from platforms.extractor.curl import dressed

        loaded = dressed(order.impersonate, loaded, params)
    ydl = GuardedYoutubeDL(params, loaded)
    if order.cookies:
        from platforms.extractor.cookies import give

        give(ydl.cookiejar, order.cookies)
    return ydl
