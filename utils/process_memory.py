"""How much memory the whole process tree uses, pages that several processes share counted once (PSS)."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")


def tree_bytes(root: int | None = None, proc: Path = PROC) -> int | None:
    """Proportional set size of a process (default: this one) and all its descendants; None where it can't be told."""
    root = os.getpid() if root is None else root
    sizes = [size for pid in _tree(root, proc) if (size := _pss(proc / str(pid))) is not None]
    return sum(sizes) if sizes else None


def _tree(root: int, proc: Path) -> list[int]:
    found = [root]
    for pid in found:
        try:
            threads = list((proc / str(pid) / "task").iterdir())
            found += [int(child) for thread in threads for child in (thread / "children").read_text().split()]
        except OSError:  # it ended meanwhile
            continue
    return found


def _pss(folder: Path) -> int | None:
    try:
        lines = (folder / "smaps_rollup").read_text().splitlines()
    except OSError:  # ended, or another user's
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), None)
