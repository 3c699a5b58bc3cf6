"""A server process under measurement: start it, ask it, time it, stop it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

ROOT: Final = Path(__file__).resolve().parent.parent
SERVE: Final = (sys.executable, str(ROOT / "main.py"), "serve")
WAIT_SECONDS: Final = 90.0


class Server:
    """A context manager around one process that answers on `port`; times count from its start.

    `log`: where its standard error goes. Its end is awaited on leaving, killed where it takes too long.
    """

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], port: int, *, log: Path, cwd: Path = ROOT
    ) -> None:
        self.port = port
        self.argv = list(argv)
        self.environment = dict(environment)
        self._log = log
        self._cwd = cwd
        self.began_at = 0.0
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Run it; again, where an earlier process has ended."""
        with self._log.open("ab") as log:
            self.began_at = time.perf_counter()
            self.process = subprocess.Popen(
                self.argv, env=self.environment, cwd=self._cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    @property
    def log(self) -> str:
        """What it has said on standard output and error."""
        return self._log.read_text("utf-8", "replace")

    def until(
        self, condition: Callable[[Self], bool], *, poll_seconds: float = 0.002, wait_seconds: float = WAIT_SECONDS
    ) -> float:
        """Seconds from the start until the condition held. Raises RuntimeError where the process ends before."""
        while not condition(self):
            if self.process.poll() is not None:
                raise RuntimeError(f"ended with {self.process.returncode}: {self.log[-2000:]}")
            if time.perf_counter() - self.began_at > wait_seconds:
                raise RuntimeError(f"not within {wait_seconds:g} s: {self.log[-2000:]}")
            time.sleep(poll_seconds)
        return time.perf_counter() - self.began_at

    def ask(self, path: str, body: Any = None, *, timeout: float = 30.0) -> tuple[int, Any]:
        """Status and JSON body of one request, (0, None) where nobody answers. With a `body` it is a POST."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            if body is None:
                connection.request("GET", path)
            else:
                connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()


def answers(server: Server) -> bool:
    """Whether /health answers well."""
    return server.ask("/health")[0] == 200


def is_ready(server: Server) -> bool:
    """Whether every vital part is up, and Telegram too where it is a part."""
    status, body = server.ask("/health")
    telegram = (body or {}).get("parts", {}).get("telegram", {"state": "running", "ok": True})
    well = telegram["state"] == "running" and telegram["ok"]
    return bool(status == 200 and well and server.ask("/ready")[0] == 200)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
