"""All classes of failures, one by one: told the same everywhere, with a next step that fits, and all of them met."""

import ast
import json
from functools import cache
from pathlib import Path

import msgspec
import pytest
import yaml

from api.replies import error_reply
from bench.generated import errors_table
from cli.run import FAILED, USAGE, run_command
from services.shapes import error_shape
from utils.errors import ItemError, LinkError, LocalError, SiteError, all_errors
from utils.texts import CATALOGUES, Texts

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("main.py", "api", "bot", "cli", "core", "platforms", "services", "utils", "wiring")
SCHEMA = yaml.safe_load((ROOT / "api" / "openapi.yaml").read_text("utf-8"))["components"]["schemas"]["Error"]
EVERY = {kind.code: kind for kind in reversed(all_errors())}
#: stand for their branch only; what is raised is one of their children
BRANCHES = {"LinkError", "SiteError", "GoldcrestError"}
#: words of which one stands in the next step that goes with a button
WORDS = {
    "lower_quality": ("lower quality", "only the audio"),
    "later": ("again", "come back", "gone"),
    "cookies": ("cookies",),
    "when_live": ("tell you",),
}

pytestmark = pytest.mark.parametrize("kind", EVERY.values(), ids=EVERY)


@pytest.fixture(scope="module")
def texts():
    return Texts(strict=True)


def test_the_next_step_is_said_and_offered(kind, texts):
    """What the button does stands in the hint, for the plain failure and for one that names a time."""
    for error in (kind(), kind(retry_after_seconds=90.0)):
        told = texts.error(error)
        assert told.sentence
        assert told.hint
        if kind.step:
            assert any(word in told.hint for word in WORDS[kind.step])


def test_steps_agree_with_the_facts(kind):
    """A wait is offered only where it may help, less only where much was the trouble, and nothing for a bad link."""
    if kind.step == "later":
        assert kind.retry
    if kind.step in {"lower_quality", "when_live"}:
        assert not kind.trips
    if issubclass(kind, LinkError):
        assert (kind.step, kind.retry) == ("", False)
    if issubclass(kind, SiteError) and kind.retry:
        assert kind.step in {"later", "cookies"}
    if issubclass(kind, ItemError):
        assert not kind.trips


def test_the_status_fits(kind):
    """Ours or the site's trouble is 5xx, a bad request 4xx; what never passes is no "later"."""
    if issubclass(kind, SiteError) and kind.code != "rate_limited":
        assert kind.http_status in {502, 503}
    if issubclass(kind, LinkError | ItemError):
        assert 400 <= kind.http_status < 500
    if kind.http_status == 503:
        assert issubclass(kind, LocalError | SiteError)


def test_a_program_is_told_all(kind, texts):
    """The same body from REST and terminal, in the documented shape, with the class's own status."""
    error = kind(retry_after_seconds=90.0)
    error.report_id = "0A1B2C3D"
    shape = error_shape(error, texts)
    assert set(SCHEMA["required"]) <= set(shape) <= set(SCHEMA["properties"])
    assert shape["code"] in SCHEMA["properties"]["code"]["enum"]
    assert shape["next"] in SCHEMA["properties"]["next"]["enum"]
    assert (shape["next"], shape["retry"], shape["retry_after_seconds"]) == (kind.step, kind.retry, 90.0)
    assert shape["report"] == "0A1B2C3D"
    assert "0A1B2C3D" in shape["hint"]
    reply = error_reply(error, texts)
    assert (reply.status_code, reply.headers["retry-after"]) == (kind.http_status, "90")
    assert msgspec.json.decode(reply.body)["error"] == shape


def test_the_terminal_ends_with_its_exit_code(kind, texts, capsys):
    """1 for a failure, 2 for settings that don't fit; the class is in the JSON."""

    async def fail():
        raise kind

    assert kind.exit_code == (USAGE if kind.code == "config" else FAILED)
    if kind.exit_code == FAILED:
        assert run_command(fail, texts, debug=False) == FAILED
        assert json.loads(capsys.readouterr().out)["error"]["code"] == kind.code


def test_it_is_documented(kind):
    """A row in docs/errors.md, as generated."""
    row = next(line for line in errors_table(CATALOGUES).splitlines() if line.startswith(f"| `{kind.code}` |"))
    assert row in (ROOT / "docs" / "errors.md").read_text("utf-8")


def test_something_produces_it(kind):
    """A class that nothing raises, returns or lists is dead: every one is made somewhere outside its module."""
    assert kind.__name__ in produced() or kind.__name__ in BRANCHES


def test_what_waits_names_its_time(kind, texts):
    """Where the step is to wait and the site told how long, the hint or sentence says it."""
    if kind.code in {"rate_limited", "site_down", "not_live_yet"}:
        told = texts.error(kind(retry_after_seconds=90.0))
        assert "90 s" in f"{told.sentence} {told.hint}"


@cache
def produced():
    """Names of classes that code makes, raises, returns or keeps in a table; catching one or asking for it is none."""
    found = set()
    for folder in FOLDERS:
        place = ROOT / folder
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            if path.name != "errors.py" or path.parent.name != "utils":
                found |= _made(ast.parse(path.read_text("utf-8")))
    return found


def _made(tree):
    names: set[str] = set()
    asked = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            asked |= {id(part) for part in ast.walk(node.type)}
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"isinstance", "issubclass"}:
            asked |= {id(part) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in asked:
            continue
        if isinstance(node, ast.Call):
            names.add(getattr(node.func, "id", ""))
        elif isinstance(node, ast.Raise):
            names.add(getattr(node.exc, "id", ""))
        elif isinstance(node, ast.Tuple | ast.List | ast.Dict | ast.Return | ast.IfExp | ast.BoolOp):
            names |= {part.id for part in ast.iter_child_nodes(node) if isinstance(part, ast.Name)}
    return names
