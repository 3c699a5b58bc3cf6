"""What the kernel's control groups allow this process: the memory limit of a container."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

#: version 1 says "no limit" by the largest multiple of a page; nothing real comes near it
UNLIMITED: Final = 1 << 60


def memory_limit(root: Path = Path("/")) -> int | None:
    """The smallest memory limit in bytes from this process' group upwards; None where there is none.

    `root` stands for / in tests. Inside a container the group's own path may not be visible; the mount's top is then
    the container's group.
    """
    limits = []
    for folder, name in _groups(root):
        try:
            text = (folder / name).read_text("ascii").strip()
        except OSError:
            continue
        if text.isdigit() and int(text) < UNLIMITED:
            limits.append(int(text))
    return min(limits, default=None)


def _groups(root: Path) -> Iterator[tuple[Path, str]]:
    mount = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, name = mount, "memory.max"
        elif "memory" in controllers.split(","):
            top, name = mount / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = Path(path.lstrip("/"))
        for folder in (group, *group.parents):
            yield top / folder, name
