"""Files by the real client: up, down, by reference, out of other data centres, and what Telegram refuses."""

import hashlib
import io
import os
from pathlib import Path

import pytest
from PIL import Image
from pyrogram import errors, raw
from pyrogram.types import InputMediaAudio, InputMediaPhoto, InputMediaVideo

from tests.telegram_server.files import check_thumb
from tests.telegram_server.harness import Telegram
from tests.telegram_server_tests.conftest import Start, Tracked


def picture(width: int = 320, height: int = 180, kind: str = "JPEG", quality: int = 80) -> bytes:
    stream = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(stream, kind, quality=quality)
    return stream.getvalue()


@pytest.fixture
def thumb(tmp_path: Path) -> Path:
    path = tmp_path / "thumb.jpg"
    path.write_bytes(picture())
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(os.urandom(700_000))
    return path


@pytest.mark.parametrize("size", [1, 512 << 10, (1 << 20) + 1, (11 << 20) + 3])
async def test_a_document_arrives_whole_and_comes_back_whole(
    telegram: Telegram, bot: Tracked, tmp_path: Path, size: int
) -> None:
    """Small and big uploads alike are byte-exact, both ways, with progress up to their size."""
    await telegram.alice.start(telegram.bot)
    source = tmp_path / "a name.bin"
    source.write_bytes(os.urandom(size))
    told: list[int] = []
    sent = await bot.client.send_document(
        telegram.alice.id, source, caption="here", progress=lambda done, _: told.append(done)
    )
    seen = telegram.alice.messages()[-1]
    assert (seen.text, seen.attachment.name, seen.attachment.size, seen.attachment.kind) == (
        "here",
        "a name.bin",
        size,
        "document",
    )
    assert seen.attachment.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert told[-1] == size
    back = await bot.client.download_media(sent, file_name=str(tmp_path / "back"))
    assert Path(back).read_bytes() == source.read_bytes()


async def test_a_video_keeps_its_shape_and_thumbnail(
    telegram: Telegram, bot: Tracked, video: Path, thumb: Path, tmp_path: Path
) -> None:
    """Width, height, duration and thumbnail show; the thumbnail can be fetched; a file_id can be sent again."""
    await telegram.alice.start(telegram.bot)
    sent = await bot.client.send_video(telegram.alice.id, video, thumb=thumb, duration=7, width=640, height=360)
    file = telegram.alice.messages()[-1].attachment
    assert (file.kind, file.width, file.height, file.duration, file.mime) == ("video", 640, 360, 7, "video/mp4")
    assert file.thumb is not None
    assert file.thumb.read() == thumb.read_bytes()
    got = await bot.client.download_media(sent.video.thumbs[0].file_id, file_name=str(tmp_path / "t"))
    assert Path(got).read_bytes() == thumb.read_bytes()
    await bot.client.send_video(telegram.alice.id, sent.video.file_id)
    assert telegram.alice.messages()[-1].attachment is file


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (picture(321, 100), "321x100"),
        (picture(100, 100, "PNG"), "PNG"),
        (picture(320, 320, quality=100) + bytes(200 << 10), "bytes"),
        (b"no picture", "not a JPEG"),
    ],
)
def test_a_thumbnail_that_breaks_the_rules_is_ignored(telegram: Telegram, data: bytes, reason: str) -> None:
    """The reason names what is wrong with it."""
    assert reason in check_thumb(telegram.world.files.content(data))


async def test_a_video_with_a_bad_thumbnail_comes_without(
    telegram: Telegram, bot: Tracked, video: Path, thumb: Path
) -> None:
    """Telegram takes the video and drops the thumbnail; the file tells why."""
    await telegram.alice.start(telegram.bot)
    thumb.write_bytes(picture(640, 360))
    await bot.client.send_video(telegram.alice.id, video, thumb=thumb)
    file = telegram.alice.messages()[-1].attachment
    assert (file.thumb, file.refused_thumb) == (None, "640x360 pixels")


async def test_audio_and_photo(telegram: Telegram, bot: Tracked, video: Path, thumb: Path, tmp_path: Path) -> None:
    """A song has title and performer, a photo its pixels; what is no image is no photo."""
    await telegram.alice.start(telegram.bot)
    await bot.client.send_audio(telegram.alice.id, video, title="T", performer="P", duration=9)
    song = telegram.alice.messages()[-1].attachment
    assert (song.kind, song.attribute("Audio").title, song.attribute("Audio").performer, song.duration) == (
        "audio",
        "T",
        "P",
        9,
    )
    sent = await bot.client.send_photo(telegram.alice.id, thumb)
    photo = telegram.alice.messages()[-1].attachment
    assert (photo.kind, photo.width, photo.height) == ("photo", 320, 180)
    back = await bot.client.download_media(sent, file_name=str(tmp_path / "p"))
    assert Path(back).read_bytes() == thumb.read_bytes()
    with pytest.raises(errors.ImageProcessFailed):
        await bot.client.send_photo(telegram.alice.id, video)
    thumb.write_bytes(picture(2100, 100))
    with pytest.raises(errors.PhotoInvalidDimensions):
        await bot.client.send_photo(telegram.alice.id, thumb)


