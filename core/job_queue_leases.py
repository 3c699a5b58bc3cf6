"""Who works on which job and until when: leases, what is lost with them, and who is to blame for a death."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from core.dead_letters import DeadLetters
from core.job_queue_ends import Ends
from core.job_queue_history import History
from core.job_queue_order import REST_BOUND_SECONDS, alone_seconds
from core.job_queue_shapes import Job, job_of
from utils.errors import WorkerCrashed
from utils.ids import ulid

if TYPE_CHECKING:
    from sqlite3 import Row

    from utils.database import Database

#: a job that took its process with it so many times in a row is not tried again; more than the three tries of a worker,
#: because a host that kills from outside looks the same
POISON_CRASHES: Final = 6
#: one that worked that long, and longer than it was watched for, before its process died says nothing against itself
LONG_SECONDS: Final = 600.0
#: ... but one whose process has died is not begun more often than that in all
ATTEMPTS_BOUND: Final = 30
#: whoever works on a job says so again well before that, else it is another's to begin
LEASE_SECONDS: Final = 30.0
FREE_SQL: Final = "state = 'accepted', holder = '', lease_until = 0, light = 0"
UNDER_WAY_SQL: Final = "state IN ('running', 'sending')"
NOBODY: Final[frozenset[str]] = frozenset()
#: only who holds the job, and holds it by its newest attempt, may write to it
MINE_SQL: Final = f"id = ? AND attempt = ? AND holder = ? AND {UNDER_WAY_SQL}"


class Leases(Ends):
    """The part of the table `jobs` that says who works on what.

    `instance` names this process among those over one database; `exclusive`: there are no others, so what somebody
    else holds was left behind by a dead process.
    """

    def __init__(
        self,
        database: Database,
        *,
        instance: str = "",
        exclusive: bool = True,
        history: History | None = None,
        letters: DeadLetters | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(
            database,
            history=history or History(database, clock=clock),
            letters=letters or DeadLetters(database, clock=clock),
            clock=clock,
        )
        self._instance = instance or ulid(clock)
        self._exclusive = exclusive

    async def heartbeat(self, jobs: Iterable[Job]) -> list[Job]:
        """Renew the leases of what is being worked on; returns what is no longer ours, so that work on it ends."""
        lost = []
        async with self._database.transaction():
            until = self._clock() + LEASE_SECONDS
            for job in jobs:
                mine = (job.id, job.attempt, self._instance)
                if await self._database.run(f"UPDATE jobs SET lease_until = ? WHERE {MINE_SQL}", until, *mine):  # noqa: S608 - constant
                    continue
                ended = "id = ? AND attempt = ? AND holder = ? AND state IN ('done', 'failed')"
                if not await self._count(ended, *mine):  # our own last word, its worker is just leaving
                    lost.append(job)
        return lost

    async def put_back(self, job: Job, rest_seconds: float = 0.0) -> Job | None:
        """Accept a job again that we work on: nothing is held against it, and the broken-off attempt is fenced out.

        It isn't taken before it has rested. None where it isn't ours any more.
        """
        now = self._clock()
        row = await self._database.one(
            f"UPDATE jobs SET {FREE_SQL}, updated_at = ?, not_before = ? WHERE {MINE_SQL} RETURNING *",  # noqa: S608 - constant
            *(now, now + min(rest_seconds, REST_BOUND_SECONDS), job.id, job.attempt, self._instance),
        )
        return job_of(row) if row else None

    async def release(self) -> None:
        """At a graceful stop: what is under way here is accepted again, and nothing is held against it."""
        await self._database.run(
            f"UPDATE jobs SET {FREE_SQL} WHERE holder = ? AND {UNDER_WAY_SQL}",  # noqa: S608 - constant
            self._instance,
        )

    async def reclaim(self) -> tuple[list[Job], list[Job]]:
        """Accept again what a dead process or a lost worker left; returns (accepted again, given up as poison).

        Who is to blame for a dead process: the job that ran in it alone. Where there were several, none is, but all are
        suspects and run alone next time, so that the culprit shows itself. Whoever had worked for long by then isn't,
        and what was counted before is forgotten (docs/jobs.md).
        """
        now = self._clock()
        free: list[Job] = []
        poison: list[Job] = []
        async with self._database.transaction():
            rows = await self._database.all(f"SELECT * FROM jobs WHERE {UNDER_WAY_SQL} ORDER BY id")  # noqa: S608 - constant
            gone = self._left(rows, now)
            lost = {row["id"] for left in gone.values() for row in left}
            alive = {self._instance, *(row["holder"] for row in rows if row["id"] not in lost)}
            for holder, left in gone.items():
                blamed, suspected = (NOBODY, NOBODY) if holder in alive else _blame(left)
                for row in left:
                    crashes, suspicions = _held_against(row, blamed, suspected)
                    tried_often = row["id"] in suspected and row["attempt"] >= ATTEMPTS_BOUND
                    given_up = crashes >= POISON_CRASHES or tried_often
                    change = "state = 'failed', error_code = ?" if given_up else FREE_SQL
                    changed = await self._database.one(
                        f"UPDATE jobs SET {change}, crashes = ?, suspicions = ?, updated_at = ?"  # noqa: S608 - constant
                        " WHERE id = ? RETURNING *",
                        *((WorkerCrashed.code,) if given_up else ()),
                        *(crashes, suspicions, now, row["id"]),
                    )
                    job = await self._ended(changed)
                    assert job is not None
                    (poison if given_up else free).append(job)
        return free, poison

    def _lease(self, *, light: bool = False) -> tuple[object, ...]:
        """The values of BEGIN_SQL."""
        now = self._clock()
        return now, now, self._instance, now + LEASE_SECONDS, light

    def _left(self, rows: Sequence[Row], now: float) -> Mapping[str, list[Row]]:
        """What nobody works on any more, by who did."""
        left: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            # a lease that reaches too far was written before the clock went back
            expired = not now < row["lease_until"] <= now + 2 * LEASE_SECONDS
            if expired or (self._exclusive and row["holder"] != self._instance):
                left[row["holder"]].append(row)
        return left

    async def _watching(self) -> bool:
        """Whether a suspect runs here that is to run alone for now."""
        rows = await self._database.all(
            f"SELECT suspicions, began_at FROM jobs WHERE holder = ? AND suspicions > 0 AND {UNDER_WAY_SQL}",  # noqa: S608 - constant
            self._instance,
        )
        now = self._clock()
        return any(0 <= now - row["began_at"] < alone_seconds(row["suspicions"]) for row in rows)


def _blame(left: Sequence[Row]) -> tuple[frozenset[str], frozenset[str]]:
    """Ids of the jobs that the death of their process is counted against, and of those that are suspected of it."""
    heavy = [row for row in left if not row["light"]] or left
    suspected = frozenset(row["id"] for row in heavy)
    alone = len({(row["canonical"], row["quality"], row["part"]) for row in heavy}) == 1
    return (suspected if alone else NOBODY), suspected


def _held_against(row: Row, blamed: frozenset[str], suspected: frozenset[str]) -> tuple[int, int]:
    """Crashes and suspicions of a job that its process' death has left."""
    worked_seconds = row["lease_until"] - LEASE_SECONDS - (row["began_at"] or row["lease_until"])
    if row["id"] in suspected and worked_seconds > max(LONG_SECONDS, alone_seconds(row["suspicions"])):
        return 0, 0
    return row["crashes"] + (row["id"] in blamed), row["suspicions"] + (row["id"] in suspected)
