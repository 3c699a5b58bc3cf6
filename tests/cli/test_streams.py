"""Standard streams that are closed, full, gone or of another encoding: no traceback, and the usual exit code."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.cli.test_process import WAIT_SECONDS, command, environment, until

pytestmark = pytest.mark.process

FULL = Path("/dev/full")
linux = pytest.mark.skipif(not FULL.exists(), reason="Linux's own file")
#: `doctor` goes no further than its first check then
NO_PORT = {"PORT": "x"}


def shell(script: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a shell's words, where "$@" is the command."""
    done = subprocess.run(
        ["sh", "-c", script, "sh", *command(*words)],
        env=environment() | more,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(
    ("closed", "words", "code"),
    [
        ("<&-", ("detect",), 0),
        (">&-", ("detect", "x"), 0),
        ("2>&-", ("detect", "x"), 0),
        ("2>&-", ("nope",), 2),
        ("<&- >&- 2>&-", ("info", "no link"), 1),
    ],
)
def test_closed_streams_lead_nowhere(closed, words, code):
    """As /dev/null does."""
    assert shell(f'"$@" {closed}', *words).returncode == code


@linux
@pytest.mark.parametrize(
    "words", [("detect", "x"), ("info", "no link"), ("doctor",), ("doctor", "--json"), ("--help",)]
)
def test_an_answer_that_cannot_be_written_is_a_failure(words):
    """One sentence and exit code 1."""
    done = shell(f'"$@" >{FULL}', *words, **NO_PORT if words[0] == "doctor" else {})
    assert (done.returncode, done.stderr) == (1, "Standard output can't be written: No space left on device.\n")


@linux
def test_with_debug_it_brings_its_traceback():
    """Which is what --debug is for."""
    done = subprocess.run(
        ["sh", "-c", f'"$@" >{FULL}', "sh", *command("detect", "x", "--debug")],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )
    assert done.returncode != 0
    assert "No space left on device" in done.stderr


@pytest.mark.parametrize(("words", "code"), [(("info", "no link"), 1), (("doctor",), 1), (("dead",), 0)])
def test_a_reader_that_has_gone_changes_no_exit_code(tmp_path, words, code):
    """Nobody reads the answer, and it is what it would have been."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run(
            command(*words),
            env=environment() | (NO_PORT if words == ("doctor",) else {"DATA_DIR": str(tmp_path)}),
            stdout=gone,
            stderr=subprocess.PIPE,
            timeout=WAIT_SECONDS,
            check=False,
        )
    assert (done.returncode, done.stderr) == (code, b"")


def test_answers_are_utf_8_whatever_the_locale():
    """JSON is, and programs read it as such."""
    other = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    assert json.loads(shell('"$@"', "detect", "é \N{RIGHTWARDS ARROW}", **other).stdout)["text"]
    done = shell('"$@"', "doctor", **NO_PORT, **other)
    assert "\N{RIGHTWARDS ARROW}" in done.stdout


@pytest.mark.parametrize("stderr", ["", pytest.param(f"2>{FULL}", marks=linux), "2>&-"])
def test_a_server_whose_log_cannot_be_written_serves(tmp_path, stderr):
    """Its reader is gone (`make run 2>&1 | head -1`), its disk full or its stream closed: it answers and ends well."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"DATA_DIR": str(tmp_path), "PORT": str(port), "GOLDCREST_SERVER__HOST": "127.0.0.1"}
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" {stderr}', "sh", *command("serve")], env=environment() | settings, stderr=gone
        )

    def ready() -> bool:
        assert process.poll() is None
        try:
            with urlopen(f"http://127.0.0.1:{port}/ready", timeout=WAIT_SECONDS) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        until(ready)
    finally:
        process.terminate()
    assert process.wait(WAIT_SECONDS) == 0


INTERRUPTED = """
import os, signal, sys
import main

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Slow())
sys.exit(main.main({words!r}))
"""


@pytest.mark.parametrize(
    ("name", "words"), [("typer", ["detect", "x"]), ("cli.detect", ["detect", "x"]), ("wiring.ending", ["serve"])]
)
def test_ctrl_c_while_a_command_is_loaded(tmp_path, name, words):
    """Exit code 130 and no traceback, before there is a loop that listens to signals."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(name=name, words=words)],
        env=environment() | {"DATA_DIR": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_main_loads_nothing_before_it_can_be_interrupted():
    """What is imported with the entry itself could only end in a traceback."""
    code = "import sys, main; print({'asyncio', 'socket', 'pydantic', 'core', 'utils'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "set()\n"
