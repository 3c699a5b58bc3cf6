"""What a failed look or job shows: the sentence, the next step, and the buttons that take it."""

from __future__ import annotations

from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING, Final

from bot.board import Screen
from bot.clips import same_again, way_back
from bot.keyboards import Button, Later, LookAgain, NeedCookies, WhenLive
from bot.status import failed_screen, titled
from platforms.shapes import Media
from utils.errors import Cancelled, Expired, GoldcrestError
from utils.texts import size_text

if TYPE_CHECKING:
    from bot.events import Incoming
    from bot.messenger import Target
    from bot.shown import Shown
    from core.job_queue import Job
    from platforms.shapes import Link, Quality
    from services.app import App

#: a later try where the site named no time, and the longest one that a button offers
USUAL_MINUTES: Final = 10
LONGEST_MINUTES: Final = 1440
#: a stream further away than a year is waited for as one without a known time
LIVE_MINUTES: Final = 366 * 1440
MINUTE_SECONDS: Final = 60
#: failures that a wait may heal, besides those whose own step it is
WAITING: Final = frozenset({"later", "cookies"})


class Failures:
    """Screens of failures; a failed look is kept as an offer of nothing, so that its buttons outlive a restart."""

    def __init__(self, app: App, shown: Shown) -> None:
        self._app = app
        self._shown = shown

    async def of_job(self, job: Job, target: Target, error: GoldcrestError) -> Screen:
        """A job that failed; without its menu there is nothing to press."""
        title = job.title
        if not target.offer:
            return failed_screen(self._app.texts, title, error)
        rows: list[list[Button]] = []
        if error.step == "lower_quality":
            rows += await self._lower(target.offer, job)
        if not job.part:  # a part is asked for by the menu it came from
            rows += self._rows(error, target.offer, job.quality, job.link.platform)
        again = same_again(target.offer, job.quality, job.part)
        rows.append([Button(self._app.texts("button.again"), again)])
        return failed_screen(self._app.texts, title, error, rows)

    async def of_cancelled(self, job: Job, target: Target) -> Screen:
        """A job that somebody stopped, with the way back to its menu as long as that is known."""
        texts = self._app.texts
        rows = []
        with suppress(Expired):
            if target.offer and await self._app.downloads.offered(target.offer):
                rows = [[Button(texts("button.menu"), way_back(target.offer, job.part))]]
        return Screen(titled(job.title, texts.error(Cancelled()).sentence), rows)

    async def of_look(
        self, link: Link, asked: Incoming, status_id: int, error: GoldcrestError, title: str = ""
    ) -> Screen:
        """A look that failed, in the message `status_id`. Where nothing helps there is no button."""
        if not error.step and not error.retry:
            return failed_screen(self._app.texts, title, error)
        nothing = Media(link.platform, link.id, link.kind, link.canonical, link.url, title, ())
        try:
            token = await self._app.downloads.offer(nothing, link, asked.user_id)
            await self._shown.note(token, asked.chat_id, status_id, asked.message_id)
        except GoldcrestError:  # without a database the sentence is still worth telling
            return failed_screen(self._app.texts, title, error)
        rows = self._rows(error, token, "", link.platform)
        if error.retry:
            rows.append([Button(self._app.texts("button.again"), LookAgain(token))])
        return failed_screen(self._app.texts, title, error, rows)

    def _rows(self, error: GoldcrestError, token: str, quality: str, platform: str) -> list[list[Button]]:
        texts = self._app.texts
        rows = []
        if error.step == "when_live":
            minutes = minutes_until_live(minutes_of(error) or 0)
            rows.append([Button(texts("button.when_live"), WhenLive(token, minutes))])
        if error.step == "cookies":
            rows.append([Button(texts("button.cookies"), NeedCookies(platform))])
        if error.retry and error.step in WAITING:
            minutes = min(minutes_of(error) or USUAL_MINUTES, LONGEST_MINUTES)
            wait = texts.wait(minutes * MINUTE_SECONDS)
            rows.append([Button(texts("button.later", wait=wait), Later(token, quality, minutes))])
        return rows

    async def _lower(self, token: str, job: Job) -> list[list[Button]]:
        try:
            media = (await self._app.downloads.offered(token)).media
        except Expired:
            return []
        lower = next_lower(media, job.quality)
        if lower is None:
            return []
        name = self._app.texts("button.audio") if lower.key == "audio" else lower.label
        if lower.size_bytes is not None and not job.part:
            name = f"{name} \u00b7 {size_text(lower.size_bytes)}"
        return [[Button(self._app.texts("button.lower", quality=name), same_again(token, lower.key, job.part))]]


def next_lower(media: Media, quality: str) -> Quality | None:
    """The best quality below one that was too much, as far as is known; sound alone where no picture is smaller."""
    asked = next((each for each in media.qualities if each.key == quality), None)
    if asked is None:
        return None
    smaller = [
        each
        for each in media.qualities
        if each.fits
        and each.key not in {"best", quality}
        and (each.height or 0) < (asked.height or 0)
        and (each.size_bytes is None or asked.size_bytes is None or each.size_bytes < asked.size_bytes)
    ]
    return max(smaller, key=lambda each: each.height or 0, default=None)


def minutes_of(error: GoldcrestError) -> int | None:
    """The wait that an error names, in whole minutes rounded up; None for none."""
    seconds = error.retry_after_seconds
    return max(1, ceil(seconds / MINUTE_SECONDS)) if seconds else None


def pressed_minutes(minutes: int) -> int:
    """A wait out of a button's data, which anybody could have made."""
    return min(max(1, minutes), LONGEST_MINUTES)


def minutes_until_live(minutes: int) -> int:
    """What a button may carry and a press may ask for; 0, nobody knows, in place of what makes no sense."""
    return minutes if 0 <= minutes <= LIVE_MINUTES else 0
