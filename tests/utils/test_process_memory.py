"""Memory of a process tree from /proc."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from utils.process_memory import tree_bytes


def proc(folder, pid, *children, pss_kb=None):
    task = folder / str(pid) / "task" / str(pid)
    task.mkdir(parents=True)
    (task / "children").write_text(" ".join(map(str, children)))
    if pss_kb is not None:
        (folder / str(pid) / "smaps_rollup").write_text(f"Rss: 9 kB\nPss:   {pss_kb} kB\nPss_Anon: 1 kB\n")


def test_descendants_count_and_lost_ones_do_not(tmp_path):
    """A child that ended between the look and the read is no error."""
    proc(tmp_path, 1, 2, 3, pss_kb=10)
    proc(tmp_path, 2, 4, pss_kb=20)
    proc(tmp_path, 4, pss_kb=30)
    assert tree_bytes(1, tmp_path) == 60 * 1024


def test_without_proc_it_is_unknown(tmp_path):
    """Other systems have none."""
    assert tree_bytes(1, tmp_path) is None


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
def test_a_real_child_is_seen():
    """More than this process alone."""
    alone = tree_bytes()
    assert alone is not None
    assert alone > 5 << 20
    with subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], stdin=-1, stdout=-1) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with_child = tree_bytes(os.getpid())
        only_child = tree_bytes(child.pid)
        child.communicate(b"\n")
    assert with_child is not None
    assert only_child is not None
    assert with_child > only_child > 1 << 20
