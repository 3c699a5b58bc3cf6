"""What a status message says in each phase of a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.board import Screen
from bot.keyboards import Button, Choose, FinishRecording, StopJob, cancel_keyboard, done_keyboard
from bot.rich import Piece, shortened
from utils.errors import error_by_code
from utils.texts import duration_text, progress_bar, size_text

if TYPE_CHECKING:
    from bot.keyboards import Keyboard, Packed
    from bot.rich import Rich
    from core.job_queue import Job
    from platforms.shapes import Missing, Progress
    from services.jobs import JobEvent
    from utils.errors import GoldcrestError
    from utils.texts import Texts

#: items of a post that are told one by one when they did not come
MISSING_LINES = 5
#: a title is shown to tell one status from another, not to be read in full
TITLE_LIMIT = 120


def job_screen(texts: Texts, job: Job, event: JobEvent) -> Screen:
    """The message of a job that goes on: title, phase, figures, and the button that stops it."""
    lines = [texts(f"status.{event.phase}")]
    if event.phase == "queued" and event.position:
        lines = [texts.many("status.position", event.position)]
    if event.phase == "queued" and event.eta_seconds is not None:
        lines.append(texts("status.eta", wait=texts.wait(event.eta_seconds)))
    if event.error is not None:  # why it waits
        why = f"{texts.error(event.error).sentence} {texts('status.goes_on')}"
        lines = [why, *lines] if event.position else [why]
    if event.progress is not None and event.progress.done_bytes:
        lines += figures(texts, event.progress)
    keyboard = cancel_keyboard(texts, StopJob(job.id))
    if event.phase == "recording":
        keyboard = ((Button(texts("button.finish"), FinishRecording(job.id)),), *keyboard)
    return Screen(titled(job.title, "\n".join(lines)), keyboard)


def failed_screen(texts: Texts, title: str, error: GoldcrestError, keyboard: Keyboard = ()) -> Screen:
    """The message of something that failed: one sentence, the next step, and the buttons that take it."""
    explained = texts.error(error)
    body = "\n".join(line for line in (explained.sentence, explained.hint) if line)
    return Screen(titled(title, body), keyboard)


def waiting_screen(texts: Texts, title: str, key: str, wait_seconds: float | None, data: Packed) -> Screen:
    """The message of something that goes on by itself later; `wait_seconds` None where nobody knows when."""
    body = texts(key) if wait_seconds is None else texts(f"{key}:wait", wait=texts.wait(wait_seconds))
    return Screen(titled(title, body), cancel_keyboard(texts, data))


def done_screen(
    texts: Texts,
    title: str,
    missing: Sequence[Missing],
    total: int,
    *,
    originals: Choose | None = None,
    again: Choose | None = None,
) -> Screen | None:
    """What is left to say behind a delivery: what of a post did not come and why, that originals can be had.

    `total`: items that should have come. None where there is nothing to say.
    """
    lines = [texts.many("status.missing", len(missing), total=total)] if missing else []
    for each in missing[:MISSING_LINES]:
        sentence = texts.error(error_by_code(each.code)()).sentence
        lines.append(texts("status.missing_item", position=each.position, sentence=sentence))
    if originals is not None:
        lines.append(texts("status.smaller"))
    if not lines:
        return None
    return Screen(titled(title, "\n".join(lines)), done_keyboard(texts, originals, again if missing else None))


def explain(texts: Texts, error: GoldcrestError) -> str:
    """Sentence and next step on one line, for a message of its own or the answer to a press."""
    explained = texts.error(error)
    return f"{explained.sentence} {explained.hint}".strip()


def figures(texts: Texts, progress: Progress) -> list[str]:
    """A bar with per cent, and megabytes with speed and time left, as far as they are known."""
    done, total = progress.done_bytes, progress.total_bytes
    facts = [size_text(done)]
    lines = []
    if progress.done_seconds is not None and progress.total_seconds:
        lines.append(progress_bar(progress.done_seconds / progress.total_seconds))
        recorded, asked = duration_text(progress.done_seconds), duration_text(progress.total_seconds)
        facts.insert(0, texts("status.recorded", done=recorded, total=asked))
    if total:
        share = min(1.0, done / total)
        lines.append(f"{progress_bar(share)} {share:.0%}")
        facts = [texts("status.of", done=size_text(done), total=size_text(total))]
    if progress.speed:
        facts.append(texts("status.speed", speed=size_text(progress.speed)))
    if progress.eta_seconds is not None and total and done < total:
        facts.append(texts("status.left", time=duration_text(progress.eta_seconds)))
    return [*lines, " \u00b7 ".join(facts)]


def titled(title: str, body: str) -> Rich:
    """A bold first line, where there is a title, and what is said of it."""
    if not title:
        return (Piece(body),)
    return (Piece(shortened(" ".join(title.split()), TITLE_LIMIT), bold=True), Piece(f"\n{body}"))
