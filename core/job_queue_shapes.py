"""What the queue's tables hold: a job, its states, and how it is read from a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from platforms.shapes import Link

if TYPE_CHECKING:
    from sqlite3 import Row

ACCEPTED: Final = "accepted"
RUNNING: Final = "running"
SENDING: Final = "sending"
DONE: Final = "done"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
OPEN_STATES: Final = (ACCEPTED, RUNNING, SENDING)
ENDED_STATES: Final = (DONE, FAILED, CANCELLED)
#: canonical key, quality, part
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Job:
    """One accepted order.

    `target` is the front's own address (chat, status message …); `random_id` goes with the first message sent, the
    n-th file of an album uses `random_id + n`; `attempt` counts how often it was begun and fences out whoever holds an
    older one; times are UTC epochs (seconds). `part`: which part of the item (see `platforms.parts`), "" for the whole.
    `batch`: id of the batch that it is an item of, "" for none; `batch_position`: its place there. `crashes`: processes
    that it took with it; `size_bytes`: of its files, expected or found, None where nobody knows.
    """

    id: str
    front: str
    link: Link
    quality: str
    title: str
    user_id: int | None
    target: dict[str, Any]
    state: str
    attempt: int
    random_id: int
    error_code: str | None
    created_at: float
    updated_at: float
    part: str = ""
    batch: str = ""
    batch_position: int = 0
    crashes: int = 0
    size_bytes: int | None = None
    began_at: float | None = None
    sending_at: float | None = None

    @property
    def key(self) -> Key:
        """Jobs with the same key share one download."""
        return self.link.canonical, self.quality, self.part

    @property
    def took(self) -> Took:
        """What it tells of how long things take."""
        return Took(
            self.link.platform, self.part, self.size_bytes, self.began_at, self.sending_at, ended_at=self.updated_at
        )


@dataclass(frozen=True, slots=True)
class Took:
    """When which phase of an ended job began (UTC epochs); fields as those of `Job`."""

    platform: str
    part: str
    size_bytes: int | None
    began_at: float | None
    sending_at: float | None
    ended_at: float


def packed(value: object) -> str:
    """JSON for a column."""
    return msgspec.json.encode(value).decode()


def job_of(row: Row) -> Job:
    """A row of the table `jobs`. Raises msgspec.DecodeError where link or target can't be read."""
    fields = {name: row[name] for name in Job.__dataclass_fields__}
    link = msgspec.json.decode(row["link"], type=Link)
    target = msgspec.json.decode(row["target"], type=dict[str, Any])
    return Job(**{**fields, "link": link, "target": target})


def readable_job(row: Row) -> Job | None:
    """The same; None where it can't be read."""
    try:
        return job_of(row)
    except msgspec.DecodeError:
        return None


def platform_of(row: Row) -> str:
    """The platform's name; it stands before the item in the canonical key."""
    return str(row["canonical"]).partition(":")[0]
