"""The life of the parts: order, side by side, failure, retry, stop, and what is told of it."""

from __future__ import annotations

import asyncio

import pytest

from core.system_manager import Health, Part, SystemManager
from tests.core.parts_ground import Recorder, Time, manager_of, settle
from utils.errors import ShuttingDown, SiteDown, TelegramRefused


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def parts() -> Recorder:
    return Recorder()


async def test_parts_start_after_their_needs_and_stop_before_them(time: Time, parts: Recorder):
    """The order comes from the needs, not from the list; the stop is its mirror image."""
    manager = manager_of(time, parts.part("bot", "jobs"), parts.part("jobs", "database"), parts.part("database"))
    await manager.start()
    assert [event for event in parts.events if event.startswith("start")] == [
        "start database",
        "start jobs",
        "start bot",
    ]
    await manager.stop()
    assert parts.events[-3:] == ["stop bot", "stop jobs", "stop database"]


async def test_a_part_is_made_only_when_its_needs_run_and_is_given_them(time: Time, parts: Recorder):
    """Lazy: nothing of a part exists before it can work; collaborators come in the order of `needs`."""
    parts.gates["start database"] = asyncio.Event()
    manager = manager_of(time, parts.part("egress"), parts.part("database"), parts.part("jobs", "egress", "database"))
    starting = asyncio.create_task(manager.start())
    await settle()
    assert "make jobs" not in parts.events
    assert manager.made("database") is None
    parts.gates["start database"].set()
    await starting
    jobs = manager.made("jobs")
    assert jobs.given == (manager.made("egress"), manager.made("database"))
    await manager.stop()


async def test_independent_parts_start_side_by_side(time: Time, parts: Recorder):
    """One slow part holds up only those who need it."""
    parts.gates["start slow"] = asyncio.Event()
    manager = manager_of(time, parts.part("slow"), parts.part("after", "slow"), parts.part("quick"))
    starting = asyncio.create_task(manager.start())
    await settle()
    assert "start quick" in parts.events
    assert manager.state()["ready"] is False
    assert manager.state()["state"] == "starting"
    parts.gates["start slow"].set()
    await starting
    assert manager.state()["ready"] is True
    await manager.stop()


async def test_a_part_may_be_anything(time: Time):
    """A made thing without start, stop or health is a part too and counts as well."""
    manager = manager_of(time, Part("texts", dict))
    await manager.start()
    assert manager.made("texts") == {}
    assert manager.state()["state"] == "ok"
    await manager.stop()


async def test_a_vital_failure_rolls_back_in_reverse_and_is_raised(time: Time, parts: Recorder):
    """What had started is stopped in reverse, the failed part too, what waited is never made."""
    parts.errors["start jobs"] = [SiteDown("no luck")]
    manager = manager_of(time, parts.part("database"), parts.part("jobs", "database"), parts.part("bot", "jobs"))
    with pytest.raises(SiteDown):
        await manager.start()
    assert parts.events == ["make database", "start database", "make jobs", "stop jobs", "stop database"]
    state = manager.state()
    assert (state["state"], state["ready"]) == ("failed", False)
    assert {name: part["state"] for name, part in state["parts"].items()} == {
        "database": "stopped",
        "jobs": "failed",
        "bot": "stopped",
    }
    assert state["parts"]["jobs"]["detail"] == "site_down"


async def test_an_unforeseen_error_is_named_by_its_class_only(time: Time):
    """The text of a strange error may hold a secret; the view shows its class."""

    def broken() -> None:
        raise OSError("secret path")

    manager = manager_of(time, Part("disk", broken, vital=False))
    await manager.start()
    await settle()
    assert manager.state()["parts"]["disk"]["detail"] == "OSError"
    await manager.stop()


