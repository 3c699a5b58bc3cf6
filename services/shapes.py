"""JSON shapes that the terminal and the REST API share (design: `info`, errors)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from utils.errors import error_by_code

if TYPE_CHECKING:
    from core.dead_letters import DeadLetter
    from platforms.shapes import Media
    from utils.errors import GoldcrestError
    from utils.texts import Texts


def media_shape(media: Media) -> dict[str, Any]:
    """What a probe found out; of a quality what a person chooses by."""
    return {
        "platform": media.platform,
        "id": media.id,
        "kind": media.kind,
        "title": media.title,
        "uploader": media.uploader,
        "duration_seconds": media.duration_seconds,
        "is_live": media.is_live,
        "url": media.url,
        "canonical": media.canonical,
        "thumbnail": media.thumbnail,
        "tags": list(media.tags),
        "missing": media.missing,
        "qualities": [
            {
                "key": quality.key,
                "label": quality.label,
                "height": quality.height,
                "codec": quality.codec,
                "dynamic_range": quality.dynamic_range,
                "fps": quality.fps,
                "size_bytes": quality.size_bytes,
                "fits": quality.fits,
                "ext": quality.ext,
            }
            for quality in media.qualities
        ],
    }


def letter_shape(letter: DeadLetter, texts: Texts) -> dict[str, Any]:
    """A job that failed for good, and why; times are UTC epochs."""
    return {
        "id": letter.id,
        "front": letter.front,
        "url": letter.link.url,
        "platform": letter.link.platform,
        "title": letter.title,
        "quality": letter.quality,
        "poison": letter.poison,
        "attempts": letter.attempts,
        "created_at": letter.created_at,
        "died_at": letter.died_at,
        "error": error_shape(error_by_code(letter.error_code)(), texts),
    }


def error_shape(error: GoldcrestError, texts: Texts) -> dict[str, Any]:
    """A failure: `code` for programs, `message` and `hint` for people, `retry` whether it may pass by itself."""
    explained = texts.error(error)
    shape: dict[str, Any] = {
        "code": error.code,
        "retry": error.retry,
        "message": explained.sentence,
        "hint": explained.hint,
        "next": error.step,
    }
    if error.retry_after_seconds:
        shape["retry_after_seconds"] = error.retry_after_seconds
    if error.report_id:
        shape["report"] = error.report_id
    return shape
