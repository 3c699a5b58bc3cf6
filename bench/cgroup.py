"""Run a command in a control group of its own: a hard memory limit, a share of a core, and what the kernel counted.

Both versions of control groups; needs root or a delegated group. `why_not()` says what is missing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

ROOT: Final = Path("/sys/fs/cgroup")
MEBIBYTE: Final = 1 << 20
PERIOD_MICROSECONDS: Final = 100_000
REMOVE_SECONDS: Final = 5.0
#: joins the groups named before `--`, then becomes the command
JOIN: Final = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 97; shift; done; shift; exec "$@"'


@dataclass(frozen=True, slots=True)
class Counted:
    """What the kernel has counted. `peak_bytes` includes cached file pages, `anonymous_bytes` (now) does not."""

    peak_bytes: int
    anonymous_bytes: int
    oom_kills: int


class Group:
    """A context manager; `command(argv)` is the argv that starts in the group, `counted()` the kernel's figures.

    `memory_mb`: hard limit, swap included; `cpu_percent`: of one core.
    """

    def __init__(self, *, memory_mb: float | None = None, cpu_percent: float | None = None, root: Path = ROOT) -> None:
        self._memory_mb = memory_mb
        self._cpu_percent = cpu_percent
        self._root = root
        self._unified = (root / "cgroup.controllers").exists()
        self._folders: list[Path] = []

    def __enter__(self) -> Self:
        name = f"goldcrest-bench-{os.getpid()}-{time.monotonic_ns()}"
        if self._unified:
            wanted = [kind for kind, on in (("memory", True), ("cpu", self._cpu_percent is not None)) if on]
            with suppress(OSError):  # enabled already, or delegated that way
                (self._root / "cgroup.subtree_control").write_text(" ".join(f"+{kind}" for kind in wanted))
            self._make(self._root / name)
        else:
            self._make(self._root / "memory" / name)
            if self._cpu_percent is not None:
                self._make(self._root / "cpu" / name)
        self._limit()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        deadline = time.monotonic() + REMOVE_SECONDS
        while self._folders and time.monotonic() < deadline:
            with suppress(OSError):  # busy until its last process is reaped
                self._folders[-1].rmdir()
                self._folders.pop()
                continue
            time.sleep(0.02)

    def command(self, argv: Sequence[str]) -> list[str]:
        """What to start instead of `argv`; it is in the group from its first instruction on."""
        return ["sh", "-c", JOIN, "sh", *map(str, self._folders), "--", *argv]

    def counted(self) -> Counted:
        """The kernel's figures so far."""
        folder = self._folders[0]
        statistics = _pairs(folder / "memory.stat")
        if self._unified:
            peak = _number(folder / "memory.peak") or _number(folder / "memory.current")
            return Counted(peak, statistics.get("anon", 0), _pairs(folder / "memory.events").get("oom_kill", 0))
        kills = _pairs(folder / "memory.oom_control").get("oom_kill", 0)
        return Counted(_number(folder / "memory.max_usage_in_bytes"), statistics.get("rss", 0), kills)

    def _make(self, folder: Path) -> None:
        folder.mkdir()
        self._folders.append(folder)

    def _limit(self) -> None:
        memory, processor = self._folders[0], self._folders[-1]
        if self._memory_mb is not None:
            limit = str(int(self._memory_mb * MEBIBYTE))
            if self._unified:
                (memory / "memory.max").write_text(limit)
                _write_if_there(memory / "memory.swap.max", "0")
            else:
                (memory / "memory.limit_in_bytes").write_text(limit)
                _write_if_there(memory / "memory.memsw.limit_in_bytes", limit)
                _write_if_there(memory / "memory.swappiness", "0")
        if self._cpu_percent is not None:
            quota = int(self._cpu_percent / 100 * PERIOD_MICROSECONDS)
            if self._unified:
                (processor / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}")
            else:
                (processor / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
                (processor / "cpu.cfs_quota_us").write_text(str(quota))


def why_not(*, cpu: bool = False, root: Path = ROOT) -> str | None:
    """Why no group can be made here; None where it can."""
    try:
        with Group(memory_mb=64, cpu_percent=50 if cpu else None, root=root):
            return None
    except OSError as error:
        return f"{error.filename or ROOT}: {error.strerror}"


def _pairs(path: Path) -> dict[str, int]:
    try:
        rows = [line.split() for line in path.read_text("ascii").splitlines()]
    except OSError:
        return {}
    return {row[0]: int(row[1]) for row in rows if len(row) == 2}


def _number(path: Path) -> int:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return 0


def _write_if_there(path: Path, text: str) -> None:
    with suppress(OSError):  # without swap accounting there is no such file
        path.write_text(text)
