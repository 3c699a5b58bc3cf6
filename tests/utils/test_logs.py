"""Logs: an event and values on standard error, and never a secret."""

from __future__ import annotations

import importlib
import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import structlog

from utils import logs
from utils.logs import HIDDEN, Redactor, get_logger, setup_logs

TOKEN = "123456789:AAF-abcdefghijklmnopqrstuvwxyz_0123"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_a_line_is_json_with_event_level_and_time(capsys):
    """Away from a terminal each line is one JSON object on standard error."""
    setup_logs()
    get_logger().info("job.accepted", job="01J", size_bytes=5, parts=(1, None), ok=True)
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "job.accepted",
        "level": "info",
        "job": "01J",
        "size_bytes": 5,
        "parts": [1, None],
        "ok": True,
    }


def test_lower_levels_are_left_out(capsys):
    """The level is a floor for our own lines."""
    setup_logs("warning")
    get_logger().info("quiet")
    get_logger().warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_a_terminal_gets_text(monkeypatch):
    """`auto` writes for people where people look."""
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    setup_logs(style="auto")
    get_logger().info("job.accepted", job="01J")
    assert "job.accepted" in screen.getvalue()
    assert not screen.getvalue().startswith("{")


@pytest.mark.parametrize(("style", "is_json"), [("json", True), ("text", False)])
def test_the_style_can_be_forced(monkeypatch, style: str, is_json: bool):
    """`json` on a terminal and `text` in a file."""
    monkeypatch.setattr(sys, "stderr", screen := (Terminal() if is_json else io.StringIO()))
    setup_logs(style=style)
    get_logger().info("x")
    assert screen.getvalue().startswith("{") is is_json


class Full(io.StringIO):
    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)

    def flush(self) -> None:
        if self.full:
            raise BrokenPipeError(32, "Broken pipe")


def test_a_line_that_cannot_be_written_is_dropped(monkeypatch):
    """Whoever says it goes on; what is said later is written where it can be."""
    monkeypatch.setattr(sys, "stderr", screen := Full())
    setup_logs()
    get_logger().info("lost")
    logging.getLogger("library").error("lost too")
    screen.full = False
    get_logger().info("kept")
    assert [json.loads(line)["event"] for line in screen.getvalue().splitlines()] == ["kept"]


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        (f"polling with {TOKEN} now", f"polling with {HIDDEN} now"),
        ("via http://job:k3y@127.0.0.1:80/", f"via http://{HIDDEN}@127.0.0.1:80/"),
        ("via http://k3y@127.0.0.1/", f"via http://{HIDDEN}@127.0.0.1/"),
        ("https://a.example/v?pot=abc&n=1", f"https://a.example/v?pot={HIDDEN}&n=1"),
        ("https://a.example/v?n=1&access_token=abc", f"https://a.example/v?n=1&access_token={HIDDEN}"),
        ("Proxy-Authorization: Basic am9iOms=", f"Proxy-Authorization: Basic {HIDDEN}"),
        ("{'authorization': 'Bearer abc.def'}", f"{{'authorization': 'Bearer {HIDDEN}'}}"),
        ("Set-Cookie: sid=1; path=/", f"Set-Cookie: {HIDDEN}"),
        ("the word is hunter2", f"the word is {HIDDEN}"),
        ("https://a.example/@user and me@example.org", "https://a.example/@user and me@example.org"),
    ],
)
def test_what_looks_like_a_secret_is_cut_out_of_texts(said: str, logged: str):
    """Tokens, user parts of URLs, credentials in queries and headers, and the values named at the start."""
    assert Redactor(["", "hunter2"]).clean(said) == logged


def test_secrets_are_found_wherever_they_hide():
    """By the key, deep in containers, and in the repr of strange objects; empty values stay to show that they are."""

    class Strange:
        def __repr__(self) -> str:
            return f"<Strange {TOKEN}>"

    event = {
        "bot_token": TOKEN,
        "cookie": "",
        "nested": {"password": "x", "list": [{"api_hash": "y"}, Strange()], 5: 1.5},
    }
    assert Redactor()(None, "info", event) == {
        "bot_token": HIDDEN,
        "cookie": "",
        "nested": {"password": HIDDEN, "list": [{"api_hash": HIDDEN}, f"<Strange {HIDDEN}>"], 5: 1.5},
    }


def test_a_traceback_is_cleaned_too(capsys):
    """An exception's text is the likeliest place for a token."""
    setup_logs()
    try:
        (Path("/nowhere") / TOKEN).read_text()
    except OSError:
        get_logger().exception("broke")
    (line,) = lines(capsys)
    assert "No such file" in line["exception"]
    assert TOKEN not in json.dumps(line)


def test_tracebacks_can_be_left_out(capsys):
    """A person at a terminal reads that it broke, not where."""
    setup_logs(tracebacks=False)
    try:
        int("x")
    except ValueError:
        get_logger().exception("broke")
    get_logger().info("fine")
    assert [sorted(line) for line in lines(capsys)] == [["event", "level", "timestamp"]] * 2


def test_libraries_speak_through_the_same_door(capsys):
    """Their warnings come in our form, with their name, cleaned, whatever their level number or format string."""
    setup_logs("debug", secrets=["hunter2"])
    library = logging.getLogger("some.library")
    library.info("chatter")
    library.warning("failed with %s", "hunter2")
    library.log(35, "odd level")
    library.warning("wrong %d", "format")
    try:
        int("inside")
    except ValueError:
        library.exception("gone")
    said = lines(capsys)
    assert [line["message"] for line in said] == [f"failed with {HIDDEN}", "odd level", "wrong %d", "gone"]
    assert [line["level"] for line in said] == ["warning", "warning", "warning", "error"]
    assert {line["logger"] for line in said} == {"some.library"}
    assert "ValueError: invalid literal" in said[3]["exception"]


@pytest.mark.parametrize(("imports", "loaded"), [("utils.logs", False), ("rich, utils.logs", True), ("main", False)])
def test_structlog_is_loaded_without_rich(imports: str, loaded: bool):
    """Its colours for tracebacks cost a server 4.5 MB; who needs rich can still import it before or afterwards."""
    use = "utils.logs.setup_logs(); import structlog.dev"
    code = f"import sys, utils.logs, {imports}; {use}; print('rich.console' in sys.modules); import rich.console"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{loaded}\n"


def test_before_the_setup_only_trouble_is_said(capsys):
    """Loading the logger for lines that nobody wants would hold up the first answer."""
    structlog.reset_defaults()
    get_logger().info("early")
    get_logger().debug("early")
    get_logger().warning("trouble")
    captured = capsys.readouterr()
    assert "early" not in captured.out + captured.err
    assert "trouble" in captured.out + captured.err


def test_a_hidden_package_is_back_afterwards(monkeypatch):
    """Only the block itself believes that it isn't installed; what is loaded already stays visible."""
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    with logs._without("wave"), pytest.raises(ImportError):
        importlib.import_module("wave")
    loaded = importlib.import_module("wave")
    with logs._without("wave"):
        assert importlib.import_module("wave") is loaded
