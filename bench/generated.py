"""Files made from other files: compiled message catalogues and the tables of the README.

`python -m bench.generated` writes them, `--check` only says which are stale and exits 1 if any is.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from platforms.registry import Registry

ROOT: Final = Path(__file__).resolve().parent.parent
BEGIN: Final = "<!-- {name}: begin -->"
END: Final = "<!-- {name}: end -->"
CATALOGUE: Final = ".mo"
SECTION: Final = re.compile(r"^(?P<name>\w+):\s*$")
SETTING: Final = re.compile(
    r"^  (?P<key>\w+): (?P<value>.*?)\s+# (?P<unit>[^;]+); (?P<reason>.*?)(?: \[(?P<short>\w+)\])?$"
)


def compiled(catalogue: Path) -> bytes:
    """The binary form of a .po file."""
    with catalogue.open("rb") as file:
        texts = read_po(file)
    target = io.BytesIO()
    write_mo(target, texts)
    return target.getvalue()


def settings_table(defaults: str) -> str:
    """A Markdown table with a row per setting of config/default.yaml."""
    rows = ["| Setting | Default | Unit | Why |", "|---|---|---|---|"]
    section = ""
    for line in defaults.splitlines():
        if found := SECTION.match(line):
            section = found["name"]
        elif found := SETTING.match(line):
            name = found["short"] or f"GOLDCREST_{section.upper()}__{found['key'].upper()}"
            rows.append(f"| `{name}` | {_default(found['value'])} | {found['unit']} | {found['reason']} |")
    return "\n".join(rows)


def sites_table() -> str:
    """A Markdown table with a row per site module: its docstring's name, the kinds of its examples, the first one."""
    rows = ["| Site | Name in `ENABLE_PLATFORMS` | What is told apart | For example |", "|---|---|---|---|"]
    registry = Registry()
    for name in registry.names():
        platform = registry.platform(name)
        title = str(sys.modules[type(platform).__module__].__doc__).partition(": ")[0]
        links = [registry.claim(url) for url in platform.examples]
        kinds = ", ".join(dict.fromkeys("short links" if link.short else link.kind for link in links))
        rows.append(f"| {title} | `{name}` | {kinds} | `{links[0].url}` |")
    return "\n".join(rows)


def errors_table(folder: Path) -> str:
    """A Markdown table with a row per error class: what programs and people get of it."""
    from utils.errors import all_errors
    from utils.texts import Texts

    texts = Texts(strict=True, folder=folder)
    rows = ["| Code | Sentence | Next step | `next` | `retry` | HTTP | Exit | Counts against the site | Reported |"]
    rows.append("|---|---|---|---|---|---|---|---|---|")
    for kind in {kind.code: kind for kind in reversed(all_errors())}.values():
        told = texts.error(kind())
        step = f"`{kind.step}`" if kind.step else ""
        marks = ("yes" if mark else "" for mark in (kind.trips, kind.reported))
        cells = (f"`{kind.code}`", told.sentence, told.hint, step, "yes" if kind.retry else "")
        rows.append(f"| {' | '.join((*cells, str(kind.http_status), str(kind.exit_code), *marks))} |")
    return "\n".join((*rows[:2], *reversed(rows[2:])))


def with_table(readme: str, name: str, table: str) -> str:
    """The README with the text between the two markers of that name replaced; unchanged where it has none."""
    before, begin, rest = readme.partition(BEGIN.format(name=name))
    _, end, after = rest.partition(END.format(name=name))
    return f"{before}{begin}\n{table}\n{end}{after}" if begin and end else readme


def generated(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Every generated file with what it should hold."""
    for catalogue in sorted((root / "templates" / "locale").glob("*/LC_MESSAGES/*.po")):
        yield catalogue.with_suffix(CATALOGUE), compiled(catalogue)
    errors = root / "docs" / "errors.md"
    if errors.exists():
        table = errors_table(root / "templates" / "locale")
        yield errors, with_table(errors.read_text("utf-8"), "errors", table).encode()
    readme = root / "README.md"
    if readme.exists():
        text = with_table(readme.read_text("utf-8"), "sites", sites_table())
        settings = settings_table((root / "config" / "default.yaml").read_text("utf-8"))
        yield readme, with_table(text, "settings", settings).encode()


def run(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Write stale files, or with --check only name them. The exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.generated", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if a file is stale")
    options = parser.parse_args(arguments)
    stale = 0
    for path, content in generated(root):  # written one by one: later files are made from earlier ones
        if path.exists() and path.read_bytes() == content:
            continue
        stale += 1
        print(f"{'stale' if options.check else 'written'}: {path.relative_to(root)}")
        if not options.check:
            path.write_bytes(content)
        elif path.suffix == CATALOGUE:
            break  # what is made from it can't be told
    return 1 if stale and options.check else 0


def _default(value: str) -> str:
    return "" if value in {'""', "[]"} else f"`{value.strip(chr(34))}`"


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
