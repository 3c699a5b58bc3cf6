"""What a worker and its tools get to see of the process that started them, and what yt-dlp is never told to do."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import yt_dlp

from platforms.extractor.guard import parameters
from platforms.extractor.protocol import OPTIONS, Order, check_options
from platforms.registry import Registry
from platforms.shapes import FetchOrder
from tests.attacks.conftest import TOKEN
from tests.attacks.world import MAX_BYTES, World, open_world
from utils.errors import InternalError
from utils.ffmpeg import find_ffmpeg
from utils.landlock import landlock_state

if TYPE_CHECKING:
    from tests.sites.harness import Sites

#: Settings with secrets; the resident process knows them.
SECRETS: Final = {"BOT_TOKEN": TOKEN, "API_ID": "1", "API_HASH": "0123456789abcdef" * 2}
#: Switches of yt-dlp that run programs, read other people's secrets, write files that run, or leave the egress proxy;
#: those of one line go together.
SWITCHES: Final = (
    ("--exec", "id", "--exec", "before_dl:id", "--use-postprocessor", "Exec:exec_cmd=id"),
    ("--netrc", "--netrc-location", "/root/.netrc"),
    ("--netrc-cmd", "id"),
    ("--username", "a", "--password", "b", "--cookies", "/root/cookies.txt", "--cookies-from-browser", "firefox"),
    ("--write-link", "--write-url-link", "--write-webloc-link", "--write-desktop-link", "--write-info-json"),
    ("--downloader", "aria2c", "--downloader-args", "aria2c:--on-download-complete=id", "--hls-prefer-ffmpeg"),
    ("--proxy", "http://127.0.0.1:1", "--geo-verification-proxy", "http://127.0.0.1:1", "--source-address", "::1"),
    ("--enable-file-urls", "--no-check-certificates", "--ffmpeg-location", "/tmp", "--postprocessor-args", "-f tee"),
    ("--output", "/etc/x", "--paths", "/etc", "--cache-dir", "/tmp", "--load-info-json", "/etc/x", "--write-subs"),
    ("--remote-components", "ejs:github", "--js-runtimes", "node", "--live-from-start", "--split-chapters"),
)


@pytest.mark.parametrize("landlock", [True, False])
async def test_a_tool_gets_a_clean_environment(
    sites: Sites, hostile_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, landlock: bool
):
    """It is started without any secret, proxy, home folder of ours, or switch of the linker."""
    tools, real = tmp_path / "tools", find_ffmpeg()
    tools.mkdir()
    (tools / "ffmpeg").write_text(f'#!/bin/sh\n/usr/bin/env -0 > environment.$$\nexec {real} "$@"\n')
    (tools / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tools))
    folder = tmp_path / "job"
    folder.mkdir()
    async with open_world(sites, tmp_path / "world", upstream=True, landlock=landlock, **SECRETS) as world:
        order = FetchOrder(f"{sites.public_url}/m/tail.mp4", folder, "", {}, MAX_BYTES)
        await world.host.fetch(order, lambda _progress: None)
    seen = [path.read_bytes().decode() for path in folder.glob("environment.*")]
    assert seen
    names = {pair.partition("=")[0] for text in seen for pair in text.split("\0") if pair}
    assert names <= {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "GOLDCREST_FFMPEG", "PWD", "OLDPWD", "_"}
    assert not any(TOKEN in text or str(hostile_environment) in text for text in seen)


async def test_a_worker_holds_no_secret_and_no_door(sites: Sites, hostile_environment: Path, tmp_path: Path):
    """Environment, command line, memory and descriptors lead nowhere; it can't gain privileges."""
    folder = tmp_path / "job"
    folder.mkdir()
    async with open_world(sites, tmp_path / "world", upstream=True, landlock=True, **SECRETS) as world:
        link = f"{sites.public_url}/slow/mux_720.mp4?seconds=60"
        job = asyncio.create_task(world.host.fetch(FetchOrder(link, folder, "", {}, MAX_BYTES), lambda _progress: None))
        async with asyncio.timeout(10):
            while not list(folder.iterdir()):
                await asyncio.sleep(0.01)
        (worker,) = world.workers()
        forkserver = world.host.state()["forkserver"]
        try:
            for pid in (forkserver, worker.pid):
                process = Path(f"/proc/{pid}")
                told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
                for secret in (TOKEN, SECRETS["API_HASH"]):
                    assert secret.encode() not in told
                    assert not holds(pid, secret.encode())
                assert not sockets(pid) & sockets(os.getpid())
            assert not sockets(worker.pid) & sockets(forkserver)
            files = {target for target in descriptors(worker.pid) if target.startswith("/")}
            assert {Path(target).parent for target in files - {"/dev/null"}} == {folder}
            status = Path(f"/proc/{worker.pid}/status").read_text()
            assert ("NoNewPrivs:\t1" in status) == landlock_state().files
            assert os.getpgid(worker.pid) == worker.pid != os.getpgrp()
        finally:
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)
        await gone(world)
    assert str(hostile_environment) not in told.decode(errors="replace").replace(str(folder), "")


