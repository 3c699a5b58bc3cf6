"""Menus of a part: qualities of a clip instead of the whole, minutes of a running stream; what their buttons order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.batch_keyboards import ListBeside
from bot.board import Screen
from bot.keyboards import Button, Choose, ChooseClip, Packed, Record, ShowClip, menu_keyboard
from bot.menu import menu_text, titled
from platforms.parts import CLIP, Clip, Recording, clip_media, fitting_clip, read_part, written_clip
from platforms.times import written_range
from utils.errors import BadPart, Expired
from utils.texts import duration_text, size_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from platforms.shapes import Link, Media
    from services.app import App
    from utils.config import Settings
    from utils.texts import Texts

MEBIBYTE: Final = 1 << 20
MINUTE: Final = 60
#: minutes on the buttons of a running stream, as far as they may be recorded
MINUTES: Final = (1, 5, 15, 30, 60)


def most_bytes(settings: Settings) -> int:
    """The largest file that anybody gets."""
    return min(settings.downloads.max_size_mb, settings.telegram.max_upload_mb) * MEBIBYTE


def with_written_range(link: Link, text: str) -> tuple[Link, bool]:
    """The link with the range that stands behind it in the text, and whether there is one. Raises BadPart."""
    written = written_range(text, link.text)
    if written is None:
        return link, False
    clip = written_clip(*written)
    return replace(link, start_seconds=clip.start, end_seconds=clip.end), True


def linked_clip(link: Link, media: Media) -> Clip | None:
    """The clip that a link points to; None where it points to the whole or to nothing that can be cut."""
    if link.start_seconds is None and link.end_seconds is None:
        return None
    try:
        return fitting_clip(Clip(link.start_seconds or 0.0, link.end_seconds), media)
    except BadPart:
        return None


def read_span(span: str) -> Clip:
    """The clip in a button's data. Raises Expired for data that no button of ours has."""
    try:
        clip = read_part(f"{CLIP}:{span}")
    except BadPart:
        raise Expired("clip") from None
    assert isinstance(clip, Clip)
    return clip


async def menu_screen(app: App, media: Media, link: Link, token: str, clip: Clip | None) -> Screen:
    """The menu of an offer: of the clip where there is one, of the whole otherwise."""
    if media.is_live:
        return live_screen(app.texts, media, token, app.settings)
    instant = await app.downloads.stored_qualities(media, clip.key if clip else "")
    if clip is not None:
        return clip_screen(app.texts, media, clip, token, instant, most_bytes(app.settings))
    screen = whole_screen(app.texts, media, link, token, instant)
    if app.downloads.beside(link) is not None:
        screen = replace(screen, keyboard=(*screen.keyboard, (Button(app.texts("button.beside"), ListBeside(token)),)))
    return screen


def whole_screen(texts: Texts, media: Media, link: Link, token: str, instant: Collection[str]) -> Screen:
    """The menu of the whole; where the link points into it, with a button that leads to the clip."""
    keyboard = [*menu_keyboard(texts, media, token, instant)]
    if (clip := linked_clip(link, media)) is not None:
        keyboard.append([Button(_span_text(texts, clip), ShowClip(token, _span(clip)))])
    return Screen(menu_text(texts, media, instant), keyboard)


def clip_screen(  # noqa: PLR0917 - as above, with the part
    texts: Texts, media: Media, clip: Clip, token: str, instant: Collection[str], limit_bytes: int
) -> Screen:
    """The menu of a clip: the same qualities with the sizes that the clip will have, and the way back to the whole."""
    cut = clip_media(media, clip, limit_bytes)
    keyboard = [
        [replace(button, data=_cut(button.data, clip)) for button in row]
        for row in menu_keyboard(texts, cut, token, instant)
    ]
    keyboard.append([Button(texts("button.whole"), ShowClip(token, ""))])
    start = duration_text(clip.start)
    note = (
        texts("menu.clip_open", start=start)
        if clip.end is None
        else texts("menu.clip", start=start, end=duration_text(clip.end))
    )
    return Screen(menu_text(texts, cut, instant, note), keyboard)


def live_screen(texts: Texts, media: Media, token: str, settings: Settings) -> Screen:
    """What a running stream is offered in: so many minutes of it, each with about what they weigh."""
    most = settings.downloads.live_minutes
    bound = min(settings.downloads.live_mb * MEBIBYTE, most_bytes(settings))
    offered = [minutes for minutes in MINUTES if minutes <= most]
    if most not in offered and most < MINUTES[-1]:
        offered.append(most)
    best = media.qualities[0]
    buttons = []
    for minutes in offered:
        text = texts("button.record", minutes=minutes)
        if best.bits:
            size = size_text(min(best.bits / 8 * minutes * MINUTE, bound))
            text = texts("button.record_size", minutes=minutes, size=size)
        buttons.append(Button(text, Record(token, best.key, minutes)))
    facts = [texts("menu.live"), *([media.uploader] if media.uploader else [])]
    lines = [" \u00b7 ".join(facts), texts("menu.record")]
    return Screen(titled(media.title, lines), [buttons[at : at + 2] for at in range(0, len(buttons), 2)])


def clip_title(title: str, clip: Clip) -> str:
    """The title of a file that is only a part."""
    end = "" if clip.end is None else duration_text(clip.end)
    return f"{title} [{duration_text(clip.start)}-{end}]".strip()


def same_again(token: str, quality: str, part: str) -> Packed:
    """The data of a button that asks once more for exactly what was asked for."""
    match read_part(part):
        case Clip() as clip:
            return ChooseClip(token, quality, _span(clip))
        case Recording(minutes=minutes):
            return Record(token, quality, minutes)
        case _:
            return Choose(token, quality)


def way_back(token: str, part: str) -> Packed:
    """The data of a button that leads back to the menu in which a part, or "" for the whole, was chosen."""
    wanted = read_part(part)
    return ShowClip(token, _span(wanted) if isinstance(wanted, Clip) else "")


def _cut(data: Packed, clip: Clip) -> Packed:
    assert isinstance(data, Choose)
    return ChooseClip(data.token, data.quality, _span(clip))


def _span(clip: Clip) -> str:
    return clip.key.removeprefix(f"{CLIP}:")


def _span_text(texts: Texts, clip: Clip) -> str:
    start = duration_text(clip.start)
    if clip.end is None:
        return texts("button.clip_from", start=start)
    return texts("button.clip_span", start=start, end=duration_text(clip.end))
