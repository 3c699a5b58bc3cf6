"""Faults on demand, and what the real client makes of them; random ids under all of them."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from pyrogram import errors, raw

from tests.telegram_server.faults import Cut, Faults, Late, Mute, RpcError, flood_wait
from tests.telegram_server.harness import Telegram
from tests.telegram_server_tests.conftest import Tracked


@pytest.fixture
async def chatting(telegram: Telegram, bot: Tracked) -> Tracked:
    """A bot that alice has started."""
    await telegram.alice.start(telegram.bot)
    return bot


async def message_to(bot: Tracked, telegram: Telegram, text: str, random_id: int) -> Any:
    return raw.functions.messages.SendMessage(
        peer=await bot.client.resolve_peer(telegram.alice.id), message=text, random_id=random_id
    )


def heard(telegram: Telegram) -> list[str]:
    return [message.text for message in telegram.alice.messages() if message.sender is telegram.bot]


async def test_errors_strike_by_method_count_and_condition(telegram: Telegram, chatting: Tracked) -> None:
    """A fault meets the requests it names, so often, after letting some pass, and counts its hits."""
    fault = telegram.server.faults.add(
        "messages.sendMessage", RpcError(400, "CHAT_RESTRICTED"), times=2, skip=1, when=lambda q: q.message != "spared"
    )
    outcome = []
    for text in ("first", "second", "spared", "third", "fourth"):
        try:
            await chatting.client.send_message(telegram.alice.id, text)
        except errors.ChatRestricted:
            outcome.append(text)
    assert outcome == ["second", "third"]
    assert fault.hits == 2
    assert heard(telegram) == ["first", "spared", "fourth"]


def test_a_star_stands_for_any_letters() -> None:
    """upload.* meets every method of upload, in any case, and nothing else; clear takes all back."""
    faults = Faults()
    faults.add("upload.*", Mute(), times=None)
    assert isinstance(faults.take("upload.SaveFilePart", None), Mute)
    assert faults.take("messages.uploadX", None) is None
    faults.clear()
    assert faults.take("upload.GetFile", None) is None


async def test_flood_waits_are_slept_or_raised(telegram: Telegram, chatting: Tracked) -> None:
    """Below its threshold the client waits by itself, above it raises with the seconds."""
    chatting.client.sleep_threshold = 5
    telegram.server.faults.add("messages.sendMessage", flood_wait(0))
    await chatting.client.send_message(telegram.alice.id, "slept")
    telegram.server.faults.add("messages.sendMessage", flood_wait(300))
    with pytest.raises(errors.FloodWait) as caught:
        await chatting.client.send_message(telegram.alice.id, "raised")
    assert caught.value.value == 300
    telegram.server.faults.add("messages.sendMessage", flood_wait(7, premium=True))
    with pytest.raises(errors.FloodPremiumWait):
        await chatting.client.send_message(telegram.alice.id, "raised")
    assert heard(telegram) == ["slept"]


async def test_an_unanswered_request_may_have_been_done(telegram: Telegram, chatting: Tracked) -> None:
    """Mute(after) does it and keeps silent: the repeat with the same random id is refused and counted."""
    request = await message_to(chatting, telegram, "once", 5)
    telegram.server.faults.add("messages.sendMessage", Mute(after=True))
    with pytest.raises(TimeoutError):
        await chatting.client.invoke(request, timeout=0.2, retries=1, retry_delay=0)
    with pytest.raises(errors.RandomIdDuplicate):
        await chatting.client.invoke(request)
    assert heard(telegram) == ["once"]
    [repeat] = telegram.world.ledger.repeats
    assert (repeat.sender, repeat.random_id, repeat.message.text) == (telegram.bot, 5, "once")


async def test_a_muted_request_is_not_done(telegram: Telegram, chatting: Tracked) -> None:
    """Mute alone swallows the request; the repeat is the first that counts."""
    request = await message_to(chatting, telegram, "after all", 6)
    telegram.server.faults.add("messages.sendMessage", Mute())
    await chatting.client.invoke(request, timeout=0.2, retry_delay=0)
    assert heard(telegram) == ["after all"]
    assert telegram.world.ledger.repeats == []


async def test_a_repeat_can_be_answered_with_the_first_message(telegram: Telegram, chatting: Tracked) -> None:
    """The other behaviour that Telegram documents, and error code 500, can be chosen."""
    request = await message_to(chatting, telegram, "hello", 8)
    first = await chatting.client.invoke(request)
    telegram.world.ledger.answers_again = True
    again = await chatting.client.invoke(request)
    assert again.updates[0].id == first.updates[0].id
    telegram.world.ledger.answers_again, telegram.world.ledger.code = False, 500
    with pytest.raises(TimeoutError):
        await chatting.client.invoke(request, retries=1, retry_delay=0)
    assert heard(telegram) == ["hello"]
    with pytest.raises(errors.RandomIdEmpty):
        await chatting.client.invoke(await message_to(chatting, telegram, "no id", 0))


async def test_the_answer_of_a_cut_connection_comes_at_the_next_one(telegram: Telegram, chatting: Tracked) -> None:
    """Cut(after) breaks the connection behind a done request; the client is back and has its answer in time."""
    telegram.server.faults.add("messages.sendMessage", Cut(after=True))
    sent = await asyncio.wait_for(chatting.client.send_message(telegram.alice.id, "kept"), 10)
    assert (sent.text, heard(telegram)) == ("kept", ["kept"])
    assert telegram.world.ledger.repeats == []


async def test_a_cut_before_the_request_is_repeated_by_the_client(telegram: Telegram, chatting: Tracked) -> None:
    """Cut loses the request; the client asks again on a new connection when its patience ends."""
    telegram.server.faults.add("messages.sendMessage", Cut())
    request = await message_to(chatting, telegram, "second try", 9)
    await chatting.client.invoke(request, timeout=1, retry_delay=0)
    assert heard(telegram) == ["second try"]


async def test_a_late_answer_is_an_answer(telegram: Telegram, chatting: Tracked) -> None:
    """Late does the request at once and answers after the given time."""
    telegram.server.faults.add("messages.sendMessage", Late(0.2))
    sending = asyncio.create_task(chatting.client.send_message(telegram.alice.id, "slow"))
    await telegram.alice.wait_for(lambda message: message.text == "slow")
    assert not sending.done()
    assert (await sending).text == "slow"


async def test_an_upload_survives_a_cut(telegram: Telegram, chatting: Tracked) -> None:
    """Parts in flight when the connection breaks are sent again and make the same file."""
    data = os.urandom(12 << 20)
    parts = [data[at : at + (512 << 10)] for at in range(0, len(data), 512 << 10)]
    session = await chatting.client.get_session(2, is_media=True)
    upload = raw.functions.upload.SaveBigFilePart
    telegram.server.faults.add("upload.saveBigFilePart", Cut(), when=lambda query: query.file_part == 7)
    requests = [
        upload(file_id=4, file_part=number, file_total_parts=len(parts), bytes=part)
        for number, part in enumerate(parts)
    ]
    await asyncio.gather(*(session.invoke(request, timeout=2, retry_delay=0) for request in requests))
    await chatting.client.invoke(
        raw.functions.messages.SendMedia(
            peer=await chatting.client.resolve_peer(telegram.alice.id),
            media=raw.types.InputMediaUploadedDocument(
                file=raw.types.InputFileBig(id=4, parts=len(parts), name="big"), mime_type="a/b", attributes=[]
            ),
            message="",
            random_id=4,
        )
    )
    assert telegram.alice.messages()[-1].attachment.read() == data


async def test_an_upload_tells_its_faults(telegram: Telegram, chatting: Tracked, tmp_path: Path) -> None:
    """FLOOD_WAIT and FILE_PART_INVALID in the middle of a big file raise."""
    source = tmp_path / "big"
    source.write_bytes(os.urandom(11 << 20))
    for error, kind in (
        (flood_wait(60), errors.FloodWait),
        (RpcError(400, "FILE_PART_INVALID"), errors.FilePartInvalid),
    ):
        telegram.server.faults.add("upload.saveBigFilePart", error, when=lambda query: query.file_part == 7)
        with pytest.raises(kind):
            await chatting.client.send_document(telegram.alice.id, source)


async def test_a_download_tells_its_faults(telegram: Telegram, chatting: Tracked, tmp_path: Path) -> None:
    """In the middle of a file: an expired reference and a flood wait raise, a cut answer still comes."""
    source = tmp_path / "f"
    source.write_bytes(os.urandom(3 << 20))
    sent = await chatting.client.send_document(telegram.alice.id, source)

    def second(query: Any) -> bool:
        return bool(query.offset == 1 << 20)

    for error, kind in (
        (RpcError(400, "FILE_REFERENCE_EXPIRED"), errors.FileReferenceExpired),
        (flood_wait(60), errors.FloodWait),
    ):
        telegram.server.faults.add("upload.getFile", error, when=second)
        with pytest.raises(kind):
            await chatting.client.download_media(sent, file_name=str(tmp_path / "x"))
    telegram.server.faults.add("upload.getFile", Late(0.1), when=second)
    back = await chatting.client.download_media(sent, file_name=str(tmp_path / "y"))
    assert Path(back).read_bytes() == source.read_bytes()


async def test_an_unknown_method_and_a_broken_handler_are_errors(telegram: Telegram, chatting: Tracked) -> None:
    """Both answer 400, for 500 is tried ten times; a broken handler is remembered in world.failures."""
    with pytest.raises(errors.MethodInvalid):
        await chatting.client.invoke(raw.functions.help.GetSupport())
    file = telegram.world.file(b"gone")
    file.content.path.unlink()
    telegram.world.post(telegram.alice, telegram.world.dialog(telegram.alice, telegram.bot), file=file)
    with pytest.raises(errors.InputFetchError):
        await chatting.client.invoke(
            raw.functions.upload.GetFile(
                location=raw.types.InputDocumentFileLocation(
                    id=file.id, access_hash=file.access_hash, file_reference=file.reference, thumb_size=""
                ),
                offset=0,
                limit=4096,
            )
        )
    assert telegram.world.failures == ["upload.GetFile"]
    telegram.world.failures.clear()


@pytest.mark.parametrize(
    ("text", "error"),
    [("x" * 4097, errors.MessageTooLong), (" ", errors.MessageEmpty)],
)
async def test_texts_have_their_limits(
    telegram: Telegram, chatting: Tracked, text: str, error: type[Exception]
) -> None:
    """4096 characters fit, one more doesn't, nothing is nothing."""
    with pytest.raises(error):
        await chatting.client.invoke(await message_to(chatting, telegram, text, 1))
    await chatting.client.invoke(await message_to(chatting, telegram, "x" * 4096, 2))


