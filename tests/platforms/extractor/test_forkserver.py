"""The loop that forks and buries, with work of the test's own instead of yt-dlp."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platforms.extractor.groups import is_alive

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 20


@dataclass
class Server:
    """A forkserver process and our end of its control socket."""

    control: socket.socket
    process: subprocess.Popen[bytes]
    received: bytes = b""

    def start(self, job: int) -> socket.socket:
        """Ask for a child; our end of its socket."""
        ours, theirs = socket.socketpair()
        ours.settimeout(SECONDS)
        with theirs:
            socket.send_fds(self.control, [json.dumps({"start": job}).encode() + b"\n"], [theirs.fileno()])
        return ours

    def say(self, **message: Any) -> None:
        self.control.sendall(json.dumps(message).encode() + b"\n")

    def hear(self) -> dict[str, Any]:
        """The next message."""
        while b"\n" not in self.received:
            data = self.control.recv(4096)
            assert data, "the forkserver is gone"
            self.received += data
        line, self.received = self.received.split(b"\n", 1)
        return dict(json.loads(line))


@contextmanager
def forkserver(work: str) -> Iterator[Server]:
    """One whose children run `work(wire)`."""
    ours, theirs = socket.socketpair()
    ours.settimeout(SECONDS)
    script = f"""
import os, signal, socket, subprocess, sys, time
sys.path.insert(0, {str(ROOT)!r})
from platforms.extractor.forkserver import Forkserver
{textwrap.dedent(work)}
with socket.socket(fileno={theirs.fileno()}) as control:
    Forkserver(control, work, print).serve()
"""
    command = [sys.executable, "-I", "-c", script]
    with ours, subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL) as process:
        theirs.close()
        server = Server(ours, process)
        assert server.hear() == {"ready": process.pid}
        yield server
        ours.close()
        assert process.wait(SECONDS) == 0


ECHO = """
def work(wire):
    with socket.socket(fileno=wire) as stream:
        stream.sendall(stream.recv(100).upper())
    return 7
"""


def test_a_child_gets_its_socket_and_its_end_is_told():
    """Started, worked, exited: with its process id and wait status."""
    with forkserver(ECHO) as server:
        for job in (1, 2):
            with server.start(job) as wire:
                started = server.hear()
                assert started["started"] == job
                wire.sendall(b"abc")
                assert wire.recv(100) == b"ABC"
                assert server.hear() == {"exited": job, "status": 7 << 8}
                assert wire.recv(100) == b""


def test_children_run_side_by_side_and_are_told_apart():
    """A kill hits the one that is meant, also before it could begin."""
    with forkserver(ECHO) as server:
        first, second = server.start(1), server.start(2)
        server.say(kill=1)
        server.say(kill=99)
        with first, second:
            seen = [server.hear() for _ in range(3)]
            assert {"exited": 1, "status": signal.SIGKILL} in seen
            second.sendall(b"x")
            assert second.recv(10) == b"X"
            assert server.hear() == {"exited": 2, "status": 7 << 8}


def test_a_child_in_a_group_of_its_own_with_nothing_inherited():
    """Own process group; standard streams and its socket are all that is open."""
    work = """
    def work(wire):
        with socket.socket(fileno=wire) as stream:
            stream.recv(1)
            found = sorted(int(name) for name in os.listdir("/proc/self/fd"))
            own = os.getpgid(0) == os.getpid()
            stream.sendall(f"{own} {len([fd for fd in found if fd > 2])}".encode())
        return 0
    """
    with forkserver(work) as server, server.start(1) as wire, server.start(2) as other:
        wire.sendall(b"x")
        assert wire.recv(100) == b"True 2"  # the socket, and the listing's own
        other.sendall(b"x")
        assert other.recv(100) == b"True 2"


GRANDCHILD = """
def work(wire):
    with socket.socket(fileno=wire) as stream:
        sleeper = subprocess.Popen(["sleep", "600"])
        stream.sendall(str(sleeper.pid).encode())
        if stream.recv(1) == b"!":
            os.kill(os.getpid(), signal.SIGSEGV)
    return 0
"""


def grandchild_of(wire: socket.socket) -> int:
    return int(wire.recv(100))


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_nothing_is_left_when_the_end_is_told():
    """Grandchildren die with a leader that ends well, crashes or is killed; the end is told after they are gone."""
    endings: list[tuple[Callable[[Server, socket.socket], None], int]] = [
        (lambda _, wire: wire.sendall(b"."), 0),
        (lambda _, wire: wire.sendall(b"!"), signal.SIGSEGV),
        (lambda server, _: server.say(kill=1), signal.SIGKILL),
    ]
    for end, status in endings:
        with forkserver(GRANDCHILD) as server, server.start(1) as wire:
            leader = server.hear()["pid"]
            sleeper = grandchild_of(wire)
            end(server, wire)
            ended = server.hear()
            assert (ended["exited"], ended["status"] & 0x7F) == (1, status)
            assert is_gone(leader)
            assert is_gone(sleeper)


def test_the_end_of_the_parent_is_the_end_of_all():
    """The control socket closed: every group is killed and the server leaves."""
    with forkserver(GRANDCHILD) as server, server.start(1) as wire:
        leader = server.hear()["pid"]
        grandchild_of(wire)
        server.control.close()
        assert server.process.wait(SECONDS) == 0
        assert not is_alive(leader)


def test_a_child_dies_with_its_server():
    """Nobody could reap it any more; a grandchild is left to whoever knows the group."""
    with forkserver_killed() as leader:
        for _ in range(2000):
            if is_gone(leader) or "Z" in state_of(leader):
                break
            os.sched_yield()
        else:
            raise AssertionError("it lives on")
        os.killpg(leader, signal.SIGKILL)


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


@contextmanager
def forkserver_killed() -> Iterator[int]:
    ours, theirs = socket.socketpair()
    ours.settimeout(SECONDS)
    script = f"""
import os, socket, subprocess, sys, time
sys.path.insert(0, {str(ROOT)!r})
from platforms.extractor.forkserver import Forkserver
{GRANDCHILD}
Forkserver(socket.socket(fileno={theirs.fileno()}), work, print).serve()
"""
    command = [sys.executable, "-I", "-c", script]
    with ours, subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL) as process:
        theirs.close()
        server = Server(ours, process)
        server.hear()
        with server.start(1) as wire:
            leader = int(server.hear()["pid"])
            grandchild_of(wire)
            process.kill()
            process.wait(SECONDS)
            yield leader
