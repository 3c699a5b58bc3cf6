"""What a worker may touch. Landlock confines threads, so most tests confine a thread of their own and nobody else.

Where the kernel has no Landlock the same tests assert that the state says so and that nothing is confined.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from utils import sandbox
from utils.ffmpeg import FFmpeg, find_ffmpeg
from utils.landlock import LandlockState, landlock_state, no_new_privileges, restrict
from utils.sandbox import confine, job_folder, limit, remove_folder, runtime_paths, scrubbed_environment, sweep

REPOSITORY = Path(__file__).resolve().parent.parent.parent
KERNEL = landlock_state()


def in_a_thread(work: Callable[[], Any]) -> Any:
    """Run it where confinement ends with the thread."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def denied(action: Callable[[], object]) -> bool:
    """Whether the kernel forbids it."""
    try:
        action()
    except PermissionError:
        return True
    return False


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    made = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    yield made
    for listener in made:
        listener.close()


def knock(listener: socket.socket) -> None:
    socket.create_connection(listener.getsockname(), 5).close()


def test_the_state_is_readable():
    """What the kernel offers is one small value; the network part came with ABI 4."""
    assert KERNEL.files == (KERNEL.abi >= 1)
    assert KERNEL.network == (KERNEL.abi >= 4)


def test_a_confined_worker_sees_its_own_job_only(tmp_path):
    """Its folder may be read and written, nothing may run from it; another job's folder is out of sight."""
    mine, other = job_folder(tmp_path), job_folder(tmp_path)
    (other / "video.mp4").write_bytes(b"secret")
    program = mine / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)

    def work() -> dict[str, bool]:
        state = confine(runtime_paths(REPOSITORY), [mine], [])
        assert state == KERNEL
        (mine / "a").write_bytes(b"1")
        (mine / "a").rename(mine / "b")
        (mine / "sub").mkdir()
        (mine / "b").rename(mine / "sub" / "b")
        with (mine / "sub" / "b").open("wb") as file:
            file.truncate(10)
        Path(os.devnull).write_bytes(b"x")
        return {
            "read": denied((other / "video.mp4").read_bytes),
            "list": denied(lambda: list(other.iterdir())),
            "write": denied(lambda: (other / "new").write_bytes(b"")),
            "outside": denied((tmp_path / "new").touch),
            "link": denied(lambda: os.link(mine / "sub" / "b", other / "b")),
            "run": denied(lambda: subprocess.run([program], check=True)),
            "secrets": denied(lambda: Path("/etc/passwd").read_bytes()),
            "neighbours": denied(lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes()),
        }

    assert set(in_a_thread(work).values()) == {KERNEL.files}


def test_a_confined_worker_reaches_one_port_only(tmp_path, listeners):
    """TCP goes to the given ports; another port of loopback is refused, and listening too."""
    open_port, closed = listeners

    def work() -> tuple[bool, bool, bool]:
        confine(runtime_paths(), [tmp_path], [open_port.getsockname()[1]])
        return (
            denied(lambda: knock(open_port)),
            denied(lambda: knock(closed)),
            denied(lambda: socket.create_server(("127.0.0.1", 0)).close()),
        )

    assert in_a_thread(work) == (False, KERNEL.network, KERNEL.network)


def test_ffmpeg_works_inside_and_is_confined_itself(tmp_path, listeners):
    """What a confined worker starts runs, and may do no more than it."""
    program = find_ffmpeg()
    assert program is not None
    mine, other = job_folder(tmp_path), job_folder(tmp_path)
    port = listeners[0].getsockname()[1]
    source = "color=black:s=32x32:d=1"
    made = other / "video.mkv"
    command: list[str | Path] = [program, "-loglevel", "error", "-f", "lavfi", "-i", source, "-c:v", "mjpeg", made]
    subprocess.run(command, check=True)
    (mine / "video.mkv").write_bytes(made.read_bytes())

    def work() -> tuple[str, int, bytes]:
        confine(runtime_paths(REPOSITORY, program.parent), [mine], [])
        kind = FFmpeg(program).inspect(mine / "video.mkv").kind
        stolen = subprocess.run(
            [program, "-loglevel", "error", "-y", "-i", made, "-c", "copy", mine / "x.mkv"],
            capture_output=True,
            check=False,
        )
        called = subprocess.run(
            [program, "-i", f"tcp://127.0.0.1:{port}?timeout=1000000"], capture_output=True, check=False
        )
        return kind, stolen.returncode, called.stderr

    kind, code, said = in_a_thread(work)
    assert kind == "video"
    assert (code != 0) == KERNEL.files
    assert (b"Permission denied" in said) == KERNEL.network


