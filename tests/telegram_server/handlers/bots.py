"""bots.*: what a bot says of itself."""

import re
from typing import Any

from tests.telegram_server.call import Call
from tests.telegram_server.faults import RpcError
from tests.telegram_server.handlers.router import Router
from tests.telegram_server.people import Bot
from tests.telegram_server.tl import T

router = Router()

_COMMANDS_MOST = 100
_DESCRIPTION_CHARACTERS = 256


def _key(call: Call) -> tuple[str, str]:
    return type(call.query.scope).__name__.removeprefix("BotCommandScope"), call.query.lang_code


def _self(call: Call) -> Bot:
    bot = call.bot
    assert isinstance(bot, Bot)
    return bot


@router.on("bots.SetBotCommands")
async def set_bot_commands(call: Call) -> Any:
    """Set the list of commands for a scope and language."""
    commands = call.query.commands
    if len(commands) > _COMMANDS_MOST:
        raise RpcError(400, "BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command.command):
            raise RpcError(400, "BOT_COMMAND_INVALID")
        if not 1 <= len(command.description) <= _DESCRIPTION_CHARACTERS:
            raise RpcError(400, "BOT_COMMAND_DESCRIPTION_INVALID")
    _self(call).commands[_key(call)] = commands
    return True


@router.on("bots.GetBotCommands")
async def get_bot_commands(call: Call) -> Any:
    """Give them back."""
    return list(_self(call).commands.get(_key(call), ()))


@router.on("bots.ResetBotCommands")
async def reset_bot_commands(call: Call) -> Any:
    """Forget them."""
    _self(call).commands.pop(_key(call), None)
    return True


@router.on("bots.SetBotMenuButton")
async def set_bot_menu_button(call: Call) -> Any:
    """Set what the menu button does."""
    _self(call).menu_button = call.query.button
    return True


@router.on("bots.GetBotMenuButton")
async def get_bot_menu_button(call: Call) -> Any:
    """Give it back."""
    return _self(call).menu_button or T.BotMenuButtonDefault()


@router.on("bots.SetBotInfo")
async def set_bot_info(call: Call) -> Any:
    """Take a name or description."""
    _ = call.me
    return True
