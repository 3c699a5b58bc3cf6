"""The grounds of the end-to-end tests, and a bot whose waits are short."""

from __future__ import annotations

import asyncio

import pytest

from tests.end_to_end.bot_process import bot_process
from tests.end_to_end.conftest import settings, sites, telegram

__all__ = ["settings", "sites", "telegram"]
SECONDS = 60
#: what would take half a minute by default
BRISK = {"GOLDCREST_EXTRACTOR__STALL_SECONDS": "2", "GOLDCREST_RETRY__BASE_SECONDS": "0.2"}


@pytest.fixture
async def bot(tmp_path, settings):
    async with bot_process(tmp_path / "data", settings, BRISK) as bot:
        yield bot


async def until(condition):
    """Wait for something that the outside must be asked for."""
    async with asyncio.timeout(SECONDS):
        while not await condition():
            await asyncio.sleep(0.05)


async def health_says(bot, part, *, ok):
    """Wait until /health tells that of a part."""

    async def told():
        _, body = await bot.get("/health")
        return body["parts"][part]["ok"] is ok

    await until(told)
