"""Messages as people see them, with every earlier version of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.telegram_server.chats import Box, Chat
    from tests.telegram_server.files import File
    from tests.telegram_server.people import Account


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message; the fields that don't fit its kind are empty."""

    text: str
    data: bytes = b""
    url: str = ""
    inline_query: str | None = None
    copies: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """What a message was from `at` on (seconds since 1970)."""

    at: float
    text: str
    file: "File | None"
    buttons: tuple[tuple[Button, ...], ...]


@dataclass(eq=False, slots=True)
class Message:
    """One message.

    `order` rises over all chats, `ids` numbers it in each box it lies in; `markup` and `entities` are TL objects.
    """

    sender: "Account"
    chat: "Chat"
    at: float
    order: int = 0
    text: str = ""
    entities: Sequence[Any] = ()
    file: "File | None" = None
    markup: Any = None
    reply_to: "Message | None" = None
    via: "Account | None" = None
    album: int | None = None
    action: Any = None
    forwarded_from: "Message | None" = None
    anonymous: bool = False
    topic: int | None = None
    random_id: int = 0
    silent: bool = False
    edited_at: float | None = None
    deleted_at: float | None = None
    ids: dict["Box", int] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)

    def id_for(self, viewer: "Account") -> int:
        """Give its number as somebody sees it."""
        return self.ids[self.chat.box_of(viewer)]

    @property
    def attachment(self) -> "File":
        """The file, where there must be one; LookupError where there is none."""
        if self.file is None:
            raise LookupError(f"no file in {self!r}")
        return self.file

    @property
    def buttons(self) -> tuple[tuple[Button, ...], ...]:
        """The rows of buttons under it."""
        return buttons_of(self.markup)

    @property
    def edits(self) -> list[Version]:
        """What it was after each edit."""
        return self.versions[1:]

    @property
    def edit_gaps(self) -> list[float]:
        """Seconds between its versions, the first one between sending and the first edit."""
        return [later.at - earlier.at for earlier, later in zip(self.versions, self.versions[1:], strict=False)]

    def button(self, wanted: str | bytes) -> Button:
        """Find a button by its data (bytes), its exact text or a part of it; LookupError where there is none."""
        found = [button for row in self.buttons for button in row]
        for fits in (
            lambda button: button.data == wanted,
            lambda button: button.text == wanted,
            lambda button: isinstance(wanted, str) and wanted in button.text,
        ):
            for button in found:
                if fits(button):
                    return button
        raise LookupError(f"no button {wanted!r} among {[button.text for button in found]}")

    def note_version(self, at: float) -> None:
        """Remember what it is now."""
        self.versions.append(Version(at, self.text, self.file, self.buttons))

    def __repr__(self) -> str:
        file = f" {self.file.kind} {self.file.name!r} {self.file.size} bytes" if self.file else ""
        buttons = [[button.text for button in row] for row in self.buttons]
        return f"<{self.sender.name}: {self.text!r}{file}{f' {buttons}' if buttons else ''}>"


def buttons_of(markup: Any) -> tuple[tuple[Button, ...], ...]:
    """Read the buttons of a keyboard of this layer or an older one."""
    return tuple(tuple(_button(button) for button in row.buttons) for row in getattr(markup, "rows", None) or ())


def _button(button: Any) -> Button:
    """Newer layers keep what a button does in its `type`, older ones in itself."""
    kind = getattr(button, "type", button)
    return Button(
        text=button.text,
        data=getattr(kind, "data", b"") or b"",
        url=getattr(kind, "url", "") or "",
        inline_query=getattr(kind, "query", None),
        copies=getattr(kind, "copy_text", ""),
    )
