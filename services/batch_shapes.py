"""What crosses between the use case "batch" and its fronts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from platforms.shapes import Link
    from services.ranges import Ranges

#: what an item of a batch can be; the keys of `BatchEvent.counts`
COUNTED: Final = ("queued", "running", "done", "failed", "cancelled")
#: failures that one event holds; `counts` knows how many there are
FAILURES_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """Many items at once: either `links`, each an item, or `listing`, the link of a list, and which of its items.

    `ranges` None: all items up to the bound. `target` is the front's own address of the person, kept as JSON; every
    job of the batch gets the same. `titles`: of the links in their order, as far as they are known.
    """

    front: str
    quality: str
    links: tuple[Link, ...] = ()
    listing: Link | None = None
    ranges: Ranges | None = None
    user_id: int | None = None
    title: str = ""
    target: dict[str, Any] = field(default_factory=dict)
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """An accepted batch. `total`: items it will have, None until that is known; `ended`: nothing of it is open."""

    id: str
    front: str
    title: str
    quality: str
    user_id: int | None
    target: dict[str, Any]
    total: int | None
    created_at: float
    ended: bool = False


@dataclass(frozen=True, slots=True)
class BatchFailure:
    """An item that didn't come. `error_code`: as of `utils.errors.error_by_code`."""

    position: int
    title: str
    url: str
    error_code: str


@dataclass(frozen=True, slots=True)
class BatchEvent:
    """The state of a batch.

    `total`: None until the list's length is known; `counts`: items by COUNTED, those of a list that weren't read yet
    are in none; `failures`: the first FAILURES_SHOWN by position; `error_code`: why the list itself could not be read
    further, "" where it could; `cancelled`: somebody stopped it; `final`: nothing follows.
    """

    batch_id: str
    total: int | None
    counts: dict[str, int]
    running_titles: tuple[str, ...] = ()
    failures: tuple[BatchFailure, ...] = ()
    error_code: str = ""
    cancelled: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One item that was read. `state`: one of COUNTED; `job_id`: "" as long as it isn't a job, or never became one."""

    position: int
    title: str
    url: str
    state: str
    job_id: str = ""
    error_code: str = ""


class BatchReport(Protocol):
    """How a front shows its batches, see `Batches.report_to`."""

    async def __call__(self, batch: Batch, event: BatchEvent) -> None:
        """Show a state. Called one after another with the newest event, and with the final one until that succeeded."""
