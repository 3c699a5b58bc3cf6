"""Imports without what a package would load on the side."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import cast


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let imports in the block believe that these packages are not installed, unless somebody uses them already."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden, cast("ModuleType", None)))  # the documented way to block an import
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
