"""Both test grounds, and the bot between them."""

from __future__ import annotations

import pytest

from tests.end_to_end.bot_process import bot_process
from tests.sites.harness import running_sites
from tests.telegram_server.harness import running_server


@pytest.fixture
async def telegram():
    async with running_server() as telegram:
        yield telegram


@pytest.fixture
async def sites():
    async with running_sites() as sites:
        yield sites


@pytest.fixture
def settings(telegram, sites):
    """The environment of a bot that alice owns."""
    return {
        **telegram.env(),
        **sites.env(),
        "OWNER_ID": str(telegram.alice.id),
        "GOLDCREST_TELEGRAM__EDIT_INTERVAL_SECONDS": "0.3",
    }


@pytest.fixture
async def bot(tmp_path, settings):
    async with bot_process(tmp_path / "data", settings) as bot:
        yield bot
