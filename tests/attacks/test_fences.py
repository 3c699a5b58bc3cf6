"""What a process can still do behind one fence alone, as one that was taken over would try."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.attacks.cage import captive, live_baits
from tests.attacks.marks import Marks
from utils.landlock import landlock_state

if TYPE_CHECKING:
    from tests.sites.harness import Sites

KERNEL: Final = landlock_state()
#: What Landlock doesn't rule: datagrams and Unix sockets. The guard, the gate and the alarm wire stand before these.
NO_TCP: Final = ("live_udp", "live_rtp", "live_srtp", "live_srt", "live_unix")
#: Landlock rules signals as well since that version.
SIGNALS: Final = 6
NEEDS_KERNEL: Final = pytest.mark.skipif(not KERNEL.network, reason="this kernel has no Landlock for the network")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that is none of the captive's business."""
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


def deeds(sites: Sites, outside: Path) -> dict[str, Any]:
    """What a worker that was taken over would try."""
    place = [sites.canary.host, sites.canary.port]
    return {
        "connect": place,
        "connect_by_system_call": place,
        "send_datagram": place,
        "listen": None,
        "read:another_job": str(sites.secret),
        "read:environment_of_the_parent": f"/proc/{os.getpid()}/environ",
        "read:memory_of_the_parent": f"/proc/{os.getpid()}/maps",
        "read:system_accounts": "/etc/passwd",
        "list_folder": str(sites.secret.parent),
        "write": str(outside / "new"),
        "signal": os.getpid(),
        "run": "/bin/true",
        "ffmpeg_reads:another_job": str(sites.secret),
        "ffmpeg_reads:network": f"tcp://{place[0]}:{place[1]}?timeout=1000000",
    }


async def test_without_a_fence_all_of_it_works(sites: Sites, tmp_path: Path, outside: Path):
    """The deeds are real: unfenced they are done, and the canary hears of it."""
    ends = await captive(tmp_path / "job", deeds=deeds(sites, outside))
    assert {name for name, end in ends.items() if end != "done"} <= {"ffmpeg_reads:network"}  # its prey is no film
    assert {knock.place for knock in sites.canary.knocks} == {f"{sites.canary.host}:{sites.canary.port}", "udp"}
    assert len(sites.canary.knocks) == 4


@NEEDS_KERNEL
async def test_landlock_alone(sites: Sites, tmp_path: Path, outside: Path):
    """The kernel stops all but datagrams and programs of the system, whoever asks and by whatever means."""
    ends = await captive(tmp_path / "job", "landlock", deeds=deeds(sites, outside))
    done = {name for name, end in ends.items() if end == "done"}
    assert done == {"send_datagram", "run"} | ({"signal"} if KERNEL.abi < SIGNALS else set())
    assert {knock.place for knock in sites.canary.knocks} == {"udp"}
    assert not list(outside.iterdir())


@NEEDS_KERNEL
async def test_landlock_alone_holds_an_unguarded_downloader(sites: Sites, tmp_path: Path):
    """yt-dlp as it comes with a bare ffmpeg: live streams over TCP and files of others stay out of reach."""
    folder = tmp_path / "job"
    await captive(folder, "landlock", proxy=sites.proxy_url, links=live_baits(sites, *NO_TCP))
    assert {knock.place for knock in sites.canary.knocks} <= {"proxy"}
    assert not Marks(sites).found(folder.rglob("*"))


async def test_the_alarm_wire_alone(sites: Sites, tmp_path: Path, outside: Path):
    """Python's own calls reach nobody, write nowhere and start nothing; reading and the kernel's own calls are open."""
    ends = await captive(tmp_path / "job", "audit", deeds=deeds(sites, outside))
    done = {name for name, end in ends.items() if end == "done" and not name.startswith("read")}
    assert done == {"connect_by_system_call", "list_folder", "signal"}
    assert len(sites.canary.knocks) == 1
    assert not list(outside.iterdir())


async def test_what_a_worker_puts_up_without_the_kernel(sites: Sites, tmp_path: Path, outside: Path):
    """Its own fences where there is no Landlock, or the operator has switched it off."""
    ends = await captive(tmp_path / "job", "worker-open", deeds=deeds(sites, outside))
    done = {name for name, end in ends.items() if end == "done" and not name.startswith("read")}
    assert done == {"connect_by_system_call", "list_folder", "signal"}


@NEEDS_KERNEL
async def test_what_a_worker_puts_up(sites: Sites, tmp_path: Path, outside: Path):
    """Both fences together leave nothing of all that."""
    ends = await captive(tmp_path / "job", "worker", deeds=deeds(sites, outside))
    done = {name for name, end in ends.items() if end == "done"}
    assert done == ({"signal"} if KERNEL.abi < SIGNALS else set())
    assert not sites.canary.knocks
    assert not list(outside.iterdir())
