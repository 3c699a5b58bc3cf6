"""The doctor's checks of this machine, each brought to each of its findings."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cli import checks
from platforms.extractor.javascript import Runtime
from utils import ffmpeg
from utils.cgroups import memory_limit
from utils.config import Settings, load_settings
from utils.landlock import LandlockState

MEBIBYTE = 1 << 20


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"DATA_DIR": str(tmp_path / "data")})


def verdict(finding: checks.Finding) -> tuple[str, str]:
    return finding.result, finding.case


async def test_settings(settings):
    """A bot or a web app; both are fine."""
    assert verdict(await checks.settings(settings)) == ("ok", "web")
    with_bot = replace(settings, telegram=replace(settings.telegram, bot_token="x"))
    assert verdict(await checks.settings(with_bot)) == ("ok", "bot")


async def test_ffmpeg(settings, monkeypatch, tmp_path):
    """Found and running, missing, or broken."""
    found = await checks.ffmpeg(settings)
    assert verdict(found) == ("ok", "found")
    assert found.values["version"]
    monkeypatch.setattr(ffmpeg, "find_ffmpeg", lambda: None)
    assert verdict(await checks.ffmpeg(settings)) == ("fail", "missing")
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\nexit 9\n")
    broken.chmod(0o755)
    monkeypatch.setattr(ffmpeg, "find_ffmpeg", lambda: broken)
    assert verdict(await checks.ffmpeg(settings)) == ("fail", "broken")


async def test_extractor(settings):
    """Its version is a date; after two months it is stale."""
    year, month, day = map(int, version("yt-dlp").split(".")[:3])
    released = datetime(year, month, day, tzinfo=UTC)
    fresh = await checks.extractor(settings, lambda: released)
    assert (verdict(fresh), fresh.values["days"]) == (("ok", "fresh"), 0)
    stale = await checks.extractor(settings, lambda: released.replace(year=year + 1))
    assert verdict(stale) == ("warn", "stale")


async def test_disk(settings, monkeypatch, tmp_path):
    """Room, too little of it, a folder in memory, and none that can be written; nothing is made by looking."""
    usage = shutil.disk_usage(tmp_path)
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/x / ext4 rw 0 0\n")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5000 * MEBIBYTE))
    assert verdict(await checks.disk(settings, mounts)) == ("ok", "room")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100 * MEBIBYTE))
    assert verdict(await checks.disk(settings, mounts)) == ("warn", "small")
    assert verdict(await checks.disk(settings, tmp_path / "missing")) == ("warn", "small")
    mounts.write_text(f"/dev/x / ext4 rw 0 0\ntmpfs {tmp_path.resolve()} tmpfs rw 0 0\n")
    assert verdict(await checks.disk(settings, mounts)) == ("warn", "in_memory")
    assert not settings.data_dir.exists()
    nowhere = replace(settings, storage=replace(settings.storage, data_dir="/proc/1/nowhere"))
    finding = await checks.disk(nowhere, mounts)
    assert verdict(finding) == ("fail", "unwritable")


@pytest.mark.parametrize(
    ("limit_mb", "expected"),
    [
        (None, ("ok", "unlimited")),
        (512, ("ok", "limited")),
        (150, ("warn", "above_limit")),
        (64, ("fail", "tiny")),
    ],
)
async def test_memory(settings, limit_mb, expected):
    """The host's limit against our cap of 200 MB."""
    limit = None if limit_mb is None else limit_mb * MEBIBYTE
    assert verdict(await checks.memory(settings, lambda: limit)) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (LandlockState(7, files=True, network=True), ("ok", "full")),
        (LandlockState(2, files=True, network=False), ("ok", "files")),
        (LandlockState(0, files=False, network=False), ("warn", "none")),
    ],
)
async def test_sandbox(settings, monkeypatch, state, expected):
    """What the kernel offers, and whether it is used."""
    monkeypatch.setattr("utils.sandbox.landlock_state", lambda: state)
    assert verdict(await checks.sandbox(settings)) == expected
    off = replace(settings, sandbox=replace(settings.sandbox, landlock=False))
    assert verdict(await checks.sandbox(off)) == ("warn", "off")


