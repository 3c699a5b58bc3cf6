"""Read a Dockerfile and a .dockerignore as far as ours use them; anything else is an error, so nothing is skipped."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: instructions that say something about the image and do nothing
REMARKS = frozenset({"EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "LABEL"})


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: `words` is its text after the name; `options` holds `--from=x` as {"from": "x"}."""

    name: str
    words: str
    options: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Stage:
    """One FROM and what follows; the last one is the image."""

    base: str
    name: str
    steps: list[Step] = field(default_factory=list)


def read_dockerfile(text: str) -> list[Stage]:
    """The stages in order. Raises ValueError for what it doesn't know."""
    stages: list[Stage] = []
    for line in _logical_lines(text):
        name, _, rest = line.partition(" ")
        name = name.upper()
        if name == "FROM":
            found = re.fullmatch(r"(\S+)(?:\s+AS\s+(\S+))?", rest.strip(), re.IGNORECASE)
            if found is None:
                raise ValueError(f"FROM {rest}")
            stages.append(Stage(found[1], found[2] or str(len(stages))))
        elif not stages:
            raise ValueError(f"{name} before FROM")
        elif name in REMARKS | {"RUN", "COPY", "ENV", "WORKDIR", "USER", "ENTRYPOINT", "CMD"}:
            options, words = _options(rest.strip()) if name == "COPY" else ({}, rest.strip())
            stages[-1].steps.append(Step(name, words, options))
        else:
            raise ValueError(f"unknown instruction {name}")
    return stages


def variables(words: str) -> dict[str, str]:
    """The pairs of an ENV in its `A=b C=d` form."""
    pairs = [word.partition("=") for word in shlex.split(words)]
    return {name: value for name, _, value in pairs}


def command(words: str) -> list[str]:
    """The argv of an ENTRYPOINT or CMD in its JSON form. Raises ValueError for the shell form."""
    return [str(word) for word in json.loads(words)]


def context_files(root: Path) -> Iterator[Path]:
    """Every file of the build context, relative to `root`: what .dockerignore leaves over."""
    rules = [
        (line.startswith("!"), _pattern(line.removeprefix("!")))
        for line in (root / ".dockerignore").read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    tops = [path for path in root.iterdir() if not _ignored(path.relative_to(root), rules)]
    for top in sorted(tops):
        for path in sorted([top, *top.rglob("*")] if top.is_dir() else [top]):
            if path.is_file() and not _ignored(path.relative_to(root), rules):
                yield path.relative_to(root)


def _logical_lines(text: str) -> Iterator[str]:
    """Lines with their continuations joined and comments left out, also between continuations."""
    whole = ""
    for line in text.splitlines():
        if not line.lstrip().startswith("#") and line.strip():
            whole += line.rstrip().removesuffix("\\")
            if not line.rstrip().endswith("\\"):
                yield whole.strip()
                whole = ""
    if whole:
        raise ValueError("the last line is continued by nothing")


def _options(rest: str) -> tuple[dict[str, str], str]:
    options = {}
    while found := re.match(r"--(\w+)=(\S+)\s+", rest):
        options[found[1]] = found[2]
        rest = rest[found.end() :]
    return options, rest


def _pattern(line: str) -> re.Pattern[str]:
    """A rule covers what it names and everything below it."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    text = re.sub(r"\*\*/|\*\*|\*|\?|[^*?]+", lambda found: parts.get(found[0], re.escape(found[0])), line.strip("/ "))
    return re.compile(rf"{text}(?:/.*)?")


def _ignored(path: Path, rules: list[tuple[bool, re.Pattern[str]]]) -> bool:
    """The last rule that covers a path decides."""
    ignored = False
    for keeps, pattern in rules:
        if pattern.fullmatch(path.as_posix()):
            ignored = not keeps
    return ignored
