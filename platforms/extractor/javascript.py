"""JavaScript runtimes: which this machine has, and who may run one when: one at a time, where memory admits it."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from utils.sandbox import scrubbed_environment

MEBIBYTE: Final = 1 << 20
#: A runtime that doesn't tell its version within that is none.
VERSION_SECONDS: Final = 10.0
#: How long a job waits for another one's run; one takes half a second to five.
TURN_SECONDS: Final = 60.0
#: What a run is expected to take until one was measured: with YouTube's script of 2.6 MB as it comes, and with the one
#: that a former run has prepared. Measured peaks: 140 to 370 MB, and 100.
NEED_MB: Final = {"deno": 370, "node": 370, "bun": 370, "quickjs": 220}
PREPARED_MB: Final = 110
#: A measured peak is no bound.
MARGIN: Final = 1.2
_SHIM: Final = Path(__file__).resolve().parent / "qjs.py"
_NUMBERS: Final = re.compile(r"\d+(?:[.-]\d+){1,3}")

#: Whether that many bytes may be used now, besides what is.
Admission = Callable[[int], bool]
#: Sets them aside under a name; what gives them back, None where there is no room.
Reserve = Callable[[str, int], Callable[[], None] | None]
Which = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of runtime: its program, the question for its version, the least that knows how, what its runs need."""

    name: str
    program: str
    ask: str
    least: tuple[int, ...]


#: in the order in which they are looked for: the sandboxed first
KINDS: Final = (
    Kind("deno", "deno", "--version", (2, 3, 0)),
    Kind("node", "node", "--version", (22, 0, 0)),
    Kind("bun", "bun", "--version", (1, 2, 11)),
    Kind("quickjs", "qjs", "--help", (0, 12, 0)),
)


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime that can be used: `name` of its kind, `command` that starts it, `version` as numbers."""

    name: str
    command: tuple[str, ...]
    version: tuple[int, ...]

    @property
    def path(self) -> str:
        """The program."""
        return self.command[-1]


async def find_runtime(setting: str = "auto", which: Which = shutil.which) -> Runtime | None:
    """The first that this machine has; None where there is none, or none that is new enough.

    `setting`: "auto", "off", or the path of a program named as its kind.
    """
    if setting == "off" or find_spec("yt_dlp_ejs") is None:  # nothing to run
        return None
    named = setting != "auto"
    for kind in KINDS:
        fits = Path(setting).name.startswith(kind.program)
        path = which(kind.program) if not named else setting if fits else None
        if path and (version := await _version((path,), kind.ask)) >= kind.least:
            return Runtime(kind.name, (path,), version)
    if not named and find_spec("quickjs") is not None:  # the wheel quickjs-ng
        command = (sys.executable, "-I", str(_SHIM))
        if (version := await _version(command, "--help")) >= KINDS[-1].least:
            return Runtime("quickjs", command, version)
    return None


async def _version(command: Sequence[str], ask: str) -> tuple[int, ...]:
    """The first version in what the program says; empty where it says none."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            ask,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=scrubbed_environment(),
            cwd="/",
        )
    except OSError:
        return ()
    try:
        async with asyncio.timeout(VERSION_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        return ()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    found = _NUMBERS.search(said.decode("utf-8", "replace"))
    return tuple(int(number) for number in re.split(r"[.-]", found[0])) if found else ()


class JavaScript:
    """The one runtime and the turns at it."""

    def __init__(
        self,
        setting: str,
        admit: Admission,
        find: Callable[[str], Any] = find_runtime,
        *,
        reserve: Reserve | None = None,
    ) -> None:
        self._setting = setting
        self._admit = admit
        self._reserve = reserve or (lambda _name, need_bytes: (lambda: None) if admit(need_bytes) else None)
        self._give_room_back: Callable[[], None] | None = None
        self._find = find
        self._runtime: Runtime | None = None
        self._sought: asyncio.Task[Runtime | None] | None = None
        self._turn = asyncio.Lock()
        self._peaks: dict[bool, int] = {}
        self._counts = dict.fromkeys(("runs", "refused"), 0)

    async def runtime(self) -> Runtime | None:
        """Looked for once, by the first who asks."""
        if self._sought is None:
            self._sought = asyncio.ensure_future(self._find(self._setting))
        self._runtime = await asyncio.shield(self._sought)
        return self._runtime

    async def ready(self) -> bool:
        """Whether a run could be admitted now, at least one on a prepared script."""
        return await self.runtime() is not None and self._admit(self.need_bytes(prepared=True))

    def need_bytes(self, *, prepared: bool) -> int:
        """What a run takes: as measured, else as others have measured it."""
        if peak := self._peaks.get(prepared):
            return int(peak * MARGIN)
        name = self._runtime.name if self._runtime else "node"
        return (PREPARED_MB if prepared else NEED_MB[name]) * MEBIBYTE

    async def take_turn(self, *, prepared: bool) -> bool:
        """Wait until nobody else runs one; True where memory admits it. Who got True calls `give_back`."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._turn.acquire()
        except TimeoutError:
            self._counts["refused"] += 1
            return False
        self._give_room_back = self._reserve("javascript", self.need_bytes(prepared=prepared))
        if self._give_room_back is None:
            self._counts["refused"] += 1
            self._turn.release()
            return False
        self._counts["runs"] += 1
        return True

    def give_back(self, *, prepared: bool, peak_bytes: int = 0) -> None:
        """End of a turn; `peak_bytes`: what it took, 0 where that isn't known."""
        if peak_bytes > 0:
            self._peaks[prepared] = max(peak_bytes, self._peaks.get(prepared, 0))
        if self._give_room_back is not None:
            self._give_room_back()
            self._give_room_back = None
        self._turn.release()

    def figures(self) -> dict[str, Any]:
        """For /status."""
        runtime = self._runtime
        return {
            "runtime": runtime.name if runtime else None,
            "version": ".".join(map(str, runtime.version)) if runtime else None,
            "running": self._turn.locked(),
            "peak_mb": max(self._peaks.values(), default=0) // MEBIBYTE,
            **self._counts,
        }
