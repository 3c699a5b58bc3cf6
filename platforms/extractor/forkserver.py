"""The preloaded process: it forks one child per job, ends its group, tells how it ended, and never works itself."""

from __future__ import annotations

import gc
import os
import resource
import selectors
import signal
import socket
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from platforms.extractor.groups import adopt_orphans, die_with_parent, kill_group, reap
from platforms.extractor.protocol import REQUEST_BYTES, Boot, decode, encode

#: Descriptors of this process and of each child.
OPEN_FILES: Final = 256
_DESCRIPTORS: Final = 16

#: What a child does with the descriptor of its socket; its exit code.
Work = Callable[[int], int]


def main(descriptor: int, boot: Boot) -> None:
    """Load yt-dlp, then serve on the control socket until the parent closes it."""
    from platforms.extractor.lean import aside, find_sites, leave_out

    leave_out()
    from platforms.extractor.child import run
    from platforms.extractor.preload import preload

    loaded = preload(boot, lambda enabled: aside(find_sites, enabled))
    gc.collect()
    gc.disable()
    # A low number and a low limit: a child then closes what it inherited without trying a million numbers.
    with socket.socket(fileno=os.dup(descriptor)) as control:
        os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
        Forkserver(control, lambda wire: run(wire, loaded), loaded.extractors.for_url).serve()


class Forkserver:
    """The loop. Lines from the parent: {"start": job, "url": …} with the child's socket beside it, {"kill": job}.

    `prepare` loads what a child for that URL will need, so that the next ones find it.

    Lines to the parent: {"ready": pid}, {"started": job, "pid": pid}, {"exited": job, "status": wait status, None where
    no process could be made}. A child is reported as exited when nothing of its process group is left.
    """

    def __init__(self, control: socket.socket, work: Work, prepare: Callable[[str], object]) -> None:
        self._control = control
        self._work = work
        self._prepare = prepare
        self._jobs: dict[int, int] = {}  # job -> process id of the leader, which is the id of the group
        self._statuses: dict[int, int] = {}  # job -> wait status of a leader whose group isn't gone yet
        self._descriptors: deque[int] = deque()
        self._received = b""

    def serve(self) -> None:
        """Return when the parent has closed its end; every child is dead then."""
        adopt_orphans()
        woken, waker = socket.socketpair()
        waker.setblocking(False)
        woken.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        with woken, waker, selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            self._tell({"ready": os.getpid()})
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if woken in ready:
                    woken.recv(4096)
                if self._control in ready and not self._listen():
                    break
                self._reap()
            signal.set_wakeup_fd(-1)
            for pid in self._jobs.values():
                kill_group(pid)

    def _listen(self) -> bool:
        """Take in what the parent says; False where it is gone."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, REQUEST_BYTES, _DESCRIPTORS)
        except ConnectionError:
            return False
        self._descriptors.extend(descriptors)
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            message = decode(line)
            if "start" in message:
                self._prepare(str(message.get("url", "")))
                self._start(int(message["start"]), self._descriptors.popleft())
            elif message.get("kill") in self._jobs:
                kill_group(self._jobs[message["kill"]])
        return bool(data)

    def _start(self, job: int, wire: int) -> None:
        server = os.getpid()
        gc.freeze()  # a child's collector would otherwise copy every page by marking it
        try:
            pid = os.fork()
        except OSError:
            os.close(wire)
            self._tell({"exited": job, "status": None})
            return
        if pid == 0:
            self._become_child(wire, server)
        os.close(wire)
        with suppress(OSError):
            os.setpgid(pid, pid)  # the child does it too: whoever comes first, the group exists before a kill
        self._jobs[job] = pid
        self._tell({"started": job, "pid": pid})

    def _become_child(self, wire: int, server: int) -> None:
        """Work and leave; nothing of the server goes on in here."""
        code = 1
        try:
            os.setpgid(0, 0)
            os.dup2(0, 2)  # /dev/null: what strangers wrote isn't for our log
            die_with_parent()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _close_all_but(wire)
            gc.enable()
            if os.getppid() == server:  # else it died before its death could be signalled to us
                code = self._work(wire)
        finally:
            os._exit(code)

    def _reap(self) -> None:
        """Bury the dead: end what is left of a group whose leader died, report it once the group is empty."""
        for job, pid in list(self._jobs.items()):
            if job not in self._statuses:
                # The leader stays a zombie until the kill, so that its number can't be given to somebody else.
                if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                    continue
                kill_group(pid)
            gone, status = reap(pid)
            if status is not None:
                self._statuses[job] = status
            if gone:
                del self._jobs[job]
                self._tell({"exited": job, "status": self._statuses.pop(job)})

    def _tell(self, message: Mapping[str, Any]) -> None:
        with suppress(ConnectionError):  # the next read finds out
            self._control.sendall(encode(message))


def _close_all_but(wire: int) -> None:
    """Keep the standard streams and the child's own socket."""
    os.closerange(3, wire)
    os.closerange(wire + 1, OPEN_FILES)
