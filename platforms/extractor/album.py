"""A post of several pictures and videos as a few choices: all of them, its pictures as files, its music."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from platforms.extractor.formats import qualities
from platforms.extractor.offers import PICTURE_FILES
from platforms.shapes import SOUND_CONTAINERS, Quality

#: Files of one post: two of Telegram's albums, and as much as any of the sites takes.
MOST_FILES: Final = 20
#: stands between the formats of the items, and for an item that isn't wanted
BETWEEN: Final = ","
NOTHING: Final = "none"
ORIGINALS: Final = "originals"

Menu = tuple[tuple[Quality, ...], tuple[Quality, ...]]


def album(entries: Sequence[Mapping[str, Any]], max_bytes: int) -> Menu:
    """Menu and extras of a post, as `formats.qualities` gives them of an item; empty where nothing can be fetched."""
    few = entries[:MOST_FILES]
    menus = [qualities(entry, max_bytes) if entry.get("formats") else ((), ()) for entry in few]
    # Of what can't be had now the best is asked for then; whether that comes is told with the files.
    best = {number: menu[0] for number, (menu, _) in enumerate(menus) if menu}
    if not best:
        return (), ()
    everything = _together("best", _label(best.values()), best, [""] * len(few), max_bytes)
    photos = {number: each for number, each in best.items() if each.ext in PICTURE_FILES}
    unwanted = [NOTHING] * len(few)
    menu, extras = [everything], [replace(everything, key="no_watermark")]
    if photos:
        menu.append(_together(ORIGINALS, _originals_label(len(photos)), photos, unwanted, max_bytes))
        for number in photos:
            menu += [_only(each, number, unwanted) for each in menus[number][0] if each.ext in SOUND_CONTAINERS]
            extras += [_only(each, number, unwanted) for each in menus[number][1] if each.ext in SOUND_CONTAINERS]
    return tuple(menu), tuple(extras)


def originals(photo: Quality) -> Quality:
    """The choice beside a single photo: the very file that the site has."""
    return replace(photo, key=ORIGINALS, label=_originals_label(1))


def _together(key: str, label: str, chosen: Mapping[int, Quality], others: Sequence[str], max_bytes: int) -> Quality:
    """Several items as one quality; `others`: what to write for those that aren't chosen."""
    each = chosen.values()
    sizes = [one.size_bytes for one in each if one.size_bytes is not None]
    size = sum(sizes) if len(sizes) == len(each) else None
    ids = [chosen[number].format_id if number in chosen else other for number, other in enumerate(others)]
    return Quality(
        key=key,
        label=label,
        height=None,
        codec="",
        size_bytes=size,
        fits=sum(sizes) <= max_bytes,
        format_id=BETWEEN.join(ids),
        ext="jpg" if all(one.ext in PICTURE_FILES for one in each) else "mp4",
        approximate=size is not None and any(one.approximate for one in each),
    )


def _only(quality: Quality, place: int, unwanted: Sequence[str]) -> Quality:
    """One item's quality as that of the whole post."""
    return replace(quality, format_id=BETWEEN.join([*unwanted[:place], quality.format_id, *unwanted[place + 1 :]]))


def _label(best: Any) -> str:
    """Such as "3 photos · 2 videos"."""
    photos = sum(each.ext in PICTURE_FILES for each in best)
    tracks = sum(each.ext in SOUND_CONTAINERS for each in best)
    counts = ((photos, "photo"), (len(best) - photos - tracks, "video"), (tracks, "track"))
    return " · ".join(f"{count} {word}{'s' * (count > 1)}" for count, word in counts if count)


def _originals_label(count: int) -> str:
    return "Original file" if count == 1 else f"{count} original files"
