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
from tests.sites.origin import HOST
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
#: takes memory until its group is so full, a MiB at a time with a rest between, says so, and leaves when it is told
GREEDY = """
import sys, time
sys.path.insert(0, sys.argv[1])
from utils.cgroups import group_memory
share, rest = map(float, sys.argv[2:])
held = []
group = group_memory()
while group.used_bytes < share * group.limit_bytes:
    held.append(b"x" * (1 << 20))
    time.sleep(rest)
    group = group_memory()
print(flush=True)
sys.stdin.readline()
"""


@contextmanager
def greedy(group, root, share, rest_seconds):
    """A process of the same group that leaves next to nothing to the others."""
    argv = group.command([sys.executable, "-c", GREEDY, str(root), str(share), str(rest_seconds)])
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


async def give_way(server, group, greedy_process, telegram, jobs, *counted):
    """Somebody greedy comes; a download is ended in one of the `counted` ways and told so, and all files arrive."""
    told = asyncio.create_task(telegram.alice.wait_for(lambda m: "Memory is short" in m.text, 60))
    await until(server, lambda memory: memory["pools"].get("fetch", {}).get("holders", 0) >= 2)
    with greedy_process:
        await until(server, lambda memory: sum(memory[name] for name in counted) >= 1)
        await told
    await while_alive(server, jobs)
    memory = await until(server, lambda memory: memory["running"] == 0)
    assert jobs.result() > 0
    assert memory["level"] == "normal"
    assert memory["needs"]["fetch"]["measured"] >= 3
    assert memory["needs"]["fetch"]["need_mb"] <= 0.95 * LIMIT_MB
    assert group.counted().oom_kills == 0 or "starved" in counted
    assert server.process.poll() is None


async def test_three_jobs_beside_a_process_that_is_faster_than_any_watchdog(tmp_path, telegram, request):
    """The governor ends a download, or the kernel does where the group is full before anybody has looked."""
    links = [f"https://www.youtube.com/watch?v={video_id('bulk', number)}" for number in range(3)]
    with spawned_sites(bulk=True) as sites, Group(memory_mb=LIMIT_MB) as group:
        async with running_bot(tmp_path, telegram, sites, group, **SETTINGS) as server:
            jobs = asyncio.create_task(deliver_all(telegram, links, at_once=True))
            somebody = greedy(group, request.config.rootpath, 0.955, 0)
            await give_way(server, group, somebody, telegram, jobs, "evictions", "starved")


async def test_three_jobs_beside_a_process_that_grows(tmp_path, telegram, request):
    """The governor sees it coming, and nobody else has to end anything."""
    with spawned_sites() as sites, Group(memory_mb=LIMIT_MB) as group:
        links = [f"https://{HOST}/fault/slow/clip.mp4?bytes_per_second=100000&n={number}" for number in range(3)]
        async with running_bot(tmp_path, telegram, sites, group, **SETTINGS) as server:
            jobs = asyncio.create_task(deliver_all(telegram, links, at_once=True))
            somebody = greedy(group, request.config.rootpath, 0.96, 0.02)
            await give_way(server, group, somebody, telegram, jobs, "evictions")
