"""Menus of clips and of running streams, with the real client on the wire; the sites are scripted."""

import pytest

from bot.clips import clip_title, read_span, same_again
from bot.keyboards import Choose, ChooseClip, Record, ShowClip
from platforms.parts import Clip, Recording
from platforms.shapes import Progress
from tests.bot.conftest import MEBIBYTE
from tests.bot.test_way_of_a_link import LINK, is_menu, menu_of, statuses
from utils.errors import CutOff, Expired, LiveNow
from utils.texts import Texts


@pytest.fixture
def texts():
    return Texts(strict=True)


@pytest.fixture
def long(sites):
    """The scripted item lasts 100 seconds."""
    sites.shape = {"duration_seconds": 100.0}


@pytest.fixture
def live(sites):
    """The scripted item is a running stream."""
    sites.shape = {"duration_seconds": None, "is_live": True, "kind": "live"}
    sites.phases = [Progress("recording", 3 * MEBIBYTE, done_seconds=30.0, total_seconds=300.0)]
    sites.fetching.clear()


def labels(message):
    return [button.text for row in message.buttons for button in row]


async def turned(telegram, menu, text):
    """The menu when it says something else."""
    return await telegram.alice.wait_for(lambda m: m is menu and text in m.text)


async def test_a_link_with_a_start_offers_a_clip(bot, telegram, sites, long):
    """One more button; it turns the menu into the clip's, with its sizes, and back; each orders its own."""
    menu = await menu_of(telegram, f"{LINK}&t=75")
    assert labels(menu)[-1] == "✂ From 1:15"
    await telegram.alice.press(menu, "✂")
    cut = await turned(telegram, menu, "✂ From 1:15 to the end")
    assert labels(cut) == [
        "Best \u00b7 ~21.0 MB",
        "2160p \u00b7 ~750.0 MB",
        "1080p \u00b7 ~21.0 MB",
        "360p",
        "Audio only \u00b7 ~768 KB",
        "Whole",
    ]
    assert "0:25" in cut.text
    await telegram.alice.press(cut, "Whole")
    await telegram.alice.wait_for(lambda m: m is menu and "✂ From" in labels(m)[-1])
    await telegram.alice.press(menu, "✂")
    await telegram.alice.press(await turned(telegram, menu, "✂ From 1:15 to the end"), "1080p")
    video = await telegram.alice.wait_for(lambda m: m.file)
    assert sites.fetches == [("youtube:dQw4w9WgXcQ", "1080p", "clip:75-")]
    assert video.text.startswith(f"{sites.title} [1:15-]")
    await telegram.world.until(lambda: not statuses(telegram))


async def test_a_written_range_is_a_clip_at_once(bot, telegram, sites, long):
    """Behind the link; stored ones of it are marked, those of the whole aren't."""
    menu = await menu_of(telegram, f"{LINK} 0:10-0:20.5")
    assert "✂ Clip 0:10–0:20" in menu.text  # noqa: RUF001 - a range in a text for people
    await telegram.alice.press(menu, "1080p")
    await telegram.alice.wait_for(lambda m: m.file)
    assert sites.fetches == [("youtube:dQw4w9WgXcQ", "1080p", "clip:10-20.5")]
    again = await menu_of(telegram, f"{LINK} 0:10-0:20.5")
    assert again.button("1080p").text.startswith("\u26a1")
    assert not (await menu_of(telegram, LINK)).button("1080p").text.startswith("\u26a1")
    assert not (await menu_of(telegram, f"{LINK} 0:10-0:21")).button("1080p").text.startswith("\u26a1")


@pytest.mark.parametrize(
    ("behind", "problem"), [("1:20-0:43", "reversed"), ("0:10-0:10", "empty"), ("5:00-6:00", "beyond:length")]
)
async def test_a_range_that_makes_no_sense(  # noqa: PLR0917 - fixtures and cases
    bot, telegram, texts, long, behind, problem
):
    """One sentence, and how to write it."""
    await telegram.alice.say(telegram.bot, f"{LINK} {behind}")
    sentence = texts(f"error.bad_part.{problem}", length="1:40")
    hint = texts(f"hint.bad_part.{problem.partition(':')[0]}")
    assert await telegram.alice.wait_for(lambda m: sentence in m.text and hint in m.text)


