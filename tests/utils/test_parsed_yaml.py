"""Parsed YAML is kept like compiled Python, and never outlives its source."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from utils.parsed_yaml import read_yaml


@pytest.fixture
def source(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "some.yaml"
    path.write_text("a: [1, 2]\n")
    return path


def kept(source: Path) -> Path:
    return source.parent / "__pycache__" / "some.json"


def test_the_second_reading_needs_no_yaml(source, monkeypatch):
    """What was parsed once is taken from beside the source."""
    assert read_yaml(source) == {"a": [1, 2]}
    monkeypatch.setattr("utils.parsed_yaml._parse", lambda _: pytest.fail("parsed again"))
    assert read_yaml(source) == {"a": [1, 2]}


def test_a_changed_source_is_read_anew(source):
    """Whatever the times of the files say, the text decides."""
    read_yaml(source)
    source.write_text("a: 5\n")
    assert read_yaml(source) == {"a": 5}
    assert json.loads(kept(source).read_text())["tree"] == {"a": 5}


@pytest.mark.parametrize("content", ["", "{", '{"source": 5}', "\xff"])
def test_a_broken_copy_is_made_anew(source, content):
    """It is only a copy."""
    read_yaml(source)
    kept(source).write_text(content, "latin-1")
    assert read_yaml(source) == {"a": [1, 2]}


def test_a_folder_that_cannot_be_written(source):
    """Then it is parsed each time."""
    (source.parent / "__pycache__").write_text("a file in the way")
    assert read_yaml(source) == {"a": [1, 2]}


@pytest.mark.parametrize(("text", "tree"), [("5: x", {5: "x"}), ("a: !!set {5}", {"a": {5}}), ("a: 1j", {"a": "1j"})])
def test_what_json_cannot_hold_is_not_kept(source, text, tree):
    """It would come back as something else."""
    source.write_text(text)
    assert read_yaml(source) == tree
    assert kept(source).exists() is (text == "a: 1j")


def test_python_may_be_told_to_write_nothing(source, monkeypatch):
    """The same switch as for compiled modules."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    read_yaml(source)
    assert not kept(source).exists()


def test_what_is_no_yaml_is_a_value_error(source):
    """With the place where it breaks."""
    source.write_text("a: [\n")
    with pytest.raises(ValueError, match="line 2"):
        read_yaml(source)


def test_a_server_loads_neither_yaml_nor_structlog_before_it_answers():
    """Both stand on the way from exec to /health; settings are read, the HTTP part is made."""
    code = (
        "import main, sys, wiring.fronts, wiring.media, wiring.process\n"
        "from utils.config import load_settings\n"
        "load_settings({})\n"
        "import api.server\n"
        "print({'yaml', 'structlog', 'rich', 'starlette', 'uvicorn'} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(2):  # the first time it may have to parse
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
    assert done.stdout == "set()\n"
