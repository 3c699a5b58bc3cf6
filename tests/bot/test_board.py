"""Status messages at a bearable pace."""

import asyncio

import pytest

from bot.board import Boards, Screen
from bot.gate import Gate
from bot.rich import plain
from tests.bot.conftest import settled
from tests.bot.test_gate import Time
from utils.errors import TelegramAway, TelegramRefused


class Chat:
    """Stands for Telegram: writes down edits with their time; `refuses` are raised one after another."""

    def __init__(self, time):
        self.time = time
        self.edits = Gate(time.clock, time.sleep)
        self.done = []
        self.refuses = []

    async def edit_text(self, chat_id, message_id, rich, keyboard, patience_seconds=0):
        self._refuse()
        self.done.append((round(self.time.now, 3), message_id, "".join(piece.text for piece in rich)))

    async def delete(self, chat_id, message_id):
        self._refuse()
        self.done.append((round(self.time.now, 3), message_id, None))

    def _refuse(self):
        if self.refuses:
            raise self.refuses.pop(0)


class SteppedTime(Time):
    """Sleeping waits until the test lets time pass."""

    def __init__(self):
        super().__init__()
        self.sleepers = []

    async def sleep(self, seconds):
        self.slept.append(round(seconds, 6))
        woken = asyncio.Event()
        self.sleepers.append((self.now + seconds, woken))
        await woken.wait()

    async def go(self, seconds):
        self.now += seconds
        for due, woken in self.sleepers:
            if due <= self.now + 1e-9:
                woken.set()
        self.sleepers = [(due, woken) for due, woken in self.sleepers if not woken.is_set()]
        for _ in range(10):
            await asyncio.sleep(0)


@pytest.fixture
def time():
    return SteppedTime()


@pytest.fixture
def chat(time):
    return Chat(time)


@pytest.fixture
async def boards(chat, time):
    boards = Boards(chat, 4.0, time.clock, time.sleep)
    yield boards
    await boards.stop()


def screen(text):
    return Screen(plain(text))


async def test_edits_keep_their_distance_and_show_the_newest(boards, chat, time):
    """The first is shown at once, what comes within four seconds waits, and only the last of it is shown."""
    boards.show(1, 9, screen("a"))
    await time.go(0)
    for text in "bcd":
        boards.show(1, 9, screen(text))
        await time.go(1)
    assert chat.done == [(100, 9, "a")]
    await time.go(1)
    assert chat.done == [(100, 9, "a"), (104, 9, "d")]
    boards.show(1, 9, screen("d"))
    await time.go(10)
    assert len(chat.done) == 2


async def test_the_last_state_is_shown_at_once_and_nothing_after_it(boards, chat, time):
    """Whatever waited to be shown is dropped."""
    boards.show(1, 9, screen("a"))
    await time.go(0)
    boards.show(1, 9, screen("b"))
    await boards.finish(1, 9, screen("end"))
    await time.go(100)
    assert [text for _, _, text in chat.done] == ["a", "end"]


async def test_a_last_state_that_is_shown_already_costs_no_call(boards, chat, time):
    """The same words are not sent twice."""
    boards.show(1, 9, screen("a"))
    await time.go(0)
    await boards.finish(1, 9, screen("a"))
    assert len(chat.done) == 1


async def test_the_message_is_taken_away(boards, chat, time):
    """Also where nothing was ever shown."""
    await boards.finish(1, 9, None)
    assert chat.done == [(100, 9, None)]


async def test_a_refused_edit_is_shown_later(boards, chat, time):
    """After a FLOOD_WAIT or without a connection the newest state follows, more slowly."""
    chat.refuses = [TelegramAway("FLOOD_WAIT_7", retry_after_seconds=7), TelegramAway("UNREACHABLE")]
    chat.edits.refused(0)
    boards.show(1, 9, screen("a"))
    await time.go(0)
    boards.show(1, 9, screen("b"))
    await time.go(8)
    await time.go(8)
    assert chat.done == [(116, 9, "b")]


async def test_a_message_that_is_gone_is_left_alone(boards, chat, time):
    """Nothing is tried again, neither progress nor the end."""
    chat.refuses = [TelegramRefused("MESSAGE_ID_INVALID"), TelegramRefused("MESSAGE_ID_INVALID")]
    boards.show(1, 9, screen("a"))
    await time.go(20)
    assert await boards.finish(1, 9, screen("end")) is True
    assert chat.done == []
    assert chat.refuses == []


async def test_the_last_state_is_tried_again_a_bounded_number_of_times(boards, chat, time):
    """A flood wait on it is waited out; a Telegram that never answers doesn't hold it up for ever."""
    chat.refuses = [TelegramAway("FLOOD_WAIT_7", retry_after_seconds=7)] * 2
    finishing = asyncio.create_task(boards.finish(1, 9, screen("end")))
    for _ in range(4):
        await time.go(7)
    await settled(finishing.done)
    assert finishing.result() is True
    assert [text for _, _, text in chat.done] == ["end"]
    chat.refuses = [TelegramAway("UNREACHABLE")] * 99
    finishing = asyncio.create_task(boards.finish(1, 9, None))
    for _ in range(10):
        await time.go(100)
    await settled(finishing.done)
    assert finishing.result() is False
    assert len(chat.refuses) == 94


async def test_many_statuses_of_one_chat_share_its_pace(boards, chat, time):
    """In a group five statuses are edited every sixteen seconds each, in a private chat every four."""
    for message_id in range(5):
        boards.show(-1, message_id, screen("a"))
        boards.show(1, message_id, screen("a"))
    await time.go(0)
    assert len(chat.done) == 10
    for message_id in range(5):
        boards.show(-1, message_id, screen("b"))
        boards.show(1, message_id, screen("b"))
    await time.go(4)
    assert len(chat.done) == 15
    await time.go(12)
    assert len(chat.done) == 20


async def test_stop_leaves_messages_as_they_are(boards, chat, time):
    """What waited is not shown."""
    boards.show(1, 9, screen("a"))
    await time.go(0)
    boards.show(1, 9, screen("b"))
    await boards.stop()
    await time.go(100)
    assert len(chat.done) == 1
