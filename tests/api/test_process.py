"""The whole web app as people start it: the process, real extractors and ffmpeg, replicas of the sites, a browser."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.api.client import Client, raw
from tests.sites.harness import running_sites
from utils.media_info import parse_banner

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.process, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@asynccontextmanager
async def serving(folder, environment):
    """`python main.py serve` on a free port until the block ends; it must then end well on SIGTERM."""
    port = free_port()
    settings = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder), "PORT": str(port), **environment}
    process = await asyncio.create_subprocess_exec(sys.executable, "main.py", "serve", cwd=ROOT, env=settings)
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    answer = await raw(port, b"GET /ready HTTP/1.1\r\nHost: any\r\n\r\n")
                except ConnectionRefusedError:
                    answer = b""
                if answer.startswith(b"HTTP/1.1 200"):
                    break
                assert process.returncode is None
                await asyncio.sleep(0.02)
        yield port
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def inspect(ffmpeg, path):
    """Width, height and length of a file, as ffmpeg sees it."""
    told = subprocess.run([ffmpeg, "-hide_banner", "-i", path], check=False, capture_output=True, text=True).stderr
    info = parse_banner(told)
    assert info is not None, told
    return info


async def test_links_become_files_in_a_browser(browser, tmp_path):
    """YouTube (picture and sound apart, merged) and a plain file, byte by byte; a private address gets its sentence."""
    async with running_sites() as sites, serving(tmp_path, sites.env()) as port:
        context = await browser.new_context(accept_downloads=True)
        page = await context.new_page()
        await page.goto(f"http://localhost:{port}/")

        async def fetch(link, label):
            await page.get_by_role("textbox", name="Link to a video").fill(link)
            await page.keyboard.press("Enter")
            async with page.expect_download(timeout=30_000) as download:
                await page.locator("#found .quality", has_text=label).first.click(timeout=30_000)
            return await (await download.value).path()

        plain = await fetch(f"{sites.public_url}/m/mux_360.mp4", "MP4")
        assert plain.read_bytes() == sites.media.path("mux_360.mp4").read_bytes()
        video = await fetch(next(iter(sites.samples()["youtube"].values())), "720p")
        info = await asyncio.to_thread(inspect, sites.media.ffmpeg, video)
        assert (info.kind, info.height, bool(info.audio_codec)) == ("video", 720, True)
        assert await page.locator(".job img").first.evaluate("image => image.decode().then(() => image.naturalWidth)")
        await page.get_by_role("textbox", name="Link to a video").fill(f"http://{sites.canary.host}/x.mp4")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("not on the public internet")
        await context.close()
        status = (await Client(port).get("/status")).json
        assert status["platforms"]["youtube"] == {"success": 1, "failed": 0}
        assert status["extractor"]["landlock"] is not None
        assert sites.canary.knocks == []
    assert list((tmp_path / "work").iterdir()) == []


async def test_a_taken_port_is_one_line(tmp_path):
    """No traceback, and exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = {
            "DATA_DIR": str(tmp_path),
            "PORT": str(other.getsockname()[1]),
            "GOLDCREST_SERVER__HOST": "127.0.0.1",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "main.py", cwd=ROOT, env={"PATH": os.environ["PATH"], **settings}, stderr=subprocess.PIPE
        )
        _, complaint = await process.communicate()
    assert process.returncode == 2
    assert complaint.decode().count("\n") == 1
    assert "PORT" in complaint.decode()
