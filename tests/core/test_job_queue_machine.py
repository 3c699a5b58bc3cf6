"""The queue against a model: two processes over one file that take, lose, end, die and restart at random."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.job_queue import DONE, FAILED, OPEN_STATES, SENDING, JobQueue
from core.job_queue_leases import LEASE_SECONDS, POISON_CRASHES
from platforms.shapes import Link
from utils.database import Database
from utils.errors import Busy

MIGRATIONS = Path(__file__).parents[2] / "core" / "migrations"
FRONTS = ("telegram",)
WHO = st.sampled_from((0, 1))
USER_BOUND = 6


class QueueMachine(RuleBasedStateMachine):
    """`held`: what each process believes to work on; `sent`: what a random id brought to a person, once at most."""

    def __init__(self):
        super().__init__()
        self.made = 0
        self.ids = [patch(f"core.{module}.ulid", self.ulid) for module in ("job_queue", "job_queue_leases")]
        for each in self.ids:
            each.start()
        self.loop = asyncio.new_event_loop()
        self.folder = TemporaryDirectory()
        self.now = 1_000_000.0
        self.databases = [Database(Path(self.folder.name) / "jobs.db", MIGRATIONS) for _ in range(2)]
        for database in self.databases:
            self.run(database.start())
        self.queues = [self.process(number) for number in range(2)]
        self.held: list[dict[Any, Any]] = [{}, {}]
        self.accepted = {}
        self.ended = {}
        self.sent = {}
        self.passed = {}
        self.number = 0

    def ulid(self, *_given):
        """In the order of their making, so that a run can be repeated."""
        self.made += 1
        return f"{self.made:026}"

    def run(self, work):
        return self.loop.run_until_complete(work)

    def process(self, number):
        database = self.databases[number]
        return JobQueue(database, bound=30, user_bound=USER_BOUND, exclusive=False, clock=lambda: self.now)

    def teardown(self):
        for database in self.databases:
            self.run(database.stop())
        self.loop.close()
        self.folder.cleanup()
        for each in self.ids:
            each.stop()

    @rule(who=WHO, user=st.integers(1, 4), same=st.booleans(), batch=st.booleans())
    def accept(self, who, user, same, batch):
        self.number += 1
        item = "same" if same else str(self.number)
        link = Link(f"https://site.test/{item}", f"site:{item}", "site", "video", item)
        more = {"batch": "B", "batch_position": self.number} if batch else {}
        mine = sum(job.user_id == user for key, job in self.accepted.items() if key not in self.ended)
        try:
            job = self.run(self.queues[who].add("telegram", link, "best", title="", user_id=user, target={}, **more))
        except Busy:
            assert mine == USER_BOUND
            return
        assert mine < USER_BOUND
        self.accepted[job.id] = job

    @rule(who=WHO)
    def take(self, who):
        line = self.run(self.queues[who].waiting(FRONTS))
        running = self.under_way()
        begun = self.run(self.queues[who].take(FRONTS))
        if begun:  # the first of the line, with everybody who wants the same
            assert {job.id for job in begun} == {job.id for job in line if job.key == line[0].key}
            self.fair(line, running)
        for job in begun:  # whoever was served, in whatever way, begins to wait anew
            self.passed.pop(job.user_id, None)
        self.held[who].update({job.id: job for job in begun})

    def fair(self, line, running):
        """Who has as few jobs under way as the one served is passed over by each other person at most once."""
        first = line[0]
        waiting = {job.person for job in line if not job.batch and not job.suspicions}
        self.passed = {person: passes for person, passes in self.passed.items() if person in waiting}
        if first.suspicions or first.batch:
            return
        for person in waiting - {first.person}:
            assert running.get(first.person, 0) <= running.get(person, 0)
            passes = self.passed.setdefault(person, [])
            if running.get(first.person, 0) == running.get(person, 0):
                assert first.person not in passes
                passes.append(first.person)

    def under_way(self):
        sql = "SELECT user_id, COUNT(*) AS number FROM jobs WHERE state IN ('running', 'sending') GROUP BY user_id"
        return {row["user_id"]: row["number"] for row in self.run(self.databases[0].all(sql))}

    @rule(who=WHO, data=st.data())
    def send(self, who, data):
        job = self.pick(who, data)
        if job and self.run(self.queues[who].move(job, SENDING)):
            self.sent.setdefault(job.random_id, job.id)
            assert self.sent[job.random_id] == job.id

    @rule(who=WHO, data=st.data(), failed=st.booleans())
    def end(self, who, data, failed):
        job = self.pick(who, data)
        if job and self.run(self.queues[who].move(job, FAILED if failed else DONE, "site_down" if failed else None)):
            assert job.id not in self.ended
            self.ended[job.id] = FAILED if failed else DONE

    @rule(who=WHO, data=st.data())
    def put_back(self, who, data):
        job = self.pick(who, data)
        if job:
            self.run(self.queues[who].put_back(job))
            self.held[who].pop(job.id)

    @rule(who=WHO, data=st.data())
    def cancel(self, who, data):
        if not self.accepted:
            return
        job_id = data.draw(st.sampled_from(sorted(self.accepted)))
        assert (self.run(self.queues[who].cancel(job_id)) is None) == (job_id in self.ended)
        self.ended.setdefault(job_id, "cancelled")
        self.passed.pop(self.accepted[job_id].user_id, None)  # who asks again begins to wait anew

    @rule(who=WHO)
    def beat(self, who):
        for job in self.run(self.queues[who].heartbeat(self.held[who].values())):
            self.held[who].pop(job.id)

    @rule(who=WHO)
    def reclaim(self, who):
        self.note_poison(self.run(self.queues[who].reclaim())[1])

    @rule(seconds=st.sampled_from((1.0, LEASE_SECONDS + 1, 7200.0, -7200.0, -5.0)))
    def clock_moves(self, seconds):
        self.now += seconds

    @rule(who=WHO)
    def crash_and_restart(self, who):
        self.held[who] = {}
        self.queues[who] = self.process(who)
        self.note_poison(self.run(self.queues[who].recover())[1])

    @rule(who=WHO)
    def stop_and_start(self, who):
        self.run(self.queues[who].release())
        self.held[who] = {}
        self.queues[who] = self.process(who)

    @precondition(lambda self: FAILED in self.ended.values())
    @rule(who=WHO)
    def replay(self, who):
        letters = self.run(self.queues[who].letters.newest())
        if letters:
            job = self.run(self.queues[who].replay(letters[0].id))
            self.accepted[job.id] = job
            self.sent.pop(job.random_id, None)

    def pick(self, who, data):
        held = self.held[who]
        return held[data.draw(st.sampled_from(sorted(held)))] if held else None

    def note_poison(self, poison):
        for job in poison:
            assert job.crashes >= POISON_CRASHES
            self.ended[job.id] = FAILED

    @invariant()
    def nothing_is_lost_and_nobody_shares_a_job(self):
        rows = self.run(self.databases[0].all("SELECT id, state, holder, attempt FROM jobs"))
        found = {row["id"]: row for row in rows}
        assert found.keys() == self.accepted.keys()
        for job_id, row in found.items():
            if job_id in self.ended:
                assert row["state"] == self.ended[job_id]
            else:
                assert row["state"] in OPEN_STATES
        under_way = {row["id"] for row in rows if row["state"] in {"running", "sending"}}
        believers = [
            (who, job.id)
            for who in (0, 1)
            for job in self.held[who].values()
            if job.id in under_way
            and found[job.id]["attempt"] == job.attempt
            and found[job.id]["holder"] == self.queues[who]._instance
        ]
        assert len(believers) == len({job_id for _, job_id in believers})


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
