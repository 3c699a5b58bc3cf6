"""Any parts with any faults, step by step: what must hold of the manager whatever happens."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.system_manager import Health, Part, Patience, SystemManager
from tests.core.parts_ground import Time, settle

PATIENCE = Patience(restarts=3, window_seconds=30.0)
FAULTS = ("start raises", "start hangs", "stop raises", "stop hangs", "sick", "heals", "health raises", "health hangs")


class Life:
    """What is known of one part: its faults now, whether it stands, which object does."""

    def __init__(self) -> None:
        self.faults: set[str] = set()
        self.up: object | None = None


class Struck:
    """A part whose behaviour follows the faults of its life, and that checks the order in which it is called."""

    def __init__(self, machine: Machine, name: str, given: tuple[object, ...]) -> None:
        self.machine = machine
        self.name = name
        self.given = given
        self.life = machine.lives[name]

    def standing(self, name: str) -> object | None:
        return self.machine.lives[name].up

    async def start(self) -> None:
        needs = self.machine.needs[self.name]
        if self.life.up is not None:
            self.machine.complaints.append(f"{self.name} is started twice")
        for need, given in zip(needs, self.given, strict=True):
            if self.standing(need) is not given:
                self.machine.complaints.append(f"{self.name} starts on a {need} that does not stand")
        if "start hangs" in self.life.faults:
            await asyncio.Event().wait()
        if "start raises" in self.life.faults:
            raise OSError(self.name)
        self.life.up = self

    async def stop(self) -> None:
        if self.machine.ending:
            above = [name for name, needs in self.machine.needs.items() if self.name in needs]
            self.machine.complaints += [f"{self.name} stops before {name}" for name in above if self.standing(name)]
        self.life.up = None
        if "stop hangs" in self.life.faults:
            await asyncio.Event().wait()
        if "stop raises" in self.life.faults:
            raise OSError(self.name)

    async def health(self) -> Health:
        if "health hangs" in self.life.faults:
            await asyncio.Event().wait()
        if "health raises" in self.life.faults:
            raise KeyError(self.name)
        if "heals" in self.life.faults:
            return Health(ok=False, detail="heals", heals=True)
        return Health(ok="sick" not in self.life.faults, detail="sick")


class Machine(RuleBasedStateMachine):
    """Drives a real loop by hand; every rule ends when nothing more happens without time passing."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.time = Time()
        self.lives: dict[str, Life] = {}
        self.needs: dict[str, tuple[str, ...]] = {}
        self.manager: SystemManager | None = None
        self.ending = False
        self.complaints: list[str] = []

    def do(self, work) -> None:
        self.loop.run_until_complete(work)

    @initialize(data=st.data(), count=st.integers(1, 5))
    def begin(self, data: st.DataObject, count: int) -> None:
        """A random graph of parts, most of them healthy at the start."""
        parts = []
        vital: dict[str, bool] = {}
        for number in range(count):
            name = f"p{number}"
            needs = tuple(data.draw(st.sets(st.sampled_from(sorted(self.needs))))) if self.needs else ()
            vital[name] = all(vital[need] for need in needs) and data.draw(st.booleans())
            self.needs[name] = needs
            self.lives[name] = Life()
            renewed = data.draw(st.booleans())
            parts.append(Part(name, self.maker(name), needs, vital[name], renewed, ends=data.draw(st.booleans())))
            if not vital[name] and data.draw(st.booleans()):
                self.lives[name].faults.add(data.draw(st.sampled_from(FAULTS)))
        listed = data.draw(st.permutations(parts))
        self.manager = SystemManager(
            listed,
            stop_seconds=4.0,
            patience=PATIENCE,
            clock=self.time,
            sleep=self.time.sleep,
            rng=lambda: 1.0,
        )
        self.loop.set_exception_handler(lambda _loop, context: self.complaints.append(str(context)))
        self.do(self.manager.start())

    def state(self) -> dict[str, Any]:
        assert self.manager is not None
        return self.manager.state()

    def maker(self, name: str):
        return lambda *given: Struck(self, name, given)

    @rule(data=st.data(), fault=st.sampled_from(FAULTS))
    def strike(self, data: st.DataObject, fault: str) -> None:
        self.lives[data.draw(st.sampled_from(sorted(self.lives)))].faults.add(fault)

    @rule(data=st.data())
    def mend(self, data: st.DataObject) -> None:
        self.lives[data.draw(st.sampled_from(sorted(self.lives)))].faults.clear()

    @rule(seconds=st.sampled_from((0.25, 0.75, 2.0, 5.0, 20.0)))
    def wait(self, seconds: float) -> None:
        self.do(self.time.advance(seconds))

    @precondition(lambda self: self.state()["state"] != "failed")
    @rule()
    def recover(self) -> None:
        """With every fault gone, everything stands again: in ten seconds, or when those that rest have rested."""
        for life in self.lives.values():
            life.faults.clear()
        rests = max(part["retry_in_seconds"] or 0.0 for part in self.state()["parts"].values())
        for _ in range(int(25 + PATIENCE.start_seconds + rests)):
            self.do(self.time.advance(1.0))
            if self.state()["state"] in {"ok", "failed"}:
                break
        assert self.state()["state"] in {"ok", "failed"}, self.state()

    @invariant()
    def parts_tell_the_truth(self) -> None:
        """What runs stands; restarts are bounded; nobody was called out of order."""
        if self.manager is None:
            return
        for name, part in self.state()["parts"].items():
            if part["state"] == "running":
                assert self.lives[name].up is self.manager.made(name)
        assert self.complaints == []
        assert all(len(slot.restarts._recent) <= PATIENCE.restarts for slot in self.manager._slots.values())

    def teardown(self) -> None:
        """In reverse, within the bound, and no task is left."""
        try:
            if self.manager is not None:
                self.end(self.manager)
        finally:
            self.loop.close()

    def end(self, manager: SystemManager) -> None:
        self.ending = True
        stopping = self.loop.create_task(manager.stop())
        for _ in range(20):
            self.do(self.time.advance(0.25))
        assert stopping.done()
        self.do(settle())
        assert asyncio.all_tasks(self.loop) == set()
        assert all(life.up is None for life in self.lives.values())
        assert self.complaints == []


Machine.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestManager = Machine.TestCase