def descriptors(pid: int) -> list[str]:
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(entry.readlink()))
        except FileNotFoundError:
            continue
    return found


def sockets(pid: int) -> set[str]:
    return {target for target in descriptors(pid) if target.startswith("socket:")}


def holds(pid: int, secret: bytes) -> bool:
    """Whether the secret stands anywhere in the process's own memory."""
    regions = re.findall(
        r"^([0-9a-f]+)-([0-9a-f]+) rw.. \S+ \S+ \S+ *(.*)$", Path(f"/proc/{pid}/maps").read_text(), re.MULTILINE
    )
    with Path(f"/proc/{pid}/mem").open("rb") as memory:
        for start, end, name in regions:
            if name == "[vvar]":
                continue
            memory.seek(int(start, 16))
            if secret in memory.read(int(end, 16) - int(start, 16)):
                return True
    return False


async def gone(world: World) -> None:
    async with asyncio.timeout(10):
        while world.workers():
            await asyncio.sleep(0.01)


def test_a_search_of_memory_finds_what_is_there():
    """The search that the test above relies on."""
    assert holds(os.getpid(), TOKEN.encode())


def test_no_dangerous_switch_is_ever_set(monkeypatch: pytest.MonkeyPatch):
    """Asked of yt-dlp itself: what those switches set is no parameter of ours, even where a site slipped it in."""
    monkeypatch.setattr("sys.argv", ["yt-dlp"])
    plain = yt_dlp.parse_options(["--ignore-config"]).ydl_opts
    wishes: dict[str, object] = {}
    for switches in SWITCHES:
        given = yt_dlp.parse_options(["--ignore-config", *switches]).ydl_opts
        wishes |= {name: value for name, value in given.items() if value != plain.get(name)}
    dangerous = set(wishes)
    assert {"postprocessors", "netrc_cmd", "usenetrc", "external_downloader", "cookiefile", "outtmpl"} <= dangerous
    assert {"writelink", "cookiesfrombrowser", "enable_file_urls", "ffmpeg_location"} <= dangerous
    assert not dangerous & OPTIONS
    for name in dangerous:
        with pytest.raises(InternalError):
            check_options({name: wishes[name]})
    ours = parameters(Order("fetch", "https://example.com/", "http://a:b@127.0.0.1:1", {}), None)
    slipped = parameters(Order("fetch", "https://example.com/", "http://a:b@127.0.0.1:1", wishes), None)
    assert {name: slipped.get(name) for name in dangerous} == {name: ours.get(name) for name in dangerous}
    assert {name for name in dangerous if ours.get(name)} == {"proxy"}
    assert ours["proxy"] == "http://a:b@127.0.0.1:1"


def test_no_site_asks_for_more_than_it_may():
    """The options of every site are on the list."""
    registry = Registry()
    for name in registry.names():
        check_options(registry.platform(name).options)