@pytest.mark.parametrize("start", ["0", "100", "4000", "99999999999"])
async def test_a_start_that_leads_nowhere_is_passed_over(bot, telegram, long, start):
    """A link is no order: the whole is offered as ever."""
    menu = await menu_of(telegram, f"{LINK}&t={start}")
    assert not any("✂" in label for label in labels(menu))


async def test_trying_again_asks_for_the_same_part(bot, telegram, sites, long):
    """A clip that failed comes as a clip."""
    sites.breaks = [CutOff()]
    menu = await menu_of(telegram, f"{LINK} 0:10-0:20")
    await telegram.alice.press(menu, "360p")
    failed = await telegram.alice.wait_for(lambda m: any("Try again" in label for label in labels(m)))
    await telegram.alice.press(failed, "Try again")
    await telegram.alice.wait_for(lambda m: m.file)
    assert sites.fetches == [("youtube:dQw4w9WgXcQ", "360p", "clip:10-20")] * 2


async def test_a_running_stream_is_offered_by_minutes(bot, telegram, sites, live):
    """Told as live; progress is time; Stop and send ends it, and the file comes."""
    menu = await menu_of(telegram)
    assert "🔴 Live \u00b7 Goldie" in menu.text
    assert labels(menu) == ["1 min", "5 min", "15 min", "30 min"]
    await telegram.alice.press(menu, "5 min")
    status = await telegram.alice.wait_for(lambda m: "0:30 of 5:00 \u00b7 3.0 MB" in m.text)
    assert labels(status) == ["⏹ Stop and send", "Cancel"]
    ((_, quality, part),) = sites.fetches
    assert (quality, part.rpartition(":")[0]) == ("1080p", "live:5")
    answer = await telegram.alice.press(status, "Stop and send")
    assert "comes in a moment" in answer.text
    assert sites.enough.is_set()
    sites.fetching.set()
    await telegram.alice.wait_for(lambda m: m.file)


async def test_minutes_follow_the_settings(run, telegram, live):
    """Nothing longer than the operator allows."""
    await run(GOLDCREST_DOWNLOADS__LIVE_MINUTES="10")
    assert labels(await menu_of(telegram)) == ["1 min", "5 min", "10 min"]


async def test_a_running_stream_can_not_be_cut(bot, telegram, texts, live):
    """It has no times yet; what it can is said."""
    await telegram.alice.say(telegram.bot, f"{LINK} 0:10-0:20")
    assert await telegram.alice.wait_for(lambda m: texts("error.bad_part.live_clip") in m.text)


async def test_a_stream_in_no_form_of_ours(bot, telegram, texts, sites, live):
    """As before: it is only told."""
    sites.shape["qualities"] = ()
    await telegram.alice.say(telegram.bot, LINK)
    assert await telegram.alice.wait_for(lambda m: texts(f"error.{LiveNow.code}") in m.text)


async def test_nothing_to_stop(bot, telegram, sites, live):
    """A late press on a recording that has ended says so."""
    menu = await menu_of(telegram)
    await telegram.alice.press(menu, "1 min")
    status = await telegram.alice.wait_for(lambda m: any("Stop and send" in label for label in labels(m)))
    data = status.button("Stop and send").data
    sites.fetching.set()
    await telegram.alice.wait_for(lambda m: m.file)
    other = await menu_of(telegram)
    other.markup.rows[0].buttons[0].type.data = data
    answer = await telegram.alice.press(other, data)
    assert "not being recorded" in answer.text
    assert is_menu(other)


def test_what_a_button_asks_for_again():
    """The very part."""
    assert same_again("t", "best", "") == Choose("t", "best")
    assert same_again("t", "best", Clip(43, 80).key) == ChooseClip("t", "best", "43-80")
    assert same_again("t", "best", Recording(5, "x").key) == Record("t", "best", 5)
    longest = ChooseClip("t" * 12, "no_watermark", Clip(2_678_399.125, 2_678_399.625).key.removeprefix("clip:"))
    assert len(longest.pack().encode()) <= 64
    assert ShowClip.unpack(ShowClip("t", "").pack()) == ShowClip("t", "")
    assert clip_title("", Clip(1)) == "[0:01-]"


@pytest.mark.parametrize("span", ["x", "5-1", "", "live:5"])
def test_a_forged_clip_is_an_old_button(span):
    """Nothing of our own keys is shown."""
    with pytest.raises(Expired):
        read_span(span)
