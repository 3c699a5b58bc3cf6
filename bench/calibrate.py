"""How this machine compares, right now, with the one that the gates were set on.

The load is a start of an interpreter with a fixed part of its standard library: the same mix of process start, page
faults, reading of compiled modules and plain Python as in what is measured. It runs between the measurements, so other
work on the machine slows both.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import Final

LOAD: Final = "import asyncio, decimal, email.message, http.client, logging.config, sqlite3, ssl, xml.dom.minidom"
#: medians on the reference machine (2 cores, otherwise idle), CPython 3.11
REFERENCE_WALL_SECONDS: Final = 0.125
REFERENCE_CPU_SECONDS: Final = 0.120


class Calibration:
    """Collects samples of the load; `wall` and `cpu` are factors, 2.0 means half as fast as the reference."""

    def __init__(self) -> None:
        self._wall: list[float] = []
        self._cpu: list[float] = []

    def sample(self) -> None:
        """Run the load once."""
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-I", "-c", LOAD])
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self._wall.append(time.perf_counter() - began)
        self._cpu.append(usage.ru_utime + usage.ru_stime)

    @property
    def wall(self) -> float:
        """Slowness in elapsed time: processor and whoever else is on it."""
        return statistics.median(self._wall) / REFERENCE_WALL_SECONDS

    @property
    def cpu(self) -> float:
        """Slowness of the processor itself, which is also what counts under a quota."""
        return statistics.median(self._cpu) / REFERENCE_CPU_SECONDS


if __name__ == "__main__":
    calibration = Calibration()
    for _ in range(15):
        calibration.sample()
    wall, cpu = calibration.wall * REFERENCE_WALL_SECONDS, calibration.cpu * REFERENCE_CPU_SECONDS
    print(f"wall {wall:.4f} s, cpu {cpu:.4f} s, factors {calibration.wall:.2f} and {calibration.cpu:.2f}")
