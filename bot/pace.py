"""How much of one person's messages and presses is dealt with: the rate of the settings, told once per wait."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bot.events import Event, Incoming
from utils.errors import TooFast

if TYPE_CHECKING:
    from bot.router import Forward, Rest
    from services.app import App

#: people who are remembered as told
TOLD_BOUND: Final = 1000


class Pace:
    """A middleware. Presses, private messages, and what holds a link in a group spend one request of their sender.

    Beyond the rate a person hears once when to go on; further messages before that are left unanswered, because every
    answer would cost Telegram's patience with the bot. A press always gets its answer.
    """

    def __init__(self, app: App, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._told: OrderedDict[int, float] = OrderedDict()

    async def __call__(self, event: Event, forward: Forward) -> Rest:
        """Forward within the rate. Raises TooFast."""
        limits = self._app.up_limits
        if limits is None or event.user_id is None or not _costs(event):
            return await forward(event)
        try:
            await limits.person("telegram", event.user_id)
        except TooFast as error:
            if isinstance(event, Incoming) and not (event.private and self._may_tell(event.user_id, error)):
                return ()
            raise
        return await forward(event)

    def _may_tell(self, user_id: int, error: TooFast) -> bool:
        now = self._clock()
        if self._told.get(user_id, 0.0) > now:
            return False
        self._told[user_id] = now + (error.retry_after_seconds or 0.0)
        self._told.move_to_end(user_id)
        if len(self._told) > TOLD_BOUND:
            self._told.popitem(last=False)
        return True


def _costs(event: Event) -> bool:
    """What people of a group say to each other is no request, unless there is something to fetch in it."""
    return not isinstance(event, Incoming) or event.private or "/" in event.text
