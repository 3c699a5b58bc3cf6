"""A job as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from api.probe import thumbnail_url
from platforms.parts import is_recording
from services.shapes import error_shape

if TYPE_CHECKING:
    from core.job_queue import Job
    from platforms.shapes import Progress
    from services.jobs import JobEvent
    from services.shelf import Shelf, ShelfFile
    from utils.texts import Texts


def job_shape(
    job: Job, event: JobEvent, shelf: Shelf, texts: Texts, phases: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """What docs/api.md calls a job. `expired`: it was done, but its files have left the shelf.

    `phases`: what it went through (see `utils.monitoring_traces.Trace.phases`), as long as that is known.
    """
    files = [file_shape(file, shelf) for file in shelf.of(job.id)] if event.phase == "done" else []
    offer = job.target.get("offer")
    return {
        "id": job.id,
        "phase": event.phase,
        "final": event.final,
        "title": job.title,
        "quality": job.quality,
        "part": job.part.rpartition(":")[0] if is_recording(job.part) else job.part,
        "platform": job.link.platform,
        "url": job.link.url,
        "offer": offer,
        # Orders of earlier versions don't say whether their item has one.
        "thumbnail": thumbnail_url(offer) if offer and job.target.get("picture", True) else None,
        "created_at": job.created_at,
        "phases": list(phases),
        "position": event.position,
        "eta_seconds": None if event.eta_seconds is None else round(event.eta_seconds),
        "progress": progress_shape(event.progress) if event.progress and not event.final else None,
        "files": files,
        "expired": event.phase == "done" and not files,
        "error": error_shape(event.error, texts) if event.error else None,
    }


def progress_shape(progress: Progress) -> dict[str, Any]:
    """Bytes, bytes per second, seconds; what isn't known is null."""
    shape: dict[str, Any] = {
        "done_bytes": progress.done_bytes,
        "total_bytes": progress.total_bytes,
        "speed": progress.speed,
        "eta_seconds": progress.eta_seconds,
    }
    if progress.total_seconds:  # of a recording
        shape |= {"done_seconds": progress.done_seconds, "total_seconds": progress.total_seconds}
    return shape


def file_shape(file: ShelfFile, shelf: Shelf) -> dict[str, Any]:
    """A file on the shelf and where to fetch it until `expires_at` (UTC epoch)."""
    return {
        "name": file.name,
        "url": f"/api/v1/files/{file.token}/{quote(file.name, safe='')}",
        "size_bytes": file.size_bytes,
        "kind": file.kind,
        "mime": file.mime,
        "width": file.width,
        "height": file.height,
        "duration_seconds": file.duration_seconds,
        "expires_at": shelf.until(file),
    }
