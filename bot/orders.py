"""From a pressed button to an accepted job, once, however often and fast it is pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.events import Pressed
    from core.job_queue import Job
    from services.app import App
    from services.jobs import Order


class Orders:
    """One order of a menu at a time, also over a restart: the table of jobs knows which menus are at work."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._placing: set[tuple[int, int]] = set()

    async def place(self, press: Pressed, order: Order) -> Job | None:
        """Accept an order; None where one of the same menu is under way. Raises Busy."""
        menu = (press.chat_id, press.message_id)
        if menu in self._placing:
            return None
        self._placing.add(menu)
        try:
            # as `bot.messenger.Target` begins
            if await self._app.downloads.under_way(order.front, {"chat_id": menu[0], "status_id": menu[1]}):
                return None
            return await self._app.downloads.submit(order)
        finally:
            self._placing.discard(menu)
