"""The commands: what they print, where, and with which exit code."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from utils.errors import Removed, SiteDown


def left_overs(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_get_saves_under_a_clean_name_and_prints_what(terminal, tmp_path):
    """One JSON line on standard output, nothing on standard error, one file and no working folder left."""
    done = terminal("get", "https://vimeo.com/1", "-q", "720p", "-o", str(tmp_path))
    assert (done.code, done.err) == (0, "")
    assert done.json == {
        "ok": True,
        "files": [
            {
                "path": str(tmp_path / "A B título.mp4"),
                "size_bytes": 4,
                "kind": "video",
                "mime": "video/mp4",
                "width": 640,
                "height": 360,
                "duration_seconds": 2.0,
            }
        ],
        "url": "https://vimeo.com/1",
        "canonical": "vimeo:1",
        "platform": "vimeo",
        "quality": "720p",
    }
    assert done.out.count("\n") == 1
    assert left_overs(tmp_path) == ["A B título.mp4"]
    assert terminal.data_dir.parent == tmp_path


def test_get_makes_the_folder_and_never_overwrites(terminal, tmp_path):
    """The second file of a name gets a number."""
    folder = tmp_path / "a" / "b"
    paths = [terminal("get", "https://vimeo.com/1", "-o", str(folder)).json["files"][0]["path"] for _ in range(3)]
    assert [Path(path).name for path in paths] == ["A B título.mp4", "A B título (2).mp4", "A B título (3).mp4"]
    assert all(Path(path).read_bytes() == b"film" for path in paths)


@pytest.mark.parametrize("error", [Removed("gone"), SiteDown(retry_after_seconds=7), OSError("boom")])
def test_a_failure_is_json_and_exit_code_1(terminal, tmp_path, error):
    """Code, retry and a sentence; a fault that nobody foresaw is told as one, without its traceback."""
    terminal.downloads.error = error
    done = terminal("get", "https://vimeo.com/1", "-o", str(tmp_path))
    assert (done.code, done.err) == (1, "")
    assert done.json["ok"] is False
    assert done.json["error"]["code"] == getattr(error, "code", "internal")
    assert done.json["error"]["retry"] is getattr(error, "retry", False)
    assert done.json["error"]["message"].endswith(".")
    assert left_overs(tmp_path) == []


def test_debug_shows_the_traceback(terminal, tmp_path):
    """--debug may stand anywhere; the answer stays the same."""
    terminal.downloads.error = OSError("boom")
    done = terminal("get", "https://vimeo.com/1", "-o", str(tmp_path), "--debug")
    assert done.json["error"]["code"] == "internal"
    assert "OSError: boom" in done.err


@pytest.mark.parametrize(("text", "code"), [("nothing here", "no_link"), ("at http://10.0.0.1/x", "private_address")])
def test_a_text_without_a_usable_link(terminal, tmp_path, monkeypatch, text, code):
    """The refusal's own code is the answer."""
    monkeypatch.chdir(tmp_path)
    for command in ("get", "info"):
        done = terminal(command, text)
        assert (done.code, done.json["error"]["code"]) == (1, code)
    assert left_overs(tmp_path) == []


