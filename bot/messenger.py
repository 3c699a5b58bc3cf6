"""The way back to people in Telegram: their files are sent, stored ones come again at once, their state is shown."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from bot import media as forms
from bot.keyboards import Choose
from bot.meter import Meter
from bot.rich import Piece
from bot.sender import grouped
from bot.status import done_screen, job_screen
from bot.telegram import Place
from utils.errors import TelegramAway

if TYPE_CHECKING:
    from bot.board import Boards, Screen
    from bot.failures import Failures
    from bot.rich import Rich
    from bot.sender import Sender
    from core.job_queue import Job
    from platforms.shapes import Fetched, Missing, ProgressSink
    from services.jobs import JobEvent, StoredFile
    from utils.texts import Texts

#: the quality that photos come in as they are
ORIGINALS: Final = "originals"
#: deliveries remembered until their job's end is told (about 200 bytes each)
SENT_BOUND: Final = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """Where a job's answers go; kept with the job as JSON.

    `offer`: its menu, for the button that tries again; `reminder`: what ordered it by itself, "" for a person.
    """

    chat_id: int
    status_id: int
    reply_to: int | None = None
    topic_id: int | None = None
    offer: str = ""
    reminder: str = ""

    @classmethod
    def of(cls, job: Job) -> Self:
        """The target of a job."""
        return cls(**job.target)

    def packed(self) -> dict[str, Any]:
        """As the job keeps it."""
        return asdict(self)

    @property
    def place(self) -> Place:
        """Where its messages go."""
        return Place(self.chat_id, self.reply_to, self.topic_id)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a job has sent, until its end is told. `total`: items that should have come."""

    photos: bool
    missing: tuple[Missing, ...]
    total: int


class Messenger:
    """Telegram's `services.jobs.Delivery`. `source`: whether captions link to where a file came from."""

    keeps = True

    def __init__(self, sender: Sender, boards: Boards, texts: Texts, failures: Failures, *, source: bool) -> None:
        self._failures = failures
        self._sender = sender
        self._boards = boards
        self._texts = texts
        self._source = source
        self._sent: OrderedDict[str, _Sent] = OrderedDict()

    async def report(self, job: Job, event: JobEvent) -> None:
        """Show a state; the message goes away when the file has come. Of a batch its own message tells.

        Raises TelegramAway where the final one could not be shown.
        """
        if job.batch:
            return
        target = Target.of(job)
        board = (target.chat_id, target.status_id)
        if not event.final:
            self._boards.show(*board, job_screen(self._texts, job, event))
        elif not await self._boards.finish(*board, await self._last(job, target, event)):
            raise TelegramAway("the end could not be shown")

    async def send(self, job: Job, fetched: Fetched, on_progress: ProgressSink) -> tuple[StoredFile, ...]:
        """Upload and send every file, photos and videos of one item as albums. Raises TelegramRefused."""
        place = Target.of(job).place
        title = job.title or fetched.media.title
        photos = any(forms.kind_of(file) == "photo" for file in fetched.files)
        self._note(job, _Sent(photos, fetched.missing, len(fetched.files) + len(fetched.missing)))
        stored: list[StoredFile | None] = []
        for group in grouped(fetched.files):
            first = len(stored)
            meter = Meter(sum(file.size_bytes for file in group), on_progress)
            caption = () if first else self._caption(title, fetched.media.url)
            if job.batch and fetched.missing and not first:  # nobody reports of it
                lost = len(fetched.missing)
                note = self._texts.many("status.missing", lost, total=lost + len(fetched.files))
                caption = (*caption, Piece(f"\n{note}"))
            found = await self._sender.send(
                place,
                group,
                title=title,
                caption=caption,
                random_id=job.random_id + first,
                meter=meter,
                first=first,
                total=len(fetched.files),
            )
            for number, (file, sent) in enumerate(zip(group, found, strict=True), first):
                stored.append(forms.stored_file(job, file, number, sent.chat_id, sent.message) if sent else None)
        # only what is complete can be sent again as a whole, and stories are others tomorrow
        whole = all(stored) and not fetched.missing and fetched.media.kind != "stories"
        return tuple(file for file in stored if file) if whole else ()

    async def resend(self, job: Job, stored: tuple[StoredFile, ...]) -> bool:
        """Send Telegram's copies; False where there are none any more. Raises TelegramRefused for other reasons."""
        place, number = Target.of(job).place, 0
        for group in grouped(stored):
            caption = () if number else self._caption(job.title or group[0].title, job.link.url)
            if not await self._sender.resend(place, group, caption, job.random_id + number):
                return False
            number += len(group)
        self._note(job, _Sent(any(file.kind == "photo" for file in stored), (), len(stored)))
        return True

    def _note(self, job: Job, sent: _Sent) -> None:
        if job.batch:
            return
        self._sent[job.id] = sent
        while len(self._sent) > SENT_BOUND:
            self._sent.popitem(last=False)

    async def _last(self, job: Job, target: Target, event: JobEvent) -> Screen | None:
        if event.phase == "done":
            return self._rest(job, target)
        if event.error is not None and event.phase == "failed":
            return await self._failures.of_job(job, target, event.error)
        return await self._failures.of_cancelled(job, target)

    def _rest(self, job: Job, target: Target) -> Screen | None:
        """What is said behind a delivery; None for the usual nothing."""
        sent = self._sent.pop(job.id, None)
        if sent is None:
            return None
        again = Choose(target.offer, job.quality) if target.offer else None
        photos = sent.photos and again is not None and job.quality != ORIGINALS
        originals = Choose(target.offer, ORIGINALS) if photos else None
        return done_screen(self._texts, job.title, sent.missing, sent.total, originals=originals, again=again)

    def _caption(self, title: str, url: str) -> Rich:
        return forms.caption(title, url, self._texts("caption.source") if self._source else "")
