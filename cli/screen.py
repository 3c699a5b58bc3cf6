"""What a command shows: JSON on standard output, a progress bar on a terminal's standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.batch_shapes import BatchEvent
    from services.jobs import JobEvent
    from utils.texts import Texts

#: phases of a job that the bar has a word for
PHASES: Final = frozenset({"queued", "probing", "downloading", "recording", "merging", "fitting", "uploading"})


class Unwritten(OSError):
    """Standard output can't be written: its disk is full, say."""


def answer(value: Any, *, lines: bool = False) -> bool:
    """Print one JSON value: laid out where a person looks, on one line elsewhere and with `lines`. See `say`."""
    try:
        text = msgspec.json.encode(value)
    except UnicodeEncodeError:  # a path of the settings that is no UTF-8
        text = json.dumps(value).encode()
    if sys.stdout.isatty() and not lines:
        text = msgspec.json.format(text, indent=2)
    return say(text.decode())


def say(line: str) -> bool:
    """Print one line of UTF-8, whatever the locale, at once; False where its reader has gone away (`| head`).

    Raises Unwritten where it fails otherwise.
    """
    try:
        sys.stdout.buffer.write(f"{line}\n".encode("utf-8", "replace"))
        sys.stdout.flush()
    except BrokenPipeError:
        close_output()
        return False
    except OSError as error:
        raise Unwritten(*error.args) from None
    return True


def close_output() -> None:
    """Write no more: Python flushes standard output once more at its end and would complain then."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(line: str) -> None:
    """Print one line on standard error, where that can be."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


@contextmanager
def progress_bar(texts: Texts) -> Iterator[Callable[[JobEvent | BatchEvent], None]]:
    """A function that shows events of a job or batch while the block lasts.

    Shows nothing where standard error is no terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _event: None
        return
    from rich import progress
    from rich.console import Console

    from services.batch_shapes import BatchEvent

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(binary_units=True),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(texts("cli.phase.queued"), total=None)
        shown = ["queued"]

        def show(event: JobEvent | BatchEvent) -> None:
            if isinstance(event, BatchEvent):
                ended = sum(event.counts[state] for state in ("done", "failed", "cancelled"))
                total = event.total or sum(event.counts.values())
                bars.columns = columns[:2]  # the others count bytes
                bars.update(bar, description=texts("cli.batch", ended=ended, total=total), completed=ended, total=total)
                return
            if event.phase not in PHASES:
                return
            if shown != [event.phase]:
                shown[:] = [event.phase]
                bars.reset(bar, description=texts(f"cli.phase.{event.phase}"), total=None)
            if event.phase == "queued" and event.position is not None and event.eta_seconds is not None:
                wait = texts.wait(event.eta_seconds)
                bars.update(bar, description=texts("cli.queued", position=event.position, wait=wait))
            if event.progress is not None:
                bars.update(bar, completed=event.progress.done_bytes, total=event.progress.total_bytes)

        yield show
