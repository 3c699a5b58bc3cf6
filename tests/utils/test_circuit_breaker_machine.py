"""The breaker against a naive model that keeps every event: any order of calls, ends, times and operators."""

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from utils.circuit_breaker import BreakerPolicy, CircuitBreaker, CircuitOpen
from utils.errors import RateLimited

TIMES = st.sampled_from([0.5, 3.0, 9.0, 10.0, 20.0, 45.0, 100.0])


class Model:
    """What the breaker ought to do, written down without any thrift."""

    def __init__(self, policy):
        self.policy = policy
        self.now = 0.0
        self.phase = "closed"
        self.until = 0.0
        self.streak = 0
        self.closed_at = -math.inf
        self.ended = []
        self.run = 0
        self.probes = {}
        self.passed = 0
        self.epoch = 0

    @property
    def state(self):
        return "half_open" if self.phase == "open" and self.now >= self.until else self.phase

    def turn(self, phase):
        self.phase = phase
        self.epoch += 1
        self.probes = {}
        self.passed = 0
        if phase == "closed":
            self.run = 0

    def live(self):
        return [since for since in self.probes.values() if self.now - since < self.policy.probe_seconds]

    def admits(self, number):
        """None where it lets the call in, else the seconds it must name."""
        if self.phase == "closed":
            return None
        if self.phase == "open":
            if self.now < self.until:
                return self.until - self.now
            self.turn("half_open")
        if len(self.live()) + self.passed < self.policy.probes:
            self.probes[number] = self.now
            return None
        return min(min(self.live()) + self.policy.probe_seconds - self.now, self.policy.open_seconds)

    def counts(self, number, epoch):
        if epoch != self.epoch:
            return False
        if self.phase != "half_open":
            return True
        since = self.probes.pop(number, None)
        return since is not None and self.now - since < self.policy.probe_seconds

    def end(self, number, epoch, *, failed, asked=0.0):
        if not self.counts(number, epoch):
            return
        width = self.policy.window_seconds / 10
        self.ended.append((int(self.now // width), failed))
        if not failed:
            self.run = 0
            if self.phase == "half_open":
                self.passed += 1
                if self.passed == self.policy.probes:
                    self.close()
            return
        self.run += 1
        recent = [bad for step, bad in self.ended if int(self.now // width) - step < 10]
        often = len(recent) >= self.policy.minimum_calls and sum(recent) / len(recent) >= self.policy.failure_rate
        if (
            self.phase == "half_open"
            or self.run >= self.policy.consecutive
            or often
            or asked >= self.policy.open_seconds
        ):
            if self.phase == "closed" and self.now - self.closed_at >= self.policy.window_seconds:
                self.streak = 0
            rest = min(self.policy.open_cap_seconds, self.policy.open_seconds * 2**self.streak)
            self.streak += 1
            self.until = self.now + max(rest, min(asked, self.policy.open_cap_seconds))
            self.turn("open")

    def close(self):
        self.ended = []
        self.closed_at = self.now
        self.turn("closed")


class BreakerMachine(RuleBasedStateMachine):
    """Each rule does the same to both; the invariants compare."""

    @initialize(
        probes=st.integers(1, 3),
        consecutive=st.integers(1, 5),
        rate=st.sampled_from([0.3, 0.5, 1.0]),
        calls=st.integers(1, 6),
    )
    def begin(self, probes, consecutive, rate, calls):
        policy = BreakerPolicy(
            failure_rate=rate,
            window_seconds=40,
            minimum_calls=calls,
            consecutive=consecutive,
            open_seconds=10,
            open_cap_seconds=60,
            probes=probes,
            probe_seconds=20,
        )
        self.model = Model(policy)
        self.breaker = CircuitBreaker("site", policy, clock=lambda: self.model.now)
        self.permits = {}
        self.number = 0

    @rule(seconds=TIMES)
    def time_passes(self, seconds):
        self.model.now += seconds

    @precondition(lambda self: self.model.state == "open")
    @rule()
    def the_rest_is_over(self):
        self.model.now = self.model.until

    @precondition(lambda self: self.model.state == "closed")
    @rule()
    def the_site_breaks(self):
        while self.model.state == "closed":
            self.model.end(0, self.model.epoch, failed=True)
            self.breaker.admit().failed()

    @rule()
    def a_call_comes(self):
        self.number += 1
        refused = self.model.admits(self.number)
        if refused is None:
            self.permits[self.number] = self.breaker.admit(), self.model.epoch
            return
        with pytest.raises(CircuitOpen) as error:
            self.breaker.admit()
        assert error.value.retry_after_seconds == pytest.approx(refused)

    @precondition(lambda self: self.permits)
    @rule(data=st.data(), asked=st.sampled_from([None, 5.0, 15.0, 1000.0]), twice=st.booleans())
    def a_call_fails(self, data, asked, twice):
        number, permit, epoch = self.pick(data)
        for _ in range(1 + twice):
            permit.failed(RateLimited(retry_after_seconds=asked) if asked else None)
        self.model.end(number, epoch, failed=True, asked=asked or 0.0)

    @precondition(lambda self: self.permits)
    @rule(data=st.data())
    def a_call_succeeds(self, data):
        number, permit, epoch = self.pick(data)
        permit.succeeded()
        permit.failed()
        self.model.end(number, epoch, failed=False)

    @precondition(lambda self: self.permits)
    @rule(data=st.data())
    def a_call_is_cancelled(self, data):
        number, permit, _ = self.pick(data)
        permit.dropped()
        permit.failed()
        self.model.probes.pop(number, None)

    @rule(seconds=st.sampled_from([0.0, 7.0, 300.0]))
    def an_operator_opens(self, seconds):
        self.breaker.open(seconds)
        self.model.until = self.model.now + seconds
        self.model.turn("open")

    @rule()
    def an_operator_closes(self):
        self.breaker.close()
        self.model.close()
        self.model.closed_at = -math.inf
        self.model.streak = 0

    def pick(self, data):
        number = data.draw(st.sampled_from(sorted(self.permits)))
        permit, epoch = self.permits.pop(number)
        return number, permit, epoch

    @invariant()
    def both_agree(self):
        if not hasattr(self, "model"):
            return
        assert self.breaker.state == self.model.state
        assert self.breaker.figures()["probing"] == len(self.model.live())
        assert self.breaker.figures()["consecutive"] == self.model.run
        left = self.model.until - self.model.now if self.model.state == "open" else 0.0
        assert self.breaker.remaining_seconds == pytest.approx(left)


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
