"""`python -m bench.detection`: how many links of each site are told rightly, and how fast, as JSON.

Exit code 1 where a figure misses its gate or a link of another site is claimed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

from bench.calibrate import Calibration
from bench.rows import Row, passed, row
from platforms.links import normalise
from platforms.registry import GENERIC, Registry

if TYPE_CHECKING:
    from bench.ground_truth import Verdict

ROUNDS: Final = 15
SPEED_ROUNDS: Final = 80
MESSAGES: Final = 500
MESSAGE_CHARACTERS: Final = 4096
PROSE: Final = "Did you see this one? It's about the goldcrest, which weighs five grams (really!), see "
#: what the registry takes along from the standard library is there in any case
BARE: Final = "import ast, dataclasses, pathlib, re, typing, unicodedata, ipaddress, urllib.parse, importlib.util"
SEARCHED: Final = "from platforms.registry import Registry; Registry().detect('no link')"
FIRST_LINK: Final = "from platforms.registry import Registry; Registry().detect('https://youtu.be/dQw4w9WgXcQ')"


def report() -> dict[str, Any]:
    """Sites with their counts, look-alikes that were claimed, rows of figures."""
    registry, calibration = Registry(), Calibration()
    figures = [*_speed(registry, calibration), *_start(calibration)]
    from bench.ground_truth import judge  # its thousands of classes would burden what is measured above

    verdicts, look_alikes = judge(registry)
    items = [verdict.items for verdict in verdicts.values()]
    right = sum(count.right for count in items)
    total = right + sum(len(count.wrong) + len(count.missed) for count in items)
    return {
        "sites": {name: told(verdict) for name, verdict in verdicts.items()},
        "look_alikes": look_alikes,
        "rows": [
            row("right_items", [100 * right / total], "%", gate=99, goal=100, higher_is_better=True),
            row("look_alikes_claimed", [len(look_alikes)], "links", gate=0, goal=0),
            *figures,
        ],
    }


def measure() -> list[Row]:
    """The rows alone."""
    rows: list[Row] = report()["rows"]
    return rows


def told(verdict: Verdict) -> dict[str, Any]:
    """Counts of a site; wrong and missed links by name."""
    return {
        "right": verdict.items.right,
        "wrong": verdict.items.wrong,
        "missed": verdict.items.missed,
        "lists_right": verdict.lists.right,
        "lists_wrong": verdict.lists.wrong,
        "lists_missed": verdict.lists.missed,
    }


def _speed(registry: Registry, calibration: Calibration) -> list[Row]:
    """Processor time of all sites' examples, and of the longest message that Telegram takes, half prose, half links."""
    links = [url for name in registry.names() for url in registry.platform(name).examples]
    own = [normalise(url) for name in registry.names() if name != GENERIC for url in registry.platform(name).examples]
    rates = {
        "claimed_links": _rates(registry.claim, links, calibration),
        "detected_links": _rates(registry.detect, links, calibration),
        "normalised_links": _rates(normalise, own, calibration),
    }
    source = cycle(links)
    messages = ["".join(f"{PROSE}{next(source)}\n" for _ in range(40))[:MESSAGE_CHARACTERS] for _ in range(MESSAGES)]
    taken = sorted(1000 * min(_seconds(registry.detect, [text]) for _ in range(3)) for text in messages)
    gates = {
        "claimed_links": (50_000, 100_000),
        "detected_links": (35_000, 50_000),
        "normalised_links": (150_000, 200_000),
    }
    return [
        row(name, rates[name], "1/s", gate=gate, goal=goal, factor=1 / calibration.cpu, higher_is_better=True)
        for name, (gate, goal) in gates.items()
    ] + [row("message_p99", [taken[int(0.99 * MESSAGES)]], "ms", gate=1, goal=0.5, factor=calibration.cpu)]


def _rates(work: Callable[[str], object], texts: Sequence[str], calibration: Calibration) -> list[float]:
    """The best of several rounds: whatever else runs on the machine only takes away."""
    calibration.sample()
    return [max(len(texts) / _seconds(work, texts) for _ in range(SPEED_ROUNDS))]


def _seconds(work: Callable[[str], object], texts: Sequence[str]) -> float:
    began = time.process_time()
    for text in texts:
        work(text)
    return time.process_time() - began


def _start(calibration: Calibration) -> list[Row]:
    """Milliseconds of processor time on top of the standard library: at boot no site is imported, later one."""
    bare, searched, first = [], [], []
    for _ in range(ROUNDS):
        bare.append(_processor_ms(BARE))
        searched.append(_processor_ms(f"{BARE}; {SEARCHED}") - bare[-1])
        first.append(_processor_ms(f"{BARE}; {FIRST_LINK}") - bare[-1])
        calibration.sample()
    return [
        row("import_and_no_link", searched, "ms", gate=60, goal=30, factor=calibration.cpu),
        row("import_and_first_link", first, "ms", gate=90, goal=45, factor=calibration.cpu),
    ]


def _processor_ms(script: str) -> float:
    counted = f"{script}; import time; print(time.process_time())"
    done = subprocess.run([sys.executable, "-c", counted], check=True, capture_output=True, text=True)
    return 1000 * float(done.stdout)


if __name__ == "__main__":
    figures = report()
    print(json.dumps(figures, indent=1))
    sys.exit(0 if passed(figures["rows"]) else 1)
