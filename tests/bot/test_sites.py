"""/sites through the real client: the owner sees how sites do, pauses them and lets them in again."""

from __future__ import annotations

from typing import Any

import pytest

from core.item_cache import ItemCache
from core.platform_manager import PlatformManager
from platforms.registry import Registry
from services.users import Person
from tests.bot.test_failures import LINK
from tests.telegram_server import asking
from utils.config import load_settings
from utils.texts import Texts


@pytest.fixture(autouse=True)
def manager(sites) -> PlatformManager:
    """The scripted sites behind the real manager's guard."""
    nobody: Any = None
    manager = PlatformManager(Registry(), nobody, load_settings({}).retry, items=ItemCache(info_seconds=0), max_bytes=1)
    probe = sites.probe

    async def guarded(link):
        return await manager.guard.run("probe", link.platform, link.url, lambda: probe(link))

    sites.probe, sites.guard, sites.pause, sites.resume = guarded, manager.guard, manager.pause, manager.resume
    return manager


@pytest.fixture
def texts() -> Texts:
    return Texts(strict=True)


async def test_the_owner_pauses_a_site_and_resumes_it(bot, telegram, sites, texts):
    """While it is paused nobody asks it, and people hear so; a button or the command lets it in again."""
    alice = telegram.alice

    async def said(text: str, holds: str):
        asked = await alice.say(telegram.bot, text)
        return await alice.wait_for(lambda message: holds in message.text, after=asked)

    await said("/sites", texts("sites.none"))
    await said("/sites pause youtube", texts("sites.paused", site="youtube"))
    await said(LINK, texts("error.site_paused"))
    listed = await said("/sites", texts("sites.title"))
    assert "youtube \u00b7 paused by the owner" in listed.text
    answer = await asking.press(telegram.world, alice, listed, b"sr:youtube", 10)
    assert answer.text == texts("sites.resumed", site="youtube")
    await telegram.world.until(lambda: "youtube \u00b7 fine" in listed.text and not listed.buttons)
    await said("/sites", "youtube \u00b7 fine (0 of 0 failed lately)")
    await said("/sites pause YouTube 90", texts("sites.paused_for", site="youtube", wait="90 min"))
    await said("/sites", "youtube \u00b7 paused by the owner for another 90 min")
    await said(LINK, texts("error.site_paused:wait", wait="90 min"))
    await said("/sites resume youtube", texts("sites.resumed", site="youtube"))


async def test_what_is_typed_wrong_is_answered_with_a_sentence(bot, telegram, texts):
    """Unknown sites, absurd times, other words: nothing changes."""
    for typed, expected in (
        ("pause nosuchsite", texts("sites.unknown", site="nosuchsite")),
        ("resume generic", texts("sites.unknown", site="generic")),
        ("pause youtube 0", texts("sites.help")),
        ("pause youtube 1441", texts("sites.help")),
        ("pause youtube ten", texts("sites.help")),
        ("pause", texts("sites.help")),
        ("resume youtube 5", texts("sites.help")),
        ("destroy youtube", texts("sites.help")),
    ):
        said = await telegram.alice.say(telegram.bot, f"/sites {typed}")
        await telegram.alice.wait_for(lambda message, expected=expected: message.text == expected, after=said)
    assert "youtube" not in bot.app.downloads.guard.breakers()


async def test_sites_are_the_owners(bot, telegram, sites, texts):
    """Others can neither list nor press."""
    carol = telegram.world.person("Carol")
    await bot.app.users.allow(Person(carol.id))
    await carol.say(telegram.bot, "/sites")
    await carol.wait_for(lambda message: message.text == texts("sites.owner_only"))
    await telegram.alice.say(telegram.bot, "/sites pause youtube")
    shown = await telegram.alice.wait_for(lambda message: message.text == texts("sites.paused", site="youtube"))
    answer = await asking.press(telegram.world, carol, shown, b"sr:youtube", 10)
    assert answer.text == texts("press.not_yours")
    assert bot.app.downloads.guard.breakers()["youtube"]["held"]
