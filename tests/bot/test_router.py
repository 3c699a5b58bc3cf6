"""Who handles what."""

import asyncio

import pytest

from bot.events import Incoming, Pressed
from bot.keyboards import Choose, StopJob
from bot.router import Dispatcher, Router, read_command
from utils.errors import Expired


def message(text, *, private=True, edited_at=0):
    return Incoming(1, 2, 3, text, private=private, edited_at=edited_at)


def press(data):
    return Pressed(9, 1, 2, 3, data, private=True)


@pytest.fixture
def calls():
    return []


@pytest.fixture
def dispatch(calls):
    router = Router("test")

    @router.command("start")
    async def start(message, payload, app):
        calls.append(("start", message.text, payload, app))

    @router.press(Choose)
    async def choose(press, data):
        calls.append(("choose", press.data, data))

    @router.text()
    async def text(message):
        calls.append(("text", message.text))
        task = asyncio.create_task(asyncio.sleep(0))
        return [task]

    def noted(name):
        async def middleware(event, forward):
            calls.append(f"{name} in")
            rest = await forward(event)
            calls.append(f"{name} out")
            return rest

        return middleware

    return Dispatcher((router,), (noted("outer"), noted("inner")), {"app": "the app"}, lambda: "Goldcrest_Bot").dispatch


async def test_middlewares_lie_around_handlers_like_an_onion(dispatch, calls):
    """The first is the outermost; a handler gets what it names and nothing else."""
    assert await dispatch(message("/start claim_x y")) == ()
    assert calls == [
        "outer in",
        "inner in",
        ("start", "/start claim_x y", "claim_x y", "the app"),
        "inner out",
        "outer out",
    ]


async def test_what_goes_on_is_handed_back(dispatch):
    """Tasks that outlive the handler reach whoever dispatched."""
    (task,) = await dispatch(message("hello"))
    await task


@pytest.mark.parametrize(
    ("event", "handled"),
    [
        (message("/START@goldcrest_bot now"), ("start", "/START@goldcrest_bot now", "now", "the app")),
        (press("q:tok:best"), ("choose", "q:tok:best", Choose("tok", "best"))),
        (message("/start@other_bot"), None),
        (message("/unknown"), ("text", "/unknown")),
        (message("/unknown", private=False), None),
        (message("/start", edited_at=9), ("text", "/start")),
        (message("/start", private=False, edited_at=9), None),
        (message("see /start", private=False, edited_at=9), ("text", "see /start")),
    ],
)
async def test_only_what_is_meant_for_a_handler_reaches_it(dispatch, calls, event, handled):
    """Commands for other bots reach none; unknown ones are texts in private; a change gives no command."""
    await dispatch(event)
    assert [call for call in calls if isinstance(call, tuple)] == ([handled] if handled else [])


@pytest.mark.parametrize("data", ["", "x:job", "q:tok", "q:tok:best:5", "nonsense"])
async def test_a_button_that_nobody_knows_has_expired(dispatch, calls, data):
    """It may be of an older version; whoever presses it hears so instead of waiting."""
    with pytest.raises(Expired):
        await dispatch(press(data))
    assert calls == ["outer in", "inner in"]


def test_a_handler_that_names_what_nobody_gives_is_found_at_once():
    """A typo in a parameter is no surprise at night."""
    router = Router("test")

    @router.press(StopJob)
    async def broken(press, dta):
        raise AssertionError

    with pytest.raises(ValueError, match="dta"):
        Dispatcher((router,), (), {}, lambda: "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hello", ("", "")),
        ("/help", ("help", "")),
        ("/help@BOT  more ", ("help", "more")),
        ("/help@else more", (None, "")),
        ("/", ("", "")),
        ("/help\nmore", ("help", "more")),
    ],
)
def test_commands(text, found):
    """Name and rest, without the bot's own name."""
    assert read_command(text, "bot") == found
