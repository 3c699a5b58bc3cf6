"""Parts that fall ill while they run: found out, restarted, given up; and who stands on them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.bounded import within
from core.system_manager import Health, Part, Patience, SystemManager
from tests.core.parts_ground import Asked, Gentle, Recorded, Recorder, Time, manager_of, settle
from utils.errors import TelegramRefused

SICK = Health(ok=False, detail="task is dead")
HEALING = Health(ok=False, detail="reconnecting", heals=True)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def parts():
    return Recorder()


def said(parts: Recorder, name: str, *answers: Health | BaseException) -> None:
    """Let the newest object of that name answer so; the last answer stays."""
    left = list(answers)

    def say() -> Health:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    parts.made[name][-1].said = say


async def ticks(time: Time, count: int) -> None:
    for _ in range(count):
        await time.advance(0.75)


async def view(manager: SystemManager, name: str) -> dict[str, Any]:
    await settle()
    shown: dict[str, Any] = manager.state()["parts"][name]
    return shown


async def test_a_sick_part_is_stopped_and_started_again_in_place(time, parts):
    """Two checks in a row, then the same object is stopped and started; who stands on it keeps it and runs on."""
    manager = manager_of(time, parts.part("base"), parts.part("top", "base"))
    await manager.start()
    base = manager.made("base")
    said(parts, "base", SICK)
    await ticks(time, 1)
    assert (await view(manager, "base"))["detail"] == "task is dead"
    assert "stop base" not in parts.events
    await ticks(time, 1)
    await time.advance(0.25)
    base.said = Health
    assert parts.events[-2:] == ["stop base", "start base"]
    assert manager.made("base") is base
    assert parts.made["base"] == [base]
    assert "stop top" not in parts.events
    shown = await view(manager, "base")
    assert (shown["state"], shown["ok"], shown["restarts"], shown["last_error"]) == ("running", True, 1, "task is dead")
    assert manager.state()["state"] == "ok"
    await manager.stop()


async def test_one_sick_check_is_no_illness(time, parts):
    """A part that is well again at the next look is left alone."""
    manager = manager_of(time, parts.part("base"))
    await manager.start()
    said(parts, "base", SICK, Health(), SICK, Health())
    await ticks(time, 6)
    assert (await view(manager, "base"))["restarts"] == 0
    await manager.stop()


async def test_a_part_that_comes_back_during_the_pause_is_not_restarted(time, parts):
    """The restart is decided again right before it."""
    manager = manager_of(time, parts.part("base"), patience=Patience(base_seconds=4.0, cap_seconds=4.0))
    await manager.start()
    said(parts, "base", SICK)
    await ticks(time, 2)
    said(parts, "base", Health())
    await ticks(time, 6)
    shown = await view(manager, "base")
    assert (shown["restarts"], shown["ok"], shown["retry_in_seconds"]) == (0, True, None)
    await manager.stop()


async def test_a_part_that_heals_by_itself_is_never_restarted(time, parts):
    """Telegram unreachable: degraded for as long as it takes, and nothing else happens."""
    manager = manager_of(time, parts.part("bot", vital=False))
    await manager.start()
    await settle()
    said(parts, "bot", HEALING)
    await ticks(time, 500)
    shown = await view(manager, "bot")
    assert (shown["state"], shown["ok"], shown["restarts"]) == ("running", False, 0)
    assert shown["since_seconds"] == pytest.approx(499 * 0.75)
    assert manager.state()["state"] == "degraded"
    said(parts, "bot", Health())
    await ticks(time, 1)
    assert manager.state()["state"] == "ok"
    await manager.stop()


async def test_a_health_that_raises_is_an_illness(time, parts):
    """It is named by its class, and healed like any other; asked at once or waited for."""
    manager = manager_of(time, parts.part("plain"), parts.part("asked", kind=Asked))
    await manager.start()
    for name in ("plain", "asked"):
        said(parts, name, KeyError("secret"))
    await ticks(time, 1)
    for name in ("plain", "asked"):
        assert (await view(manager, name))["detail"] == "KeyError"
    await ticks(time, 1)
    await time.advance(0.25)
    for name in ("plain", "asked"):
        assert (await view(manager, name))["restarts"] == 1
    await manager.stop()


async def test_a_health_that_hangs_is_an_illness_and_holds_up_nobody(time, parts):
    """Its question is cancelled, the others are asked all the same, the part is restarted."""
    manager = manager_of(time, parts.part("hung", kind=Asked), parts.part("other"))
    await manager.start()
    parts.gates["health hung"] = asyncio.Event()
    said(parts, "other", HEALING)
    await ticks(time, 2)
    assert (await view(manager, "hung"))["detail"] == "does not answer"
    assert (await view(manager, "other"))["detail"] == "reconnecting"
    await ticks(time, 2)
    await time.advance(0.25)
    shown = await view(manager, "hung")
    assert (shown["restarts"], shown["state"]) == (1, "running")
    del parts.gates["health hung"]
    await ticks(time, 3)
    assert (await view(manager, "hung"))["ok"]
    await manager.stop()
    await settle()
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_a_health_that_is_only_slow_is_waited_for(time, parts):
    """It has its time, also beyond the next look."""
    manager = manager_of(time, parts.part("slow", kind=Asked), patience=Patience(answer_seconds=2.0))
    await manager.start()
    gate = parts.gates["health slow"] = asyncio.Event()
    await ticks(time, 3)
    gate.set()
    await ticks(time, 1)
    shown = await view(manager, "slow")
    assert (shown["ok"], shown["restarts"]) == (True, 0)
    await manager.stop()


async def test_a_health_that_cannot_be_cancelled_is_not_asked_twice(time, parts):
    """One question hangs for ever; no second one is put beside it."""
    release = asyncio.Event()
    asked = 0

    class Stubborn(Recorded):
        async def health(self) -> Health:  # type: ignore[override]
            nonlocal asked
            asked += 1
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue
            return Health(detail="too late")

    manager = manager_of(time, parts.part("stubborn", kind=Stubborn))
    await manager.start()
    await ticks(time, 4)
    assert asked == 1
    assert (await view(manager, "stubborn"))["restarts"] == 1
    stopping = asyncio.create_task(manager.stop())
    await time.advance(1.0)
    await stopping
    release.set()
    await settle()


async def test_a_health_that_cancels_itself_is_an_illness(time, parts):
    """A library that lets a CancelledError escape isn't taken for a word of health."""
    manager = manager_of(time, parts.part("odd", kind=Asked))
    await manager.start()
    said(parts, "odd", asyncio.CancelledError())
    await ticks(time, 1)
    assert (await view(manager, "odd"))["detail"] == "CancelledError"
    await manager.stop()