async def test_a_part_that_is_not_vital_may_fail_and_is_tried_again(time: Time, parts: Recorder):
    """The rest runs on degraded; the part and those who need it come up by themselves, made anew."""
    parts.errors["start bot"] = [OSError("unreachable"), OSError("unreachable")]
    manager = manager_of(
        time, parts.part("web"), parts.part("bot", "web", vital=False), parts.part("menu", "bot", vital=False)
    )
    await manager.start()
    await settle()
    state = manager.state()
    assert (manager.ready, state["state"]) == (True, "degraded")
    assert state["parts"]["bot"] | {"start_seconds": 0} == {
        "state": "degraded",
        "vital": False,
        "ok": False,
        "detail": "OSError",
        "since_seconds": 0.0,
        "restarts": 0,
        "failures": 1,
        "last_error": "OSError",
        "start_seconds": 0,
        "retry_in_seconds": 2.0,
    }
    assert state["parts"]["menu"]["state"] == "waiting"
    await time.advance(2.0)
    assert manager.state()["parts"]["bot"]["retry_in_seconds"] == 4.0
    await time.advance(4.0)
    assert manager.state()["state"] == "ok"
    assert len(parts.made["bot"]) == 3
    assert "start menu" in parts.events
    assert manager.state()["parts"]["bot"]["retry_in_seconds"] is None
    await manager.stop()


async def test_waits_between_tries_have_a_ceiling_and_honour_what_was_asked(time: Time, parts: Recorder):
    """Backoff doubles up to the cap; an error that names a wait gets at least that."""
    failures: list[BaseException] = [OSError() for _ in range(8)]
    parts.errors["start bot"] = [*failures, TelegramRefused("FLOOD_WAIT_1057", retry_after_seconds=1058)]
    manager = manager_of(time, parts.part("bot", vital=False))
    await manager.start()
    waits = []
    for _ in range(9):
        await settle()
        waits.append(manager.state()["parts"]["bot"]["retry_in_seconds"])
        await time.advance(waits[-1])
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60, 1058]
    assert manager.state()["state"] == "ok"
    await manager.stop()


async def test_a_start_that_cancels_itself_is_a_failure_like_any_other(time: Time, parts: Recorder):
    """A library that lets a CancelledError escape doesn't leave the start hanging."""
    parts.errors["start bot"] = [asyncio.CancelledError()]
    manager = manager_of(time, parts.part("bot", vital=False))
    await manager.start()
    await settle()
    assert manager.state()["parts"]["bot"]["detail"] == "CancelledError"
    await manager.stop()


async def test_a_stop_during_the_start_ends_both(time: Time, parts: Recorder):
    """SIGTERM in the middle of a boot: what has begun is stopped, start() says so."""
    parts.gates["start bot"] = asyncio.Event()
    manager = manager_of(time, parts.part("web"), parts.part("bot", "web"))
    starting = asyncio.create_task(manager.start())
    await settle()
    await manager.stop()
    with pytest.raises(ShuttingDown):
        await starting
    assert parts.events[-2:] == ["stop bot", "stop web"]
    assert manager.state()["state"] == "stopped"


async def test_a_cancelled_start_stops_what_has_begun(time: Time, parts: Recorder):
    """Cancelling start() is obeyed, after the parts are down."""
    parts.gates["start bot"] = asyncio.Event()
    manager = manager_of(time, parts.part("web"), parts.part("bot", "web"))
    starting = asyncio.create_task(manager.start())
    await settle()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert parts.events[-2:] == ["stop bot", "stop web"]


async def test_a_stop_that_hangs_is_given_up_and_the_rest_still_stops(time: Time, parts: Recorder):
    """Each part has its share of the time; the whole stays within the limit."""
    parts.gates["stop bot"] = asyncio.Event()
    parts.gates["stop web"] = asyncio.Event()
    manager = manager_of(time, parts.part("web"), parts.part("bot", "web"), parts.part("other"), stop_seconds=4.0)
    await manager.start()
    stopping = asyncio.create_task(manager.stop())
    await settle()
    assert "stop other" in parts.events
    assert manager.state()["state"] == "stopping"
    assert manager.state()["parts"]["bot"]["state"] == "stopping"
    await time.advance(2.0)
    assert not stopping.done()
    await time.advance(2.0)
    await stopping
    assert manager.state()["state"] == "stopped"


