"""Process groups, one per job: adopt orphans, die with the parent, kill, and see when nothing is left."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36


def adopt_orphans() -> None:
    """Become the parent of all whose parent dies below us: an orphan (ffmpeg) can then be seen to go, and at once."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, however that ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def kill_group(group: int) -> bool:
    """Kill every member; False where there is none any more."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def reap(group: int) -> tuple[bool, int | None]:
    """Bury the dead among our children: whether none is left, and the leader's wait status if it was one of them."""
    status = None
    with suppress(ChildProcessError):
        while True:
            buried, ended = os.waitpid(-group, os.WNOHANG)
            if buried == 0:
                return False, status
            if buried == group:
                status = ended
    return True, status


def is_alive(group: int) -> bool:
    """Whether a member runs. The dead whom a slow first process of the system hasn't buried yet don't count."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name in brackets may hold anything; state, parent and group follow it (proc_pid_stat(5)).
            state, _, member = status.read_text("utf-8", "replace").rpartition(")")[2].split()[:3]
            if int(member) == group and state not in {"Z", "X"}:
                return True
    return not Path("/proc/self/stat").exists()  # another system: only an empty group is known to be dead


def _prctl(option: int, value: int) -> None:
    """Ask the kernel; other systems than Linux do without, the kills by group remain."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