async def test_a_part_without_health_is_well(time, parts):
    """Nothing is asked of what can't answer."""
    manager = manager_of(time, Part("texts", dict))
    await manager.start()
    await ticks(time, 3)
    assert manager.state()["state"] == "ok"
    await manager.stop()


async def test_a_restart_that_fails_is_tried_again_with_growing_pauses(time, parts):
    """Degraded meanwhile; the pauses double up to five seconds; the first success ends it."""
    manager = manager_of(time, parts.part("base"))
    await manager.start()
    parts.errors["start base"] = [OSError("port taken") for _ in range(6)]
    said(parts, "base", SICK)
    await ticks(time, 2)
    pauses = []
    for number in range(7):
        shown = await view(manager, "base")
        pauses.append(shown["retry_in_seconds"])
        await time.advance(pauses[-1])
        if number < 6:
            shown = await view(manager, "base")
            assert (shown["state"], shown["detail"]) == ("degraded", "OSError")
            assert manager.state()["state"] == "degraded"
    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    said(parts, "base", Health())
    shown = await view(manager, "base")
    assert (shown["state"], shown["ok"], shown["restarts"], shown["failures"]) == ("running", True, 7, 6)
    await manager.stop()


async def test_a_vital_part_that_does_not_come_back_is_told(time, parts):
    """After the last restart of the window `lost` says which and why, and /health says failed."""
    manager = manager_of(time, parts.part("base"), patience=Patience(restarts=2))
    await manager.start()
    waiting = asyncio.create_task(manager.lost())
    parts.errors["start base"] = [OSError("port taken") for _ in range(6)]
    said(parts, "base", SICK)
    await ticks(time, 2)
    await time.advance(0.25)
    assert not waiting.done()
    await time.advance(0.5)
    assert await waiting == "base does not come back (OSError; restarted too often, rests)"
    assert manager.state()["state"] == "failed"
    await manager.stop()
    assert manager.state()["parts"]["base"]["state"] == "failed"


