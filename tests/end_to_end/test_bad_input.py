"""Whatever is wrong with a link: one sentence, no traceback, nothing left on the disk, and the bot goes on."""

from __future__ import annotations

import asyncio

import pytest

from bot.keyboards import TOO_LARGE
from tests.end_to_end.bot_process import bot_process
from tests.end_to_end.test_links import is_menu
from utils.errors import error_by_code
from utils.texts import Texts, size_text

pytestmark = pytest.mark.process
SECONDS = 60
LIMITS = {
    "GOLDCREST_EXTRACTOR__STALL_SECONDS": "3",
    "GOLDCREST_EXTRACTOR__RETRIES": "0",
    "GOLDCREST_DOWNLOADS__MAX_SIZE_MB": "3",
    "RETRY_MAX_ATTEMPTS": "1",
}


def sentence(code):
    """What a person is told; of a sentence with sizes, the part behind them."""
    return Texts().error(error_by_code(code)(size_mb=1, limit_mb=3)).sentence.rpartition("MB, ")[2].partition(" 3")[0]


@pytest.fixture
async def bot(tmp_path, settings):
    async with bot_process(tmp_path / "data", settings, LIMITS) as bot:
        yield bot


async def answer(telegram, text):
    """What the bot finally says to a message that leads to no menu."""
    said = await telegram.alice.say(telegram.bot, text)

    def final(message):
        return message.reply_to is said and "Looking" not in message.text

    return (await telegram.alice.wait_for(final, SECONDS, after=said)).text


async def test_items_that_cannot_be_had_are_explained(bot, telegram, sites):
    """Each kind of refusal has its own sentence; all are asked at the same time."""
    youtube, tiktok, instagram = sites.youtube.samples(), sites.tiktok.samples(), sites.instagram.samples()
    origin = sites.public_url
    cases = {
        youtube["private"]: "private",
        youtube["gone"]: "removed",
        youtube["geo"]: "geo_blocked",
        youtube["age"]: "age_restricted",
        youtube["members"]: "paid",
        youtube["bot"]: "bot_check",
        youtube["premiere"]: "not_live_yet",
        youtube["toomany"]: "rate_limited",
        tiktok["private"]: "private",
        tiktok["removed"]: "removed",
        tiktok["vm_dead"]: "dead_link",
        instagram["login"]: "login_required",
        f"{origin}/fault/status/404/clip.mp4": "removed",
        f"{origin}/fault/status/500/clip.mp4": "site_down",
        f"{origin}/fault/redirect_loop/clip.mp4": "dead_link",
        f"{origin}/page/none": "unsupported",
        "http://192.168.1.1/clip.mp4": "private_address",
        "http://2130706433/clip.mp4": "private_address",
        "https://user:secret@example.com/clip.mp4": "unsafe_link",
        "just words": "no_link",
    }
    told = dict(zip(cases, await asyncio.gather(*(answer(telegram, text) for text in cases)), strict=True))
    wrong = {text: told[text] for text, code in cases.items() if sentence(code).rstrip(".") not in told[text]}
    assert not wrong
    assert not [text for text in told.values() if "Traceback" in text or "Error" in text]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/fault/truncated/clip.mp4", "cut_off"),
        ("/fault/stalled/clip.mp4", "stalled"),
        ("/fault/endless/clip.mp4", "too_large"),
        ("/fault/text_as_video/clip.mp4", "not_media"),
        ("/fault/broken_video/clip.mp4", "cut_off"),
    ],
)
async def test_downloads_that_break_are_explained_and_leave_nothing(path, code, bot, telegram, sites):
    """A transfer that is cut, silent, endless, too large or no video at all."""
    said = await telegram.alice.say(telegram.bot, sites.public_url + path)
    first = await telegram.alice.wait_for(lambda m: is_menu(m) or sentence(code) in m.text, SECONDS, after=said)
    if is_menu(first):
        await telegram.alice.press(first, "Best")
        await telegram.alice.wait_for(lambda m: sentence(code) in m.text, SECONDS, after=said)
    assert not [m for m in telegram.alice.messages() if m.file]
    async with asyncio.timeout(20):
        while list(bot.data.glob("work/*")):
            await asyncio.sleep(0.05)


async def test_a_file_that_is_too_large_says_so_in_its_menu(bot, telegram, sites):
    """Its size is on the button, which starts nothing."""
    said = await telegram.alice.say(telegram.bot, sites.public_url + "/fault/huge/clip.mp4")
    menu = await telegram.alice.wait_for(is_menu, SECONDS, after=said)
    assert TOO_LARGE in menu.button("Best").text
    assert size_text(5 << 30) in menu.button("Best").text
    sites.requests.clear()
    answer = await telegram.alice.press(menu, "Best")
    assert answer.alert
    assert sentence("too_large") in answer.text
    assert not sites.requests.all()


async def test_several_links_in_prose_become_several_menus(bot, telegram, sites):
    """Brackets, Markdown and emoji around them don't matter."""
    clip, reel = sites.youtube.samples()["clip"], sites.instagram.samples()["reel"]
    text = f"look \U0001f426 ({clip}), and [this]({reel})! thanks"
    said = await telegram.alice.say(telegram.bot, text)

    def menus():
        return [m for m in telegram.alice.messages(telegram.bot) if is_menu(m)]

    await telegram.alice.wait_for(lambda _m: len(menus()) == 2, SECONDS, after=said)


async def test_strangers_get_one_polite_sentence(bot, telegram, sites):
    """And the owner still gets files."""
    mallory = telegram.world.person("Mallory")
    for _ in range(3):
        await mallory.say(telegram.bot, sites.youtube.samples()["clip"])
    await mallory.wait_for(lambda m: bool(m.text), SECONDS)
    assert len([m for m in mallory.messages(telegram.bot) if m.sender is not mallory]) == 1
    said = await telegram.alice.say(telegram.bot, sites.youtube.samples()["clip"])
    await telegram.alice.wait_for(is_menu, SECONDS, after=said)
    assert len([m for m in mallory.messages(telegram.bot) if m.sender is not mallory]) == 1
