"""Small helpers of the bot."""

import asyncio

import pytest
from pyrogram import raw
from pyrogram.errors import AuthKeyDuplicated, BadRequest, FloodPremiumWait, FloodWait, PeerIdInvalid, SessionRevoked
from pyrogram.file_id import FileId, FileType

from bot.media import caption, file_reference, input_media, kind_of
from bot.meter import Meter
from bot.refusals import ends_session, refusal, rpc_name
from bot.sender import grouped
from bot.tasks import Tasks, end
from platforms.shapes import FetchedFile, Progress
from tests.bot.conftest import settled
from utils.errors import Busy

T = raw.types


# --- tasks


async def test_so_many_run_and_so_many_wait():
    """The rest is refused; nothing begins while paused."""
    tasks, gate, ran = Tasks("test", running=2, bound=3), asyncio.Event(), []

    async def work():
        ran.append(1)
        await gate.wait()

    tasks.pause()
    for _ in range(3):
        tasks.spawn(work)
    with pytest.raises(Busy):
        tasks.spawn(work)
    await asyncio.sleep(0.01)
    assert ran == []
    tasks.resume()
    await settled(lambda: len(ran) == 2)
    assert len(tasks) == 3
    gate.set()
    await settled(lambda: not len(tasks))
    assert len(ran) == 3


async def test_work_that_breaks_is_logged_and_frees_its_place(capsys):
    """Nobody awaits it."""
    tasks = Tasks("test", running=1, bound=1)

    async def broken():
        raise RuntimeError("oops")

    await tasks.spawn(broken)
    await settled(lambda: not len(tasks))
    assert "task broke" in "".join(capsys.readouterr())


async def test_ending_insists():
    """A task that swallows its first cancellation is cancelled once more."""
    swallowed: list[int] = []

    async def stubborn():
        for _ in range(2):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if swallowed:
                    raise
                swallowed.append(1)

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end(task)
    assert swallowed == [1]
    assert task.cancelled()
    await end(task)  # what is over already is no trouble


# --- refusals


@pytest.mark.parametrize(
    ("error", "name", "seconds", "dead"),
    [
        (FloodWait(17), "FLOOD_WAIT_17", 17, False),
        (FloodPremiumWait("3"), "FLOOD_PREMIUM_WAIT_3", 3, False),
        (PeerIdInvalid(), "PEER_ID_INVALID", None, False),
        (BadRequest("[400 BRAND_NEW]"), "BRAND_NEW", None, False),
        (SessionRevoked(), "SESSION_REVOKED", None, True),
        (AuthKeyDuplicated(), "AUTH_KEY_DUPLICATED", None, True),
        (KeyError("x"), "KeyError", None, False),
    ],
)
def test_telegrams_errors_in_our_words(error, name, seconds, dead):
    """Name, wait, and whether only a new login helps."""
    assert rpc_name(error) == name
    assert refusal(error).detail == name
    assert refusal(error).retry_after_seconds == seconds
    assert ends_session(error) is dead


# --- media


def fetched(path, kind="video", size=10):
    return FetchedFile(path, size, kind, "x/y")


def test_albums_hold_neighbours_that_fit(tmp_path):
    """Ten at most, photos and videos only, in order."""
    kinds = ["photo"] * 11 + ["audio", "audio", "video", "document", "video", "photo"]
    groups = grouped([fetched(tmp_path, kind) for kind in kinds])
    assert [[file.kind for file in group] for group in groups] == [
        ["photo"] * 9,
        ["photo"] * 2,
        ["audio"],
        ["audio"],
        ["video"],
        ["document"],
        ["video", "photo"],
    ]


@pytest.mark.parametrize(
    ("kind", "count", "sizes"),
    [
        ("photo", 1, [1]),
        ("photo", 10, [10]),
        ("photo", 11, [9, 2]),
        ("photo", 12, [10, 2]),
        ("photo", 20, [10, 10]),
        ("photo", 21, [10, 9, 2]),
        ("document", 2, [2]),
        ("document", 11, [9, 2]),
        ("audio", 3, [1, 1, 1]),
    ],
)
def test_no_album_leaves_one_over(tmp_path, kind, count, sizes):
    """Two to ten each; documents among themselves, sounds one by one."""
    assert [len(group) for group in grouped([fetched(tmp_path, kind)] * count)] == sizes


