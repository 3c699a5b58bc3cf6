"""YAML files that rarely change: parsed once, kept beside the source like a compiled module."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

#: where Python keeps its own compiled modules; ignored by git and made anew whenever the source differs
FOLDER: Final = "__pycache__"


class Parsed(msgspec.Struct):
    """The whole source beside what it means: equal text, equal meaning, whatever the times of the files say."""

    source: str
    tree: Any


def read_yaml(path: Path) -> Any:
    """What the file holds. PyYAML is loaded only for a text that is new: it costs a fifth of the way to /health.

    Raises OSError, or ValueError for what is no YAML.
    """
    source = path.read_text("utf-8")
    kept = path.parent / FOLDER / f"{path.stem}.json"
    with suppress(OSError, ValueError):
        parsed = msgspec.json.decode(kept.read_bytes(), type=Parsed)
        if parsed.source == source:
            return parsed.tree
    tree = _parse(source)
    if not sys.dont_write_bytecode:
        with suppress(OSError, TypeError):  # a folder that is not ours, or a tree that JSON has no word for
            content = msgspec.json.encode(Parsed(source, tree))
            if msgspec.json.decode(content, type=Parsed).tree == tree:  # dates and numbers as keys come back as text
                _keep(kept, content)
    return tree


def _parse(source: str) -> Any:
    import yaml

    try:
        return yaml.load(source, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _keep(path: Path, content: bytes) -> None:
    """Write it whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)