def test_a_whole_worker_process(tmp_path):
    """The usual order in a process of its own: environment, limits, confinement, then work."""
    mine, other = job_folder(tmp_path), job_folder(tmp_path)
    (other / "x").write_text("secret")
    code = """
import json, resource, socket, sys
from pathlib import Path
from utils.sandbox import confine, limit, runtime_paths
mine, other, repository = map(Path, sys.argv[1:])
limit(address_space_bytes=1 << 30, open_files=64, processes=4096, cpu_seconds=30, file_bytes=1 << 20)
state = confine(runtime_paths(repository), [mine], [1])
report = {"files": state.files, "limits": [resource.getrlimit(which)[0] for which in
          (resource.RLIMIT_NOFILE, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)]}
import ssl, ctypes, zoneinfo, encodings.idna
try:
    bytearray(2 << 30)
except MemoryError:
    report["memory"] = "bounded"
try:
    (other / "x").read_text()
    report["other"] = "read"
except OSError as error:
    report["other"] = type(error).__name__
print(json.dumps(report))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, mine, other, REPOSITORY],
        env=scrubbed_environment(PYTHONPATH=str(REPOSITORY)),
        capture_output=True,
        check=True,
    )
    report = json.loads(done.stdout)
    assert report == {
        "files": KERNEL.files,
        "limits": [64, 30, 1 << 20, 0],
        "memory": "bounded",
        "other": "PermissionError" if KERNEL.files else "read",
    }


class Kernel:
    """A stand-in for the system calls: an ABI, and which calls fail."""

    def __init__(self, abi: int, fails: tuple[int, ...] = ()) -> None:
        self.abi = abi
        self.fails = fails
        self.calls: list[tuple[Any, ...]] = []

    def __call__(self, number: int, *arguments: Any) -> int:
        self.calls.append((number, *arguments))
        if number == 444 and arguments[0] is None:
            return self.abi
        if number in self.fails:
            return -1
        return os.open(os.devnull, os.O_RDONLY) if number == 444 else 0


@pytest.mark.parametrize(
    ("abi", "known", "files"),
    [
        (1, 8, 0x1FFF),
        (2, 8, 0x3FFF),
        (3, 8, 0x7FFF),
        (4, 16, 0x7FFF),
        (5, 16, 0xFFFF),
        (6, 24, 0xFFFF),
        (9, 24, 0xFFFF),
    ],
)
def test_each_kernel_is_asked_for_what_it_knows(abi, known, files, tmp_path):
    """A right or a field that the kernel doesn't know would be refused as a whole."""
    kernel = Kernel(abi)
    state = restrict([tmp_path], [tmp_path], [80], call=kernel, give_up_privileges=lambda: True)
    assert state == LandlockState(abi=abi, files=True, network=abi >= 4)
    create = kernel.calls[1]
    assert (len(create[1]), create[2].value) == (known, known)
    assert int.from_bytes(create[1][:8], sys.byteorder) == files
    assert [call[0] for call in kernel.calls[2:]] == [445, 445] + ([445] if abi >= 4 else []) + [446]


def test_without_landlock_nothing_is_done(monkeypatch, tmp_path):
    """Missing, switched off, or another system: the state says so and the worker goes on."""
    nothing = LandlockState(abi=0, files=False, network=False)
    kernel = Kernel(-1)
    assert restrict([tmp_path], [], [], call=kernel) == nothing
    assert len(kernel.calls) == 1
    monkeypatch.setattr(sys, "platform", "darwin")
    assert landlock_state() == nothing


@pytest.mark.parametrize("fails", [(444,), (445,), (446,)])
def test_a_kernel_that_refuses_is_an_error(fails, tmp_path):
    """Nobody works on in the belief to be confined."""
    with pytest.raises(OSError, match="landlock_"):
        restrict([tmp_path], [], [80], call=Kernel(7, fails), give_up_privileges=lambda: True)


def test_privileges_must_go(tmp_path):
    """Without the promise to gain none the kernel wouldn't take the rules."""
    with pytest.raises(OSError, match="NO_NEW_PRIVS"):
        restrict([tmp_path], [], [], call=Kernel(7), give_up_privileges=lambda: False)


def test_giving_up_privileges():
    """The real call works for everybody."""
    assert in_a_thread(no_new_privileges)


def test_missing_paths_are_left_out(tmp_path):
    """Lists name what some systems have; a file gets the rights of files only."""
    file = tmp_path / "file"
    file.touch()
    kernel = Kernel(7)
    restrict([tmp_path / "gone", file / "below"], [file], [], call=kernel, give_up_privileges=lambda: True)
    rules = [call for call in kernel.calls if call[0] == 445]
    assert len(rules) == 1
    assert int.from_bytes(rules[0][3][:8], sys.byteorder) == 0xFFFF & 0b1100000000000111 & ~1


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
    limit(open_files=1000, cpu_seconds=60, file_bytes=7)
    assert made == {
        resource.RLIMIT_NOFILE: (100, 100),
        resource.RLIMIT_CPU: (50, 50),
        resource.RLIMIT_FSIZE: (7, 7),
        resource.RLIMIT_CORE: (0, 0),
    }


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
