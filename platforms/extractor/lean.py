"""What the forkserver does without: parts of yt-dlp that cost memory in every child and are never used."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, Final

#: Module, class and name of each extractor.
Names = list[tuple[str, str]]
#: The downloader for websockets, refused anyway, is the only one that brings asyncio along (4 MB).
_WEBSOCKETS: Final = "yt_dlp.downloader.websocket"


def leave_out() -> None:
    """Put an empty downloader in the place of the one for websockets. Before yt-dlp is imported."""
    stub = ModuleType(_WEBSOCKETS)
    vars(stub)["WebSocketFragmentFD"] = type("WebSocketFragmentFD", (), {})
    sys.modules[_WEBSOCKETS] = stub


def find_extractors(patterns: Sequence[str]) -> Names:
    """Module and class of the extractors whose names match, the generic one last. Loads the list of all (6 MB)."""
    import yt_dlp

    wanted = [pattern for pattern in patterns if pattern != "generic"]
    with yt_dlp.YoutubeDL({"quiet": True, "allowed_extractors": [*wanted, "generic"]}) as chooser:
        found = [getattr(each, "real_class", each) for each in chooser._ies.values()]  # noqa: SLF001  # no public list
    return [(each.__module__, each.__name__) for each in found]


def aside(find: Callable[[Sequence[str]], Names], patterns: Sequence[str]) -> Names:
    """The same, found by a forked process that takes what it loaded along when it ends. Raises EOFError."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            with os.fdopen(writing, "w") as out:
                json.dump(find(patterns), out)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as told:
        text = told.read()
    os.waitpid(pid, 0)
    if not text:
        raise EOFError("the list of extractors couldn't be read")
    return [(module, name) for module, name in json.loads(text)]


def load(names: Names) -> tuple[Any, ...]:
    """The classes themselves."""
    return tuple(getattr(importlib.import_module(module), name) for module, name in names)
