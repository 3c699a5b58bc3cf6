"""People, and what they do in their app: the actors of a test."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.telegram_server import asking, membership
from tests.telegram_server.chats import Channel, Chat, Group
from tests.telegram_server.inline import InlineAnswer, InlineResult
from tests.telegram_server.messages import Message
from tests.telegram_server.people import Account, Bot
from tests.telegram_server.queries import Answer

if TYPE_CHECKING:
    from tests.telegram_server.files import File


@dataclass(eq=False, repr=False)
class Person(Account):
    """A person, and what a person does. Everything shows at once; the waiting methods wake with each change."""

    phone: str = ""
    password: str = ""

    @property
    def login_code(self) -> str:
        """The code that was sent to log in with, "" where none was asked for."""
        return self.world.login_codes.get(self.phone, ("", "", 0.0))[0]

    async def say(
        self,
        to: Account | Group | Channel,
        text: str = "",
        *,
        file: "File | None" = None,
        reply_to: Message | None = None,
        topic: int | None = None,
        anonymous: bool = False,
    ) -> Message:
        """Write a message; links and commands in it become entities as in every app."""
        chat = self.world.place(self, to)
        chat.check_writer(self)
        return self.world.post(
            self, chat, text, file=file, reply_to=reply_to, topic=topic, anonymous=anonymous, find_entities=True
        )

    async def start(self, bot: Bot, payload: str = "") -> Message:
        """Open a bot by its link, with what stands behind `?start=`."""
        return await self.say(bot, f"/start {payload}".strip())

    async def send_file(
        self,
        to: Account | Group | Channel,
        data: bytes | Path,
        name: str,
        mime: str = "",
        *,
        text: str = "",
        **known: Any,
    ) -> Message:
        """Send a file; `known` may hold attributes=[…], photo=True and what else File takes."""
        return await self.say(to, text, file=self.world.file(data, name=name, mime=mime, **known))

    async def edit(self, message: Message, text: str) -> None:
        """Change an own message."""
        assert message.sender is self, "only own messages can be edited"
        self.world.edit(message, text=text, find_entities=True)

    async def delete(self, *messages: Message) -> None:
        """Delete messages for everybody."""
        self.world.delete(messages)

    async def forward(self, message: Message, to: Account | Group | Channel) -> Message:
        """Pass a message on."""
        return self.world.forward(self, message, self.world.place(self, to))

    async def press(self, message: Message, button: str | bytes, *, seconds: float = 10) -> Answer:
        """Press a button, named by its text, a part of that, or its data.

        A link's button gives its URL without asking the bot. RpcError 400 BOT_RESPONSE_TIMEOUT when no answer comes.
        """
        pressed = message.button(button)
        if pressed.url:
            return Answer(url=pressed.url)
        return await asking.press(self.world, self, message, pressed.data, seconds)

    async def inline(
        self, bot: Bot, text: str, *, offset: str = "", chat: Chat | None = None, seconds: float = 10
    ) -> InlineAnswer:
        """Type "@bot text" somewhere and see what is offered."""
        return await asking.ask_inline(self.world, self, bot, text, offset=offset, place=chat, seconds=seconds)

    async def choose(self, answer: InlineAnswer, result: int | InlineResult, to: Account | Group | Channel) -> Message:
        """Send one of the offered results."""
        chosen = answer.results[result] if isinstance(result, int) else result
        return asking.send_inline(self.world, self, answer, chosen, self.world.place(self, to))

    async def wait_for(
        self,
        wanted: Callable[[Message], Any],
        seconds: float = 10,
        *,
        chat: Account | Group | Channel | None = None,
        after: Message | None = None,
    ) -> Message:
        """Wait until a message of somebody else fits, be it new, edited or already there.

        `after` leaves out it and what is older. NeverCame, with what is seen instead, when time is over.
        """

        def look() -> Message | None:
            for message in self.messages(chat):
                new = after is None or message.order > after.order
                if new and message.sender is not self and wanted(message):
                    return message
            return None

        def sight() -> str:
            return f"{self.name} sees {self.messages(chat)[-10:]}"

        return await self.world.until(look, seconds, sight)

    def copies(self, chat: Account | Group | Channel | None = None) -> list[list[Message]]:
        """Give the messages whose file, by sender and contents, came more than once; what a judge of resends counts."""
        groups: dict[tuple[int, str], list[Message]] = {}
        for message in self.messages(chat):
            if message.file is not None:
                groups.setdefault((message.sender.id, message.file.sha256), []).append(message)
        return [group for group in groups.values() if len(group) > 1]

    async def join(self, chat: Group | Channel) -> None:
        """Become a member."""
        membership.set_role(self.world, chat, self, "member", actor=self)

    async def leave(self, chat: Group | Channel) -> None:
        """Be a member no longer."""
        membership.set_role(self.world, chat, self, "left", actor=self)

    async def add(self, chat: Group | Channel, account: Account, role: str = "member") -> None:
        """Bring somebody into a group or channel, or give a member another role."""
        membership.set_role(self.world, chat, account, role, actor=self)

    async def block(self, bot: Bot) -> None:
        """Stop a bot; it can write no more."""
        membership.block(self.world, self, bot, stopped=True)

    async def unblock(self, bot: Bot) -> None:
        """Take it back."""
        membership.block(self.world, self, bot, stopped=False)
