"""Who is next: the order of waiting jobs, as a pure function."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.job_queue_shapes import platform_of

if TYPE_CHECKING:
    from sqlite3 import Row

    from core.job_queue_shapes import Key

#: visitors of the page, whom nobody can tell apart, are one person
VISITORS: Final = 0
#: an item of a batch that has waited so long stands with the links that people wait for
AGEING_SECONDS: Final = 600.0
#: a suspect runs alone for that long, twice as long with every further suspicion
ALONE_SECONDS: Final = 60.0
#: ... up to that
ALONE_CAP_SECONDS: Final = 7200.0
#: nobody rests longer; a time further away was written before the clock went back, and is none
REST_BOUND_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the order needs of an accepted job."""

    id: str
    person: int
    key: Key
    batch: bool
    created_at: float
    crashes: int = 0
    suspicions: int = 0
    platform: str = ""
    size_bytes: int | None = None


def waiting_of(row: Row) -> Waiting:
    """The same of a row of the table `jobs`."""
    return Waiting(
        row["id"],
        VISITORS if row["user_id"] is None else row["user_id"],
        (row["canonical"], row["quality"], row["part"]),
        bool(row["batch"]),
        row["created_at"],
        row["crashes"],
        row["suspicions"],
        platform_of(row),
        row["size_bytes"],
    )


def in_order(
    waiting: Iterable[Waiting],
    running: Mapping[int, int],
    turns: Mapping[int, int],
    *,
    now: float,
    owner_id: int = 0,
) -> list[Waiting]:
    """All of them, next first.

    Suspects come before everything else, those with fewer crashes first: the sooner they have run alone, the sooner
    everybody is served. Then the owner's (where `owner_id` isn't 0), then links that a person waits for, then items of
    batches. Within a class the person with the fewest jobs under way (`running`) is next, among equals the one served
    longest ago (`turns`: a number that grows; who has none was never served), and of one person the oldest job.
    """
    suspects: list[Waiting] = []
    classes: defaultdict[int, defaultdict[int, deque[Waiting]]] = defaultdict(lambda: defaultdict(deque))
    for job in sorted(waiting, key=_age):
        if job.suspicions:
            suspects.append(job)
        else:
            classes[_rank(job, now, owner_id)][job.person].append(job)
    ordered = sorted(suspects, key=lambda job: (job.crashes, *_age(job)))
    busy = Counter(running)
    for _, people in sorted(classes.items()):
        line = [(busy[person], turns.get(person, 0), _age(jobs[0]), person) for person, jobs in people.items()]
        heapq.heapify(line)
        while line:
            _, turn, _, person = heapq.heappop(line)
            jobs = people[person]
            ordered.append(jobs.popleft())
            busy[person] += 1
            if jobs:
                heapq.heappush(line, (busy[person], turn, _age(jobs[0]), person))
    return ordered


def _age(job: Waiting) -> tuple[float, str]:
    """The oldest first; ids alone don't tell it of what was ordered within one millisecond."""
    return (job.created_at, job.id)


def alone_seconds(suspicions: int) -> float:
    """How long a suspect runs alone; 0 for one that isn't."""
    return min(ALONE_CAP_SECONDS, ALONE_SECONDS * 2.0 ** (min(suspicions, 20) - 1)) if suspicions else 0.0


def _rank(job: Waiting, now: float, owner_id: int) -> int:
    if owner_id and job.person == owner_id and not job.batch:
        return 0
    return 2 if job.batch and now - job.created_at < AGEING_SECONDS else 1
