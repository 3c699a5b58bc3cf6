"""Any history of admissions: never over the cap but for one alone, no place lost, in order, cancelled anywhere."""

from __future__ import annotations

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from utils.memory_admission import JOBS, Admission, Lease
from utils.memory_needs import Needs
from utils.memory_pools import Pools

KINDS = {"probe": 20, "read": 10, "fetch": 50, "record": 70, "javascript": 200}
CAP = 150


class AdmissionMachine(RuleBasedStateMachine):
    """Children use at most what they need; some room goes to and fro by itself."""

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.base = 20
        self.line = Admission(self._room, Needs(KINDS), Pools(), bound=12)
        self.tasks: list[tuple[int, str, asyncio.Task[Lease]]] = []
        self.leases = []
        self.arrivals = 0
        self.admitted: list[tuple[int, int, str]] = []

    def _room(self):
        return CAP - self.base - sum(lease.used_bytes for lease in self.leases_inside())

    def leases_inside(self):
        return list(self.line.leases.values())

    def _run(self):
        async def settle():
            for _ in range(6):
                await asyncio.sleep(0)

        self.loop.run_until_complete(settle())
        for entry in list(self.tasks):
            number, kind, task = entry
            if task.done():
                self.tasks.remove(entry)
                if not task.cancelled() and task.exception() is None:
                    self.leases.append(task.result())
                    self.admitted.append((task.result().number, number, kind))

    @rule(kind=st.sampled_from(sorted(KINDS)))
    def arrive(self, kind):
        self.arrivals += 1
        number = self.arrivals

        async def start():
            return asyncio.ensure_future(self.line.acquire(kind, wait_seconds=3600))

        self.tasks.append((number, kind, self.loop.run_until_complete(start())))
        self._run()

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), freed=st.booleans())
    def cancel(self, data, freed):
        """Also in the very turn in which a place comes free."""
        entry = data.draw(st.sampled_from(self.tasks))
        if freed and self.leases:
            self.line.release(self.leases.pop(0))
        entry[2].cancel()
        self._run()

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def leave(self, data):
        lease = data.draw(st.sampled_from(self.leases))
        self.leases.remove(lease)
        self.line.release(lease)
        self._run()

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), share=st.floats(0, 1))
    def grow(self, data, share):
        lease = data.draw(st.sampled_from(self.leases))
        lease.saw(int(share * lease.need_bytes), learn=False)

    @rule(base=st.integers(0, 40))
    def others(self, base):
        """The process itself takes more or less; a child that needs room may find less than it was promised."""
        if len(self.leases) <= 1 or base <= self.base:
            self.base = base
        self.line.pump()
        self._run()

    @invariant()
    def never_over_the_cap(self):
        inside = self.leases_inside()
        if len(inside) > 1:
            assert self.base + sum(lease.need_bytes for lease in inside) <= CAP

    @invariant()
    def nobody_waits_for_nothing(self):
        assert self.line.leases or not self.line.waiting

    @invariant()
    def no_place_is_lost(self):
        assert sorted(lease.number for lease in self.leases) == sorted(self.line.leases)
        assert self.line.waiting == len(self.tasks)

    @invariant()
    def in_order(self):
        """Nobody passes a short call; only short calls pass a job."""
        order = [(number, kind) for _, number, kind in sorted(self.admitted)]
        for place, (number, kind) in enumerate(order):
            passed_by = [other for earlier, other in order[:place] if earlier > number]
            assert not passed_by if kind not in JOBS else JOBS.isdisjoint(passed_by)

    def teardown(self):
        for _, _, task in self.tasks:
            task.cancel()
        for lease in self.leases:
            self.line.release(lease)
        self._run()
        assert self.line.leases == {}
        assert self.line.waiting == 0
        self.loop.close()


AdmissionMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAdmission = AdmissionMachine.TestCase
