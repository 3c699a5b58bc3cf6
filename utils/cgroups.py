"""What the kernel's control groups allow this process: the memory limit of a container, and what is used of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: version 1 says "no limit" by the largest multiple of a page; nothing real comes near it
UNLIMITED: Final = 1 << 60
_LIMIT_V2: Final = "memory.max"
_LIMIT_V1: Final = "memory.limit_in_bytes"
#: fields of memory.stat that the kernel can't give back by itself; files in its cache it can
_PINNED_V1: Final = ("total_active_anon", "total_inactive_anon", "total_unevictable")
_PINNED_V2: Final = (
    *("active_anon", "inactive_anon", "unevictable"),
    *("kernel_stack", "pagetables", "percpu", "sock", "slab_unreclaimable"),
)


@dataclass(frozen=True, slots=True)
class GroupMemory:
    """The group whose limit binds. `used_bytes`: what can't be taken back, so neither cached files nor free pages."""

    limit_bytes: int
    used_bytes: int


def memory_limit(root: Path = Path("/")) -> int | None:
    """The smallest memory limit in bytes from this process' group upwards; None where there is none.

    `root` stands for / in tests. Inside a container the group's own path may not be visible; the mount's top is then
    the container's group.
    """
    return min((limit for limit, _, _ in _limits(root)), default=None)


def group_memory(root: Path = Path("/")) -> GroupMemory | None:
    """Limit and use of the group with the smallest limit, its other members included; None where there is none."""
    found = min(_limits(root), default=None)
    if found is None:
        return None
    limit, folder, name = found
    counted = _statistics(folder)
    if name == _LIMIT_V2:
        return GroupMemory(limit, sum(counted.get(field, 0) for field in _PINNED_V2))
    kernel = _number(folder / "memory.kmem.usage_in_bytes") or 0
    return GroupMemory(limit, kernel + sum(counted.get(field, 0) for field in _PINNED_V1))


def _limits(root: Path) -> Iterator[tuple[int, Path, str]]:
    for folder, name in _groups(root):
        limit = _number(folder / name)
        if limit is not None and limit < UNLIMITED:
            yield limit, folder, name


def _groups(root: Path) -> Iterator[tuple[Path, str]]:
    mount = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, name = mount, _LIMIT_V2
        elif "memory" in controllers.split(","):
            top, name = mount / "memory", _LIMIT_V1
        else:
            continue
        group = Path(path.lstrip("/"))
        for folder in (group, *group.parents):
            yield top / folder, name


def _number(path: Path) -> int | None:
    try:
        text = path.read_text("ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _statistics(folder: Path) -> dict[str, int]:
    try:
        lines = (folder / "memory.stat").read_text("ascii").splitlines()
    except OSError:
        return {}
    return {name: int(number) for name, number in (line.split() for line in lines)}
