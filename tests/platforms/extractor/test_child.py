"""What a child does, in this process: the operations without fence and fork."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from platforms.extractor.child import OPERATIONS, Channel, confine, run
from platforms.extractor.fetching import choose, is_playable, items_of, thumbnail_url, within
from platforms.extractor.guard import Loaded
from platforms.extractor.preload import preload
from platforms.extractor.protocol import REPLY_BYTES, WARNINGS, Boot, Order, decode_message, encode_order
from utils.errors import InternalError, MediaTool, UnknownQuality, UnsafeLink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sites.harness import Sites

OFFERED = {"formats": [{"format_id": "1"}, {"format_id": "2"}, {"format_id": "3"}]}


@pytest.fixture(scope="module")
def loaded(sites: Sites) -> Loaded:
    return preload(Boot(("youtube", "tiktok"), trust=str(sites.ca_file)))


class Wire:
    """A channel and all that was sent over it."""

    def __init__(self) -> None:
        self.far, near = socket.socketpair()
        self.near = near
        self.channel = Channel(near)

    def messages(self) -> list[tuple[str, dict[str, Any]]]:
        self.near.close()
        with self.far.makefile("rb") as lines:
            return [decode_message(line) for line in lines]


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.near.close()
    made.far.close()


def test_extract(sites: Sites, loaded: Loaded, wire: Wire):
    order = Order("extract", "https://www.youtube.com/watch?v=clip0000000", sites.proxy_url)
    assert OPERATIONS["extract"](order, loaded, wire.channel)["id"] == "clip0000000"
    assert wire.messages()[0] == ("progress", {"phase": "probing"})


def test_fetch(sites: Sites, loaded: Loaded, wire: Wire, tmp_path: Path):
    """Both parts, merged; the info is that of now."""
    url = "https://www.youtube.com/watch?v=clip0000000"
    order = Order("fetch", url, sites.proxy_url, folder=str(tmp_path), format_id="134+140", max_bytes=1 << 30)
    result = OPERATIONS["fetch"](order, loaded, wire.channel)
    assert [file["name"] for file in result["files"]] == ["1.mp4"]
    assert result["info"]["id"] == "clip0000000"
    assert {"probing", "downloading", "merging", "fitting"} == {
        fields["phase"] for kind, fields in wire.messages() if kind == "progress"
    }


def test_fetch_without_ffmpeg(sites: Sites, loaded: Loaded, wire: Wire, tmp_path: Path):
    """Nobody waits for a download that can't be finished."""
    without = Loaded(loaded.extractors, loaded.tls, None)
    with pytest.raises(MediaTool):
        OPERATIONS["fetch"](Order("fetch", "", sites.proxy_url, folder=str(tmp_path)), without, wire.channel)


def test_resolve_and_read(sites: Sites, loaded: Loaded, wire: Wire, tmp_path: Path):
    link = sites.public_url + "/s/mux_360.mp4"
    assert OPERATIONS["resolve"](Order("resolve", link, sites.proxy_url), loaded, wire.channel) == {
        "url": sites.public_url + "/m/mux_360.mp4"
    }
    picture = sites.public_url + "/m/photo.png"
    order = Order("read", picture, sites.proxy_url, folder=str(tmp_path), name="x", max_bytes=1 << 20)
    assert OPERATIONS["read"](order, loaded, wire.channel) == {"content_type": "image/png"}


def test_smuggled_data(sites: Sites, loaded: Loaded, wire: Wire):
    order = Order("extract", "https://example.com/#__youtubedl_smuggle=%7B%7D", sites.proxy_url)
    with pytest.raises(UnsafeLink):
        OPERATIONS["extract"](order, loaded, wire.channel)


def test_no_child_without_a_proxy(loaded: Loaded, monkeypatch: pytest.MonkeyPatch):
    """A job that would go out directly is none; checked before anything of the process is changed."""
    with pytest.raises(InternalError):
        confine(Order("extract", "https://example.com/", "http://127.0.0.1"), loaded)


def test_whatever_goes_wrong_is_one_line(loaded: Loaded):
    """An order that can't be read ends with facts, not with a traceback."""
    ours, theirs = socket.socketpair()
    with ours:
        ours.sendall(b"no order\n")
        assert run(theirs.detach(), loaded) == 0
        kind, fields = decode_message(ours.recv(REPLY_BYTES))
    assert (kind, fields["types"][0]) == ("error", "JSONDecodeError")


def test_an_operation_that_does_not_exist(loaded: Loaded):
    ours, theirs = socket.socketpair()
    with ours:
        ours.sendall(encode_order(Order("format_disk", "", "http://127.0.0.1")))
        assert run(theirs.detach(), loaded) == 0
        assert decode_message(ours.recv(REPLY_BYTES))[1]["code"] == "internal"


def test_warnings_are_counted(wire: Wire):
    """A page that makes yt-dlp warn without end fills no memory."""
    for _ in range(WARNINGS * 3):
        wire.channel.warning("x" * 10_000, only_once=True)
    wire.channel.debug("chatter")
    messages = wire.messages()
    assert len(messages) == WARNINGS
    assert len(messages[0][1]["text"]) == 500


def test_formats_are_chosen_by_id():
    assert [each["format_id"] for each in choose(OFFERED, "1+3", strict=True)] == ["1", "3"]
    assert [each["format_id"] for each in choose(OFFERED, "", strict=True)] == ["3"]
    with pytest.raises(UnknownQuality):
        choose(OFFERED, "1+9", strict=True)
    assert [each["format_id"] for each in choose(OFFERED, "1+9", strict=False)] == ["3"]
    assert choose({"format_id": "0"}, "0", strict=True) == [{"format_id": "0"}]


def test_a_list_is_as_long_as_two_albums():
    """An entry that can't be fetched keeps its place, so that what is missing can be told; one that isn't has none."""
    entries = [None, {"id": "photo"}, *({"url": "x", "id": str(number)} for number in range(30))]
    items = list(items_of({"entries": entries}))
    assert [item["id"] for item in items] == ["photo", *(str(number) for number in range(19))]
    assert [is_playable(item) for item in items] == [False, *[True] * 19]
    assert list(items_of({"id": "alone", "formats": []})) == [{"id": "alone", "formats": []}]


def test_the_smallest_picture_that_is_large_enough():
    pictures = [{"url": "s", "width": 120}, {"url": "m", "width": 480}, {"url": "l", "width": 1280}, {"url": "?"}]
    assert thumbnail_url({"thumbnails": pictures, "thumbnail": "t"}) == "m"
    assert thumbnail_url({"thumbnails": pictures[:1], "thumbnail": "t"}) == "t"
    assert thumbnail_url({}) is None


def test_a_time_limit_interrupts_a_wait():
    """Even one in the middle of a call that isn't ours."""
    with pytest.raises(TimeoutError), within(0.05):
        time.sleep(10)
    with within(10):
        pass
