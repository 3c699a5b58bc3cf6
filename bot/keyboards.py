"""Buttons: data packed into 64 bytes, and the keyboards that people see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Final, Self

from utils.texts import size_text

if TYPE_CHECKING:
    from platforms.shapes import Media, Quality
    from utils.texts import Texts

#: core.telegram.org/bots/api#inlinekeyboardbutton
DATA_LIMIT: Final = 64
SEPARATOR: Final = ":"
#: qualities whose names are words, not numbers
NAMED: Final = frozenset({"best", "audio"})
#: shown where a file comes at once, and where it is too large to come at all
INSTANT: Final = "\u26a1"
TOO_LARGE: Final = "\u2716"
#: before a size that the site only estimates
ABOUT: Final = "~"


class Packed:
    """Callback data: a verb and the fields of a dataclass. Subclasses name their verb."""

    verb: ClassVar[str]
    __slots__ = ()

    def pack(self) -> str:
        """The data of a button. Raises ValueError for more than 64 bytes or a field that holds the separator."""
        parts = [self.verb, *(str(value) for value in astuple(self))]  # type: ignore[call-overload]
        data = SEPARATOR.join(parts)
        if data.count(SEPARATOR) != len(parts) - 1 or len(data.encode()) > DATA_LIMIT:
            raise ValueError(f"callback data does not fit: {data}")
        return data

    @classmethod
    def unpack(cls, data: str) -> Self | None:
        """The fields in a button's data; None where it is no data of this class."""
        verb, *parts = data.split(SEPARATOR)
        expected = fields(cls)  # type: ignore[arg-type]
        if verb != cls.verb or len(parts) != len(expected):
            return None
        try:
            return cls(
                *(int(part) if field.type == "int" else part for field, part in zip(expected, parts, strict=True))
            )
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Choose(Packed):
    """A quality of an offer."""

    verb: ClassVar[str] = "q"
    token: str
    quality: str


@dataclass(frozen=True, slots=True)
class StopLooking(Packed):
    """End a probe that is under way."""

    verb: ClassVar[str] = "l"
    look: str


@dataclass(frozen=True, slots=True)
class StopJob(Packed):
    """End a job in whatever phase it is."""

    verb: ClassVar[str] = "x"
    job_id: str


@dataclass(frozen=True, slots=True)
class ReplayLetter(Packed):
    """Try again what failed for good."""

    verb: ClassVar[str] = "dr"
    letter: str


@dataclass(frozen=True, slots=True)
class ReplayReason(Packed):
    """Try again all that failed for good for one reason."""

    verb: ClassVar[str] = "da"
    code: str


@dataclass(frozen=True, slots=True)
class DiscardLetter(Packed):
    """Forget what failed for good."""

    verb: ClassVar[str] = "dd"
    letter: str


@dataclass(frozen=True, slots=True)
class Later(Packed):
    """Try a failed order or look again by itself in so many minutes; `quality` "": look at the link again."""

    verb: ClassVar[str] = "w"
    token: str
    quality: str
    minutes: int


@dataclass(frozen=True, slots=True)
class LookAgain(Packed):
    """Look at the link of a failed look again, now."""

    verb: ClassVar[str] = "g"
    token: str


@dataclass(frozen=True, slots=True)
class WhenLive(Packed):
    """Tell when a stream begins; `minutes` until then, 0 where nobody knows."""

    verb: ClassVar[str] = "v"
    token: str
    minutes: int


@dataclass(frozen=True, slots=True)
class NeedCookies(Packed):
    """How to give the bot a site's cookies."""

    verb: ClassVar[str] = "k"
    platform: str


@dataclass(frozen=True, slots=True)
class Forget(Packed):
    """Forget a reminder."""

    verb: ClassVar[str] = "f"
    reminder_id: str


@dataclass(frozen=True, slots=True)
class ShowClip(Packed):
    """Turn a menu into that of the clip `span` ("43-80", "43-"), or for "" into that of the whole."""

    verb: ClassVar[str] = "cs"
    token: str
    span: str


@dataclass(frozen=True, slots=True)
class ChooseClip(Packed):
    """A quality of a clip of an offer."""

    verb: ClassVar[str] = "qc"
    token: str
    quality: str
    span: str


@dataclass(frozen=True, slots=True)
class Record(Packed):
    """Record so many minutes of an offer that is a running stream."""

    verb: ClassVar[str] = "rc"
    token: str
    quality: str
    minutes: int


@dataclass(frozen=True, slots=True)
class FinishRecording(Packed):
    """End a recording and send what there is."""

    verb: ClassVar[str] = "rf"
    job_id: str


@dataclass(frozen=True, slots=True)
class ResumeSite(Packed):
    """Let a site, or one of its identities, in again."""

    verb: ClassVar[str] = "sr"
    name: str


@dataclass(frozen=True, slots=True)
class Button:
    """One button."""

    text: str
    data: Packed


Keyboard = Sequence[Sequence[Button]]


def cancel_keyboard(texts: Texts, data: Packed) -> Keyboard:
    """The one button that stops something."""
    return ((Button(texts("button.cancel"), data),),)


def done_keyboard(texts: Texts, originals: Choose | None, again: Choose | None) -> Keyboard:
    """What can be asked for behind a delivery."""
    buttons = (("button.originals", originals), ("button.again", again))
    return [(Button(texts(key), choice),) for key, choice in buttons if choice is not None]


def menu_keyboard(texts: Texts, media: Media, token: str, instant: Collection[str]) -> Keyboard:
    """What an item is offered in: best first, then two qualities a row, audio last.

    `instant`: keys of stored qualities. What doesn't fit Telegram is marked and says so when pressed.
    """
    buttons = [
        Button(_label(texts, media, quality, instant), Choose(token, quality.key)) for quality in media.qualities
    ]
    first, rest = buttons[:1], buttons[1:]
    return [first, *(rest[start : start + 2] for start in range(0, len(rest), 2))]


def _label(texts: Texts, media: Media, quality: Quality, instant: Collection[str]) -> str:
    counted = media.kind in {"carousel", "stories"} and quality.height is None  # "3 photos" says more than "Best"
    name = texts(f"button.{quality.key}") if quality.key in NAMED and not counted else quality.label
    if quality.size_bytes is not None:
        about = ABOUT if quality.approximate else ""
        name = f"{name} \u00b7 {about}{size_text(quality.size_bytes)}"
    if quality.key in instant:
        return f"{INSTANT} {name}"
    return name if quality.fits else f"{TOO_LARGE} {name}"
