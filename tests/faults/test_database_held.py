"""Another process holds the database while people press buttons."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.end_to_end.test_links import file_for, menu_for
from tests.faults.conftest import SECONDS, health_says

pytestmark = pytest.mark.process


async def test_a_lock_is_waited_out_and_told(bot, telegram, sites):
    """/health names the database while it lasts; afterwards everything goes on, and nothing came twice."""
    menu = await menu_for(telegram, f"{sites.public_url}/m/mux_360.mp4")
    with closing(sqlite3.connect(bot.data / "goldcrest.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        await telegram.alice.press(menu, "Best", seconds=SECONDS)  # answered, whatever is to be done
        await health_says(bot, "database", ok=False)
        holder.execute("ROLLBACK")
    await health_says(bot, "database", ok=True)
    came = await telegram.alice.wait_for(lambda m: m.file is not None, SECONDS, after=menu)
    assert came.file is not None
    await file_for(telegram, f"{sites.public_url}/m/mux_144.mp4", "Best")
    assert telegram.alice.copies() == []
