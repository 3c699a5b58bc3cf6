"""What the server answers, one module per namespace of Telegram's methods."""

from typing import Any

from tests.telegram_server.handlers import (
    auth,
    bots,
    callbacks,
    channels,
    history,
    messages,
    sending,
    updates,
    upload,
    users,
)
from tests.telegram_server.handlers.router import Handler

_MODULES = (auth, bots, callbacks, channels, history, messages, sending, updates, upload, users)


def all_handlers() -> dict[Any, Handler]:
    """Give every method's handler."""
    return {method: handler for module in _MODULES for method, handler in module.router.handlers.items()}
