"""Alice sends links to the bot process and gets files."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
from urllib.parse import parse_qs

import pytest

from tests.end_to_end.bot_process import bot_process
from tests.telegram_server.faults import Mute
from utils.ffmpeg import find_ffmpeg

pytestmark = pytest.mark.process
SECONDS = 30


async def menu_for(telegram, url):
    """Say a link and wait for its menu."""
    said = await telegram.alice.say(telegram.bot, url)
    return await telegram.alice.wait_for(is_menu, SECONDS, after=said)


def is_menu(message):
    """It offers qualities."""
    return any("Best" in button.text for row in message.buttons for button in row)


async def file_for(telegram, url, button):
    """Say a link, press a button of its menu, wait for the file."""
    menu = await menu_for(telegram, url)
    await telegram.alice.press(menu, button)
    return await telegram.alice.wait_for(lambda m: m.file is not None, SECONDS, after=menu)


def streams(path):
    """Hashes of the coded streams, whatever container they lie in."""
    options = ["-map", "0:v?", "-map", "0:a?", "-c", "copy", "-f", "streamhash", "-"]
    return sorted(line.split(",", 2)[2] for line in ffmpeg("-i", path, *options).stdout.split())


def ffmpeg(*arguments):
    """Run the real one; raises where it fails."""
    command = [find_ffmpeg(), "-v", "error", "-xerror", *arguments]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)


def playable(path):
    """Decode everything; ffmpeg's complaints, which must be none."""
    return ffmpeg("-i", path, "-f", "null", "-").stderr


async def test_four_links_become_four_files(bot, telegram, sites):
    """Merged from two streams or of one piece: exact, playable, with shape, length and thumbnail."""
    media = sites.media
    cases = {
        sites.youtube.samples()["clip"]: ("720p", None, (1280, 720)),
        sites.tiktok.samples()["clip"]: ("480p", None, None),
        sites.instagram.samples()["reel"]: ("Best", None, None),
        f"{sites.public_url}/m/mux_360.mp4": ("Best", media.medium("mux_360.mp4").sha256, (640, 360)),
    }
    for url, (button, digest, shape) in cases.items():
        message = await file_for(telegram, url, button)
        file = message.file
        assert file.kind == "video", url
        assert not file.refused_thumb, url
        assert file.thumb is not None, url
        assert file.duration == pytest.approx(4, abs=1), url
        assert file.width > 0, url
        assert shape is None or (file.width, file.height) == shape
        assert digest is None or hashlib.sha256(file.read()).hexdigest() == digest
        assert playable(file.path) == ""
        assert file.attribute("Video").supports_streaming
        assert "http" not in (file.name or "")
    await nothing_left(bot, telegram)


async def test_the_merged_file_holds_exactly_the_streams_of_the_site(bot, telegram, sites):
    """A stream copy changes no byte of video or audio."""
    message = await file_for(telegram, sites.youtube.samples()["clip"], "480p")
    names = {parse_qs(entry.url)["file"][0] for entry in sites.requests.to("googlevideo.com")}
    expected = sorted(stream for name in names for stream in streams(sites.media.path(name)))
    assert len(expected) == 2
    assert streams(message.file.path) == expected


async def test_the_second_copy_comes_without_a_request_to_the_site(bot, telegram, sites):
    """Another spelling of the link, another message: Telegram's own copy is sent."""
    first = await file_for(telegram, sites.youtube.samples()["clip"], "360p")
    sites.requests.clear()
    menu = await menu_for(telegram, "https://youtu.be/clip0000000?si=tracking")
    assert "\u26a1" in menu.button("360p").text
    await telegram.alice.press(menu, "360p")
    second = await telegram.alice.wait_for(lambda m: m.file is not None, SECONDS, after=menu)
    assert second.file.sha256 == first.file.sha256
    assert sites.requests.to("googlevideo.com") == []


async def nothing_left(bot, telegram):
    """No worker, no folder, no status message that still speaks of progress."""
    async with asyncio.timeout(20):
        while list(bot.data.glob("work/*")):
            await asyncio.sleep(0.05)
    assert not [m for m in telegram.alice.messages(telegram.bot) if "%" in m.text]


def slow_merge(folder):
    """A real ffmpeg that takes its time when it has two inputs; found first on PATH."""
    folder.mkdir()
    script = folder / "ffmpeg"
    script.write_text(f"""#!/bin/sh
case "$*" in *-i*-i*) sleep 60 ;; esac
exec "{find_ffmpeg()}" "$@"
""")
    script.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def probing(_folder, _telegram, sites):
    return {}, sites.youtube.samples()["late"], "", "Looking at"


def downloading(_folder, _telegram, sites):
    return {}, sites.youtube.samples()["slow"], "360p", "Downloading"


def merging(folder, _telegram, sites):
    return slow_merge(folder / "bin"), sites.youtube.samples()["clip"], "480p", "together"


def uploading(_folder, telegram, sites):
    telegram.server.faults.add("upload.Save*", Mute(), times=None)
    return {}, sites.youtube.samples()["clip"], "360p", "Sending"


CASES = {case.__name__: case for case in (probing, downloading, merging, uploading)}


@pytest.mark.parametrize("phase", ["probing", "downloading", "merging", "uploading"])
async def test_cancel_works_in_every_phase(phase, tmp_path, telegram, sites, settings):
    """The button ends it, a word says so, no file comes, nothing is left behind."""
    more, url, button, shows = CASES[phase](tmp_path, telegram, sites)
    async with bot_process(tmp_path / "data", settings, more) as bot:
        said = await telegram.alice.say(telegram.bot, url)
        if phase != "probing":
            menu = await telegram.alice.wait_for(is_menu, SECONDS, after=said)
            await telegram.alice.press(menu, button)
        status = await telegram.alice.wait_for(lambda m: m.buttons and shows in m.text, SECONDS, after=said)
        await telegram.alice.press(status, "Cancel")
        await telegram.alice.wait_for(lambda m: "cancelled" in m.text.lower(), SECONDS, after=said)
        assert not [m for m in telegram.alice.messages() if m.file]
        await nothing_left(bot, telegram)
        async with asyncio.timeout(20):
            while len(bot.family()) > 2:  # the process and the warm extractor
                await asyncio.sleep(0.05)
