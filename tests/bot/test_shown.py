"""A button counts only in the message that it stands in; forged data does nothing to what belongs to others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from services.users import Person
from tests.bot.test_way_of_a_link import LINK, OTHER, is_menu
from tests.telegram_server import asking
from utils.errors import NotLiveYet, SiteDown
from utils.texts import Texts

FOUR = " ".join(f"https://www.youtube.com/watch?v=links{number:06}" for number in range(4))
LIST = "https://www.youtube.com/playlist?list=PLgoldcrest12"


@pytest.fixture
def texts() -> Texts:
    return Texts(strict=True)


@dataclass
class Scene:
    """A group with its owner and Bob, who is let in and presses what isn't there."""

    bot: Any
    telegram: Any
    alice: Any
    bob: Any
    group: Any

    async def menu(self, person, text, chat=None):
        """Somebody sends links there; the menu that comes."""
        said = await person.say(chat or self.group, text)
        return await person.wait_for(is_menu, chat=chat or self.group, after=said)

    async def forge(self, message, data):
        """Bob presses made-up data on a message; the answer."""
        return await asking.press(self.telegram.world, self.bob, message, data.encode(), 10)

    async def until(self, condition):
        await self.telegram.world.until(condition)


@pytest.fixture
async def scene(bot, telegram):
    bob = telegram.world.person("Bob")
    await bot.app.users.allow(Person(bob.id))
    group = telegram.world.supergroup("Birds", telegram.alice, bob)
    await telegram.alice.add(group, telegram.bot, "admin")
    return Scene(bot, telegram, telegram.alice, bob, group)


def token_of(menu):
    return menu.buttons[0][0].data.split(b":")[1].decode()


@pytest.mark.parametrize("data", ["x:nope", "l:nope"])
async def test_a_forged_cancel_leaves_menus_and_files(scene, texts, data):
    """Neither somebody's menu nor their video loses anything."""
    menu = await scene.menu(scene.alice, LINK)
    await scene.alice.press(menu, "360p")
    video = await scene.alice.wait_for(lambda m: m.file, chat=scene.group)
    menu = await scene.menu(scene.alice, OTHER)
    before = menu.buttons
    for message in (video, menu):
        answer = await scene.forge(message, data)
        assert answer.text.startswith(texts("error.expired"))
    await scene.menu(scene.alice, LINK)
    assert video in scene.alice.messages(scene.group)
    assert menu.buttons == before


async def test_an_own_cancel_of_what_has_ended_does_nothing_elsewhere(scene, sites):
    """Its job is over; pressed on the menu of somebody else it leaves that as it is."""
    menu = await scene.menu(scene.bob, LINK)
    sites.fetching.clear()
    await scene.bob.press(menu, "360p")
    await scene.until(lambda: menu.buttons[0][0].text == "Cancel")
    data = menu.button("Cancel").data.decode()
    sites.fetching.set()
    await scene.bob.wait_for(lambda m: m.file, chat=scene.group)
    theirs = await scene.menu(scene.alice, OTHER)
    before = theirs.buttons
    await scene.forge(theirs, data)
    await scene.menu(scene.alice, LINK)
    assert theirs.buttons == before


async def test_an_own_offer_works_only_where_it_stands(scene, sites, texts):
    """Ordered, cut, recorded, looked at again or waited for elsewhere: each is too old, and nothing happens there."""
    token = token_of(await scene.menu(scene.bob, LINK))
    theirs = await scene.menu(scene.alice, OTHER)
    before = theirs.text, theirs.buttons
    verbs = (
        "q:{}:360p",
        "qc:{}:360p:1-2",
        "cs:{}:",
        "w:{}::5",
        "w:{}:360p:5",
        "g:{}",
        "v:{}:5",
        "lb:{}",
        "rc:{}:360p:5",
    )
    for verb in verbs:
        answer = await scene.forge(theirs, verb.format(token))
        assert answer.text.startswith(texts("error.expired")), verb
    assert (theirs.text, theirs.buttons) == before
    assert not sites.fetches
    assert not await scene.bot.database.all("SELECT * FROM reminders")


async def test_an_own_menu_of_many_works_only_where_it_stands(scene, sites, texts):
    """Many links and lists are bound to their message in the same way, before and after an order."""
    theirs = await scene.menu(scene.alice, OTHER)
    before = theirs.text, theirs.buttons
    for text, verbs in (
        (FOUR, ("bt:{}::best", "be:{}")),
        (LIST, ("lp:{}:11", "lr:{}:all", "bt:{}:1-2:best", "la:{}", "le:{}:1")),
    ):
        token = token_of(await scene.menu(scene.bob, text))
        for verb in verbs:
            answer = await scene.forge(theirs, verb.format(token))
            assert answer.text.startswith(texts("error.expired")), verb
    assert (theirs.text, theirs.buttons) == before
    assert not sites.fetches


async def test_an_own_reminder_is_forgotten_where_it_stands(scene, sites, texts):
    """Pressed elsewhere, its own message says so and the other stays."""
    sites.fails = [SiteDown()]
    said = await scene.bob.say(scene.group, LINK)
    failed = await scene.bob.wait_for(lambda m: texts("error.site_down") in m.text, chat=scene.group, after=said)
    await scene.bob.press(failed, "Try again in")
    await scene.until(lambda: "by myself" in failed.text)
    theirs = await scene.menu(scene.alice, OTHER)
    before = theirs.text, theirs.buttons
    await scene.forge(theirs, failed.button("Cancel").data.decode())
    await scene.until(lambda: texts("later.cancelled") in failed.text)
    assert (theirs.text, theirs.buttons) == before


async def test_a_menu_that_comes_by_itself_is_bound_too(scene, sites, texts):
    """A stream that began is told of in a message of its own, whose buttons work there and nowhere else."""
    sites.fails = [NotLiveYet()]
    said = await scene.bob.say(scene.group, LINK)
    told = await scene.bob.wait_for(lambda m: texts("error.not_live_yet") in m.text, chat=scene.group, after=said)
    await scene.bob.press(told, "Tell me")
    await scene.until(lambda: "look for it" in told.text)
    scene.bot.ticker.pass_by(3600)
    menu = await scene.bob.wait_for(lambda m: texts("live.begun") in m.text, chat=scene.group)
    theirs = await scene.menu(scene.alice, OTHER)
    answer = await scene.forge(theirs, f"q:{token_of(menu)}:360p")
    assert answer.text.startswith(texts("error.expired"))
    await scene.bob.press(menu, "360p")
    video = await scene.bob.wait_for(lambda m: m.file, chat=scene.group)
    assert video.reply_to is said


async def test_a_second_tap_on_cancel_leaves_what_the_first_said(scene, sites, texts):
    """The message that says it stays."""
    menu = await scene.menu(scene.alice, LINK, scene.telegram.bot)
    sites.fetching.clear()
    await scene.alice.press(menu, "360p")
    await scene.until(lambda: menu.buttons[0][0].text == "Cancel")
    data = menu.button("Cancel").data
    await scene.alice.press(menu, "Cancel")
    await scene.until(lambda: texts("error.cancelled") in menu.text)
    await asking.press(scene.telegram.world, scene.alice, menu, data, 10)
    await scene.menu(scene.alice, OTHER, scene.telegram.bot)
    assert menu in scene.alice.messages()
    assert texts("error.cancelled") in menu.text
