"""What the alarm wire of a child lets pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from platforms.extractor.audit import make_hook

PORT = 4711
GATE = Path("/opt/gate/ffmpeg")


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.connect", (None, ("127.0.0.1", PORT))),
        ("socket.getaddrinfo", ("127.0.0.1", PORT, 0, 0, 0)),
        ("subprocess.Popen", (GATE, [GATE, "-i"], None, None)),
        ("open", ("/etc/ssl/cert.pem", "r", os.O_RDONLY)),
        ("open", ("/dev/null", "w", os.O_WRONLY)),
        ("open", (7, "w", os.O_WRONLY)),
        ("import", ("os", None, None, None, None)),
    ],
)
def test_what_a_job_needs(tmp_path: Path, event: str, arguments: tuple[object, ...]):
    make_hook(PORT, [tmp_path], [str(GATE)])(event, arguments)


@pytest.mark.parametrize("inside", [True, False])
def test_writes_end_at_the_folder(tmp_path: Path, *, inside: bool):
    """Also through .. and through links."""
    hook = make_hook(PORT, [tmp_path], [str(GATE)])
    outside = (tmp_path.parent / "x", tmp_path / ".." / "x", Path(f"{tmp_path}x"), tmp_path / "link" / "x")
    (tmp_path / "link").symlink_to(tmp_path.parent)
    for path in (tmp_path / "x", tmp_path / "sub" / "x") if inside else outside:
        for event, arguments in (
            ("open", (str(path), "w", os.O_WRONLY | os.O_CREAT)),
            ("os.remove", (os.fsencode(path), -1)),
            ("os.rename", (str(path), str(path), -1, -1)),
        ):
            if inside:
                hook(event, arguments)
            else:
                with pytest.raises(PermissionError, match="not in a worker"):
                    hook(event, arguments)


def test_without_a_folder_nothing_is_written(tmp_path: Path):
    with pytest.raises(PermissionError):
        make_hook(PORT, [], [str(GATE)])("open", (str(tmp_path / "x"), "w", os.O_WRONLY))


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.connect", (None, ("127.0.0.1", PORT + 1))),
        ("socket.connect", (None, ("10.0.0.1", PORT))),
        ("socket.connect", (None, ("::1", PORT, 0, 0))),
        ("socket.connect", (None, "/run/some.sock")),
        ("socket.connect", (None, b"\0abstract")),
        ("socket.bind", (None, ("127.0.0.1", 0))),
        ("socket.sendto", (None, ("8.8.8.8", 53))),
        ("socket.getaddrinfo", ("example.com", 443, 0, 0, 0)),
        ("socket.gethostbyname", ("example.com",)),
        ("subprocess.Popen", ("/bin/sh", ["/bin/sh", "-c", "id"], None, None)),
        ("subprocess.Popen", ("ffmpeg", ["ffmpeg"], None, None)),
        ("os.system", (b"id",)),
        ("os.exec", ("/bin/sh", ["sh"], None)),
        ("os.posix_spawn", ("/bin/sh", ["sh"], None)),
        ("os.fork", ()),
    ],
)
def test_what_no_job_needs(tmp_path: Path, event: str, arguments: tuple[object, ...]):
    with pytest.raises(PermissionError, match="not in a worker"):
        make_hook(PORT, [tmp_path], [str(GATE)])(event, arguments)


@pytest.mark.parametrize(
    ("arguments", "passes"),
    [
        (("/opt/python", ["/opt/python", "-I", "/opt/qjs.py", "--script", "/x"]), True),
        (("/opt/python", ["/opt/python", "-c", "import os"]), False),
        (("/opt/python", ["/opt/python", "-I"]), False),
        (("/bin/sh", ["/opt/python", "-I", "/opt/qjs.py"]), False),
    ],
)
def test_a_program_is_what_it_begins_with(tmp_path: Path, arguments: tuple[object, ...], *, passes: bool):
    """An interpreter may be started with its script only; an empty command allows nothing."""
    hook = make_hook(PORT, [tmp_path], [str(GATE)], ("/opt/python", "-I", "/opt/qjs.py"), ())
    if passes:
        hook("subprocess.Popen", (*arguments, None, None))
    else:
        with pytest.raises(PermissionError, match="not in a worker"):
            hook("subprocess.Popen", (*arguments, None, None))


def test_installed_it_holds_for_real_calls(tmp_path: Path):
    """In a process of its own, since it can't be taken down again."""
    script = f"""
import os, socket, subprocess, sys
sys.path.insert(0, {str(Path(__file__).resolve().parents[3])!r})
from pathlib import Path
from platforms.extractor.audit import install
listener = socket.create_server(("127.0.0.1", 0))
other = socket.create_server(("127.0.0.1", 0))
install(listener.getsockname()[1], [Path({str(tmp_path)!r})], ["/bin/true"])
socket.create_connection(listener.getsockname()).close()
Path({str(tmp_path)!r}, "inside").write_text("x")
subprocess.run(["/bin/true"])
for call in (
    lambda: socket.create_connection(other.getsockname()),
    lambda: socket.getaddrinfo("example.com", 80),
    lambda: Path({str(tmp_path.parent)!r}, "outside").write_text("x"),
    lambda: subprocess.run(["/bin/echo"]),
    lambda: os.system("true"),
    lambda: os.execv("/bin/true", ["true"]),
    lambda: os.fork(),
):
    try:
        call()
    except PermissionError:
        continue
    sys.exit(1)
"""
    assert subprocess.run([sys.executable, "-I", "-c", script], check=False, timeout=30).returncode == 0
    assert not (tmp_path.parent / "outside").exists()