async def test_a_start_that_ignores_its_cancellation_does_not_hold_up_the_stop(time: Time):
    """A quarter of the stop's time goes to starts under way, not more."""
    release = asyncio.Event()

    class Stubborn:
        async def start(self) -> None:
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue

    manager = manager_of(time, Part("stubborn", Stubborn, vital=False))
    await manager.start()
    await settle()
    stopping = asyncio.create_task(manager.stop())
    await time.advance(1.0)
    await stopping
    assert manager.state()["state"] == "stopped"
    release.set()
    await settle()


async def test_a_stop_that_fails_late_is_nobodys_trouble(time: Time):
    """An error after the time is up is not reported by the loop as forgotten."""

    class Slow:
        async def stop(self) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise OSError("too late") from None

    manager = manager_of(time, Part("slow", Slow))
    await manager.start()
    stopping = asyncio.create_task(manager.stop())
    await time.advance(4.0)
    await stopping
    await settle()


async def test_a_stop_that_fails_does_not_hold_up_the_rest(time: Time, parts: Recorder):
    """Its error is logged; the parts beneath are stopped all the same."""
    parts.errors["stop bot"] = [OSError("broken")]
    manager = manager_of(time, parts.part("web"), parts.part("bot", "web"))
    await manager.start()
    await manager.stop()
    assert parts.events[-1] == "stop web"


async def test_a_second_stop_waits_for_the_first(time: Time, parts: Recorder):
    """Stopping twice stops once; a stop without a start is no error."""
    parts.gates["stop web"] = asyncio.Event()
    manager = manager_of(time, parts.part("web"))
    await manager.start()
    first, second = asyncio.create_task(manager.stop()), asyncio.create_task(manager.stop())
    await settle()
    first.cancel()
    await settle()
    assert not second.done()
    parts.gates["stop web"].set()
    await second
    assert parts.events.count("stop web") == 1
    idle = manager_of(time, parts.part("never"))
    assert idle.state()["uptime_seconds"] == 0.0
    await idle.stop()
    assert idle.state()["state"] == "stopped"


async def test_the_view_is_live(time: Time, parts: Recorder):
    """Health is asked at every look; times count from the start."""
    manager = manager_of(time, parts.part("web"))
    await manager.start()
    await time.advance(7.5)
    assert (manager.state()["uptime_seconds"], manager.state()["ready_seconds"]) == (7.5, 0.0)
    parts.made["web"][0].said = lambda: Health(ok=False, detail="flood wait until 12:00")
    state = manager.state()
    assert (state["state"], state["ready"]) == ("degraded", True)
    assert state["parts"]["web"]["detail"] == "flood wait until 12:00"

    def broken() -> Health:
        raise KeyError("x")

    parts.made["web"][0].said = broken
    assert manager.state()["parts"]["web"]["detail"] == "KeyError"
    await manager.stop()


@pytest.mark.parametrize(
    ("listed", "complaint"),
    [
        ([Part("a", dict), Part("a", dict)], "two parts share a name"),
        ([Part("a", dict, ("b",))], "a needs b, which is no part"),
        ([Part("a", dict, ("b",)), Part("b", dict, vital=False)], "a is vital but needs b"),
        ([Part("a", dict, ("b",)), Part("b", dict, ("a",))], "cycle"),
    ],
)
def test_needs_that_do_not_fit_together_are_refused_at_once(listed: list[Part], complaint: str):
    """A wrong wiring is a programmer's error and never gets as far as a start."""
    with pytest.raises(ValueError, match=complaint):
        SystemManager(listed)
