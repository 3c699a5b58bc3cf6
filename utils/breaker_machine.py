"""Pybreaker's part in our breakers: the state machine with its storage and listeners, without its way of calling.

Pybreaker's own `call` would hold a thread lock, let every waiting task probe at once, count a cancelled task as a
failure and read the wall clock. What decides stands in `utils.circuit_breaker`; this module turns the state over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from utils.light_imports import without
from utils.logs import get_logger

with without("redis", "tornado"):  # where installed they cost 10 MB and 80 ms, for features that are not used here
    from pybreaker import (
        STATE_CLOSED,
        STATE_HALF_OPEN,
        CircuitBreaker,
        CircuitBreakerListener,
        CircuitBreakerState,
        CircuitBreakerStorage,
        CircuitMemoryStorage,
    )

__all__ = ["CircuitBreakerListener", "CircuitBreakerStorage", "CircuitMemoryStorage", "Machine", "NotedStorage"]


class Quiet(CircuitBreakerListener):
    """Passes ends of calls and changes of state on to a listener whose faults are logged and hurt no call."""

    def __init__(self, listener: CircuitBreakerListener) -> None:
        self._listener = listener

    def failure(self, cb: CircuitBreaker, exc: BaseException) -> None:
        """A call failed and counts."""
        self._tell(self._listener.failure, cb, exc)

    def success(self, cb: CircuitBreaker) -> None:
        """A call succeeded."""
        self._tell(self._listener.success, cb)

    def state_change(
        self, cb: CircuitBreaker, old_state: CircuitBreakerState | None, new_state: CircuitBreakerState
    ) -> None:
        """The breaker opened, tries or closed."""
        self._tell(self._listener.state_change, cb, old_state, new_state)

    def _tell(self, event: Callable[..., None], *values: Any) -> None:
        try:
            event(*values)
        except Exception as error:  # noqa: BLE001 - whatever a listener does, the call it hears of goes on
            get_logger().warning("breaker.listener_failed", error=type(error).__name__)


class NotedStorage(CircuitMemoryStorage):
    """Memory that says when there is something to keep: the breaker has opened or closed."""

    def __init__(self, note: Callable[[], None]) -> None:
        super().__init__(STATE_CLOSED)
        self._note = note

    @property
    def state(self) -> str:
        """Pybreaker's name of the state."""
        return self._state

    @state.setter
    def state(self, state: str) -> None:
        self._state = state
        if state != STATE_HALF_OPEN:
            self._note()


class Machine(CircuitBreaker):
    """Pybreaker's breaker with the phase names of ours; it counts in its storage and tells its listeners."""

    def __init__(
        self, name: str, storage: CircuitBreakerStorage | None, listeners: Iterable[CircuitBreakerListener]
    ) -> None:
        super().__init__(name=name, state_storage=storage, listeners=[Quiet(listener) for listener in listeners])

    @property
    def phase(self) -> str:
        """What the storage holds: "closed", "open" or "half_open"."""
        return self.current_state.replace("-", "_")

    def turn(self, phase: str) -> None:
        """Go over to a phase: the storage's counters start anew, listeners are told."""
        {"closed": self.close, "open": self.open, "half_open": self.half_open}[phase]()

    def tell_success(self) -> None:
        """Pass a success on."""
        for listener in self.listeners:
            listener.success(self)

    def tell_failure(self, error: BaseException) -> None:
        """Pass a failure on."""
        for listener in self.listeners:
            listener.failure(self, error)
