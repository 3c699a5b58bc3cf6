"""The rate of one person's messages and presses: what costs a request, and how somebody hears of a wait."""

import pytest
from msgspec.structs import replace

from bot.events import Incoming, Pressed
from bot.pace import TOLD_BOUND, Pace
from core.limits import Limits
from services.app import App
from tests.bot.conftest import settled
from utils.config import load_settings
from utils.errors import TooFast
from utils.rate_limiter import MemoryStore
from utils.texts import Texts

LINK = "https://youtu.be/dQw4w9WgXcQ"
ALICE, BOB = 7, 8


class World:
    """Two requests at once and one in ten seconds, on a clock that tests move; `passed`: what was forwarded."""

    def __init__(self):
        self.now = 50.0
        settings = load_settings({})
        rates = replace(settings.limits, requests_per_minute=6, user_burst=2)
        self.app = App(settings=settings, texts=Texts())
        self.app.up_limits = Limits(rates, lambda _: 1.0, MemoryStore(clock=lambda: self.now))
        self.pace = Pace(self.app, lambda: self.now)
        self.passed = 0

    async def forward(self, _event):
        self.passed += 1
        return ()

    async def says(self, text=LINK, user=ALICE, *, private=True):
        """Whether it was dealt with; None: left unanswered. Raises TooFast."""
        before = self.passed
        await self.pace(Incoming(user or 0, 1, user, text, private), self.forward)
        return self.passed > before or None

    async def presses(self, user=ALICE):
        await self.pace(Pressed(1, user, 1, user, "data", True), self.forward)

    async def spend(self, user=ALICE):
        for _ in range(2):
            assert await self.says(user=user)


@pytest.fixture
def world():
    return World()


async def test_the_wait_is_told_once(world):
    """Then there is silence until it is over, and another wait is told anew; somebody else isn't concerned."""
    await world.spend()
    with pytest.raises(TooFast) as told:
        await world.says()
    assert told.value.retry_after_seconds == pytest.approx(10)
    world.now += 9
    assert await world.says() is None
    assert await world.says(user=BOB)
    world.now += 2
    assert await world.says()
    with pytest.raises(TooFast):
        await world.says()


async def test_a_press_always_gets_its_answer(world):
    """A button that does nothing would be pressed again."""
    await world.spend()
    for _ in range(3):
        with pytest.raises(TooFast):
            await world.presses()
    world.now += 10
    await world.presses()
    assert world.passed == 3


async def test_in_a_group_only_links_and_commands_cost(world):
    """What people say to each other is no request; nobody there is disturbed with a refusal."""
    for _ in range(9):
        assert await world.says("good morning", private=False)
    for text in (LINK, "/help"):
        assert await world.says(text, private=False)
    assert await world.says(private=False) is None
    assert await world.says("good night", private=False)
    with pytest.raises(TooFast):
        await world.says()


async def test_nobody_to_count_and_no_limits(world):
    """An anonymous administrator is no person; before the limits are up nobody waits."""
    for _ in range(9):
        assert await world.says(user=None)
    world.app.up_limits = None
    for _ in range(9):
        assert await world.says()


async def test_who_was_told_is_forgotten_in_the_end(world):
    """A crowd fills no memory."""
    for user in range(1, TOLD_BOUND + 3):
        await world.spend(user)
        with pytest.raises(TooFast):
            await world.says(user=user)
    assert len(world.pace._told) == TOLD_BOUND
    assert 1 not in world.pace._told


async def test_the_bot_says_when_to_go_on(bot, telegram, sites):
    """On the wire: one sentence for many messages, and a press has its own answer."""
    rates = replace(bot.settings.limits, requests_per_minute=1, user_burst=1)
    limits = bot.app.up_limits = Limits(rates, lambda _: 1.0)
    await telegram.alice.say(telegram.bot, LINK)
    menu = await telegram.alice.wait_for(lambda message: "360p" in str(message.buttons))
    for _ in range(3):
        await telegram.alice.say(telegram.bot, LINK)
    await settled(lambda: limits.figures()["refused"]["user"] == 3)
    answer = await telegram.alice.press(menu, "360p")
    assert "Try again in" in answer.text
    await telegram.alice.wait_for(lambda message: "Try again in" in message.text)
    assert sum("Try again in" in message.text for message in telegram.alice.messages()) == 1
    assert len(sites.probes) == 1
    assert sites.fetches == []
