"""Memory of a process tree from /proc."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from utils.process_memory import TreeMemory, peak_private_bytes, tree_bytes, tree_memory, tree_rss


def proc(folder, pid, *children, pss_kb=None, group=1, private_kb=1, threads=1):
    for thread in range(threads):
        task = folder / str(pid) / "task" / str(pid + thread * 1000)
        task.mkdir(parents=True)
        (task / "children").write_text("" if thread else " ".join(map(str, children)))
    if pss_kb is not None:
        rollup = f"Rss: 9 kB\nPss:   {pss_kb} kB\nPrivate_Clean: 1 kB\nPrivate_Dirty: {private_kb - 1} kB\n"
        (folder / str(pid) / "smaps_rollup").write_text(f"55d0-7ffd ---p 00:00 0 [rollup]\n{rollup}")
        (folder / str(pid) / "stat").write_text(f"{pid} (a ) name) S 1 {group} 1 0")
        (folder / str(pid) / "statm").write_text("9 3 1 1 0 1 0")


def test_descendants_count_and_lost_ones_do_not(tmp_path):
    """A child that ended between the look and the read is no error."""
    proc(tmp_path, 1, 2, 3, pss_kb=10)
    proc(tmp_path, 2, 4, pss_kb=20)
    proc(tmp_path, 4, pss_kb=30)
    assert tree_bytes(1, tmp_path) == 60 * 1024


def test_the_figures_of_a_tree(tmp_path):
    """What each group alone holds is told beside the sums; the cheap sum counts whole pages."""
    proc(tmp_path, 1, 2, pss_kb=10, private_kb=5, threads=2)
    proc(tmp_path, 2, 3, pss_kb=20, group=2, private_kb=7)
    proc(tmp_path, 3, pss_kb=30, group=2, private_kb=11)
    assert tree_memory(1, tmp_path) == TreeMemory(3, 27 * 1024, 60 * 1024, {1: 5 * 1024, 2: 18 * 1024})
    assert tree_rss(1, tmp_path, page_bytes=100) == 900


def test_one_that_ends_between_two_reads_is_left_out(tmp_path):
    """Its sizes were read, its group can't be any more."""
    proc(tmp_path, 1, 2, pss_kb=10)
    proc(tmp_path, 2, pss_kb=20)
    (tmp_path / "2" / "stat").unlink()
    assert tree_bytes(1, tmp_path) == 10 * 1024


def test_the_peak_leaves_out_what_is_shared(tmp_path):
    """9 kB now of which 4 are private, 12 at the peak: 7 of its own."""
    proc(tmp_path, 1, pss_kb=5, private_kb=4)
    (tmp_path / "1" / "status").write_text("Name: x\nVmHWM:\t 12 kB\nThreads: 1\n")
    assert peak_private_bytes(tmp_path / "1") == 7 * 1024
    assert peak_private_bytes(tmp_path / "2") == 0


def test_without_proc_it_is_unknown(tmp_path):
    """Other systems have none."""
    assert tree_bytes(1, tmp_path) is None
    assert tree_rss(1, tmp_path) is None


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


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
def test_the_real_figures_fit_together():
    """The cheap bound is above the exact sum; a peak of 30 MB is seen after it is gone."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\nfrom utils.process_memory import *\n"
        "before = peak_private_bytes(); x = b'x' * (30 << 20); del x\n"
        "print(peak_private_bytes() - before, tree_rss(), tree_bytes())"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-I", "-c", code, root], capture_output=True, text=True, check=True)
    grown, bound, exact = map(int, done.stdout.split())
    assert grown > 25 << 20
    assert bound >= exact
