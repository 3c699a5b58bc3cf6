"""Run a command's work to its exit code: the one place in the terminal front end where errors and signals are met."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from typer import BadParameter

from cli.screen import Unwritten, answer
from services.shapes import error_shape
from utils.errors import ConfigError, GoldcrestError, InternalError

if TYPE_CHECKING:
    from utils.texts import Texts

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: what shells report for a program that a signal has ended
SIGNAL_BASE: Final = 128


class Interrupted(Exception):
    """A signal asked for the end; the work has been cancelled and cleaned up."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run_command(work: Callable[[], Awaitable[dict[str, Any]]], texts: Texts, *, debug: bool) -> int:
    """Print the answer of `work`; the exit code, by the answer's `ok`. A signal cancels the work.

    Raises as `run_plain`.
    """

    def to_the_answer() -> bool:
        told = asyncio.run(_until_signal(work()))
        answer(told)
        return bool(told["ok"])

    return run_plain(to_the_answer, texts, debug=debug)


def run_plain(work: Callable[[], bool], texts: Texts, *, debug: bool) -> int:
    """The exit code of work that prints by itself, by whether all is well; its failure is printed as JSON.

    Raises ConfigError, Unwritten, and BadParameter for what only the work can tell to be wrong usage.
    """
    try:
        return OK if work() else FAILED
    except Interrupted as interrupted:
        return SIGNAL_BASE + interrupted.number
    except (ConfigError, BadParameter, Unwritten):
        raise
    except GoldcrestError as error:
        return _fail(error, texts, debug=debug)
    except Exception as error:  # noqa: BLE001 - the edge: no traceback reaches a person who didn't ask for it
        return _fail(InternalError(repr(error)), texts, debug=debug)


async def _until_signal(work: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Cancel the work at the first signal and wait for its end; a second signal doesn't wait."""
    task = asyncio.ensure_future(work)
    caught: list[int] = []

    def on_signal(number: int) -> None:
        if caught:
            os._exit(SIGNAL_BASE + number)
        caught.append(number)
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    try:
        return await task
    except asyncio.CancelledError:
        if caught:
            raise Interrupted(caught[0]) from None
        raise


def _fail(error: GoldcrestError, texts: Texts, *, debug: bool) -> int:
    if debug:
        traceback.print_exc(file=sys.stderr)
    answer({"ok": False, "error": error_shape(error, texts)})
    return FAILED
