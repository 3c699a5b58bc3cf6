"""What a child reports, believed only as far as it can be checked: it has read what strangers wrote."""

from __future__ import annotations

import math
import signal
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from platforms.shapes import Progress
from utils.errors import DeadlineExceeded, GoldcrestError, MemoryShort, WorkerCrashed, error_by_code

PHASES: Final = frozenset({"probing", "downloading", "recording", "merging", "fitting"})
KINDS: Final = frozenset({"video", "audio", "photo", "document"})
#: what an error may tell, and of which kind that is
_FACTS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "code": str,
    "detail": str,
    "retry_after_seconds": (int, float),
    "values": dict,
    "types": list,
    "message": str,
    "status": int,
    "headers": dict,
    "errno": int,
    "expected": bool,
    "countries": list,
    "redirect_loop": bool,
    "arbitrary": bool,
    "trace": list,
}
_PLAIN: Final = (str, int, float, bool)
_TEXTS: Final = ("mime", "title", "performer")
_TEXT_CHARACTERS: Final = 500
_MOST_FILES: Final = 20


def progress_of(fields: Mapping[str, Any]) -> Progress | None:
    """The report; None where it makes no sense."""
    phase = str(fields.get("phase"))
    if phase not in PHASES:
        return None
    total = _number(fields.get("total_bytes"))
    return Progress(
        phase,
        done_bytes=int(_number(fields.get("done_bytes")) or 0),
        total_bytes=None if total is None else int(total),
        speed=_number(fields.get("speed")),
        eta_seconds=_number(fields.get("eta_seconds")),
        done_seconds=_number(fields.get("done_seconds")),
        total_seconds=_number(fields.get("total_seconds")),
    )


def files_of(reported: Any, folder: Path) -> list[dict[str, Any]]:
    """The fields of FetchedFile for each file, with paths that really are plain files in the job's folder.

    Raises WorkerCrashed for a report that isn't true.
    """
    if not isinstance(reported, list) or not 0 < len(reported) <= _MOST_FILES:
        raise WorkerCrashed("a result without files")
    return [_file(fields if isinstance(fields, dict) else {}, folder) for fields in reported]


def missing_of(reported: Any) -> list[dict[str, Any]]:
    """The fields of Missing for each item that could not be had, as far as they make sense."""
    told = [each for each in reported if isinstance(each, dict)] if isinstance(reported, list) else []
    places = range(1, _MOST_FILES + 1)
    return [
        {"position": each["position"], "code": error_by_code(str(each.get("code"))).code}
        for each in told[:_MOST_FILES]
        if each.get("position") in places
    ]


def fence_of(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a child says that the kernel confines of it (`utils.landlock.LandlockState`); None for anything else."""
    kinds = {"abi": int, "files": bool, "network": bool}
    sane = all(type(told.get(name)) is kind for name, kind in kinds.items())
    return {name: told[name] for name in kinds} if sane else None


def facts_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """An error's facts without those that aren't of their kind; see `facts.facts`."""
    facts = {key: told[key] for key, kind in _FACTS.items() if isinstance(told.get(key), kind)}
    values = {str(key): value for key, value in facts.pop("values", {}).items() if isinstance(value, _PLAIN)}
    headers = {str(key): str(value) for key, value in facts.pop("headers", {}).items()}
    if _number(facts.get("retry_after_seconds")) is None:
        facts.pop("retry_after_seconds", None)
    return {**facts, "values": values, "headers": headers}


def ending_of(status: int | None) -> GoldcrestError:
    """The error that a child's end without a word stands for. `status`: as of `waitpid`, None where nobody knows."""
    if status is None:
        return WorkerCrashed("it went with its forkserver")
    number = status & 0x7F
    if not number:
        return WorkerCrashed(f"exit code {status >> 8}")
    name = signal.Signals(number).name if number in {each.value for each in signal.Signals} else f"signal {number}"
    if number == signal.SIGKILL:  # nobody else sends it unasked: the kernel is out of memory
        return MemoryShort(f"ended by the kernel, {name}")
    return DeadlineExceeded(name) if number == signal.SIGXCPU else WorkerCrashed(name)


def _file(fields: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    path, size = _plain_file(fields.get("name"), folder)
    thumbnail = fields.get("thumbnail")
    if str(fields.get("kind")) not in KINDS:
        raise WorkerCrashed("a file of an unknown kind")
    return {
        "path": path,
        "size_bytes": size,
        "kind": fields["kind"],
        "width": _pixels(fields.get("width")),
        "height": _pixels(fields.get("height")),
        "duration_seconds": _number(fields.get("duration_seconds")),
        "thumbnail": None if thumbnail is None else _plain_file(thumbnail, folder)[0],
        **{key: str(fields.get(key) or "")[:_TEXT_CHARACTERS] for key in _TEXTS},
    }


def _plain_file(name: object, folder: Path) -> tuple[Path, int]:
    if not isinstance(name, str) or name != Path(name).name or name in {"", ".", ".."}:
        raise WorkerCrashed("a file outside its folder")
    path = folder / name
    try:
        found = path.lstat()
    except (OSError, ValueError):
        raise WorkerCrashed("a file that isn't there") from None
    if not stat.S_ISREG(found.st_mode):
        raise WorkerCrashed("something that is no plain file")
    return path, found.st_size


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _pixels(value: object) -> int | None:
    number = _number(value)
    return int(number) if number else None
