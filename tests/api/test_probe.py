"""What stands behind a link, and its picture."""

import asyncio

import pytest

import api.probe
from platforms.shapes import Link
from tests.api.stage import VIDEO, picture
from utils.errors import InternalError, Private, RateLimited, SiteDown


async def test_a_probe_answers_like_info_on_the_terminal(client):
    """The shape of design's `info`, plus the offer to order from and where our copy of the picture is."""
    answer = await client.post("/api/v1/probe", {"url": f"look: {VIDEO} nice"})
    assert answer.status == 200
    media = answer.json["media"]
    assert (media["title"][:9], media["platform"], media["duration_seconds"]) == ("The heron", "generic", 252.0)
    assert media["qualities"][1] == {
        "key": "2160p",
        "label": "2160p",
        "height": 2160,
        "codec": "vp9",
        "dynamic_range": "",
        "fps": 0,
        "size_bytes": 2613 << 20,
        "fits": False,
        "ext": "mp4",
    }
    assert answer.json["thumbnail"] == f"/api/v1/thumbnail?offer={answer.json['offer']}"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("just words", 400, "no_link"),
        ("", 400, "no_link"),
        ("http://127.0.0.1/x", 400, "private_address"),
        ("http://localhost/x", 400, "private_address"),
        ("http://[::ffff:10.0.0.1]/x", 400, "private_address"),
        ("ftp://media.example.net/x", 400, "unsafe_link"),
    ],
)
async def test_a_bad_link_is_told_apart(client, stage, text, status, code):
    """With the error's own status, and without asking anybody."""
    answer = await client.post("/api/v1/probe", {"url": text})
    assert (answer.status, answer.error["code"]) == (status, code)
    assert stage.sites.asked == []


async def test_a_failure_of_the_site_is_a_sentence_with_its_next_step(client, stage):
    """And for programs its code and whether it may pass."""
    stage.sites.probes[VIDEO] = Private()
    answer = await client.post("/api/v1/probe", {"url": VIDEO})
    assert answer.status == 403
    assert answer.error == {
        "code": "private",
        "retry": False,
        "message": "This item is private.",
        "hint": "Ask whoever posted it to make it public.",
        "next": "",
    }


async def test_a_wait_that_the_site_asked_for_is_passed_on(client, stage):
    """As a header and in words."""
    stage.sites.probes[VIDEO] = RateLimited(retry_after_seconds=29.2)
    answer = await client.post("/api/v1/probe", {"url": VIDEO})
    assert (answer.status, answer.headers["retry-after"]) == (429, "30")
    assert answer.error["hint"] == "Try again in 29 s."
    assert answer.error["retry_after_seconds"] == 29.2


@pytest.mark.parametrize("fault", [ZeroDivisionError("secret"), InternalError("secret")])
async def test_an_unforeseen_fault_says_nothing_of_itself(client, stage, fault):
    """No traceback and no detail reach a person."""
    stage.sites.probes[VIDEO] = fault
    answer = await client.post("/api/v1/probe", {"url": VIDEO})
    assert (answer.status, answer.error["code"]) == (500, "internal")
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body


async def test_a_probe_ends_when_the_visitor_leaves(client, stage):
    """A worker for nobody would only hold memory."""
    stage.sites.probe_gate.clear()
    asking = asyncio.create_task(client.post("/api/v1/probe", {"url": VIDEO}))
    async with asyncio.timeout(30):
        while not stage.sites.asked:
            await asyncio.sleep(0.001)
        asking.cancel()
        while not stage.sites.left:
            await asyncio.sleep(0.001)


async def test_probes_are_bounded(client, stage, monkeypatch):
    """One too many is told to come again."""
    monkeypatch.setattr(api.probe, "PROBES", 1)
    stage.sites.probe_gate.clear()
    first = asyncio.create_task(client.post("/api/v1/probe", {"url": VIDEO}))
    async with asyncio.timeout(30):
        while not stage.sites.asked:
            await asyncio.sleep(0.001)
    answer = await client.post("/api/v1/probe", {"url": "https://media.example.net/other.mp4"})
    assert (answer.status, answer.error["code"], answer.error["retry"]) == (429, "busy", True)
    stage.sites.probe_gate.set()
    assert (await first).status == 200


async def test_parts_that_are_not_up_yet_say_so(client, stage):
    """The page may be opened while the process still wakes."""
    stage.app.up_downloads = None
    answer = await client.post("/api/v1/probe", {"url": VIDEO})
    assert (answer.status, answer.error["code"], answer.error["retry"]) == (503, "starting", True)


# --- the picture -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def offer(client):
    return (await client.post("/api/v1/probe", {"url": VIDEO})).json


async def test_the_picture_of_an_offer_is_fetched_once(client, stage, offer):
    """Through the extractor's reader, then from our own folder."""
    for _ in range(2):
        answer = await client.get(offer["thumbnail"])
        assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.body == stage.reader.content
    assert stage.reader.read_urls == [stage.sites.thumbnail]


async def test_nothing_else_can_be_fetched_through_it(client, stage, offer):
    """It is no proxy: only what a probe found, by its offer, and only offers to the page."""
    for query in ("?url=https://media.example.net/x.jpg", "?offer=https://media.example.net/x.jpg", "", "?offer="):
        answer = await client.get(f"/api/v1/thumbnail{query}")
        assert (answer.status, answer.error["code"]) == (410, "expired")
    link = Link(VIDEO, "generic:x", "generic", "item", "x")
    token = await stage.app.downloads.offer(stage.sites.media(link), link, 7)
    assert (await client.get(f"/api/v1/thumbnail?offer={token}")).status == 410
    assert stage.reader.read_urls == []


@pytest.mark.parametrize("content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"", b"RIFFxxxxWAVE"])
async def test_what_is_no_picture_is_not_shown(client, stage, offer, content):
    """Whatever type the site gave it."""
    stage.reader.content = content
    answer = await client.get(offer["thumbnail"])
    assert (answer.status, answer.error["code"]) == (422, "not_media")


async def test_a_medium_without_a_picture_has_none(client, stage):
    """The page is told so and does not ask."""
    stage.sites.thumbnail = None
    answer = (await client.post("/api/v1/probe", {"url": VIDEO})).json
    assert answer["thumbnail"] is None
    assert (await client.get(f"/api/v1/thumbnail?offer={answer['offer']}")).status == 404


async def test_a_failed_picture_leaves_no_file(client, stage, offer, tmp_path):
    """And may succeed the next time."""

    async def down(url, path, max_bytes):
        path.write_bytes(b"half")
        raise SiteDown

    stage.reader.read, real = down, stage.reader.read
    assert (await client.get(offer["thumbnail"])).status == 502
    assert list((tmp_path / "thumbnails").iterdir()) == []
    stage.reader.read = real
    stage.reader.content = picture((8, 8))
    assert (await client.get(offer["thumbnail"])).status == 200