async def test_an_album_comes_together(telegram: Telegram, bot: Tracked, video: Path, thumb: Path) -> None:
    """The items of sendMultiMedia share one album and keep their order; a single message can change its file later."""
    await telegram.alice.start(telegram.bot)
    sent = await bot.client.send_media_group(
        telegram.alice.id, [InputMediaPhoto(thumb, caption="both"), InputMediaVideo(video)]
    )
    album = [message for message in telegram.alice.messages() if message.album]
    assert [message.attachment.kind for message in album] == ["photo", "video"]
    assert (album[0].text, album[0].album) == ("both", album[1].album)
    assert len(sent) == 2
    single = await bot.client.send_video(telegram.alice.id, video)
    await single.edit_media(InputMediaAudio(str(video), caption="sound"))
    assert (telegram.alice.messages()[-1].attachment.kind, telegram.alice.messages()[-1].text) == ("audio", "sound")


async def test_a_file_in_another_data_centre_is_fetched_from_there(
    telegram: Telegram, bot: Tracked, video: Path, tmp_path: Path
) -> None:
    """The client carries its authorization over; asked at home, the server names the right place."""
    await telegram.alice.start(telegram.bot)
    telegram.world.files.dc = 4
    sent = await bot.client.send_document(telegram.alice.id, video)
    back = await bot.client.download_media(sent, file_name=str(tmp_path / "back"))
    assert Path(back).read_bytes() == video.read_bytes()
    assert {call.dc for call in telegram.server.calls_of("upload.getFile")} == {4}
    file = telegram.alice.messages()[-1].attachment
    location = raw.types.InputDocumentFileLocation(
        id=file.id, access_hash=file.access_hash, file_reference=file.reference, thumb_size=""
    )
    with pytest.raises(errors.FileMigrate) as caught:
        await bot.client.invoke(raw.functions.upload.GetFile(location=location, offset=0, limit=4096))
    assert caught.value.value == 4
    for offset, limit, error in (
        (1, 4096, errors.OffsetInvalid),
        (0, 5000, errors.LimitInvalid),
        (1044480, 8192, errors.LimitInvalid),
    ):
        file.dc = 2
        with pytest.raises(error):
            await bot.client.invoke(raw.functions.upload.GetFile(location=location, offset=offset, limit=limit))


async def test_an_expired_reference_is_renewed_by_the_message(
    telegram: Telegram, bot: Tracked, video: Path, tmp_path: Path
) -> None:
    """FILE_REFERENCE_EXPIRED for sending and fetching; the message itself gives a file_id that works again."""
    await telegram.alice.start(telegram.bot)
    sent = await bot.client.send_document(telegram.alice.id, video)
    telegram.alice.messages()[-1].attachment.expire()
    with pytest.raises(errors.FileReferenceExpired):
        await bot.client.send_document(telegram.alice.id, sent.document.file_id)
    with pytest.raises(errors.FileReferenceExpired):
        await bot.client.download_media(sent, file_name=str(tmp_path / "x"))
    anew = await bot.client.get_messages(telegram.alice.id, sent.id)
    await bot.client.send_document(telegram.alice.id, anew.document.file_id)
    assert telegram.alice.messages()[-1].attachment.sha256 == telegram.alice.messages()[-2].attachment.sha256


async def test_alice_s_files_reach_the_bot(telegram: Telegram, bot: Tracked, tmp_path: Path) -> None:
    """What a person sends can be downloaded by the bot."""
    data = os.urandom(5000)
    await telegram.alice.send_file(telegram.bot, data, "voice.ogg", "audio/ogg", text="what is this?")
    message = await bot.message()
    assert (message.document.file_name, message.caption) == ("voice.ogg", "what is this?")
    assert Path(await message.download(file_name=str(tmp_path / "v"))).read_bytes() == data


async def test_a_premium_sized_or_broken_upload_is_refused(telegram: Telegram, start: Start) -> None:
    """Parts out of range, of odd sizes or missing meet the errors that Telegram documents."""
    bot = await start(telegram.bot)
    invoke, upload = bot.client.invoke, raw.functions.upload
    await telegram.alice.start(telegram.bot)
    with pytest.raises(errors.FilePartsInvalid):
        await invoke(upload.SaveBigFilePart(file_id=1, file_part=0, file_total_parts=4001, bytes=b"x" * 1024))
    with pytest.raises(errors.FilePartSizeInvalid):
        await invoke(upload.SaveBigFilePart(file_id=2, file_part=0, file_total_parts=3, bytes=b"x" * 1000))
    await invoke(upload.SaveBigFilePart(file_id=3, file_part=0, file_total_parts=3, bytes=b"x" * 1024))
    with pytest.raises(errors.FilePartSizeChanged):
        await invoke(upload.SaveBigFilePart(file_id=3, file_part=1, file_total_parts=3, bytes=b"x" * 2048))
    await invoke(upload.SaveBigFilePart(file_id=3, file_part=2, file_total_parts=3, bytes=b"x"))
    with pytest.raises(errors.FilePartMissing) as caught:
        await invoke(
            raw.functions.messages.SendMedia(
                peer=await bot.client.resolve_peer(telegram.alice.id),
                media=raw.types.InputMediaUploadedDocument(
                    file=raw.types.InputFileBig(id=3, parts=3, name="x"), mime_type="a/b", attributes=[]
                ),
                message="",
                random_id=1,
            )
        )
    assert caught.value.value == 1
