"""When an operator is to be told: rules as data, each a small state machine with hysteresis and a limit for repeats."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

Level = Literal["critical", "warning", "info"]
Kind = Literal["raised", "repeated", "cleared"]
MINUTE: Final = 60.0


class Rule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule: raised once `metric` was beyond `threshold` for `for_seconds`, cleared once it was back for as long.

    `direction`: which side is bad; `clear`: where it counts as back, the threshold itself where none is given.
    Unless `repeat_minutes` have passed since the owner was told, he isn't told again, however often it comes and goes.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    metric: str
    threshold: float
    direction: Literal["above", "below"] = "above"
    clear: float | None = None
    level: Level = "warning"
    for_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    repeat_minutes: Annotated[float, Meta(ge=1, le=10_080)] = 60.0

    def beyond(self, value: float) -> bool:
        """Whether that is bad."""
        return value > self.threshold if self.direction == "above" else value < self.threshold

    def back(self, value: float) -> bool:
        """Whether that is good again."""
        clear = self.threshold if self.clear is None else self.clear
        return value <= clear if self.direction == "above" else value >= clear

    @property
    def sane(self) -> bool:
        """Whether what clears it doesn't raise it."""
        return self.clear is None or not self.beyond(self.clear)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell. `since`: when it was raised (UTC epoch); `seconds`: how long it has lasted."""

    rule: Rule
    kind: Kind
    value: float | None
    since: float
    seconds: float

    @property
    def level(self) -> Level:
        """That something is over is for information."""
        return "info" if self.kind == "cleared" else self.rule.level


@dataclass(frozen=True, slots=True)
class Kept:
    """What a rule must not forget over a restart; times are UTC epochs, `told_at` None where the owner never was."""

    name: str
    active: bool
    since: float
    told_at: float | None


@dataclass(slots=True)
class _State:
    """One rule's. `turning_at`: since when its value speaks for the other state; `told`: of what is active now."""

    rule: Rule
    value: float | None = None
    active: bool = False
    since: float = 0.0
    turning_at: float | None = None
    told: bool = False
    told_at: float | None = None

    @property
    def phase(self) -> str:
        """ok, pending (bad, but not long enough) or active."""
        if self.active:
            return "active"
        return "ok" if self.turning_at is None else "pending"


class Alerts:
    """All rules together. `clock` measures, `wall` tells (UTC epochs, seconds)."""

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._states = {rule.name: _State(rule) for rule in rules}
        self._clock = clock
        self._wall = wall

    def check(self, values: Mapping[str, float | None]) -> list[Notice]:
        """Take in the present values by metric; what is to be told.

        A value that is missing or no number decides nothing: what is active stays so, what was turning begins anew.
        """
        found = []
        for state in self._states.values():
            value = values.get(state.rule.metric)
            state.value = None if value is None or math.isnan(value) else value
            kind = self._step(state, self._clock())
            if kind is not None:
                found.append(Notice(state.rule, kind, state.value, state.since, max(0.0, self._wall() - state.since)))
        return found

    def active(self, *levels: Level) -> list[str]:
        """Names of the rules that are active, of these levels."""
        return [name for name, state in self._states.items() if state.active and state.rule.level in levels]

    def figures(self) -> list[dict[str, Any]]:
        """Every rule with its state, its last value, since when it is active and when the owner was told last."""
        offset = self._wall() - self._clock()
        return [
            {
                "name": name,
                "metric": state.rule.metric,
                "level": state.rule.level,
                "state": state.phase,
                "value": None if state.value is None else round(state.value, 4),
                "threshold": state.rule.threshold,
                "since": round(state.since, 3) if state.active else None,
                "told_at": None if state.told_at is None else round(state.told_at + offset, 3),
            }
            for name, state in self._states.items()
        ]

    def kept(self) -> list[Kept]:
        """What `restore` wants."""
        offset = self._wall() - self._clock()
        return [
            Kept(
                name,
                state.active and state.told,
                state.since,
                None if state.told_at is None else state.told_at + offset,
            )
            for name, state in self._states.items()
        ]

    def restore(self, kept: Sequence[Kept]) -> None:
        """Go on where another process stopped; rules that are no more are passed over."""
        now, offset = self._clock(), self._wall() - self._clock()
        for each in kept:
            state = self._states.get(each.name)
            if state is None:
                continue
            state.active = state.told = each.active
            state.since = each.since
            # a clock that was set back must not silence a rule for years
            state.told_at = None if each.told_at is None else min(now, each.told_at - offset)

    def _step(self, state: _State, now: float) -> Kind | None:
        rule, value = state.rule, state.value
        wanted = state.active if value is None else not rule.back(value) if state.active else rule.beyond(value)
        if wanted == state.active:
            state.turning_at = None
        elif state.turning_at is None:
            state.turning_at = now
        if state.turning_at is None or now - state.turning_at < rule.for_seconds:
            return self._reminder(state, now) if state.active else None
        state.turning_at = None
        state.active = wanted
        if wanted:
            state.since, state.told = self._wall(), False
            return self._reminder(state, now)
        was_told, state.told = state.told, False
        return "cleared" if was_told else None

    def _reminder(self, state: _State, now: float) -> Kind | None:
        """Tell of what is active, unless that was done a short while ago."""
        if state.told_at is not None and now - state.told_at < state.rule.repeat_minutes * MINUTE:
            return None
        kind: Kind = "repeated" if state.told else "raised"
        state.told, state.told_at = True, now
        return kind
