"""What a confined worker can and can't do, asked of the real kernel.

Where the kernel has no Landlock the same tests assert that the state says so and that nothing is confined.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.utils.confined import denied, in_a_thread
from utils.ffmpeg import FFmpeg, find_ffmpeg
from utils.landlock import landlock_state
from utils.sandbox import confine, job_folder, runtime_paths, scrubbed_environment

REPOSITORY = Path(__file__).resolve().parent.parent.parent


KERNEL = landlock_state()


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    made = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    yield made
    for listener in made:
        listener.close()


def knock(listener: socket.socket) -> None:
    socket.create_connection(listener.getsockname(), 5).close()


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