async def test_captions_buttons_and_entities_have_their_limits(
    telegram: Telegram, chatting: Tracked, tmp_path: Path
) -> None:
    """1024 for a caption, 64 bytes for a button's data, links that are links, entities inside the text."""
    source = tmp_path / "f"
    source.write_bytes(b"data")
    await chatting.client.send_document(telegram.alice.id, source, caption="x" * 1024)
    with pytest.raises(errors.MediaCaptionTooLong):
        await chatting.client.send_document(telegram.alice.id, source, caption="x" * 1025)
    types = raw.types

    async def send(markup: Any = None, entities: Any = None) -> None:
        request = await message_to(chatting, telegram, "text", int.from_bytes(os.urandom(7), "big"))
        request.reply_markup, request.entities = markup, entities
        await chatting.client.invoke(request)

    def keyboard(kind: Any, text: str = "b", count: int = 1) -> Any:
        button = types.KeyboardInlineButton(text=text, type=kind)
        return types.ReplyInlineMarkup(rows=[types.KeyboardInlineButtonRow(buttons=[button]) for _ in range(count)])

    await send(keyboard(types.InlineButtonTypeCallback(data=b"x" * 64)))
    for markup, error in (
        (keyboard(types.InlineButtonTypeCallback(data=b"x" * 65)), errors.ButtonDataInvalid),
        (keyboard(types.InlineButtonTypeCallback(data=b"")), errors.ButtonDataInvalid),
        (keyboard(types.InlineButtonTypeCallback(data=b"x"), text=""), errors.ButtonTextInvalid),
        (keyboard(types.InlineButtonTypeUrl(url="not a link")), errors.ButtonUrlInvalid),
        (keyboard(types.InlineButtonTypeCallback(data=b"x"), count=101), errors.ReplyMarkupTooLong),
    ):
        with pytest.raises(error):
            await send(markup)
    with pytest.raises(errors.EntityBoundsInvalid):
        await send(entities=[types.MessageEntityBold(offset=2, length=3)])
