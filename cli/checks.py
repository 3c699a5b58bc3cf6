"""The doctor's checks of this machine: settings, programs, disk, memory and sandbox. They change nothing."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from utils.cgroups import memory_limit
from utils.texts import size_text

if TYPE_CHECKING:
    from platforms.extractor.javascript import Runtime
    from utils.config import Settings

Result = Literal["ok", "warn", "fail"]

MEBIBYTE: Final = 1 << 20
#: older releases of yt-dlp no longer read the large sites
STALE_DAYS: Final = 60
#: below that not even one job fits beside the resident process
LEAST_MEMORY_MB: Final = 128
#: the resident process and one worker beside a run of JavaScript
RESIDENT_MB: Final = 85


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. The words are `doctor.<check>.<case>` of the catalogue, the next step the same + `.next`."""

    check: str
    result: Result
    case: str
    values: dict[str, Any] = field(default_factory=dict)


async def settings(settings: Settings) -> Finding:
    """They have been read already; what remains is whether there is a bot."""
    if settings.telegram.bot_token:
        return Finding("settings", "ok", "bot")
    return Finding("settings", "ok", "web", {"port": settings.server.port})


async def ffmpeg(_settings: Settings) -> Finding:
    """The program is there, runs, and writes what jobs ask for."""
    from utils.errors import GoldcrestError
    from utils.ffmpeg import FFmpeg, find_ffmpeg

    program = find_ffmpeg()
    if program is None:
        return Finding("ffmpeg", "fail", "missing")
    try:
        found = await asyncio.to_thread(FFmpeg(program).version)
    except (GoldcrestError, OSError) as error:
        return Finding("ffmpeg", "fail", "broken", {"path": program, "error": error})
    return Finding("ffmpeg", "ok", "found", {"path": program, "version": found})


async def extractor(_settings: Settings, today: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Finding:
    """yt-dlp's releases are dates; sites change faster than anything else here."""
    release = version("yt-dlp")
    year, month, day = (int(part) for part in release.split(".")[:3])
    age = max(0, (today().date() - date(year, month, day)).days)
    values = {"version": release, "days": age}
    return (
        Finding("extractor", "warn", "stale", values)
        if age > STALE_DAYS
        else Finding("extractor", "ok", "fresh", values)
    )


async def disk(settings: Settings, mounts: Path = Path("/proc/mounts")) -> Finding:
    """The data folder can be written, lies on a disk, and has room for a job."""
    folder = settings.data_dir
    try:
        place = next(path for path in (folder, *folder.parents) if path.exists())  # the first start makes the rest
        with tempfile.TemporaryFile(dir=place) as probe:
            probe.write(b"x")
    except OSError as error:
        return Finding("disk", "fail", "unwritable", {"path": folder, "error": error.strerror})
    free, need = shutil.disk_usage(place).free, 2 * settings.downloads.max_size_mb * MEBIBYTE
    values = {"path": folder, "free": size_text(free), "need": size_text(need)}
    if _file_system(folder, mounts) in {"tmpfs", "ramfs"}:
        return Finding("disk", "warn", "in_memory", values)
    if free < need:  # video and audio apart, and the file that they become
        return Finding("disk", "warn", "small", values)
    return Finding("disk", "ok", "room", values)


async def memory(settings: Settings, limit: Callable[[], int | None] = memory_limit) -> Finding:
    """The cap that we keep fits into the one that the host keeps."""
    cap_mb, limit_bytes = settings.memory.cap_mb, limit()
    if limit_bytes is None:
        return Finding("memory", "ok", "unlimited", {"cap_mb": cap_mb})
    values = {"cap_mb": cap_mb, "limit_mb": limit_bytes // MEBIBYTE}
    if values["limit_mb"] < LEAST_MEMORY_MB:
        return Finding("memory", "fail", "tiny", values)
    if values["limit_mb"] < cap_mb:
        return Finding("memory", "warn", "above_limit", values)
    return Finding("memory", "ok", "limited", values)


async def sandbox(settings: Settings) -> Finding:
    """How far the kernel confines a worker."""
    from utils.sandbox import landlock_state

    state = landlock_state()
    if not settings.sandbox.landlock:
        return Finding("sandbox", "warn", "off")
    if not state.files:
        return Finding("sandbox", "warn", "none")
    return Finding("sandbox", "ok", "full" if state.network else "files", {"abi": state.abi})


async def reports(settings: Settings) -> Finding:
    """Failures that nobody could explain lie in the data folder."""
    from services.reports import notes_in

    notes = await asyncio.to_thread(notes_in, settings.data_dir / "reports")
    if not notes:
        return Finding("reports", "ok", "none")
    newest = max(notes.values(), key=lambda note: note.last_at)
    return Finding("reports", "warn", "some", {"count": len(notes), "code": newest.code, "report": newest.id})


async def javascript(settings: Settings, find: Callable[[str], Awaitable[Runtime | None]] | None = None) -> Finding:
    """A runtime for YouTube's script, and whether the memory cap would ever let it run."""
    from platforms.extractor.javascript import PREPARED_MB, find_runtime

    if settings.platforms.javascript == "off":
        return Finding("javascript", "ok", "off")
    runtime = await (find or find_runtime)(settings.platforms.javascript)
    if runtime is None:
        return Finding("javascript", "warn", "none")
    values = {"name": runtime.name, "version": ".".join(map(str, runtime.version)), "path": runtime.path}
    need_mb = RESIDENT_MB + PREPARED_MB
    if settings.memory.cap_mb < need_mb:
        return Finding("javascript", "warn", "tight", {**values, "need_mb": need_mb})
    return Finding("javascript", "ok", "found", values)


async def po_tokens(settings: Settings, ask: Callable[[str, bool], Awaitable[object]] | None = None) -> Finding:
    """Proofs of origin for YouTube: the given ones look like such, the minting server mints."""
    from platforms.extractor.minter import Minter
    from platforms.extractor.tokens import read_given

    given, server = settings.platforms.youtube_po_token, settings.platforms.po_token_server
    shown = re.sub(r"//[^/@\s]+@", "//***@", server)
    for position, text in enumerate(given, 1):
        try:
            read_given(text)
        except ValueError as error:
            return Finding("po_tokens", "warn", "misfit", {"position": position, "reason": error})
    if server:
        try:
            await (ask or Minter(server))("doctor", False)
        except (OSError, ValueError) as error:
            return Finding("po_tokens", "fail", "server", {"url": shown, "error": str(error) or type(error).__name__})
    if not given and not server:
        return Finding("po_tokens", "ok", "none")
    return Finding("po_tokens", "ok", "ready", {"given": len(given), "server": shown or "-"})


def _file_system(folder: Path, mounts: Path) -> str:
    """Type of the file system that holds the folder; "" where nobody tells."""
    try:
        rows = [line.split() for line in mounts.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return ""
    resolved = folder.resolve()
    held = [(len(row[1]), row[2]) for row in rows if resolved.is_relative_to(row[1])]
    return max(held, default=(0, ""))[1]
