"""From a pressed button to an accepted job, once, however often and fast it is pressed."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from core.job_queue import OPEN_STATES
from utils.errors import NotFound

if TYPE_CHECKING:
    from bot.events import Pressed
    from core.job_queue import Job
    from services.app import App
    from services.jobs import Order

#: menus remembered with their last job (about 150 bytes each)
MENU_BOUND: Final = 2000


class Orders:
    """Which menu led to which job."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._placing: set[tuple[int, int]] = set()
        self._jobs: OrderedDict[tuple[int, int], str] = OrderedDict()

    async def place(self, press: Pressed, order: Order) -> Job | None:
        """Accept an order; None where one of the same menu is under way. Raises Busy."""
        menu = (press.chat_id, press.message_id)
        if menu in self._placing:
            return None
        self._placing.add(menu)
        try:
            if await self._under_way(menu):
                return None
            job = await self._app.downloads.submit(order)
        finally:
            self._placing.discard(menu)
        self._jobs[menu] = job.id
        self._jobs.move_to_end(menu)
        while len(self._jobs) > MENU_BOUND:
            self._jobs.popitem(last=False)
        return job

    async def _under_way(self, menu: tuple[int, int]) -> bool:
        job_id = self._jobs.get(menu)
        if job_id is None:
            return False
        try:
            return (await self._app.downloads.job(job_id)).state in OPEN_STATES
        except NotFound:
            return False
