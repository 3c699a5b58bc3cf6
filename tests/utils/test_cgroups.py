"""Control groups of both versions, on files as the kernel writes them."""

from __future__ import annotations

import pytest

from utils.cgroups import GroupMemory, group_memory, memory_limit

V2 = "0::/app/worker\n"
V1 = "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n"


@pytest.fixture
def ground(tmp_path):
    def write(lines, files):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(lines)
        for name, text in files.items():
            path = tmp_path / "sys/fs/cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def test_version_2_takes_the_smallest_and_what_it_holds(ground):
    """A parent's limit binds too; cached files can be given back and don't count."""
    root = ground(
        V2,
        {
            "app/worker/memory.max": "max\n",
            "app/memory.max": "1000\n",
            "app/memory.stat": "anon 300\nactive_anon 100\ninactive_anon 200\nsock 7\nslab_unreclaimable 20\n",
            "memory.max": "5000\n",
        },
    )
    assert memory_limit(root) == 1000
    assert group_memory(root) == GroupMemory(1000, 327)


def test_version_1_counts_all_members_and_the_kernel(ground):
    """Only sums of the whole hierarchy count; "no limit" is a huge number."""
    stat = "rss 1\nactive_anon 9\ntotal_active_anon 30\ntotal_inactive_anon 40\ntotal_cache 90\ntotal_unevictable 5\n"
    root = ground(
        V1,
        {
            "memory/docker/abc/memory.limit_in_bytes": "800\n",
            "memory/docker/abc/memory.stat": stat,
            "memory/docker/abc/memory.kmem.usage_in_bytes": "11\n",
            "memory/memory.limit_in_bytes": "9223372036854771712\n",
        },
    )
    assert memory_limit(root) == 800
    assert group_memory(root) == GroupMemory(800, 86)


def test_files_that_are_missing_count_as_nothing(ground):
    """A kernel without these figures still has its limit."""
    root = ground(V1, {"memory/memory.limit_in_bytes": "700\n"})
    assert group_memory(root) == GroupMemory(700, 0)


def test_without_groups_there_is_no_limit(tmp_path, ground):
    """Neither where /proc is missing nor where nothing is limited."""
    assert group_memory(tmp_path) is None
    assert memory_limit(ground(V1, {})) is None
