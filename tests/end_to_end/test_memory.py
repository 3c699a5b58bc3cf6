"""The bot in 200 MB that the kernel holds it to: three heavy jobs beside somebody greedy."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from bench.cgroup import Group, why_not
from bench.rig import running_bot
from bench.three_jobs import LIMIT_MB, deliver_all, while_alive
from tests.sites.harness import spawned_sites
from tests.sites.youtube import video_id

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(why_not() is not None, reason=f"no control group can be made here: {why_not()}"),
    # Beside other tests the kernel may be quicker than the governor.
    pytest.mark.skipif("HEAVY_TESTS" not in os.environ, reason="needs the machine for itself: HEAVY_TESTS=1"),
]
#: two downloads at once, whatever was measured before; and everything that is told can be seen
SETTINGS = {
    "GOLDCREST_DOWNLOADS__PARALLEL": "3",
    "GOLDCREST_MEMORY__FETCH_MB": "50",
    "GOLDCREST_TELEGRAM__EDIT_INTERVAL_SECONDS": "0.1",
}
LINKS = [f"https://www.youtube.com/watch?v={video_id('bulk', number)}" for number in range(3)]
#: takes memory until its group is 95.5 % full, says so, and leaves when it is told
GREEDY = """
import sys
sys.path.insert(0, sys.argv[1])
from utils.cgroups import group_memory
held = []
group = group_memory()
while group.used_bytes < 0.955 * group.limit_bytes:
    held.append(b"x" * (1 << 20))
    group = group_memory()
print(flush=True)
sys.stdin.readline()
"""


@contextmanager
def greedy(group, root):
    """A process of the same group that leaves next to nothing to the others."""
    argv = group.command([sys.executable, "-c", GREEDY, str(root)])
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.communicate(b"\n")


async def until(server, holds):
    """The memory section of /status once that holds."""
    async with asyncio.timeout(60):
        while True:
            _, status = await asyncio.to_thread(server.ask, "/status")
            if status and holds(status["memory"]):
                return status["memory"]
            await asyncio.sleep(0.1)


async def test_three_jobs_beside_a_greedy_process(tmp_path, telegram, request):
    """A download gives way, to the governor or to the kernel, and is told so; all three files arrive, the bot lives."""
    with spawned_sites(bulk=True) as sites, Group(memory_mb=LIMIT_MB) as group:
        async with running_bot(tmp_path, telegram, sites, group, **SETTINGS) as server:
            jobs = asyncio.create_task(deliver_all(telegram, LINKS, at_once=True))
            told = asyncio.create_task(telegram.alice.wait_for(lambda m: "Memory is short" in m.text, 60))
            await until(server, lambda memory: memory["pools"].get("fetch", {}).get("holders", 0) >= 2)
            with greedy(group, request.config.rootpath):
                await until(server, lambda memory: memory["evictions"] + memory["starved"] >= 1)
                await told
            await while_alive(server, jobs)
            memory = await until(server, lambda memory: memory["running"] == 0)
            assert jobs.result() > 0
            assert memory["level"] == "normal"
            assert memory["needs"]["fetch"]["measured"] >= 3
            assert memory["needs"]["fetch"]["need_mb"] <= LIMIT_MB
            assert server.process.poll() is None
