"""Make pyrogram ready: lazily loaded, quiet, trusting the server of the settings, leaving no files about."""

from __future__ import annotations

import asyncio
import functools
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from utils.config import Telegram


async def prepare(settings: Telegram) -> None:
    """Import pyrogram beside the event loop, because that takes a quarter of a second of a full core.

    Raises ConfigError for a key file without a key.
    """
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(_load, loop, settings)


def _load(loop: asyncio.AbstractEventLoop, settings: Telegram) -> None:
    from bot import lazy_client, lazy_raw

    if settings.lazy_raw:
        lazy_raw.install()
        lazy_client.install()
    # pyrogram asks for the current event loop while it is imported, and would make one for this thread
    asyncio.set_event_loop(loop)
    try:
        import bot.line  # noqa: F401 - loads pyrogram and everything of ours that needs it
    finally:
        asyncio.set_event_loop(None)
    # what it has to say is said by our own part in one line
    logging.getLogger("pyrogram").setLevel(logging.CRITICAL)
    _write_no_file_of_unknown_errors()
    if settings.server_key:
        from bot.server_key import trust_key_file

        trust_key_file(Path(settings.server_key))


def _write_no_file_of_unknown_errors() -> None:
    """Keep pyrogram from writing error names that it doesn't know into the working directory."""
    from pyrogram.errors import RPCError

    original = RPCError.__init__
    if hasattr(original, "__wrapped__"):
        return

    @functools.wraps(original)
    def quiet(self: Any, value: Any = None, rpc_name: Any = None, is_unknown: Any = False, **options: Any) -> None:
        del is_unknown  # the only thing it does is to ask for the file
        original(self, value, rpc_name, **options)

    RPCError.__init__ = quiet
