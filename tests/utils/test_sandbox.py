"""Limits, the environment and the folders of a worker."""

from __future__ import annotations

import resource
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

from utils import sandbox
from utils.sandbox import (
    CPU_GRACE_SECONDS,
    job_folder,
    limit,
    remove_folder,
    runtime_paths,
    scrubbed_environment,
    sweep,
)


def test_runtime_paths_hold_what_python_needs(tmp_path):
    """Interpreter, standard library, packages and what is added, each once."""
    paths = runtime_paths(tmp_path, tmp_path)
    assert {Path(sys.prefix), Path(sys.base_prefix), Path("/usr"), tmp_path} <= set(paths)
    assert len(paths) == len(set(paths))


def test_limits_are_never_raised(monkeypatch):
    """A limit is the lowest of what is asked and what holds already; None leaves it alone; no core file is written."""
    holds = {resource.RLIMIT_NOFILE: (100, 4096), resource.RLIMIT_CPU: (resource.RLIM_INFINITY, 50)}
    endless = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    made: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "getrlimit", lambda which: holds.get(which, endless))
    monkeypatch.setattr(resource, "setrlimit", made.__setitem__)
    limit(open_files=1000, cpu_seconds=60, file_bytes=7, data_bytes=9)
    assert made == {
        resource.RLIMIT_NOFILE: (100, 100),
        resource.RLIMIT_CPU: (50, 50),
        resource.RLIMIT_FSIZE: (7, 7),
        resource.RLIMIT_DATA: (9, 9),
        resource.RLIMIT_CORE: (0, 0),
    }


def test_a_used_up_processor_limit_is_told_before_it_kills(monkeypatch):
    """Linux sends SIGXCPU at the soft limit, SIGKILL at the hard one: that would look like want of memory."""
    made: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", made.__setitem__)
    limit(cpu_seconds=60)
    assert made[resource.RLIMIT_CPU] == (60, 60 + CPU_GRACE_SECONDS)
    code = "from utils.sandbox import limit; limit(cpu_seconds=1)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(sandbox.__file__).parents[1], check=False)
    assert done.returncode == -signal.SIGXCPU


def test_the_address_space_counts_from_now(monkeypatch):
    """What the interpreter has mapped already is not the job's; without /proc it counts as nothing."""
    made: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", made.__setitem__)
    limit(address_space_bytes=1000)
    assert made[resource.RLIMIT_AS][0] > 1_000_000
    monkeypatch.setattr(sandbox, "STATM", Path("/nonexistent"))
    limit(address_space_bytes=1000)
    assert made[resource.RLIMIT_AS] == (1000, 1000)


def test_the_environment_is_scrubbed():
    """No token, no proxy, no preload; only what is named, and what is given."""
    given = {
        "PATH": "/bin",
        "BOT_TOKEN": "x",
        "no_proxy": "*",
        "HTTPS_PROXY": "x",
        "LD_PRELOAD": "x",
        "SSL_CERT_FILE": "c",
    }
    assert scrubbed_environment(environment=given) == {"PATH": "/bin"}
    assert scrubbed_environment({"SSL_CERT_FILE"}, given, TMPDIR="/t") == {
        "PATH": "/bin",
        "SSL_CERT_FILE": "c",
        "TMPDIR": "/t",
    }


def test_the_process_environment_is_meant(monkeypatch):
    """Without one given it is our own."""
    monkeypatch.setenv("BOT_TOKEN", "x")
    monkeypatch.setenv("TZ", "UTC")
    assert scrubbed_environment()["TZ"] == "UTC"
    assert "BOT_TOKEN" not in scrubbed_environment()


def test_job_folders_are_secret(tmp_path):
    """128 random bits for a name, and nobody else may look, neither into it nor into its root."""
    root = tmp_path / "a" / "jobs"
    folders = {job_folder(root) for _ in range(20)}
    assert len(folders) == 20
    for folder in folders:
        assert folder.parent == root
        assert len(folder.name) == 32
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


def test_removing_a_folder(tmp_path):
    """All in it goes, links are not followed, and a folder that is gone is gone."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    folder = job_folder(tmp_path / "jobs")
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "c").write_bytes(b"x")
    (folder / "link").symlink_to(outside)
    assert remove_folder(folder)
    assert remove_folder(folder)
    assert not folder.exists()
    assert (outside / "kept").exists()


def test_a_link_in_the_place_of_a_folder(tmp_path):
    """Only the link goes."""
    outside = tmp_path / "outside"
    outside.mkdir()
    link = tmp_path / "link"
    link.symlink_to(outside)
    assert remove_folder(link)
    assert outside.exists()


def test_folders_closed_by_a_worker_are_opened(tmp_path, monkeypatch):
    """A first try that leaves something is followed by others, after the folders have been opened."""
    folder = job_folder(tmp_path)
    closed = folder / "closed"
    closed.mkdir()
    (folder / "link").symlink_to(tmp_path)
    closed.chmod(0)
    real, tries = shutil.rmtree, []

    def failing_once(path: Path, ignore_errors: bool) -> None:
        tries.append(stat.S_IMODE(closed.stat().st_mode))
        if len(tries) > 1:
            real(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", failing_once)
    assert remove_folder(folder)
    assert tries == [0, 0o700]


def test_a_folder_that_stays(tmp_path, monkeypatch):
    """What can't be removed is told, not raised."""
    monkeypatch.setattr(shutil, "rmtree", lambda path, ignore_errors: None)
    folder = job_folder(tmp_path)
    assert not remove_folder(folder)


def test_the_sweep_at_the_start(tmp_path):
    """Whatever a killed process left is removed; a root that doesn't exist yet is clean."""
    assert sweep(tmp_path / "jobs") == 0
    for _ in range(3):
        (job_folder(tmp_path / "jobs") / "part").touch()
    (tmp_path / "jobs" / "file").touch()
    assert sweep(tmp_path / "jobs") == 4
    assert list((tmp_path / "jobs").iterdir()) == []
