"""`info` and `get`: one link through the same use case as the bot's and the page's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from typer import BadParameter

from cli import lists
from services.beside import part_beside, positions_beside
from services.jobs import Order
from services.shapes import media_shape
from utils.errors import InternalError, NoLink, error_by_code

if TYPE_CHECKING:
    from cli.delivery import FolderDelivery
    from platforms.shapes import Link
    from services.app import App
    from services.batch_shapes import BatchEvent
    from services.jobs import JobEvent
    from utils.config import Settings


@contextmanager
def apart(settings: Settings, beside: Path | None = None) -> Iterator[Settings]:
    """Settings with a data folder of their own, so that a command runs beside a server; it is removed afterwards.

    `beside`: where to make it; files can then be moved out of it without a copy.
    """
    from utils.sandbox import remove_folder

    folder = Path(mkdtemp(prefix=".goldcrest-", dir=beside))
    try:
        yield replace(settings, storage=replace(settings.storage, data_dir=str(folder)))
    finally:
        remove_folder(folder)


def links_in(app: App, text: str) -> tuple[Link, ...]:
    """The links in a text, one at least. Raises NoLink, or the error of what was refused."""
    found = app.downloads.detect(text)
    if found.links:
        return found.links
    for refused in found.refused:
        raise error_by_code(refused.code)(refused.text)
    raise NoLink(text)


async def info(app: App, text: str, page: int | None, count: int) -> dict[str, Any]:
    """What stands behind a link; of a list the page of that number, the first for None. Raises a GoldcrestError."""
    link = links_in(app, text)[0]
    if (listing := lists.list_of(app, link, wanted=page is not None)) is not None:
        return await lists.page(app, listing, page or 1, count)
    return {"ok": True, "media": media_shape(await app.downloads.probe(link))}


async def get(
    app: App,
    text: str,
    quality: str,
    delivery: FolderDelivery,
    show: Callable[[JobEvent | BatchEvent], None],
    *,
    items: str = "",
    part: str = "",
) -> dict[str, Any]:
    """Download into the delivery's folder; of a list these `items`, of an item this `part`.

    Either may also stand beside the link. Raises a GoldcrestError, or BadParameter where both don't go together.
    """
    links = links_in(app, text)
    link = links[0]
    part = _either(part, part_beside(text, link), "--from, --to, --minutes")
    listing = lists.list_of(app, link, wanted=bool(items))
    if written := positions_beside(text, links):
        listing = listing or app.downloads.beside(link)
        items = _either(items, written, "--items") if listing else ""
    if listing is not None:
        if part:
            raise BadParameter("a list can't be cut or recorded, only an item", param_hint="--from, --to, --minutes")
        return await lists.get(app, listing, quality, delivery, items=items, show=show)
    app.downloads.deliver_to("cli", delivery)
    job = await app.downloads.submit(Order("cli", link, quality, part=part))
    event = None
    async for event in app.downloads.watch(job.id):
        show(event)
    if event is None or event.phase != "done":
        raise (event.error if event and event.error else InternalError("the job ended without a result"))
    return {
        "ok": True,
        "files": delivery.files,
        **({"missing": delivery.missing} if delivery.missing else {}),
        "url": job.link.url,
        "canonical": job.link.canonical,
        "platform": job.link.platform,
        "quality": quality,
        **({"part": part} if part else {}),
    }


def _either(option: str, written: str, hint: str) -> str:
    """What is asked for by an option or beside the link. Raises BadParameter where it is both."""
    if option and written:
        raise BadParameter("say it behind the link or by an option, not by both", param_hint=hint)
    return option or written
