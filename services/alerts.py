"""Alerts as a part: watches the figures, remembers over restarts, tells the owner and the log, and floods neither."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from utils.alerts import Alerts, Kept, Notice
from utils.errors import GoldcrestError
from utils.health import Health, of_task

if TYPE_CHECKING:
    from utils.config import Alerts as Settings
    from utils.database import Database

log = structlog.get_logger()
#: before another try to reach the owner
RETRY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Told:
    """All that came of one rule since the owner heard of it last: the newest notice, and how many it stands for."""

    notice: Notice
    count: int = 1


class Announcer(Protocol):
    """The way to the owner."""

    async def __call__(self, news: Sequence[Told]) -> bool:
        """Tell it in one message; False where nobody can be told now. May raise a GoldcrestError."""


class AlertCenter:
    """A part. Between two messages to the owner `gap_seconds` pass, at least.

    What comes meanwhile, or while Telegram is away, goes into the next one, one line for each rule. `look`: the present
    values by figure.
    """

    def __init__(
        self,
        alerts: Alerts,
        look: Callable[[], Awaitable[Mapping[str, float | None]]],
        settings: Settings,
        database: Database,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._alerts = alerts
        self._look = look
        self._settings = settings
        self._database = database
        self._clock = clock
        self._sleep = sleep
        self._announcer: Announcer | None = None
        self._news: dict[str, Told] = {}
        self._new = asyncio.Event()
        self._kept: dict[str, tuple[object, ...]] = {}
        self._last: dict[str, Any] | None = None
        self._messages = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Go on where the last process stopped, and begin to look."""
        rows = await self._database.all("SELECT name, active, since, told_at FROM alerts")
        self._alerts.restore([Kept(row["name"], bool(row["active"]), row["since"], row["told_at"]) for row in rows])
        self._kept = {each.name: _gist(each) for each in self._alerts.kept()}
        self._tasks = [
            asyncio.create_task(self._watch(), name="alerts"),
            asyncio.create_task(self._announce(), name="alerts to the owner"),
        ]

    async def stop(self) -> None:
        """Look no more."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def health(self) -> Health:
        """Whether somebody looks, and somebody tells."""
        sick = [health for task in self._tasks if not (health := of_task(task, task.get_name())).ok]
        return sick[0] if sick else Health()

    def announce_through(self, announcer: Announcer) -> None:
        """From now on the owner can be told; what has waited goes out."""
        self._announcer = announcer
        self._new.set()

    def critical(self) -> list[str]:
        """Names of the critical rules that are active."""
        return self._alerts.active("critical")

    def figures(self) -> dict[str, Any]:
        """For /status: `active` rules with level, value and `since`, the `last` notice, all `rules`, what waits."""
        rules = self._alerts.figures()
        return {
            "active": [rule for rule in rules if rule["state"] == "active"],
            "last": self._last,
            "waiting": len(self._news),
            "messages": self._messages,
            "rules": rules,
        }

    async def _watch(self) -> None:
        while True:
            await self._sleep(self._settings.interval_seconds)
            try:
                for notice in self._alerts.check(await self._look()):
                    self._take(notice)
                await self._keep()
            except Exception:  # the edge of a task that nobody awaits: the next look may go better
                log.exception("alerts broke")

    def _take(self, notice: Notice) -> None:
        rule, value = notice.rule, None if notice.value is None else round(notice.value, 4)
        write = {"critical": log.error, "warning": log.warning, "info": log.info}[notice.level]
        write(f"alert.{notice.kind}", rule=rule.name, severity=notice.level, value=value, threshold=rule.threshold)
        before = self._news.pop(rule.name, None)
        self._news[rule.name] = Told(notice, before.count + 1 if before else 1)
        self._last = {
            "name": rule.name,
            "kind": notice.kind,
            "level": notice.level,
            "value": value,
            "at": round(notice.since + notice.seconds, 3),
        }
        self._new.set()

    async def _keep(self) -> None:
        """Write what has changed, but of no rule that the owner has yet to hear of: the next process begins it anew."""
        told = [each for each in self._alerts.kept() if each.told_at is not None and each.name not in self._news]
        changed = [each for each in told if self._kept.get(each.name) != _gist(each)]
        if not changed:
            return
        async with self._database.transaction():
            for each in changed:
                await self._database.run(
                    "INSERT INTO alerts (name, active, since, told_at) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT (name) DO UPDATE SET active = excluded.active, since = excluded.since,"
                    " told_at = excluded.told_at",
                    *(each.name, each.active, each.since, each.told_at),
                )
        self._kept.update({each.name: _gist(each) for each in changed})

    async def _announce(self) -> None:
        while True:
            await self._new.wait()
            self._new.clear()
            if not self._news or self._announcer is None:
                continue
            if await self._tell(dict(self._news)):
                self._messages += 1
                await self._sleep(self._settings.gap_seconds)
            else:
                await self._sleep(RETRY_SECONDS)
                self._new.set()

    async def _tell(self, news: dict[str, Told]) -> bool:
        """Whether the owner has heard it."""
        assert self._announcer is not None
        try:
            if not await self._announcer(tuple(news.values())):
                return False
            for name, told in news.items():
                if self._news.get(name) is told:  # else something came while the message was on its way
                    del self._news[name]
            await self._keep()
        except GoldcrestError as error:
            log.info("alerts.not_told", error=error.code, detail=error.detail)
            return False
        except Exception:  # the edge of a task that nobody awaits
            log.exception("alerts broke")
            return False
        return True


def _gist(kept: Kept) -> tuple[object, ...]:
    """What two states must have in common to be the same; a clock is never set by less than seconds."""
    return kept.active, round(kept.since), None if kept.told_at is None else round(kept.told_at / 10)
