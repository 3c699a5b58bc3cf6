"""The doctor's report."""

from __future__ import annotations

import ast
import asyncio
import json
from pathlib import Path

import pytest

from cli import checks, checks_network, doctor
from cli.checks import Finding
from utils.config import load_settings
from utils.errors import ConfigError
from utils.texts import Texts


async def well(_settings):
    return Finding("ffmpeg", "ok", "found", {"path": "/x", "version": "7.1"})


async def warned(_settings):
    return Finding("javascript", "warn", "none")


async def broken(_settings):
    raise OSError("boom")


async def endless(_settings):
    await asyncio.Event().wait()


def examine(**chosen: doctor.Check) -> list[Finding]:
    return doctor.examine(lambda: load_settings({}), chosen)


def test_each_finding_is_one_line_with_its_next_step():
    """Result, check, what was found, and behind an arrow what to do."""
    lines = list(doctor.lines(examine(ffmpeg=well, javascript=warned), Texts(strict=True)))
    assert lines[0] == "ok    ffmpeg      7.1, /x"
    assert lines[1].startswith("warn  javascript  no deno")
    assert " \N{RIGHTWARDS ARROW} install deno" in lines[1]


def test_warnings_pass_and_failures_do_not():
    """The exit code follows the failures alone."""
    assert doctor.passed(examine(ffmpeg=well, javascript=warned))
    assert not doctor.passed(examine(ffmpeg=well, disk=broken))


def test_a_check_that_breaks_or_hangs_hides_no_other(monkeypatch):
    """It is a failure of its own, in one line."""
    monkeypatch.setattr(doctor, "CHECK_SECONDS", 0.01)
    findings = examine(disk=broken, egress=endless, ffmpeg=well)
    assert [(finding.check, finding.case) for finding in findings] == [
        ("disk", "crashed"),
        ("egress", "slow"),
        ("ffmpeg", "found"),
    ]
    assert "OSError: boom" in next(doctor.lines(findings, Texts(strict=True)))


def test_settings_that_do_not_fit_end_the_examination():
    """Their one line is the finding; the other checks would only guess."""

    def read():
        raise ConfigError("PORT = 'x' does not fit: it must be a whole number")

    findings = doctor.examine(read, {"disk": broken})
    assert next(doctor.lines(findings, Texts(strict=True))).startswith("fail  settings  PORT = 'x' does not fit")


def test_the_same_for_programs():
    """`--json` gives the rows and the verdict."""
    shape = doctor.shape(examine(javascript=warned), Texts(strict=True))
    assert shape["ok"] is True
    assert {**shape["checks"][0], "detail": "", "next": ""} == {
        "check": "javascript",
        "result": "warn",
        "detail": "",
        "next": "",
    }


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command(terminal, monkeypatch, as_json):
    """Exit code 1 where a check failed; every check has its line."""
    monkeypatch.setattr(doctor.examine, "__defaults__", (load_settings, {"ffmpeg": well, "disk": broken}))
    done = terminal("doctor", *(["--json"] if as_json else []))
    assert done.code == 1
    if as_json:
        assert json.loads(done.out)["ok"] is False
    else:
        assert [line.split()[:2] for line in done.out.splitlines()] == [["ok", "ffmpeg"], ["fail", "disk"]]


def test_every_finding_has_its_words():
    """Read from the source: each check and case stands in the catalogue, and whatever isn't ok has a next step."""
    texts = Texts()
    seen = set()
    for module in (checks, checks_network, doctor):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                words = [
                    {str(child.value) for child in ast.walk(argument) if isinstance(child, ast.Constant)}
                    for argument in node.args[:3]
                ]
                seen |= {(name, case, "fail" in words[1]) for name in words[0] or {"any"} for case in words[2]}
    assert len(seen) > 20
    for name, case, failure in seen:
        assert texts.has(f"doctor.{name}.{case}"), (name, case)
        assert not failure or name == "any" or texts.has(f"doctor.{name}.{case}.next"), (name, case)
