"""What the forkserver does without: parts of yt-dlp that cost memory in every child and are never used."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, Final, cast

#: For each site its host names, and module and class of each extractor that it names.
Table = dict[str, Mapping[str, Any]]
#: The downloader for websockets, refused anyway, is the only one that brings asyncio along (4 MB).
_WEBSOCKETS: Final = "yt_dlp.downloader.websocket"
#: yt-dlp imports these where they are installed; a child that is asked for a browser's fingerprint loads them itself.
BROWSER: Final = ("curl_cffi", "certifi")


def leave_out() -> None:
    """Put an empty downloader in the place of the one for websockets, and hide curl. Before yt-dlp is imported."""
    stub = ModuleType(_WEBSOCKETS)
    vars(stub)["WebSocketFragmentFD"] = type("WebSocketFragmentFD", (), {})
    sys.modules[_WEBSOCKETS] = stub
    sys.modules.update(dict.fromkeys(BROWSER, cast("ModuleType", None)))  # the documented way to block an import


def find_sites(enabled: Iterable[str]) -> Table:
    """The sites that are served, all where none is named. Loads every site and the list of all extractors (8 MB)."""
    from yt_dlp.extractor import gen_extractor_classes

    from platforms.extractor.pictures import OWN
    from platforms.registry import GENERIC, Registry

    registry = Registry(enabled)
    every = {each.IE_NAME.lower(): each for each in gen_extractor_classes()}
    table: Table = {}
    for name in sorted({GENERIC, *(each.lower() for each in enabled or registry.names())}):
        site = registry.platform(name)
        named = re.compile("|".join(f"(?:{pattern})" for pattern in site.extractors), re.IGNORECASE)
        found = [each for spelled, each in every.items() if named.fullmatch(spelled)]
        # What stands in the list is only a stand-in; its attribute tells where the class itself is.
        classes = [(each._module or each.__module__, each.__name__) for each in found]  # noqa: SLF001
        classes = [*([OWN[name]] if name in OWN else []), *classes]
        table[name] = {"hosts": site.hosts, "classes": classes}
    return table


def aside(find: Callable[[Iterable[str]], Table], enabled: Iterable[str]) -> Table:
    """The same, found by a forked process that takes what it loaded along when it ends. Raises EOFError."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            with os.fdopen(writing, "w") as out:
                out.write(json.dumps(find(enabled)))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        text = told.read()
    os.waitpid(pid, 0)
    if not text:
        raise EOFError("the table of extractors couldn't be made")
    table: Table = json.loads(text)
    return table