@pytest.mark.parametrize(
    ("setting", "cap_mb", "found", "told"),
    [
        ("auto", 400, True, ("ok", "found")),
        ("auto", 100, True, ("warn", "tight")),
        ("auto", 400, False, ("warn", "none")),
        ("off", 400, True, ("ok", "off")),
    ],
)
async def test_javascript(setting, cap_mb, found, told):
    """Found, found in vain, not found, not wanted."""

    async def find(_setting):
        return Runtime("deno", ("/usr/bin/deno",), (2, 3, 1)) if found else None

    given = {"GOLDCREST_PLATFORMS__JAVASCRIPT": setting, "MAX_MEMORY_MB": str(cap_mb)}
    assert verdict(await checks.javascript(load_settings(given), find)) == told


@pytest.mark.parametrize(
    ("given", "server", "error", "told"),
    [
        ("", "", None, ("ok", "none")),
        ("a" * 40, "", None, ("ok", "ready")),
        ("a" * 40 + ",short", "", None, ("warn", "misfit")),
        ("", "http://127.0.0.1:4416", None, ("ok", "ready")),
        ("", "http://127.0.0.1:4416", ConnectionRefusedError(), ("fail", "server")),
        ("", "http://127.0.0.1:4416", ValueError("no JSON"), ("fail", "server")),
    ],
)
async def test_proofs_of_origin(given, server, error, told):
    """None, good ones, one that was pasted wrong (never shown), a server that mints or doesn't."""

    async def ask(_binding, _fresh):
        if error:
            raise error

    settings = load_settings({"YOUTUBE_PO_TOKEN": given, "GOLDCREST_PLATFORMS__PO_TOKEN_SERVER": server})
    finding = await checks.po_tokens(settings, ask)
    assert verdict(finding) == told
    assert "aaaa" not in str(finding.values)


class TestMemoryLimit:
    """The kernel's own files, both versions of control groups."""

    def tree(self, root: Path, groups: str, **files: Any) -> int | None:
        (root / "proc/self").mkdir(parents=True, exist_ok=True)
        (root / "proc/self/cgroup").write_text(groups)
        for name, value in files.items():
            path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("_in_bytes", ".limit_in_bytes")
            path = path.with_name(path.name.replace("memory_max", "memory.max"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{value}\n")
        return memory_limit(root)

    def test_version_2(self, tmp_path):
        """The smallest on the way up counts; "max" is none."""
        found = self.tree(tmp_path, "0::/a/b\n", a__b__memory_max="max", a__memory_max=500, memory_max=900)
        assert found == 500

    def test_version_2_in_a_container(self, tmp_path):
        """The group's own path isn't visible there; the mount's top is the container's."""
        assert self.tree(tmp_path, "0::/../../elsewhere\n", memory_max=700) == 700

    def test_version_1(self, tmp_path):
        """One controller of several; an absurd number is none."""
        groups = "5:cpu,cpuacct:/\n4:memory:/box\n"
        assert self.tree(tmp_path, groups, memory__box__memory_in_bytes=300) == 300
        assert self.tree(tmp_path, groups, memory__box__memory_in_bytes=9223372036854771712) is None

    def test_no_groups(self, tmp_path):
        """Elsewhere than on Linux there is nothing to read."""
        assert memory_limit(tmp_path) is None


async def test_reports(settings):
    """None, or how many and which is the newest; a warning is no failure."""
    from services.reports import Reports
    from utils.errors import InternalError

    assert verdict(await checks.reports(settings)) == ("ok", "none")
    kept = await Reports(settings.data_dir / "reports", settings.reports).keep(InternalError("odd"))
    found = await checks.reports(settings)
    assert verdict(found) == ("warn", "some")
    assert found.values == {"count": 1, "code": "internal", "report": kept}