async def test_a_part_that_is_not_vital_rests_and_is_tried_again_when_the_window_has_passed(time, parts):
    """It says so, ends nothing, and works again some day."""
    manager = manager_of(time, parts.part("extra", vital=False), patience=Patience(restarts=2, window_seconds=100.0))
    await manager.start()
    await settle()
    waiting = asyncio.create_task(manager.lost())
    said(parts, "extra", SICK)
    for _ in range(12):
        await time.advance(0.75)
    shown = await view(manager, "extra")
    assert shown["restarts"] == 2
    assert shown["detail"] == "task is dead; restarted too often, rests"
    assert 80 < shown["retry_in_seconds"] < 100
    for _ in range(60):
        await time.advance(1.0)
    assert (await view(manager, "extra"))["restarts"] == 2
    for _ in range(50):
        await time.advance(1.0)
    assert (await view(manager, "extra"))["restarts"] > 2
    assert not waiting.done()
    waiting.cancel()
    await manager.stop()


async def test_a_stop_that_hangs_does_not_keep_a_part_from_coming_back(time, parts):
    """Two seconds, then it is started all the same."""
    manager = manager_of(time, parts.part("base"))
    await manager.start()
    parts.gates["stop base"] = asyncio.Event()
    said(parts, "base", SICK)
    await ticks(time, 2)
    await time.advance(0.25)
    assert (await view(manager, "base"))["state"] == "restarting"
    await time.advance(2.0)
    shown = await view(manager, "base")
    assert (shown["state"], shown["restarts"]) == ("running", 1)
    parts.gates["stop base"].set()
    await manager.stop()


async def test_a_start_that_hangs_is_bounded(time, parts):
    """At the first start and at a restart: it is given up, stopped, and tried again."""
    manager = manager_of(time, parts.part("extra", vital=False))
    parts.gates["start extra"] = asyncio.Event()
    await manager.start()
    await time.advance(60.0)
    assert (await view(manager, "extra"))["detail"] == "Late"
    parts.gates.pop("start extra").set()
    await time.advance(2.0)
    assert (await view(manager, "extra"))["state"] == "running"
    parts.gates["start extra"] = asyncio.Event()
    said(parts, "extra", SICK)
    await ticks(time, 2)
    await time.advance(0.25)
    await time.advance(15.0)
    assert (await view(manager, "extra"))["state"] == "degraded"
    parts.gates.pop("start extra").set()
    await time.advance(0.5)
    assert (await view(manager, "extra"))["state"] == "running"
    await manager.stop()


async def test_a_vital_start_that_hangs_ends_the_start(time, parts):
    """A process that would never be ready says so instead."""
    manager = manager_of(time, parts.part("base"))
    parts.gates["start base"] = asyncio.Event()
    starting = asyncio.create_task(manager.start())
    await settle()
    await time.advance(60.0)
    with pytest.raises(TimeoutError, match="not done within 60 s"):
        await starting


async def test_a_gentle_restart_is_preferred(time, parts):
    """Where a part can heal with less, nothing of it is stopped."""
    manager = manager_of(time, parts.part("base", kind=Gentle))
    await manager.start()
    said(parts, "base", SICK)
    await ticks(time, 2)
    await time.advance(0.25)
    assert parts.events == ["make base", "start base", "restart base"]
    assert (await view(manager, "base"))["restarts"] == 1
    await manager.stop()


@pytest.mark.parametrize("error", [OSError("no"), asyncio.CancelledError()])
async def test_a_gentle_restart_that_fails_is_followed_by_a_stop_and_a_start(time, parts, error):
    """At once, within the same restart."""
    manager = manager_of(time, parts.part("base", kind=Gentle))
    await manager.start()
    parts.errors["restart base"] = [error]
    said(parts, "base", SICK)
    await ticks(time, 2)
    await time.advance(0.25)
    said(parts, "base", Health())
    assert parts.events == ["make base", "start base", "stop base", "start base"]
    shown = await view(manager, "base")
    assert (shown["restarts"], shown["failures"]) == (1, 1)
    await manager.stop()


