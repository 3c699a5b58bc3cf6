"""`python -m bench.start`: from exec to /health and to ready, processor time until then; the same at 10 % of a core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.calibrate import Calibration
from bench.cgroup import Group, why_not
from bench.rows import Row, impossible, passed, row
from bench.server import ROOT, SERVE, Server, answers, free_port, is_ready

RUNS: Final = 7
QUOTA_RUNS: Final = 3
QUOTA_PERCENT: Final = 10

Measured = tuple[float, float, float]


def measure() -> list[Row]:
    """All rows of the start."""
    with tempfile.TemporaryDirectory(prefix="goldcrest-bench-") as folder, spawned_telegram() as telegram:
        environment = server_environment(Path(folder) / "data", telegram)
        log = Path(folder) / "log"
        start_once(SERVE, environment, log)  # signs in, keeps the session, compiles what isn't yet
        calibration = Calibration()
        runs = []
        for _ in range(RUNS):
            calibration.sample()
            runs.append(start_once(SERVE, environment, log))
            calibration.sample()
        health, ready, processor = zip(*runs, strict=True)
        rows = [
            row("exec_to_health", health, "s", gate=0.2, goal=0.1, factor=calibration.wall),
            row("exec_to_ready", ready, "s", gate=0.9, goal=0.5, factor=calibration.wall),
            row("cpu_until_ready", processor, "s", gate=0.8, goal=0.4, factor=calibration.cpu),
        ]
        return rows + _under_quota(environment, log, calibration.cpu)


def _under_quota(environment: dict[str, str], log: Path, factor: float) -> list[Row]:
    names = ("exec_to_health_at_10_percent", "exec_to_ready_at_10_percent")
    if reason := why_not(cpu=True):
        return [impossible(name, reason) for name in names]
    runs = []
    for _ in range(QUOTA_RUNS):
        with Group(cpu_percent=QUOTA_PERCENT) as group:
            runs.append(start_once(group.command(SERVE), environment, log, poll_seconds=0.05))
    health, ready, _ = zip(*runs, strict=True)
    return [
        row(names[0], health, "s", gate=3, goal=1, factor=factor),
        row(names[1], ready, "s", gate=9, goal=5, factor=factor),
    ]


def start_once(argv: Sequence[str], environment: dict[str, str], log: Path, *, poll_seconds: float = 0.002) -> Measured:
    """Seconds to /health and to ready, and processor seconds by then."""
    port = free_port()
    with Server(argv, {**environment, "PORT": str(port)}, port, log=log) as server:
        health = server.until(answers, poll_seconds=poll_seconds)
        ready = server.until(is_ready, poll_seconds=max(poll_seconds, 0.005))
        return health, ready, cpu_seconds(server.process.pid)


def server_environment(data: Path, *more: dict[str, str]) -> dict[str, str]:
    """What a host gives: nothing of this process' own."""
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DATA_DIR": str(data)}
    environment["GOLDCREST_SERVER__HOST"] = "127.0.0.1"
    for each in more:
        environment |= each
    return environment


@contextmanager
def spawned_telegram() -> Iterator[dict[str, str]]:
    """The environment of a bot that comes to a Telegram server in a process of its own."""
    argv = [sys.executable, "-m", "tests.telegram_server"]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        yield dict(json.loads(process.stdout.readline())["env"])
        process.stdin.close()


def cpu_seconds(pid: int) -> float:
    """Time that all threads of a process and its children have spent on a processor."""
    nanoseconds = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        nanoseconds += int((task / "schedstat").read_text("ascii").split()[0])
        for child in (task / "children").read_text("ascii").split():
            nanoseconds += int(cpu_seconds(int(child)) * 1e9)
    return nanoseconds / 1e9


def report(measure: Callable[[], list[Row]]) -> int:
    """Print the rows as JSON; the exit code."""
    rows = measure()
    print(json.dumps({"ok": passed(rows), "rows": rows}, indent=2))
    return 0 if passed(rows) else 1


if __name__ == "__main__":
    sys.exit(report(measure))
