"""Found on PYTHONPATH it makes the wall clock of a process wrong by the seconds in the file WRONG_CLOCK."""

import os
import time

_true = time.time
_path = os.environ.get("WRONG_CLOCK", "")


def _wrong() -> float:
    try:
        with open(_path, encoding="ascii") as file:  # noqa: PTH123 - pathlib would be imported into every process
            return _true() + float(file.read() or 0)
    except (OSError, ValueError):
        return _true()


if _path:
    time.time = _wrong
