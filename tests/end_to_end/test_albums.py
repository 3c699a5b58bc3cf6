"""Alice sends links to posts of pictures and gets albums."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from tests.end_to_end.test_links import nothing_left
from tests.sites.stills import stills

pytestmark = pytest.mark.process
SECONDS = 60


async def files_for(telegram, url, label, count):
    """Say a link, press the only button of its menu, wait for so many files."""
    said = await telegram.alice.say(telegram.bot, url)
    menu = await telegram.alice.wait_for(
        lambda m: any(label in b.text for row in m.buttons for b in row), 30, after=said
    )
    await telegram.alice.press(menu, label)
    async with asyncio.timeout(SECONDS):
        while len(came := [m for m in telegram.alice.messages() if m.file and m.order > menu.order]) < count:
            await asyncio.sleep(0.05)
    return came


async def test_a_carousel_of_twenty_comes_as_two_albums_and_at_once_the_second_time(bot, telegram, sites):
    """Photos and videos in the order of the post; the second time nobody asks the site."""
    url = sites.instagram.samples()["twenty"]
    label = "16 photos \u00b7 4 videos"
    first = await files_for(telegram, url, label, 20)
    await nothing_left(bot, telegram)
    sites.requests.clear()
    second = await files_for(telegram, url, label, 20)
    for came in (first, second):
        assert [m.file.kind for m in came] == ["photo", "photo", "video", "photo", "photo"] * 4
        assert len({m.album for m in came[:10]}) == len({m.album for m in came[10:]}) == 1
        assert len({m.album for m in came} - {None}) == 2
        assert [number for number, m in enumerate(came) if m.text] == [0]
    assert [m.file.sha256 for m in first] == [m.file.sha256 for m in second]
    assert sites.requests.to("cdninstagram.com") == []
    assert len([m for m in telegram.alice.messages() if m.file]) == 40


async def test_pictures_come_as_the_site_keeps_them(bot, telegram, sites):
    """Byte for byte."""
    came = await files_for(telegram, sites.tiktok.samples()["photos"], "3 photos", 3)
    shelf = sites.media
    for message, still in zip(came, stills(shelf, 3), strict=True):
        assert message.file.kind == "photo"
        if still.name.endswith("jpg"):
            assert message.file.sha256 == hashlib.sha256(shelf.path(still.name).read_bytes()).hexdigest()
    assert len({m.album for m in came}) == 1
    await nothing_left(bot, telegram)
