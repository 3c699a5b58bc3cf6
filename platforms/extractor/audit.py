"""Python's own alarm wire in a child: no connection but to the proxy, no program but ffmpeg's gate, no write outside.

A seat belt for mistakes and for what a site talks yt-dlp into; it holds also where the kernel has no Landlock.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

#: How the message of a refusal begins.
REFUSED: Final = "not in a worker"
LOOPBACK: Final = "127.0.0.1"
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: events that never have a reason here
_NEVER: Final = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
    "socket.bind",
    "socket.gethostbyaddr",
    "socket.gethostbyname",
    "socket.getnameinfo",
    "socket.sendmsg",
    "socket.sendto",
)
#: events whose texts are all paths that change
_PATHS: Final = (
    "os.chmod",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
)

Arguments = tuple[Any, ...]


def install(port: int, folders: Sequence[Path], *commands: Sequence[str]) -> None:
    """Put the wire up in this process, for good; what trips it raises PermissionError.

    Left open are connections to 127.0.0.1:`port`, writes below `folders`, and what begins with one of `commands`.
    """
    sys.addaudithook(make_hook(port, folders, *commands))


def make_hook(port: int, folders: Sequence[Path], *commands: Sequence[str]) -> Callable[[str, Arguments], None]:
    """The hook itself."""
    inside = tuple(f"{os.path.realpath(folder)}/" for folder in folders)
    beginnings = [tuple(command) for command in commands if command]

    def startable(executable: Any, arguments: Any) -> bool:
        words = tuple(os.fsdecode(word) for word in arguments)
        begun = [beginning for beginning in beginnings if words[: len(beginning)] == beginning]
        return any(os.fsdecode(executable) == beginning[0] for beginning in begun)

    def writable(path: str | bytes | os.PathLike[str] | int | None) -> bool:
        if isinstance(path, int) or path is None:
            return True  # a descriptor that is already open
        place = os.path.realpath(os.fsdecode(path))
        return place == os.devnull or place.startswith(inside)

    rules: dict[str, Callable[[Arguments], bool]] = {
        "socket.connect": lambda args: isinstance(args[1], tuple) and args[1][:2] == (LOOPBACK, port),
        "socket.getaddrinfo": lambda args: args[0] in {LOOPBACK, LOOPBACK.encode()},
        "subprocess.Popen": lambda args: startable(args[0], args[1]),
        "open": lambda args: not (args[2] or 0) & _WRITING or writable(args[0]),
        **dict.fromkeys(_NEVER, lambda _: False),
        **dict.fromkeys(_PATHS, lambda args: all(writable(part) for part in args if isinstance(part, (str, bytes)))),
    }

    def hook(event: str, args: Arguments) -> None:
        rule = rules.get(event)
        if rule is not None and not rule(args):
            raise PermissionError(f"{REFUSED}: {event} {str(args[:2])[:200]}")

    return hook
