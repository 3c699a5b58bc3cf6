"""Reports of failures whose cause is unknown: small redacted files for the operator, bounded in number and age."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from utils.health import Health, of_folder
from utils.redaction import clean_text, clean_url

if TYPE_CHECKING:
    from platforms.shapes import Link
    from utils.config import Reports as Settings
    from utils.errors import GoldcrestError

log = structlog.get_logger()
DAY_SECONDS: Final = 86_400.0
#: Bounds of what one report says; a file stays below 32 KB.
TEXT_CHARACTERS: Final = 1500
LINE_CHARACTERS: Final = 300
MOST_LINES: Final = 30
#: exceptions that lead from one to the next, at most
MOST_LINKS: Final = 6
NAME: Final = re.compile(r"[0-9A-F]{8}")
#: two failures that differ in nothing but numbers are one
_NUMBERS: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Note:
    """A report in short; times are UTC epochs (seconds), `seen` how often the same failure came."""

    id: str
    code: str
    platform: str
    first_at: float
    last_at: float
    seen: int


class Reports:
    """`folder`: where they lie, 0700, each file 0600; `secrets`: values that no report may hold."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        *,
        secrets: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._secrets = tuple(secrets)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._known: dict[str, Note] = {}

    async def start(self) -> None:
        """Read what there is, and forget what is too old."""
        self._known = await asyncio.to_thread(notes_in, self._folder)
        await self._sweep()

    def health(self) -> Health:
        """Whether there is room for them."""
        return of_folder(self._folder)

    async def keep(self, error: GoldcrestError, link: Link | None = None) -> str:
        """Write a report where the cause is unknown; its id, "" where there is none. Also put into the error itself.

        The same failure again counts up its report. A disk that doesn't take it costs the report and nothing else.
        """
        if not error.reported:
            return ""
        if error.report_id:  # it passes several edges on its way
            return error.report_id
        content = self._content(error, link)
        identity = fingerprint(content)
        now = self._clock()
        async with self._lock:
            known = self._known.get(identity)
            note = Note(identity, error.code, content["platform"], now, now, 1)
            if known is not None:
                note = replace(known, last_at=now, seen=known.seen + 1)
            told = {**asdict(note), **content}
            try:
                await asyncio.to_thread(write, self._folder, identity, msgspec.json.format(msgspec.json.encode(told)))
            except OSError as trouble:
                log.warning("report.not_kept", error=trouble.strerror)
                return ""
            self._known[identity] = note
            error.report_id = identity
        log.warning("report.kept", report=identity, code=error.code, platform=note.platform, seen=note.seen)
        await self._sweep()
        return identity

    def newest(self) -> list[Note]:
        """All of them, the one that was seen last first."""
        return sorted(self._known.values(), key=lambda note: note.last_at, reverse=True)

    async def read(self, identity: str) -> str | None:
        """One report as it lies on the disk; None where there is none of that name."""
        if identity not in self._known:
            return None
        try:
            return await asyncio.to_thread((self._folder / f"{identity}.json").read_text, "utf-8")
        except OSError:
            return None

    async def clear(self) -> int:
        """Remove all; how many there were."""
        async with self._lock:
            gone, self._known = self._known, {}
            await asyncio.to_thread(remove, self._folder, gone)
        return len(gone)

    def figures(self) -> dict[str, Any]:
        """For /status: how many there are and when the last one was written (UTC epoch or None)."""
        newest = self.newest()
        return {"count": len(newest), "last_at": newest[0].last_at if newest else None}

    async def _sweep(self) -> None:
        oldest = self._clock() - self._settings.days * DAY_SECONDS
        async with self._lock:
            kept = [note.id for note in self.newest() if note.last_at >= oldest][: self._settings.count]
            gone = self._known.keys() - kept
            self._known = {identity: self._known[identity] for identity in kept}
            await asyncio.to_thread(remove, self._folder, gone)

    def _content(self, error: GoldcrestError, link: Link | None) -> dict[str, Any]:
        evidence: Mapping[str, Any] = error.evidence or {}
        return {
            "platform": link.platform if link else "",
            "kind": link.kind if link else "",
            "url": clean_url(link.url) if link else "",
            "message": self._clean(str(evidence.get("message") or error.detail), TEXT_CHARACTERS),
            "types": self._lines(evidence.get("types") or [type(each).__name__ for each in chain_of(error)]),
            "status": evidence.get("status"),
            "errno": evidence.get("errno"),
            "headers": self._lines(f"{name}: {value}" for name, value in (evidence.get("headers") or {}).items()),
            "warnings": self._lines(evidence.get("warnings") or ()),
            "trace": self._lines(evidence.get("trace") or trace_of(error)),
            "versions": versions(),
        }

    def _lines(self, lines: Iterable[object]) -> list[str]:
        return [self._clean(str(line), LINE_CHARACTERS) for line in [*lines][:MOST_LINES]]

    def _clean(self, text: str, bound: int) -> str:
        return clean_text(text[: 4 * bound], self._secrets)[:bound]


def fingerprint(content: Mapping[str, Any]) -> str:
    """What the same failure has in common each time: eight hexadecimal digits."""
    parts = (content["platform"], *content["types"], _NUMBERS.sub("", content["message"]), *content["trace"][-1:])
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:8].upper()


def chain_of(error: BaseException) -> list[BaseException]:
    """The error and what it came from, outermost first."""
    found: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and len(found) < MOST_LINKS and all(link is not other for other in found):
        found.append(link)
        link = link.__cause__ or link.__context__
    return found


def trace_of(error: BaseException) -> list[str]:
    """Where each of the chain was raised: file, line and function, no values."""
    from platforms.extractor.facts import frames

    return [line for link in chain_of(error) for line in frames(link)]


def versions() -> dict[str, str]:
    """What ran."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version(), "system": platform.system()}
    for name in ("yt-dlp", "kurigram"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def notes_in(folder: Path) -> dict[str, Note]:
    """The reports of a folder by id; files that are none are passed over."""
    found = {}
    for path in folder.glob("*.json"):
        if not NAME.fullmatch(path.stem):
            continue
        try:
            note = msgspec.json.decode(path.read_bytes(), type=Note)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        found[path.stem] = replace(note, id=path.stem)
    return found


def write(folder: Path, identity: str, content: bytes) -> None:
    """Write a whole file that only we can read, or none."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = folder / f".{identity}"
    temporary.unlink(missing_ok=True)
    temporary.touch(mode=0o600)
    temporary.write_bytes(content)
    temporary.replace(folder / f"{identity}.json")


def remove(folder: Path, identities: Iterable[str]) -> None:
    """Remove reports, as far as the disk lets us; the next start tries again."""
    for identity in identities:
        with suppress(OSError):
            (folder / f"{identity}.json").unlink(missing_ok=True)
