"""The book of random ids: a message sent twice with one id is refused, and every repeat is counted."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.telegram_server.faults import RpcError

if TYPE_CHECKING:
    from tests.telegram_server.messages import Message
    from tests.telegram_server.people import Account


@dataclass(frozen=True, slots=True)
class Repeat:
    """A request that came with a used random id; `message` is what the first one made."""

    sender: "Account"
    random_id: int
    message: "Message"
    at: float


@dataclass(slots=True)
class Ledger:
    """Random ids of all time, per sender.

    code: of the error RANDOM_ID_DUPLICATE; Telegram's documentation says 500, clients know 400 as well.
    answers_again: give the first message once more instead, as Telegram's newer documentation of updates describes.
    """

    code: int = 400
    answers_again: bool = False
    repeats: list[Repeat] = field(default_factory=list)
    _used: dict[tuple[int, int], "Message"] = field(default_factory=dict)

    def earlier(self, sender: "Account", random_id: int, at: float) -> "Message | None":
        """Look an id up before sending; gives the earlier message where that is the answer, raises otherwise."""
        if not random_id:
            raise RpcError(400, "RANDOM_ID_EMPTY")
        message = self._used.get((sender.id, random_id))
        if message is None:
            return None
        self.repeats.append(Repeat(sender, random_id, message, at))
        if self.answers_again:
            return message
        raise RpcError(self.code, "RANDOM_ID_DUPLICATE")

    def note(self, message: "Message") -> None:
        """Remember the id that a message was sent with."""
        if message.random_id:
            self._used[message.sender.id, message.random_id] = message
