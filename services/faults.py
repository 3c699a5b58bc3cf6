"""What an exception that nobody foresaw is to those whose job it ended."""

from __future__ import annotations

import errno
from typing import Final

import structlog

from utils.errors import DiskFull, GoldcrestError, InternalError

log = structlog.get_logger()
#: the disk's end, or that of what this user may have of it
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def failure_of(error: BaseException, **about: object) -> GoldcrestError:
    """DiskFull where no room was left; for anything else an InternalError with its cause, and a line in the log."""
    if isinstance(error, OSError) and error.errno in FULL:
        return DiskFull(str(error))
    log.error("job broke", exc_info=error, **about)
    failure = InternalError(repr(error))
    failure.__cause__ = error
    return failure
