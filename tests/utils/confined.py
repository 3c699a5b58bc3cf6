"""Running something confined: Landlock holds for one thread, so a thread of its own ends with its confinement."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


def in_a_thread(work: Callable[[], Any]) -> Any:
    """Run it where confinement ends with the thread."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def denied(action: Callable[[], object]) -> bool:
    """Whether the kernel forbids it."""
    try:
        action()
    except PermissionError:
        return True
    return False
