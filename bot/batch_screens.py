"""What is shown of a list, of many links, and of the choice that is made once for all of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from bot.batch_keyboards import BatchEach, BatchTake, ListAsk, ListEntry, ListPage, ListPick, ListShelf
from bot.board import Screen
from bot.keyboards import NAMED, Button
from bot.menu import TITLE_LIMIT
from bot.rich import Piece, shortened
from services.ranges import ALL, parse_ranges
from utils.texts import duration_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.batch_menus import BatchMenu
    from bot.keyboards import Keyboard
    from bot.rich import Rich
    from platforms.shapes import Entry, Link, Listing
    from utils.texts import Texts

#: entries of a page, and their buttons in a row
PAGE_SIZE: Final = 10
ROW: Final = 5
#: a title is shown to tell one entry from another
ENTRY_LIMIT: Final = 100
#: positions that were typed may be many
RANGES_LIMIT: Final = 200
#: other lists of a channel, in one row
SHELVES: Final = 4
SHELF_LIMIT: Final = 20
#: hosts that are counted by name
HOSTS_SHOWN: Final = 6
#: what a whole batch is offered in; an item that hasn't got it comes in the nearest
QUALITIES: Final = (("best",), ("1080p", "720p"), ("480p", "360p"), ("audio",))
BEFORE: Final = "\u2039"
NEXT: Final = "\u203a"
DOT: Final = " \u00b7 "


def list_screen(texts: Texts, token: str, listing: Listing, bound: int) -> Screen:
    """A page of a list; `bound`: items that one order may have."""
    entries, last = listing.entries, listing.first + len(listing.entries) - 1
    facts = [shortened(_line(listing.uploader), TITLE_LIMIT)] if listing.uploader else []
    if listing.total is not None:
        facts.append(texts.many("list.total", listing.total))
    if entries and listing.total is None:
        facts.append(texts("list.shown_open", first=listing.first, last=last))
    elif entries and (listing.more or listing.first > 1):
        facts.append(texts("list.shown", first=listing.first, last=last, total=listing.total))
    lines = [_entry(texts, entry) for entry in entries]
    body = "\n".join([DOT.join(facts), "", *lines, "", texts("list.hint")])
    return Screen(titled(listing.title, body), _list_keyboard(texts, token, listing, bound))


def choice_screen(texts: Texts, menu: BatchMenu, ranges: str, bound: int) -> Screen:
    """Which quality for those positions of a list. Raises BadRange."""
    wanted = parse_ranges(ranges, menu.total, bound=bound)
    if ranges != ALL:
        picked = texts("batch.picked", ranges=shortened(str(wanted).replace(",", ", "), RANGES_LIMIT))
    elif menu.total is None:
        picked = texts("batch.picked_most", bound=bound)
    else:
        picked = texts.many("batch.picked_first" if wanted.clipped else "batch.picked_all", len(wanted))
    # positions that may not fit into a button lie with the menu
    rows = _quality_rows(texts, menu.token, "" if ranges == menu.ranges else ranges)
    rows.append([Button(texts("button.back"), ListPage(menu.token, 1))])
    return Screen(titled(menu.title, "\n".join((picked, texts("batch.choose")))), rows)


def links_screen(texts: Texts, menu: BatchMenu) -> Screen:
    """What to do with many links at once."""
    hosts = Counter(site(link) for link in menu.links).most_common(HOSTS_SHOWN)
    facts = DOT.join(texts("links.from", count=count, site=host) for host, count in hosts)
    rows = _quality_rows(texts, menu.token, "")
    rows.append([Button(texts("button.each"), BatchEach(menu.token))])
    return Screen(titled(menu.title, "\n".join((facts, texts("links.choose")))), rows)


def titled(title: str, body: str) -> Rich:
    """A title in bold above the rest; the rest alone where there is none."""
    title = shortened(_line(title), TITLE_LIMIT)
    return (Piece(title, bold=True), Piece(f"\n{body}")) if title else (Piece(body),)


def site(link: Link) -> str:
    """The host of a link as people know it."""
    return link.url.partition("://")[2].partition("/")[0].removeprefix("www.")


def entry_title(texts: Texts, title: str, limit: int = ENTRY_LIMIT) -> str:
    """A title on one line."""
    return shortened(_line(title), limit) or texts("list.untitled")


def _entry(texts: Texts, entry: Entry) -> str:
    text = f"{entry.position}. {entry_title(texts, entry.title)}"
    return f"{text}{DOT}{duration_text(entry.duration_seconds)}" if entry.duration_seconds else text


def _list_keyboard(texts: Texts, token: str, listing: Listing, bound: int) -> Keyboard:
    numbers = [Button(str(entry.position), ListEntry(token, entry.position)) for entry in listing.entries if entry.url]
    rows = [numbers[start : start + ROW] for start in range(0, len(numbers), ROW)]
    turns = []
    if listing.first > 1:
        turns.append(Button(BEFORE, ListPage(token, max(1, listing.first - PAGE_SIZE))))
    if listing.more:
        turns.append(Button(NEXT, ListPage(token, listing.first + PAGE_SIZE)))
    if turns:
        rows.append(turns)
    shelves = [
        Button(shortened(_line(shelf.title), SHELF_LIMIT), ListShelf(token, shelf.position))
        for shelf in listing.shelves[:SHELVES]
        if shelf.url and shelf.title.strip()
    ]
    if shelves:
        rows.append(shelves)
    picks = [Button(_all(texts, listing, bound), ListPick(token, ALL))]
    if turns and listing.entries:
        page = f"{listing.first}-{listing.entries[-1].position}"
        picks.append(Button(texts("button.list_page"), ListPick(token, page)))
    picks.append(Button(texts("button.list_ask"), ListAsk(token)))
    return [*rows, picks]


def _all(texts: Texts, listing: Listing, bound: int) -> str:
    if listing.total is None:
        return texts("button.list_all_open")
    key = "button.list_first" if listing.total > bound else "button.list_all"
    return texts(key, count=min(listing.total, bound))


def _quality_rows(texts: Texts, token: str, ranges: str) -> list[Sequence[Button]]:
    return [
        [Button(texts(f"button.{key}") if key in NAMED else key, BatchTake(token, ranges, key)) for key in row]
        for row in QUALITIES
    ]


def _line(text: str) -> str:
    return " ".join(text.split())
