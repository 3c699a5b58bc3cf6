"""The wall clock of the machine is set while people use the bot: by an operator, by its host after a sleep."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.bot_process import bot_process
from tests.end_to_end.test_links import file_for, menu_for
from tests.faults.conftest import BRISK, SECONDS, health_says

pytestmark = pytest.mark.process
DAY = 86_400
SHIM = Path(__file__).parent / "wrong_clock"


@pytest.mark.parametrize("seconds", [-DAY, DAY])
async def test_in_the_middle_of_a_job(seconds, tmp_path, telegram, sites, settings):
    """The file comes, once; menus from before still work, new links are served, and a new start is no other."""
    clock = tmp_path / "clock"
    clock.write_text("0")
    wrong = {"PYTHONPATH": str(SHIM), "WRONG_CLOCK": str(clock)}
    async with bot_process(tmp_path / "data", settings, BRISK, wrong) as bot:
        older = await menu_for(telegram, f"{sites.public_url}/m/mux_360.mp4")
        menu = await menu_for(telegram, f"{sites.public_url}/slow/mux_720.mp4?seconds=2")
        await telegram.alice.press(menu, "Best")
        await telegram.alice.wait_for(lambda m: "Downloading" in m.text, SECONDS, after=menu.reply_to)
        clock.write_text(str(seconds))
        await telegram.alice.wait_for(lambda m: m.file is not None, SECONDS, after=menu)
        await telegram.alice.press(older, "Best")
        await telegram.alice.wait_for(lambda m: "mux_360" in str(m.entities), SECONDS, after=menu)
        await file_for(telegram, f"{sites.public_url}/m/mux_144.mp4", "Best")
        await health_says(bot, "telegram", ok=True)
        assert await bot.stop() == 0
    async with bot_process(tmp_path / "data", settings, BRISK, wrong):
        await file_for(telegram, f"{sites.public_url}/m/mux_1080.mp4", "Best")
    assert telegram.alice.copies() == []
    assert len([message for message in telegram.alice.messages() if message.file]) == 4
    assert len(telegram.server.calls_of("auth.ImportBotAuthorization")) == 1