def test_info_prints_the_media(terminal):
    """Platform, title and the qualities with their sizes."""
    done = terminal("info", "see https://vimeo.com/1")
    assert done.code == 0
    media = done.json["media"]
    assert (media["platform"], media["title"]) == ("vimeo", "A/B: título")
    assert media["qualities"][0] | {"ext": ""} == {
        "key": "best",
        "label": "Best",
        "height": 360,
        "codec": "h264",
        "dynamic_range": "",
        "fps": 0,
        "size_bytes": 5,
        "fits": True,
        "ext": "",
    }
    assert not terminal.data_dir.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["--debug"],
        ["get"],
        ["get", "https://vimeo.com/1", "-q", "5k"],
        ["get", "https://vimeo.com/1", "-o", "/dev/null/x"],
        ["get", "https://vimeo.com/1", "--what"],
        ["info"],
        ["doctor", "extra"],
    ],
)
def test_wrong_usage_is_exit_code_2(terminal, arguments):
    """Said on standard error; standard output stays empty, nothing is started."""
    done = terminal(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Usage" in done.err
    assert terminal.settings == []


def test_a_folder_that_cannot_be_written_is_wrong_usage(terminal, tmp_path, monkeypatch):
    """It is found before anything is downloaded."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    done = terminal("get", "https://vimeo.com/1", "-o", str(tmp_path))
    assert (done.code, done.out) == (2, "")


def test_a_bad_setting_is_one_line(terminal, monkeypatch):
    """The same line as the server's, and exit code 2."""
    monkeypatch.setenv("PORT", "x")
    done = terminal("info", "https://vimeo.com/1")
    assert (done.code, done.out) == (2, "")
    assert done.err == "PORT = 'x' does not fit: it must be a whole number from 0 to 65535\n"
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("ENABLE_PLATFORMS", "youtub")
    done = terminal("detect", "x")
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1


def test_serve_is_the_servers_own(terminal):
    """Only wiring knows how; the command hands over and returns its exit code."""
    assert terminal("serve", "--debug").code == 7
    assert terminal.served == ["served"]


@pytest.mark.parametrize("arguments", [["--help"], ["get", "-h"], ["serve", "--help"]])
def test_help(terminal, arguments):
    """Exit code 0, on standard output."""
    done = terminal(*arguments)
    assert done.code == 0
    assert "Usage" in done.out


def test_detect_reads_arguments(terminal):
    """One line of JSON per text, in order; nothing is started."""
    done = terminal("detect", "a https://youtu.be/dQw4w9WgXcQ", "nothing", "http://10.0.0.1/")
    first, second, third = map(json.loads, done.out.splitlines())
    assert first == {
        "text": "a https://youtu.be/dQw4w9WgXcQ",
        "links": [
            {
                "url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
                "canonical": "youtube:dQw4w9WgXcQ",
                "platform": "youtube",
                "kind": "video",
                "id": "dQw4w9WgXcQ",
            }
        ],
        "refused": [],
    }
    assert second == {"text": "nothing", "links": [], "refused": []}
    assert third["refused"] == [{"text": "http://10.0.0.1/", "code": "private_address"}]
    assert (done.code, terminal.settings) == (0, [])


def test_arguments_that_are_no_utf_8_are_read_as_far_as_they_can_be(terminal, tmp_path):
    """Bytes of another encoding, as Python hands them over, are replaced."""
    assert json.loads(terminal("detect", "\udcff x").out)["text"] == "\ufffd x"
    assert terminal("info", "\udcff https://vimeo.com/1").code == 0
    done = terminal("get", "https://vimeo.com/1", "--from", "\udcff", "-o", str(tmp_path))
    assert (done.code, done.json["error"]["code"]) == (1, "bad_part")


def test_a_folder_whose_name_is_no_utf_8_is_wrong_usage(terminal, tmp_path):
    """JSON couldn't name what is saved there; no folder of another name is made."""
    done = terminal("get", "https://vimeo.com/1", "-o", str(tmp_path / "out\udcff"))
    assert (done.code, done.out, left_overs(tmp_path)) == (2, "", [])


def test_detect_takes_texts_that_look_like_options(terminal):
    """Behind `--` everything is a text."""
    assert json.loads(terminal("detect", "--", "--debug").out)["text"] == "--debug"


def test_detect_reads_lines(terminal, monkeypatch):
    """Empty lines get their answer too; bytes that are no UTF-8 don't end the program."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"one\r\n\n\xff https://youtu.be/dQw4w9WgXcQ")))
    answers = [json.loads(line) for line in terminal("detect").out.splitlines()]
    assert [answer["text"] for answer in answers] == ["one", "", "\ufffd https://youtu.be/dQw4w9WgXcQ"]
    assert [len(answer["links"]) for answer in answers] == [0, 0, 1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_and_cleans_up(terminal, tmp_path, number):
    """Exit code 128 + its number, no answer, no working folder."""

    async def wait_for_the_end() -> None:
        os.kill(os.getpid(), number)
        await asyncio.Event().wait()

    terminal.downloads.gate = wait_for_the_end
    done = terminal("get", "https://vimeo.com/1", "-o", str(tmp_path))
    assert (done.code, done.out, done.err) == (128 + number, "", "")
    assert left_overs(tmp_path) == []


def test_a_cancellation_without_a_signal_is_a_fault(terminal):
    """Nobody asked for it, so it isn't told as an end."""

    async def cancel() -> None:
        raise asyncio.CancelledError

    terminal.downloads.gate = cancel
    with pytest.raises(asyncio.CancelledError):
        terminal("get", "https://vimeo.com/1")


class Screen(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), "utf-8")

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        self.flush()
        self.seek(0)
        return self.read()


def test_a_terminal_sees_a_bar_and_laid_out_json(terminal, tmp_path, monkeypatch):
    """The bar is on standard error and gone before the answer comes."""
    err, out = Screen(), Screen()
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    terminal("get", "https://vimeo.com/1", "-o", str(tmp_path))
    assert "Downloading" in err.shown()
    shown = out.shown()
    assert shown.startswith('{\n  "ok": true')
    assert json.loads(shown)["ok"] is True


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--from", "0:43", "--to", "1:20"), "clip:43-80"),
        (("--from", "1h"), "clip:3600-"),
        (("--to", "20"), "clip:0-20"),
        (("--minutes", "5"), "live:5"),
        ((), ""),
    ],
)
def test_a_part_is_ordered_as_it_is_written(terminal, tmp_path, options, part):
    """The order carries it, and the answer names it where there is one."""
    done = terminal("get", "https://vimeo.com/1", "-o", str(tmp_path), *options)
    assert (done.code, done.json.get("part", "")) == (0, part)
    assert terminal.downloads.orders[-1].part == part


@pytest.mark.parametrize("options", [("--from", "x"), ("--from", "9", "--to", "3"), ("--from", "1", "--minutes", "5")])
def test_a_part_that_makes_no_sense(terminal, tmp_path, options):
    """One sentence, nothing ordered."""
    done = terminal("get", "https://vimeo.com/1", "-o", str(tmp_path), *options)
    assert (done.code, done.json["error"]["code"]) == (1, "bad_part")
    assert done.json["error"]["message"]
    assert terminal.downloads.orders == []


@pytest.mark.parametrize("minutes", ["-5", "0", "31", "9" * 30])
def test_minutes_that_no_recording_may_have(terminal, tmp_path, minutes):
    """The sentence names the bounds."""
    done = terminal("get", "https://vimeo.com/1", "-o", str(tmp_path), "--minutes", minutes)
    assert (done.code, done.json["error"]["message"]) == (1, "A recording may have 1 to 30 minutes.")
