"""The commands as processes, with the real extractor against the test sites."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sites.harness import Sites, threaded_sites

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 60

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    with threaded_sites() as sites:
        yield sites


def environment(sites: Sites | None = None) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **(sites.env() if sites else {})}


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "main.py"), *arguments]


def run(sites: Sites, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(*arguments), env=environment(sites), capture_output=True, text=True, timeout=WAIT_SECONDS, check=False
    )
    assert "Traceback" not in done.stderr
    return done


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_get_saves_the_sites_own_bytes(sites, tmp_path):
    """A direct link to a file that needs no fitting arrives as it is, and nothing else is left in the folder."""
    done = run(sites, "get", sites.samples()["origin_through_proxy"]["mux_360.mp4"], "-o", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    (file,) = json.loads(done.stdout)["files"]
    assert (file["width"], file["height"]) == (640, 360)
    served = sites.media.path("mux_360.mp4").read_bytes()
    assert hashlib.sha256(Path(file["path"]).read_bytes()).digest() == hashlib.sha256(served).digest()
    assert [path.name for path in tmp_path.iterdir()] == [Path(file["path"]).name]


def test_get_joins_video_and_audio(sites, tmp_path):
    """A height that YouTube only has in two halves."""
    done = run(sites, "get", sites.samples()["youtube"]["clip"], "-q", "720p", "-o", str(tmp_path))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["canonical"], answer["files"][0]["height"]) == ("youtube:clip0000000", 720)


def test_get_saves_a_post_of_pictures_file_by_file(sites, tmp_path):
    """Pictures and videos, told apart by their place in the post."""
    done = run(sites, "get", sites.samples()["instagram"]["mixed"], "-o", str(tmp_path))
    assert done.returncode == 0, done.stderr
    files = json.loads(done.stdout)["files"]
    assert [file["kind"] for file in files] == ["video", "photo", "video"]
    names = [f"Post by goldcrest ({number} of 3)" for number in (1, 2, 3)]
    assert sorted(path.stem for path in tmp_path.iterdir()) == names


@pytest.mark.parametrize(
    ("site", "name", "code"),
    [
        ("youtube", "gone", "removed"),
        ("origin_through_proxy", "fault_status_404", "removed"),
        ("private", "decimal", "private_address"),
    ],
)
def test_failures_are_told_as_json(sites, tmp_path, site, name, code):
    """Exit code 1, the error's code and whether it may pass; no file, no folder."""
    done = run(sites, "get", sites.samples()[site][name], "-o", str(tmp_path))
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["retry"]) == (code, False)
    assert list(tmp_path.iterdir()) == []


def test_info_shows_real_qualities(sites):
    """Heights best first, sizes as sums, audio last."""
    done = run(sites, "info", sites.samples()["youtube"]["clip"])
    media = json.loads(done.stdout)["media"]
    heights = [quality["height"] for quality in media["qualities"] if quality["key"].endswith("p")]
    assert heights == sorted(heights, reverse=True)
    assert {"1080p", "720p", "360p"} <= {quality["key"] for quality in media["qualities"]}
    assert media["qualities"][-1]["height"] is None


def processes_of(group: int) -> list[str]:
    """Command lines of everything alive in a session."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
            if int(fields[3]) == group and fields[0] != "Z":
                found.append((entry / "cmdline").read_text("utf-8", "replace"))
        except (OSError, ValueError, IndexError):
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_nothing(sites, tmp_path, number):
    """In the middle of a download: exit code 128 + n, no file, no folder, no process."""
    link = sites.samples()["origin_through_proxy"]["fault_slow"]
    process = subprocess.Popen(
        command("get", link, "-o", str(tmp_path)),
        env=environment(sites),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(lambda: any(path.stat().st_size > 0 for path in tmp_path.rglob("work/*/*") if path.is_file()))
    process.send_signal(number)
    out, err = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, out, err) == (128 + number, "", "")
    assert list(tmp_path.iterdir()) == []
    until(lambda: processes_of(process.pid) == [])


def test_a_terminal_sees_a_progress_bar(sites, tmp_path):
    """On a terminal the phases show on standard error while the JSON goes where standard output goes."""
    controller, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    link = sites.samples()["youtube"]["clip"]
    process = subprocess.Popen(
        command("get", link, "-o", str(tmp_path)),
        env={**environment(sites), "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=screen,
        text=True,
    )
    os.close(screen)
    seen = b""
    try:
        while chunk := os.read(controller, 4096):
            seen += chunk
    except OSError:  # Linux' way to say that the other side has closed
        pass
    os.close(controller)
    out, _ = process.communicate(timeout=WAIT_SECONDS)
    assert json.loads(out)["ok"] is True
    assert b"Looking" in seen or b"Downloading" in seen


def test_detect_loads_nothing_heavy():
    """No extractor, no Telegram, no database, and no site but the link's own."""
    code = (
        "import sys, main\n"
        "main.main(['detect', 'https://youtu.be/dQw4w9WgXcQ'])\n"
        "heavy = {'yt_dlp', 'pyrogram', 'aiosqlite', 'sqlite3', 'starlette', 'uvicorn', 'platforms.tiktok'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_a_reader_that_goes_away_ends_detect_quietly():
    """`detect | head -1` prints one line and no complaint."""
    lines = "https://youtu.be/dQw4w9WgXcQ\n" * 5000
    process = subprocess.Popen(
        command("detect"),
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    with process.stdin as target:
        try:
            target.write(lines[:60])
            target.flush()
            assert json.loads(process.stdout.readline())["links"]
            process.stdout.close()
            target.write(lines)
        except BrokenPipeError:
            pass
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(WAIT_SECONDS) == 0


@pytest.mark.parametrize("words", [("dead",), ("serve",)])
def test_a_damaged_database_ends_the_process(tmp_path, words):
    """At once, with exit code 1, its path and no traceback; the file stays as it is."""
    path = tmp_path / "goldcrest.db"
    path.write_bytes(b"garbage" * 1000)
    settings = {"DATA_DIR": str(tmp_path), "PORT": "0", "GOLDCREST_SERVER__HOST": "127.0.0.1"}
    done = subprocess.run(
        command(*words), env=environment() | settings, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False
    )
    assert done.returncode == 1
    told = done.stderr.splitlines()[-1] if words == ("serve",) else json.loads(done.stdout)["error"]["message"]
    assert f"{path} can't be read" in told
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == b"garbage" * 1000
