"""Running ffmpeg: found, bounded in time and words, its failures told apart; mostly with a stand-in for the program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.utils import media_ground as ground
from utils import ffmpeg_run
from utils.errors import DeadlineExceeded, DiskFull, MediaTool, MemoryShort, NotAMedia, OutOfMemory, TooLarge
from utils.ffmpeg import FFmpeg, find_ffmpeg
from utils.ffmpeg_run import HEAD_BYTES, TAIL_BYTES, Output


def test_the_program_is_found(monkeypatch, tmp_path):
    """The one that is set, else on PATH, else in imageio-ffmpeg, else none."""
    own = ground.script(tmp_path, "")
    assert find_ffmpeg(str(own)) == own
    assert find_ffmpeg(str(tmp_path / "gone")) is None
    (tmp_path / "ffmpeg").symlink_to(own)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg() == own
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    package = tmp_path / "imageio_ffmpeg"
    (package / "binaries").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.setattr(
        ffmpeg_run, "find_spec", lambda name: type("Spec", (), {"origin": str(package / "__init__.py")})
    )
    assert find_ffmpeg() is None
    (package / "binaries" / "ffmpeg-linux-x86_64-v9").touch()
    assert find_ffmpeg() == package / "binaries" / "ffmpeg-linux-x86_64-v9"
    monkeypatch.setattr(ffmpeg_run, "find_spec", lambda name: None)
    assert find_ffmpeg() is None


def test_a_gate_that_is_missing(tmp_path, monkeypatch):
    """So is a repository without its gate."""
    monkeypatch.setattr(ffmpeg_run, "GATE", tmp_path / "gone")
    with pytest.raises(MediaTool, match="can't be started"):
        FFmpeg(ground.program()).version()


def test_a_program_that_is_missing(tmp_path):
    """A clear error, from the gate or without it."""
    with pytest.raises(MediaTool):
        FFmpeg(tmp_path / "gone").version()
    with pytest.raises(MediaTool):
        FFmpeg(Path("relative")).version()


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("av_interleaved_write_frame(): No space left on device", DiskFull),
        ("Error writing trailer: File too large", TooLarge),
        ("x: Cannot allocate memory", OutOfMemory),
        ("[in#0] Format not on whitelist 'mov'", NotAMedia),
        ("Error opening input: Invalid data found when processing input", NotAMedia),
        ("Stream map '0:a:0' matches no streams.", NotAMedia),
        ("something new", MediaTool),
    ],
)
def test_failures_are_told_apart(tmp_path, said, error):
    """The last words decide."""
    tool = FFmpeg(ground.script(tmp_path, f"cat >&2 <<'END'\n{said}\nEND\nexit 1"))
    with pytest.raises(error) as caught:
        tool.version()
    assert said in caught.value.detail
    with pytest.raises(error):
        tool.inspect(tmp_path)


def test_what_the_kernel_has_ended_is_told(tmp_path):
    """It picks the largest process, which may be ffmpeg rather than the worker that waits for it."""
    tool = FFmpeg(ground.script(tmp_path, "echo a word >&2; kill -9 $$"))
    with pytest.raises(MemoryShort, match="SIGKILL"):
        tool.inspect(tmp_path)


def test_used_up_processor_time_is_told():
    """Ffmpeg catches the signal and leaves without a word."""
    code = "import os, sys; from utils.sandbox import limit; limit(cpu_seconds=1); os.execv(sys.argv[1], sys.argv[1:])"
    endless = ["-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=1920x1080", "-f", "null", "-"]
    argv = [sys.executable, "-c", code, str(ground.program()), *endless]
    done = subprocess.run(argv, cwd=Path(ffmpeg_run.__file__).parents[1], capture_output=True, check=False)
    output = Output()
    output.add(done.stderr)
    assert isinstance(ffmpeg_run.failure(done.returncode, output), DeadlineExceeded)


def test_the_deadline_kills(tmp_path):
    """A run that takes too long is killed, whether it prints or has closed its pipes; half a file is removed."""
    for text in ("exec sleep 60", "exec >&- 2>&-; exec sleep 60"):
        tool = FFmpeg(ground.script(tmp_path, f"echo $$ > {tmp_path}/pid; {text}"))
        with pytest.raises(DeadlineExceeded):
            tool.inspect(tmp_path, deadline_seconds=0.3)
        pid = int((tmp_path / "pid").read_text())
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_it_stays_in_the_callers_process_group(tmp_path):
    """So that killing a worker's group kills its ffmpeg."""
    tool = FFmpeg(ground.script(tmp_path, "read -r stat < /proc/self/stat; set -- $stat; echo ffmpeg version $5"))
    assert int(tool.version()) == os.getpgrp()


def test_no_secret_reaches_it(tmp_path, monkeypatch):
    """It gets a scrubbed environment, or the one it is given."""
    monkeypatch.setenv("BOT_TOKEN", "secret")
    stand_in = ground.script(tmp_path, 'echo ffmpeg version "${BOT_TOKEN:-none}"')
    assert FFmpeg(stand_in).version() == "none"
    assert FFmpeg(stand_in, environment={"BOT_TOKEN": "given"}).version() == "given"


def test_progress_lines(tmp_path):
    """Figures come in blocks; before the first packet they are N/A, and pieces may end anywhere."""
    first = r"out_time_us=N/A\ntotal_size=N/A\nprogress=continue\nout_time_us=15"
    second = r"00000\ntotal_size=7\nprogress=end\n"
    text = f"printf '{first}'; sleep 0.05; printf '{second}'"
    told: list[tuple[float, int]] = []
    tool = FFmpeg(ground.script(tmp_path, text))
    tool._checked([], 10, lambda seconds, size: told.append((seconds, size)))
    assert told == [(0.0, 0), (1.5, 7)]


def test_output_is_bounded():
    """A program that talks without end costs no memory: the start and the last lines are kept."""
    output = Output()
    for _ in range(20):
        output.add(b"a" * 65536)
    output.add(b"last")
    assert len(output.text) == HEAD_BYTES
    assert len(output.last_lines) == TAIL_BYTES
    assert output.last_lines.endswith("aalast")
