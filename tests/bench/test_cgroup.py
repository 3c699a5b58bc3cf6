"""The control group runner, on the kernel's real groups where they can be made, and on files otherwise."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.cgroup import Group, why_not
from bench.tree import Sampler

needs_groups = pytest.mark.skipif(why_not() is not None, reason=f"no control groups here: {why_not()}")


@needs_groups
def test_a_command_that_takes_too_much_is_killed_and_counted():
    """200 MB under a limit of 64: the kernel kills it and says so."""
    with Group(memory_mb=64) as group:
        done = subprocess.run(group.command([sys.executable, "-c", "x = b'x' * (200 << 20)"]), check=False)
        counted = group.counted()
    assert done.returncode != 0
    assert counted.oom_kills >= 1


@needs_groups
def test_what_fits_is_left_alone_and_the_peak_is_known():
    """40 MB fit under 200; the peak tells."""
    with Group(memory_mb=200) as group:
        done = subprocess.run(group.command([sys.executable, "-c", "x = b'x' * (40 << 20)"]), check=False)
        counted = group.counted()
    assert (done.returncode, counted.oom_kills) == (0, 0)
    assert 40 << 20 < counted.peak_bytes < 200 << 20


@pytest.mark.skipif(why_not(cpu=True) is not None, reason="no cpu control group here")
def test_a_share_of_a_core():
    """The command runs, and the groups are gone afterwards."""
    with Group(cpu_percent=50) as group:
        folders = [Path(part) for part in group.command(["true"]) if part.startswith("/sys")]
        done = subprocess.run(group.command([sys.executable, "-c", "print(5)"]), check=False, capture_output=True)
    assert done.stdout == b"5\n"
    assert folders
    assert not any(folder.exists() for folder in folders)


def test_version_2_is_written_as_the_kernel_reads_it(tmp_path):
    """One folder holds all; swap is closed where there is any."""
    (tmp_path / "cgroup.controllers").write_text("memory cpu")
    group = Group(memory_mb=100, cpu_percent=10, root=tmp_path).__enter__()
    (folder,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert (folder / "memory.max").read_text() == str(100 << 20)
    assert (folder / "cpu.max").read_text() == "10000 100000"
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory +cpu"
    (folder / "memory.peak").write_text("7\n")
    (folder / "memory.stat").write_text("anon 5\nfile 6\n")
    (folder / "memory.events").write_text("oom 2\noom_kill 1\n")
    counted = group.counted()
    assert (counted.peak_bytes, counted.anonymous_bytes, counted.oom_kills) == (7, 5, 1)


def test_a_missing_mount_is_a_reason(tmp_path):
    """A machine without writable groups says why."""
    assert "No such file" in str(why_not(root=tmp_path / "nowhere"))


def test_the_sampler_sees_children_too():
    """A parent and its child together; what both map counts once."""
    hold = "import subprocess, sys; x = b'x' * (30 << 20); input()"
    child = f"child = subprocess.Popen([sys.executable, '-c', {hold!r}], stdin=subprocess.PIPE)"
    code = f"import subprocess, sys\n{child}\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        with Sampler(process.pid) as sampler:
            while sampler.peak_bytes < 35 << 20 and sampler.samples < 2000:
                time.sleep(0.01)
        assert process.stdin
        process.stdin.close()
    assert sampler.peak_bytes > 35 << 20
