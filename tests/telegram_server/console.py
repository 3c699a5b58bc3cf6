"""A line protocol over a running server: each line is a command, each answer a line of JSON."""

import json
import shlex
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from tests.telegram_server.actors import Person
from tests.telegram_server.chats import Channel, Group
from tests.telegram_server.faults import Cut, Effect, Mute, RpcError
from tests.telegram_server.harness import Telegram
from tests.telegram_server.messages import Message
from tests.telegram_server.people import Account
from tests.telegram_server.world import NeverCame

HELP = {
    "say WHO TEXT [@PLACE]": "write to the bot, or into a group or channel",
    "send WHO FILE": "send a file to the bot",
    "messages WHO [@PLACE]": "what somebody sees, numbered",
    "press WHO NUMBER BUTTON": "press a button of a message by its text, a part of it or its data",
    "wait WHO TEXT [SECONDS]": "wait for a message that holds a text",
    "inline WHO TEXT": "type an inline query",
    "save WHO NUMBER FILE": "write a message's file to the disk",
    "person NAME": "make another person",
    "supergroup TITLE": "make a group of alice and the bot",
    "fault METHOD ERROR [TIMES]": "let requests fail: FLOOD_WAIT_5, drop (cut the connection) or mute",
    "cut": "break every connection",
    "restart": "stop and start on the same ports",
    "calls": "how often each method was called",
    "help": "this list",
}


class Console:
    """Carries the commands out; people are named by their first name, in any case."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram, self._world = telegram, telegram.world

    async def run(self, line: str) -> str:
        """Answer one line; a mistake is an answer as well."""
        try:
            name, *arguments = shlex.split(line)
            answer = {"ok": True, "result": await self._command(name)(*arguments)}
        except (LookupError, ValueError, TypeError, OSError, RpcError, NeverCame) as error:
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        return json.dumps(answer, ensure_ascii=False)

    def _command(self, name: str) -> Callable[..., Awaitable[Any]]:
        command: Callable[..., Awaitable[Any]] | None = getattr(self, f"do_{name}", None)
        if command is None:
            raise LookupError(f"no command {name!r}, try help")
        return command

    def _person(self, name: str) -> Person:
        for account in self._world.accounts.values():
            if isinstance(account, Person) and account.name.lower() == name.lower():
                return account
        raise LookupError(f"nobody is called {name!r}")

    def _place(self, arguments: tuple[str, ...]) -> Account | Group | Channel:
        if not arguments:
            return self._telegram.bot
        title = arguments[0].removeprefix("@").lower()
        places: list[Group | Channel] = [*self._world.groups.values(), *self._world.channels.values()]
        for place in places:
            if place.title.lower() == title:
                return place
        raise LookupError(f"no place {arguments[0]!r}")

    def _message(self, name: str, number: str) -> Message:
        found = [message for message in self._person(name).messages() if message.order == int(number)]
        if not found:
            raise LookupError(f"{name} sees no message {number}")
        return found[0]

    async def do_help(self) -> Any:
        """List the commands."""
        return HELP

    async def do_say(self, name: str, text: str, *place: str) -> Any:
        """Write."""
        return described(await self._person(name).say(self._place(place), text))

    async def do_send(self, name: str, file: str) -> Any:
        """Send a file."""
        path = Path(file)
        return described(await self._person(name).send_file(self._telegram.bot, path, path.name))

    async def do_messages(self, name: str, *place: str) -> Any:
        """Show what somebody sees."""
        return [described(message) for message in self._person(name).messages(self._place(place) if place else None)]

    async def do_press(self, name: str, number: str, button: str) -> Any:
        """Press a button."""
        message = self._message(name, number)
        answer = await self._person(name).press(message, button)
        return {"text": answer.text, "alert": answer.alert, "url": answer.url, "message": described(message)}

    async def do_wait(self, name: str, text: str, seconds: str = "30") -> Any:
        """Wait for a text."""
        return described(await self._person(name).wait_for(lambda message: text in message.text, float(seconds)))

    async def do_inline(self, name: str, text: str) -> Any:
        """Ask inline."""
        answer = await self._person(name).inline(self._telegram.bot, text)
        return [{"id": result.id, "type": result.type, "title": result.title} for result in answer.results]

    async def do_save(self, name: str, number: str, file: str) -> Any:
        """Write a message's file to the disk."""
        content = self._message(name, number).attachment
        Path(file).write_bytes(content.read())
        return {"file": file, "sha256": content.sha256}

    async def do_person(self, name: str) -> Any:
        """Make somebody."""
        return {"id": self._world.person(name, name.lower()).id}

    async def do_supergroup(self, title: str) -> Any:
        """Make a group where the bot hears everything."""
        self._telegram.bot.privacy = False
        return {"id": self._world.supergroup(title, self._telegram.alice, self._telegram.bot).id}

    async def do_fault(self, method: str, error: str, times: str = "1") -> Any:
        """Let requests fail."""
        known: dict[str, Effect] = {"drop": Cut(), "mute": Mute()}
        effect = known.get(error) or RpcError(420 if error.startswith("FLOOD") else 400, error)
        self._telegram.server.faults.add(method, effect, times=int(times))
        return {"method": method, "error": error}

    async def do_cut(self) -> Any:
        """Break every connection."""
        return {"connections": self._telegram.server.cut_connections()}

    async def do_restart(self) -> Any:
        """Stop and start."""
        await self._telegram.server.restart()
        return {"server": self._telegram.server.address}

    async def do_calls(self) -> Any:
        """Count requests."""
        names = [call.name for call in self._telegram.server.calls]
        return {name: names.count(name) for name in sorted(set(names))}


def described(message: Message) -> dict[str, Any]:
    """Show a message as JSON; its number is what other commands want."""
    shown: dict[str, Any] = {"number": message.order, "from": message.sender.name, "text": message.text}
    if not isinstance(message.chat, Group | Channel):
        shown["to"] = message.chat.other(message.sender).name
    else:
        shown["in"] = message.chat.title
    if message.file is not None:
        shown["file"] = dict(_facts(message))
    if message.buttons:
        shown["buttons"] = [[button.text for button in row] for row in message.buttons]
    if message.edits:
        shown["edits"] = len(message.edits)
    return shown


def _facts(message: Message) -> Iterator[tuple[str, Any]]:
    file = message.attachment
    for name in ("kind", "name", "mime", "size", "width", "height", "duration", "sha256"):
        if value := getattr(file, name):
            yield name, value
