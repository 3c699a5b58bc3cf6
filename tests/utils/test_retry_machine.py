"""The retry manager over any history of calls: what always holds. Time, sleep and dice are the test's."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from utils.errors import CircuitOpen, GoldcrestError, Private, RateLimited, SiteDown
from utils.retry_manager import Adaptive, Exponential, Linear, RetryManager

BUDGET = 40.0
ENDS = st.lists(
    st.one_of(
        st.none(),
        st.sampled_from([SiteDown, Private, CircuitOpen, ValueError]).map(lambda kind: kind()),
        st.sampled_from([1.0, 19.0, 20.0, 21.0]).map(lambda asked: RateLimited(retry_after_seconds=asked)),
    ),
    min_size=8,
    max_size=8,
)


class RetryMachine(RuleBasedStateMachine):
    @initialize(
        kind=st.sampled_from([Exponential, Linear, Adaptive]),
        dice=st.sampled_from([0.0, 0.3, 1.0]),
        most=st.integers(1, 5),
    )
    def begin(self, kind, dice, most):
        self.now = 0.0
        self.slept = []
        self.most = most
        self.strategy = kind(max_attempts=most, base_seconds=2, cap_seconds=20, rng=lambda: dice)
        self.manager = RetryManager(self.strategy, budget_seconds=BUDGET, clock=lambda: self.now, sleep=self.sleep)
        names = ("calls", "attempts", "succeeded", "recovered", "given_up", "failed", "waits", "waited_seconds")
        self.sums = dict.fromkeys(names, 0.0)

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    @rule(ends=ENDS, takes=st.sampled_from([0.0, 3.0, 30.0]), idempotent=st.booleans(), patience=st.integers(0, 4))
    def a_call(self, ends, takes, idempotent, patience):
        happened: list[Any] = []
        began, self.slept = self.now, []

        async def attempt():
            happened.append(ends[len(happened)])
            self.now += takes
            if happened[-1] is not None:
                raise happened[-1]
            return "done"

        run = self.manager.run("x", attempt, idempotent=idempotent, unless=lambda: len(happened) > patience)
        if happened_well := self.outcome(run) is None:
            assert happened[-1] is None
        self.every_repeat_was_right(happened, idempotent, patience)
        self.no_wait_was_wrong(happened, began, takes)
        self.count(happened, happened_well)

    def outcome(self, run):
        """None after a success; else the error, which must be the last attempt's own."""
        try:
            run.send(None)  # nothing in it really waits, so it needs no loop
        except StopIteration as end:
            return None if end.value == "done" else AssertionError(end.value)
        except (GoldcrestError, ValueError) as error:
            return error
        raise AssertionError("it waited for something")

    def every_repeat_was_right(self, happened, idempotent, patience):
        assert 1 <= len(happened) <= (min(self.most, patience + 1) if idempotent else 1)
        for error in happened[:-1]:
            assert isinstance(error, GoldcrestError)
            assert error.retry
            assert not isinstance(error, CircuitOpen)
            assert (error.retry_after_seconds or 0) <= 20

    def no_wait_was_wrong(self, happened, began, takes):
        assert len(self.slept) == len(happened) - 1
        elapsed = 0.0
        for error, wait in zip(happened, self.slept, strict=False):
            elapsed += takes + wait
            assert elapsed <= BUDGET
            assert (error.retry_after_seconds or 0) <= wait <= 20
        assert self.now == pytest.approx(began + elapsed + takes)

    def count(self, happened, well):
        last = happened[-1]
        self.sums["calls"] += 1
        self.sums["attempts"] += len(happened)
        self.sums["succeeded"] += well
        self.sums["recovered"] += well and len(happened) > 1
        self.sums["given_up"] += isinstance(last, GoldcrestError) and last.retry
        self.sums["failed"] += isinstance(last, GoldcrestError) and not last.retry
        self.sums["waits"] += len(self.slept)
        self.sums["waited_seconds"] += sum(self.slept)

    @invariant()
    def the_statistics_add_up(self):
        if not hasattr(self, "manager"):
            return
        told = self.manager.figures().get("x", {})
        assert {name: told.get(name, 0) for name in self.sums} == pytest.approx(self.sums, abs=0.002)
        assert 0 <= told.get("success_rate", 1) <= 1


TestRetryMachine = RetryMachine.TestCase
TestRetryMachine.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