def test_a_photo_that_telegram_would_refuse_goes_as_a_file(tmp_path):
    """Above 10 MiB, beyond 10,000 pixels of both sides together, or as long as twenty times its breadth."""
    assert kind_of(fetched(tmp_path, "photo", 10 * 1024 * 1024)) == "photo"
    assert kind_of(fetched(tmp_path, "photo", 10 * 1024 * 1024 + 1)) == "document"
    for width, height, kind in (
        (5000, 5000, "photo"),
        (5001, 5000, "document"),
        (100, 2000, "photo"),
        (100, 2001, "document"),
    ):
        assert kind_of(FetchedFile(tmp_path, 9, "photo", "image/jpeg", width, height)) == kind


def test_a_photo_that_goes_as_a_file_is_in_no_album(tmp_path):
    """Telegram takes no files among photos."""
    sizes = (10, 10, 11 * 1024 * 1024, 10)
    groups = grouped([fetched(tmp_path, "photo", size) for size in sizes])
    assert [len(group) for group in groups] == [2, 1, 1]


@pytest.mark.parametrize(
    ("attribute", "kind"),
    [
        (T.DocumentAttributeVideo(duration=1, w=1, h=1), FileType.VIDEO),
        (T.DocumentAttributeAudio(duration=1), FileType.AUDIO),
        (T.DocumentAttributeFilename(file_name="x"), FileType.DOCUMENT),
    ],
)
def test_documents_make_the_way_through_a_file_id(attribute, kind):
    """What is sent again is what was sent."""
    document = T.Document(
        id=1, access_hash=-2, file_reference=b"r", date=1, mime_type="x", size=1, dc_id=4, attributes=[attribute]
    )
    reference = file_reference(T.MessageMediaDocument(document=document))
    assert FileId.decode(reference).file_type == kind
    assert input_media(reference or "") == T.InputMediaDocument(
        id=T.InputDocument(id=1, access_hash=-2, file_reference=b"r")
    )


def test_photos_make_the_way_through_a_file_id():
    """They have a form of their own."""
    photo = T.Photo(id=1, access_hash=-2, file_reference=b"r", date=1, sizes=[], dc_id=4)
    media = input_media(file_reference(T.MessageMediaPhoto(photo=photo)) or "")
    assert media == T.InputMediaPhoto(id=T.InputPhoto(id=1, access_hash=-2, file_reference=b"r"))


@pytest.mark.parametrize("media", [None, T.MessageMediaEmpty(), T.MessageMediaPhoto(), T.MessageMediaDocument()])
def test_no_file_no_reference(media):
    """A message without a file of ours."""
    assert file_reference(media) is None


@pytest.mark.parametrize("file_id", ["", "x", "AAAA", "\u20ac", "BAADBAADBAAD"])
def test_a_broken_file_id_is_a_value_error(file_id):
    """Whatever the decoder makes of it."""
    with pytest.raises(ValueError):
        input_media(file_id)


def test_captions():
    """Title and source, each only where there is one."""
    assert [piece.text for piece in caption("T", "https://a.test", "Source")] == ["T", "\n", "Source"]
    assert [piece.text for piece in caption("", "https://a.test", "Source")] == ["", "", "Source"]
    assert [piece.text for piece in caption(" T ", "", "Source")] == ["T"]
    assert [piece.text for piece in caption("T", "https://a.test", "")] == ["T"]


# --- meter


def test_speed_is_that_of_the_last_seconds():
    """Several files are one progress; the first report has no speed to tell."""
    now = [0.0]
    told: list[Progress] = []
    meter = Meter(1000, told.append, lambda: now[0])
    first, second = meter.begin(0), meter.begin(400)
    first(100, 400)
    assert (told[-1].done_bytes, told[-1].total_bytes, told[-1].speed) == (100, 1000, None)
    now[0] = 2
    first(400, 400)
    assert (told[-1].speed, told[-1].eta_seconds) == (200, 3)
    now[0] = 4
    second(200, 600)
    assert told[-1].done_bytes == 600
    now[0] = 30
    second(600, 600)
    assert (told[-1].speed or 99) < 20
    assert told[-1].eta_seconds == 0
    first(0, 400)  # an upload that begins anew
    assert told[-1].speed is None


# --- orders
