"""Pictures of probed media: fetched once, few, and only pictures."""

import asyncio
import shutil
import threading
import time
from contextlib import suppress

import pytest

import services.thumbnails
from services.thumbnails import PICTURE_BYTES, Thumbnails
from utils.errors import NotAMedia, NotFound

URL = "https://media.example.net/a.jpg"


class Reader:
    def __init__(self):
        self.content = b"\xff\xd8\xff rest"
        self.asked = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, url, path, max_bytes):
        assert max_bytes == PICTURE_BYTES
        self.asked.append(url)
        await self.gate.wait()
        path.write_bytes(self.content)
        return "text/html"


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"GIF89a......", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
    ],
)
async def test_the_bytes_tell_the_type(tmp_path, content, mime):
    """Not the site."""
    reader = Reader()
    reader.content = content
    picture = await Thumbnails(tmp_path / "t").get(URL, reader)
    assert (picture.mime, picture.path.read_bytes()) == (mime, content)


async def test_two_visitors_share_one_fetch(tmp_path):
    """And a third one later gets it from the disk."""
    reader, thumbnails = Reader(), Thumbnails(tmp_path / "t")
    reader.gate.clear()
    both = [asyncio.create_task(thumbnails.get(URL, reader)) for _ in range(2)]
    await asyncio.sleep(0)
    reader.gate.set()
    assert len({picture.path for picture in await asyncio.gather(*both)}) == 1
    await thumbnails.get(URL, reader)
    assert reader.asked == [URL]


async def test_only_so_many_are_kept(tmp_path, monkeypatch):
    """The one that nobody looked at for longest leaves the disk."""
    monkeypatch.setattr(services.thumbnails, "PICTURES", 2)
    reader, thumbnails = Reader(), Thumbnails(tmp_path / "t")
    for name in "aba":
        await thumbnails.get(URL + name, reader)
    await thumbnails.get(URL + "c", reader)
    assert len(list((tmp_path / "t").iterdir())) == 2
    await thumbnails.get(URL + "a", reader)
    assert reader.asked == [URL + name for name in "abc"]


async def test_left_overs_of_an_earlier_process_go(tmp_path):
    """The folder is its own."""
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "old").write_bytes(b"x")
    await Thumbnails(tmp_path / "t").get(URL, Reader())
    assert len(list((tmp_path / "t").iterdir())) == 1


async def test_what_is_no_picture_stays_nowhere(tmp_path):
    """A page under a picture's name is refused and removed."""
    reader = Reader()
    reader.content = b"<svg onload=alert(1)>"
    with pytest.raises(NotAMedia):
        await Thumbnails(tmp_path / "t").get(URL, reader)
    assert list((tmp_path / "t").iterdir()) == []


@pytest.mark.parametrize("url", [None, ""])
async def test_nothing_is_asked_where_there_is_none(tmp_path, url):
    """NotFound at once."""
    with pytest.raises(NotFound):
        await Thumbnails(tmp_path / "t").get(url, Reader())


async def test_the_first_pictures_of_a_page_do_not_sweep_each_other_away(tmp_path, monkeypatch):
    """Many cards ask at once; what an earlier process left is removed once."""
    swept: list[int] = []
    started = threading.Barrier(2, timeout=0.2)
    prepare = Thumbnails._prepare

    def together(self):
        with suppress(threading.BrokenBarrierError):
            started.wait()
        prepare(self)

    monkeypatch.setattr(Thumbnails, "_prepare", together)

    def slowly(*_arguments, **_named):
        swept.append(1)
        time.sleep(0.05)

    monkeypatch.setattr(shutil, "rmtree", slowly)
    reader, thumbnails = Reader(), Thumbnails(tmp_path / "t")
    await asyncio.gather(*(thumbnails.get(f"{URL}?{number}", reader) for number in range(2)))
    assert swept == [1]
