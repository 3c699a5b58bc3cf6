"""Files into chats: exactly once, whatever breaks; stored ones from Telegram's own copy."""

import asyncio

import pytest

from services.away import AGAIN_SECONDS
from services.jobs import Order
from tests.bot.conftest import MEBIBYTE, jpeg, settled
from tests.telegram_server.faults import Cut, Mute, RpcError, flood_wait
from utils.texts import Texts

LINK = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
BIG = bytes(range(256)) * (12 * MEBIBYTE // 256 + 1)


@pytest.fixture
def texts():
    return Texts(strict=True)


def files_of(telegram, chat=None):
    return [m for m in telegram.alice.messages(chat) if m.file and m.sender is telegram.bot]


async def ordered(telegram, quality="Best", seconds=20):
    """Send the link, press, and return the menu that becomes the status."""
    said = await telegram.alice.say(telegram.bot, LINK)
    menu = await telegram.alice.wait_for(lambda m: len(m.buttons) > 1, after=said, seconds=seconds)
    await telegram.alice.press(menu, quality)
    return menu


async def ended(bot, jobs=1):
    """Wait until so many jobs have been accepted and none is open."""
    async with asyncio.timeout(30):
        while [state in {"done", "failed", "cancelled"} for state in await states(bot)] != [True] * jobs:
            await asyncio.sleep(0.01)


async def states(bot):
    return [row["state"] for row in await bot.database.all("SELECT state FROM jobs ORDER BY id")]


@pytest.mark.parametrize("effect", [Cut(after=True), Cut(after=False)])
@pytest.mark.parametrize("code", [400, 500])
async def test_a_lost_answer_sends_nothing_twice(bot, telegram, effect, code):
    """The connection breaks before or after Telegram took the file: it comes once, whatever the code."""
    telegram.world.ledger.code = code
    telegram.server.faults.add("messages.SendMedia", effect)
    menu = await ordered(telegram)
    await telegram.alice.wait_for(lambda m: m.file)
    await ended(bot)
    await telegram.world.until(lambda: menu.deleted_at)
    assert len(files_of(telegram)) == 1
    assert len(telegram.world.ledger.repeats) == effect.after
    assert await states(bot) == ["done"]


async def test_a_repeat_that_answers_with_the_message_counts_as_sent(bot, telegram):
    """Where Telegram gives the first message once more, it is kept as the stored copy."""
    telegram.world.ledger.answers_again = True
    telegram.server.faults.add("messages.SendMedia", Cut(after=True))
    await ordered(telegram)
    await ended(bot)
    assert len(files_of(telegram)) == 1
    assert await bot.database.all("SELECT * FROM stored_files")


async def test_a_kill_between_sending_and_writing_it_down(run, telegram):
    """The next process sends with the same random id; Telegram refuses the repeat, and the job is done."""
    bot = await run()
    await ordered(telegram)
    await telegram.alice.wait_for(lambda m: m.file)
    await ended(bot)
    await bot.database.run("UPDATE jobs SET state = 'sending'")
    await bot.database.run("DELETE FROM stored_files")
    bot = await run()
    await ended(bot)
    assert await states(bot) == ["done"]
    assert len(files_of(telegram)) == 1
    assert len(telegram.world.ledger.repeats) == 1


async def test_albums_are_sent_once_too(bot, telegram, sites):
    """The answer to an album is lost: its messages come once, in order."""
    sites.files = [
        ("1.jpg", jpeg(64, 48), {"kind": "photo", "mime": "image/jpeg"}),
        ("2.jpg", jpeg(48, 64), {"kind": "photo", "mime": "image/jpeg"}),
    ]
    telegram.server.faults.add("messages.SendMultiMedia", Cut(after=True))
    await ordered(telegram)
    await ended(bot)
    assert [m.file.kind for m in files_of(telegram)] == ["photo", "photo"]


async def test_a_big_file_travels_on_several_connections(bot, telegram, sites):
    """Byte-exact, with as many connections as the setting says, and progress in between."""
    sites.files = [("v.mp4", BIG, {"kind": "video", "mime": "video/mp4", "width": 64, "height": 48})]
    await ordered(telegram)
    video = await telegram.alice.wait_for(lambda m: m.file, seconds=30)
    assert video.file.read() == BIG
    parts = telegram.server.calls_of("upload.SaveBigFilePart")
    assert len(parts) == -(-len(BIG) // (512 * 1024))
    assert len({part.query.file_part for part in parts}) == len(parts)
    await ended(bot)


async def test_an_upload_survives_cut_connections(bot, telegram, sites):
    """Parts on a connection that breaks are sent again on the next one, at once."""
    sites.files = [("v.mp4", BIG, {"kind": "video", "mime": "video/mp4"})]
    telegram.server.faults.add("upload.SaveBigFilePart", Cut(), times=2, skip=5)
    telegram.server.faults.add("upload.SaveBigFilePart", Cut(after=True), skip=12)
    await ordered(telegram)
    video = await telegram.alice.wait_for(lambda m: m.file, seconds=30)
    assert video.file.read() == BIG
    await ended(bot)
    assert len(files_of(telegram)) == 1


async def test_flood_waits_on_parts_and_on_the_message_are_waited_out(bot, telegram, sites):
    """Each as long as it was told and a second longer; premium's kind too."""
    telegram.server.faults.add("upload.SaveFilePart", flood_wait(7))
    telegram.server.faults.add("upload.SaveFilePart", flood_wait(11, premium=True), skip=1)
    telegram.server.faults.add("messages.SendMedia", flood_wait(20))
    await ordered(telegram)
    assert await telegram.alice.wait_for(lambda m: m.file)
    for seconds in (8, 12, 21):
        assert any(seconds - 0.5 < slept <= seconds for slept in bot.sleeps), (seconds, bot.sleeps)
    await ended(bot)


async def test_a_long_flood_wait_is_told_and_waited_out(bot, telegram, sites, texts):
    """The person hears how long; the file that was fetched comes afterwards, and the site isn't asked again."""
    telegram.server.faults.add("messages.SendMedia", flood_wait(600))
    menu = await ordered(telegram)
    await telegram.world.until(lambda: texts("error.telegram_away:wait", wait="10 min") in menu.text)
    await ended(bot)
    assert await states(bot) == ["done"]
    assert len(sites.fetches) == len(files_of(telegram)) == 1


async def test_one_flood_wait_costs_no_job(bot, telegram, sites):
    """Six that were accepted are done, though the first one was told to pause for three minutes."""
    telegram.server.faults.add("messages.SendMedia", flood_wait(180))
    target = {"chat_id": telegram.alice.id, "status_id": 1}
    await telegram.alice.say(telegram.bot, "/help")
    await telegram.alice.wait_for(lambda m: m.sender is telegram.bot)
    sites.fetching.clear()
    for number in range(6):
        (link,) = bot.app.downloads.detect(f"https://www.youtube.com/watch?v=dQw4w9WgXc{number}").links
        await bot.app.downloads.submit(Order("telegram", link, "best", telegram.alice.id, "T", target))
    sites.fetching.set()
    await ended(bot, 6)
    assert await states(bot) == ["done"] * 6


async def test_a_flood_wait_longer_than_a_file_waits_is_told(bot, telegram, texts):
    """A wait of two hours ends the job with a sentence and the time, not with silence."""
    telegram.server.faults.add("messages.SendMedia", flood_wait(7200), times=None)
    menu = await ordered(telegram)
    await telegram.world.until(lambda: texts("error.telegram_away:wait", wait="2 h") in menu.text)
    assert menu.button("Try again")


async def test_a_job_that_waits_out_a_flood_is_cancelled_at_once(run, telegram, texts):
    """Its button works meanwhile."""
    await run.sign_in()
    bot = await run(endless=5)
    telegram.server.faults.add("messages.SendMedia", flood_wait(600), times=None)
    menu = await ordered(telegram)
    await telegram.world.until(lambda: texts("error.telegram_away:wait", wait="10 min") in menu.text)
    await telegram.alice.press(menu, "Cancel")
    await ended(bot)
    assert await states(bot) == ["cancelled"]


async def test_a_line_that_is_down_for_long_costs_no_job(bot, telegram, sites, monkeypatch):
    """Nobody is signed in for a while; the file comes on the next line."""
    monkeypatch.setattr("bot.calls.LINE_SECONDS", 0.05)
    calls = bot.part._desk.telegram
    sites.fetching.clear()
    await ordered(telegram)
    await settled(lambda: sites.fetches)
    client, on_dead = calls._client, calls._on_dead
    calls.detach()
    sites.fetching.set()
    await settled(lambda: sum(AGAIN_SECONDS - 1 < slept <= AGAIN_SECONDS for slept in bot.sleeps) > 1)
    calls.attach(client, on_dead)
    await ended(bot)
    assert await states(bot) == ["done"]


async def test_parts_that_telegram_lost_are_uploaded_again(bot, telegram, sites):
    """Once; then the file comes."""
    telegram.server.faults.add("messages.SendMedia", RpcError(400, "FILE_PART_0_MISSING"))
    await ordered(telegram)
    video = await telegram.alice.wait_for(lambda m: m.file)
    assert video.file.read() == sites.files[0][1]
    assert len(telegram.server.calls_of("messages.SendMedia")) == 2


async def test_somebody_who_blocked_the_bot_is_not_tried_again(bot, telegram, sites):
    """One refusal ends the job."""
    sites.fetching.clear()
    await ordered(telegram)
    await settled(lambda: sites.fetches)
    await telegram.alice.block(telegram.bot)
    sites.fetching.set()
    await ended(bot)
    assert await states(bot) == ["failed"]
    assert len(telegram.server.calls_of("messages.SendMedia")) == 1


async def test_an_expired_reference_is_fetched_anew(bot, telegram, sites):
    """The stored copy is sent after its message was read again; no download, and the next time no reading either."""
    await ordered(telegram)
    first = await telegram.alice.wait_for(lambda m: m.file)
    await ended(bot)
    first.file.expire()
    for count in (2, 3):
        await ordered(telegram)
        await telegram.world.until(lambda count=count: len(files_of(telegram)) == count)
        await ended(bot, count)
    assert len(sites.fetches) == 1
    assert len(telegram.server.calls_of("messages.GetMessages")) == 1


async def test_a_copy_whose_message_is_gone_is_downloaded_again(bot, telegram, sites):
    """The reference is dead and nothing can renew it: the person gets the file all the same."""
    await ordered(telegram)
    first = await telegram.alice.wait_for(lambda m: m.file)
    await ended(bot)
    first.file.expire()
    await telegram.alice.delete(first)
    await ordered(telegram)
    await telegram.world.until(lambda: len(files_of(telegram)) == 1)
    await ended(bot, 2)
    assert len(sites.fetches) == 2


async def test_a_storage_channel_keeps_the_copies(run, telegram, sites):
    """Files stand in the channel; deleting the one in the chat costs no download."""
    channel = telegram.world.channel("Store", telegram.alice)
    await telegram.alice.add(channel, telegram.bot, "admin")
    bot = await run(GOLDCREST_TELEGRAM__STORAGE_CHAT_ID=str(-1_000_000_000_000 - channel.id))
    sites.files = [
        ("1.jpg", jpeg(64, 48), {"kind": "photo", "mime": "image/jpeg"}),
        ("2.mp4", b"v" * 9000, {"kind": "video", "mime": "video/mp4"}),
    ]
    await ordered(telegram)
    await ended(bot)
    assert [m.file.kind for m in files_of(telegram, channel)] == ["photo", "video"]
    came = files_of(telegram, telegram.bot)
    assert [m.file.kind for m in came] == ["photo", "video"]
    for message in came:
        message.file.expire()
    await telegram.alice.delete(*came)
    await ordered(telegram)
    await telegram.world.until(lambda: len(files_of(telegram, telegram.bot)) == 2)
    await ended(bot, 2)
    assert len(sites.fetches) == 1


async def test_the_file_comes_though_the_question_was_deleted(bot, telegram, sites):
    """Without the message to reply to it stands by itself."""
    sites.fetching.clear()
    menu = await ordered(telegram)
    await settled(lambda: sites.fetches)
    await telegram.alice.delete(menu.reply_to)
    telegram.server.faults.add("messages.SendMedia", RpcError(400, "REPLY_MESSAGE_ID_INVALID"))
    sites.fetching.set()
    video = await telegram.alice.wait_for(lambda m: m.file)
    assert video.reply_to is None


async def test_a_flood_wait_on_edits_slows_them_and_loses_nothing(bot, telegram, sites, texts):
    """Progress edits stop for the wait; the last state is shown all the same."""
    from platforms.shapes import Progress
    from utils.errors import CutOff

    sites.fetching.clear()
    sites.phases = [Progress("downloading", done * MEBIBYTE, 84 * MEBIBYTE) for done in range(1, 9)]
    sites.breaks = [CutOff("short")]
    said = await telegram.alice.say(telegram.bot, LINK)
    menu = await telegram.alice.wait_for(lambda m: len(m.buttons) > 1, after=said)
    telegram.server.faults.add("messages.EditMessage", flood_wait(30), times=2)
    await telegram.alice.press(menu, "Best")
    await settled(lambda: sites.fetches)
    sites.fetching.set()
    await telegram.world.until(lambda: texts("error.cut_off") in menu.text)
    assert bot.part._desk.telegram.edits.slowness > 1
    await ended(bot)


async def test_a_status_that_was_deleted_does_no_harm(bot, telegram, sites):
    """Edits of a message that is gone end quietly; the file comes."""
    sites.fetching.clear()
    menu = await ordered(telegram)
    await settled(lambda: sites.fetches)
    await telegram.alice.delete(menu)
    sites.fetching.set()
    assert await telegram.alice.wait_for(lambda m: m.file)
    await ended(bot)
    assert await states(bot) == ["done"]


async def test_an_answer_that_comes_too_late_is_no_error(bot, telegram, sites):
    """QUERY_ID_INVALID to the answer of a press: the job runs."""
    telegram.server.faults.add("messages.SetBotCallbackAnswer", RpcError(400, "QUERY_ID_INVALID"))
    said = await telegram.alice.say(telegram.bot, LINK)
    menu = await telegram.alice.wait_for(lambda m: len(m.buttons) > 1, after=said)
    press = asyncio.create_task(telegram.alice.press(menu, "Best", seconds=5))
    assert await telegram.alice.wait_for(lambda m: m.file)
    press.cancel()
    await asyncio.wait({press})


async def test_a_mute_server_is_asked_again(run, telegram, monkeypatch):
    """An answer that never comes: the same message is sent again after the time an answer may take, once."""
    monkeypatch.setattr("bot.calls.ANSWER_SECONDS", 0.5)
    bot = await run()
    telegram.server.faults.add("messages.SendMedia", Mute(after=True))
    await ordered(telegram)
    await ended(bot)
    assert len(files_of(telegram)) == 1
    assert len(telegram.world.ledger.repeats) == 1
