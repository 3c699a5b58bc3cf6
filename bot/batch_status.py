"""What the one message of a batch says while it goes on and when it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.batch_keyboards import BatchRetry, BatchSkip, BatchStop
from bot.batch_screens import DOT, entry_title, titled
from bot.board import Screen
from bot.keyboards import Button
from bot.rich import TEXT_LIMIT, shortened, units
from utils.errors import error_by_code
from utils.texts import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.batch_shapes import Batch, BatchEvent, BatchFailure, BatchItem
    from utils.texts import Texts

#: titles in flight, and buttons that end one of them
RUNNING_SHOWN: Final = 5
#: room on a button; apps cut what is longer
SKIP_LIMIT: Final = 30
#: room that a failure's title may take; its link stands for one that isn't known
FAILURE_LIMIT: Final = 80
#: left free below Telegram's limit for the line that counts what isn't shown
MORE_ROOM: Final = 60
#: counts in the order in which they are told
WORDS: Final = ("done", "running", "queued", "failed", "cancelled")


def batch_screen(texts: Texts, batch: Batch, event: BatchEvent, running: Sequence[BatchItem] = ()) -> Screen:
    """The message of a batch that goes on. `running`: its items under way, each with a button that ends it."""
    if event.total is None and not any(event.counts.values()):
        body = texts("batch.preparing")
    else:
        lines = [_bar(texts, event), _counts(texts, event), ""]
        lines += [f"\u25b8 {entry_title(texts, title)}" for title in event.running_titles[:RUNNING_SHOWN]]
        if (more := len(event.running_titles) - RUNNING_SHOWN) > 0:
            lines.append(texts("batch.more_running", count=more))
        body = "\n".join(lines).rstrip()
    rows = [
        [Button(texts("button.batch_skip", title=_short(texts, item)), BatchSkip(item.job_id))]
        for item in running[:RUNNING_SHOWN]
    ]
    return Screen(titled(batch.title, body), [*rows, [Button(texts("button.batch_stop"), BatchStop(batch.id))]])


def ended_screen(texts: Texts, batch: Batch, event: BatchEvent) -> Screen:
    """The message of a batch that has ended: counts, why the list could not be read, what failed and why."""
    failed = event.counts.get("failed", 0)
    head = [texts("error.cancelled")] if event.cancelled else []
    head.append(_counts(texts, event) or texts("batch.nothing"))
    if event.error_code:
        explained = texts.error(error_by_code(event.error_code)())
        head.append(f"{explained.sentence} {explained.hint}".strip())
    room = TEXT_LIMIT - MORE_ROOM - sum(units(piece.text) for piece in titled(batch.title, "\n".join(head)))
    lines = _failures(texts, event.failures, failed, room)
    body = "\n".join([*head, *([""] if lines else []), *lines])
    again = ((Button(texts.many("button.batch_retry", failed), BatchRetry(batch.id)),),) if failed else ()
    return Screen(titled(batch.title, body), again)


def _failures(texts: Texts, failures: Sequence[BatchFailure], total: int, room: int) -> list[str]:
    """A line each, as many as fit, and how many more there are."""
    lines: list[str] = []
    for failure in failures:
        sentence = texts.error(error_by_code(failure.error_code)()).sentence
        line = f"{failure.position}. {shortened(_name(texts, failure), FAILURE_LIMIT)}: {sentence}"
        if (room := room - units(line) - 1) < 0:
            break
        lines.append(line)
    if total > len(lines):
        lines.append(texts("batch.more_failed", count=total - len(lines)))
    return lines


def _bar(texts: Texts, event: BatchEvent) -> str:
    ended = sum(event.counts.get(key, 0) for key in ("done", "failed", "cancelled"))
    if not event.total:
        return ""
    share = ended / event.total
    return f"{progress_bar(share)} {texts('batch.of', ended=ended, total=event.total)}"


def _counts(texts: Texts, event: BatchEvent) -> str:
    """What there is of each; what was not read of a list yet waits too, or was cancelled with the rest."""
    counts = dict(event.counts)
    unread = max(0, (event.total or 0) - sum(counts.values()))
    rest = "cancelled" if event.cancelled else "queued"
    counts[rest] = counts.get(rest, 0) + (0 if event.final and not event.cancelled else unread)
    return DOT.join(texts(f"batch.count.{key}", count=counts[key]) for key in WORDS if counts.get(key, 0) > 0)


def _name(texts: Texts, item: BatchFailure | BatchItem) -> str:
    return entry_title(texts, item.title or item.url.partition("://")[2], FAILURE_LIMIT)


def _short(texts: Texts, item: BatchItem) -> str:
    return shortened(f"{item.position}. {_name(texts, item)}", SKIP_LIMIT)
