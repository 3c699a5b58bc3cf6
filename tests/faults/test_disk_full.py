"""The disk under the data folder is full for a while: a small one of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess

import pytest

from tests.end_to_end.bot_process import bot_process
from tests.end_to_end.test_links import file_for, menu_for
from tests.faults.conftest import BRISK, SECONDS, health_says
from tests.telegram_server.faults import RpcError

pytestmark = pytest.mark.process
DISK_BYTES = 24 << 20


@pytest.fixture
def disk(tmp_path):
    """A file system of 24 MB; needs root and leave to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    options = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "goldcrest-test", str(folder)]
    if (mounted := subprocess.run(options, capture_output=True, text=True, check=False)).returncode:
        pytest.skip(f"no small disk here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk, leave_bytes=0):
    """A file that leaves so much room, whatever else is written meanwhile."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while (left := os.statvfs(disk)).f_bavail * left.f_frsize > leave_bytes or not leave_bytes:
            file.write(bytes(4096))
    return ballast


async def test_during_a_download(disk, telegram, sites, settings):
    """The person is told, no folder is left, and with room again the next link is served."""
    async with bot_process(disk / "data", settings, BRISK):
        await file_for(telegram, f"{sites.public_url}/m/mux_144.mp4", "Best")
        menu = await menu_for(telegram, f"{sites.public_url}/m/mux_1080.mp4")
        ballast = fill(disk, leave_bytes=400_000)
        await telegram.alice.press(menu, "Best", seconds=SECONDS)
        told = await telegram.alice.wait_for(
            lambda m: not m.file and not any("Cancel" in b.text or "Best" in b.text for row in m.buttons for b in row),
            SECONDS,
            after=menu.reply_to,
        )
        assert "wrong on my side" not in told.text
        ballast.unlink()
        await file_for(telegram, f"{sites.public_url}/m/mux_360.mp4", "Best")


async def test_during_a_commit(disk, telegram, sites, settings):
    """Nothing can be written down: /health says so, and with room again links are served."""
    async with bot_process(disk / "data", settings, BRISK) as bot:
        menu = await menu_for(telegram, f"{sites.public_url}/m/mux_360.mp4")
        ballast = fill(disk)
        with contextlib.suppress(RpcError):  # it may be answered or not, but nobody waits for ever
            await telegram.alice.press(menu, "Best", seconds=3)
        await health_says(bot, "database", ok=False)
        ballast.unlink()
        await health_says(bot, "database", ok=True)
        await file_for(telegram, f"{sites.public_url}/m/mux_144.mp4", "Best")
        assert telegram.alice.copies() == []
