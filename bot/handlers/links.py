"""A message with links: a few are looked at each by itself, many become one menu; positions belong to a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.batch_menus import BatchMenu
from bot.batch_screens import links_screen
from bot.handlers.people import passed_on
from bot.handlers.start import help_text
from bot.rich import TEXT_LIMIT, plain, shortened
from bot.router import Router
from bot.status import explain
from bot.telegram import Place
from platforms.shapes import LIST_KINDS
from services.beside import positions_beside
from utils.errors import Busy, NoLink, error_by_code
from utils.ids import button_token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.batch_lists import Lists
    from bot.batch_menus import BatchMenus
    from bot.edits import Edits
    from bot.events import Incoming
    from bot.looks import Looks
    from bot.router import Rest
    from bot.telegram import Telegram
    from platforms.links import Refused
    from platforms.shapes import Link
    from services.app import App
    from utils.texts import Texts

router = Router("links")
#: so many items of one message get a menu each; more are offered together
SINGLE_BOUND: Final = 3
#: refused links that are repeated beside their reason, and how much of each
REFUSED_SHOWN: Final = 5
REFUSED_LIMIT: Final = 60


@router.text()
async def look(
    message: Incoming, *, app: App, looks: Looks, lists: Lists, menus: BatchMenus, telegram: Telegram, edits: Edits
) -> Rest:
    """Begin to look at every link, or offer many at once; of a changed message, where nothing was offered yet.

    In private a text without a link is answered, and what is refused is told in one message; so is how many links are
    left out, in a group where some are offered.
    """
    if message.user_id is None or (message.edited_at and not await edits.count(message)):
        return ()
    found = app.downloads.detect(message.text)
    if not found.links and not found.refused:
        if not message.edited_at:
            await _without_link(message, app, lists, telegram)
        return ()
    place, tasks = Place.of(message), []
    if message.private and found.refused:
        await telegram.send_text(place, plain(refused_text(app.texts, found.refused)))
    together = offered_together(found.links, private=message.private)
    if found.left_out and (message.private or together):
        bound = app.settings.downloads.links_per_message
        await telegram.send_text(place, plain(app.texts.many("links.left_out", found.left_out, bound=bound)))
    if together:
        menu = BatchMenu(
            button_token(),
            message.user_id,
            message.chat_id,
            together,
            title=app.texts.many("links.title", len(together)),
            is_list=False,
            total=len(together),
            reply_to=message.message_id,
            topic_id=message.topic_id,
        )
        await menus.add(menu)
        screen = links_screen(app.texts, menu)
        await menus.shown(menu.token, await telegram.send_text(place, screen.rich, screen.keyboard))
    single = [link for link in found.links if link not in together]
    ranges = positions_beside(message.text, found.links)
    if ranges and (listed := list_of(single[0], app)) is not None:
        single = [listed]
    for link in single:
        try:
            tasks.append(looks.begin(message, link, message.user_id, ranges, several=len(found.links) > 1))
        except Busy as error:  # told here, because what has begun goes on
            await telegram.send_text(place, plain(explain(app.texts, error)))
            break
    return tasks


async def _without_link(message: Incoming, app: App, lists: Lists, telegram: Telegram) -> None:
    """Positions of a list, somebody to let in, a command that doesn't exist. Raises NoLink for other private texts."""
    if await lists.typed(message) or await passed_on(message, app, telegram) or not message.private:
        return
    if not message.text.startswith("/"):
        raise NoLink
    await telegram.send_text(Place.of(message), plain(help_text(message, app)))


def offered_together(links: Sequence[Link], *, private: bool) -> tuple[Link, ...]:
    """The items that share one menu, () where they are few.

    A list is chosen from by itself; a page of an unknown site in a group is looked at in silence, because it may have
    no media at all.
    """
    items = tuple(link for link in links if link.kind not in LIST_KINDS and (private or link.platform != "generic"))
    return items if len(items) > SINGLE_BOUND else ()


def list_of(link: Link, app: App) -> Link | None:
    """The list itself, or the one that an item's link names besides the item."""
    return link if link.kind in LIST_KINDS else app.downloads.beside(link)


def refused_text(texts: Texts, refused: Sequence[Refused]) -> str:
    """Each reason once; with several reasons, the links that it holds for."""
    reasons: dict[str, list[str]] = {}
    for each in refused:
        reasons.setdefault(each.code, []).append(shortened(each.text, REFUSED_LIMIT))
    parts = []
    for code, found in reasons.items():
        lines = [explain(texts, error_by_code(code)())]
        if len(reasons) > 1:
            lines += found[:REFUSED_SHOWN]
            if len(found) > REFUSED_SHOWN:
                lines.append(texts("batch.more_failed", count=len(found) - REFUSED_SHOWN))
        parts.append("\n".join(lines))
    return shortened("\n\n".join(parts), TEXT_LIMIT)
