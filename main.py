"""Entry: one command, or the server with all its parts; `wiring` knows what each of them is made of."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket

    from core.system_manager import Patience, SystemManager
    from services.app import App
    from utils.config import Settings

#: what shells report for a program that Ctrl-C has ended
INTERRUPTED: Final = 130
STANDARD_ERROR: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    open_streams()
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if list(arguments) in ([], ["serve"]):
            return serve()
        from cli.main import run as run_command

        return run_command(arguments, open_app, serve)
    except KeyboardInterrupt:  # before anybody listens to signals
        return INTERRUPTED


def open_streams() -> None:
    """Let standard streams that are closed lead nowhere, else the first sockets get their numbers.

    Standard error keeps nothing back: what can't be written would be tried again, and fail again, at the end.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= STANDARD_ERROR:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    unbuffered = io.FileIO(STANDARD_ERROR, "w", closefd=False)
    sys.stderr = io.TextIOWrapper(unbuffered, "utf-8", "backslashreplace", write_through=True)


def serve() -> int:
    """Run the web app, and the bot where there is a token, until SIGTERM or SIGINT."""
    from utils.config import load_settings
    from utils.errors import ConfigError
    from wiring.ending import run
    from wiring.process import listen, lock_folder

    try:
        settings = load_settings()
        folder = lock_folder(settings.data_dir)
        listener = listen(settings)
    except ConfigError as error:
        with suppress(OSError):
            print(error.detail, file=sys.stderr, flush=True)
        return 2
    with folder, listener:
        return run(run_server(settings, listener))


async def run_server(settings: Settings, listener: socket.socket) -> int:
    """The parts of a server from their start to their stop; the exit code."""
    from wiring.process import run_until_signal

    return await run_until_signal(wire(settings, listener), settings.start)


def wire(settings: Settings, listener: socket.socket, patience: Patience | None = None) -> SystemManager:
    """Build the parts of a server around one App."""
    from core.system_manager import SystemManager
    from wiring.ending import ENDING_SECONDS
    from wiring.fronts import Fronts
    from wiring.media import media_parts

    app = make_app(settings)
    fronts = Fronts(settings, app, listener)
    first = fronts.first()
    media = media_parts(settings, app, after=first[-1].name, port=listener.getsockname()[1])
    stop_seconds = max(0.1, settings.start.stop_seconds - ENDING_SECONDS)
    manager = SystemManager([*first, *media, *fronts.last()], stop_seconds=stop_seconds, patience=patience)
    app.state = manager.state
    return manager


def make_app(settings: Settings) -> App:
    """The object that every front is given."""
    from services.app import App
    from utils.texts import Texts

    return App(settings=settings, texts=Texts())


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """The way of a link for a single command of the terminal."""
    from core.system_manager import SystemManager
    from wiring.media import media_parts

    app = make_app(settings)
    manager = SystemManager(media_parts(settings, app), stop_seconds=settings.start.stop_seconds)
    app.state = manager.state
    await manager.start()
    try:
        yield app
    finally:
        await manager.stop()


if __name__ == "__main__":
    sys.exit(main())