async def test_a_part_that_is_made_anew_takes_those_above_along(time, parts):
    """They are stopped before it, in reverse, and made anew with the new object after it, in order."""
    manager = manager_of(
        time,
        parts.part("aside"),
        parts.part("base", renewed=True),
        parts.part("middle", "base"),
        parts.part("top", "middle", "aside"),
    )
    await manager.start()
    parts.events.clear()
    said(parts, "base", SICK)
    await ticks(time, 2)
    await time.advance(0.25)
    assert parts.events == [
        *("stop top", "stop middle", "stop base"),
        *("make base", "start base", "make middle", "start middle", "make top", "start top"),
    ]
    assert manager.made("middle").given == (manager.made("base"),)
    assert len(parts.made["base"]) == 2
    assert manager.state()["state"] == "ok"
    assert [(await view(manager, name))["restarts"] for name in ("aside", "base", "middle", "top")] == [0, 1, 0, 0]
    await manager.stop()


async def test_a_dependant_that_does_not_start_on_the_new_object_is_restarted_by_itself(time, parts):
    """What stands beneath it stays."""
    manager = manager_of(time, parts.part("base", renewed=True), parts.part("top", "base"))
    await manager.start()
    parts.errors["start top"] = [TelegramRefused("no")]
    said(parts, "base", SICK)
    await ticks(time, 2)
    await time.advance(0.25)
    assert (await view(manager, "top"))["state"] == "degraded"
    await time.advance(0.25)
    assert (await view(manager, "top"))["state"] == "running"
    assert len(parts.made["base"]) == 2
    await manager.stop()


async def test_a_renewal_takes_over_what_is_under_way_above_it(time, parts):
    """A dependant that was being restarted is not restarted by two tasks at once."""
    manager = manager_of(time, parts.part("base", renewed=True), parts.part("top", "base"))
    await manager.start()
    parts.gates["stop top"] = asyncio.Event()
    said(parts, "top", SICK)
    await ticks(time, 2)
    await time.advance(0.25)  # its stop hangs
    assert (await view(manager, "top"))["state"] == "restarting"
    said(parts, "base", SICK)
    await time.advance(0.75)
    await time.advance(0.75)
    await time.advance(0.25)
    parts.gates.pop("stop top").set()
    await time.advance(2.0)
    await time.advance(2.0)
    assert manager.state()["state"] == "ok"
    assert len(parts.made["base"]) == len(parts.made["top"]) == 2
    await manager.stop()


async def test_a_stop_in_the_middle_of_a_restart_leaves_nothing_running(time, parts):
    """Whatever was under way, the object is stopped once more and no task is left."""
    manager = manager_of(time, parts.part("base"), parts.part("top", "base"))
    await manager.start()
    parts.gates["start base"] = asyncio.Event()
    said(parts, "base", SICK)
    await ticks(time, 2)
    await time.advance(0.25)
    assert (await view(manager, "base"))["state"] == "starting"
    await manager.stop()
    await settle()
    assert parts.events[-2:] == ["stop top", "stop base"]
    assert manager.state()["state"] == "stopped"
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


@pytest.mark.parametrize("kind", [Recorded, Gentle])
async def test_a_stop_in_the_middle_of_a_hanging_halt(time, parts, kind):
    """The stop of a restart that hangs is cancelled, and the last stop gets its own chance."""
    manager = manager_of(time, parts.part("base", kind=kind))
    await manager.start()
    gate = parts.gates["stop base"] = asyncio.Event()
    if kind is Gentle:
        parts.made["base"][0].restart = gate.wait
    said(parts, "base", SICK)
    await ticks(time, 2)
    await time.advance(0.25)
    stopping = asyncio.create_task(manager.stop())
    await settle()
    gate.set()
    await stopping
    assert parts.events.count("stop base") == 1


async def test_a_stop_that_cancels_itself_is_a_stop(time, parts):
    """A library's CancelledError ends neither the restart nor the manager's stop."""
    manager = manager_of(time, parts.part("base"))
    await manager.start()
    parts.errors["stop base"] = [asyncio.CancelledError(), asyncio.CancelledError()]
    said(parts, "base", SICK)
    await ticks(time, 2)
    await time.advance(0.25)
    assert (await view(manager, "base"))["restarts"] == 1
    await manager.stop()
    assert manager.state()["state"] == "stopped"


async def test_work_that_is_cancelled_has_ended_when_the_caller_goes_on(time):
    """Nothing runs on behind the back of who was cancelled."""
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    waiting = asyncio.create_task(within(work(), 5.0, time.sleep))
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended == [True]
