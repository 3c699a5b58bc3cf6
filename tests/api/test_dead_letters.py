"""What failed for good, over HTTP."""

from __future__ import annotations

from core.job_queue import FAILED
from platforms.shapes import Link
from tests.api.stage import staged


async def failed(stage, code="site_down"):
    """A job of another front that has failed for good."""
    queue = stage.app.downloads._queue
    link = Link("https://site.test/1", "site:1", "site", "video", "1")
    await queue.add("telegram", link, "best", title="T", user_id=7, target={})
    (begun,) = await queue.take(("telegram",))
    return await queue.move(begun, FAILED, code)


async def test_it_is_listed_replayed_and_forgotten(stage, client):
    """Each once; afterwards it is unknown."""
    first, second = await failed(stage), await failed(stage)
    shown = (await client.get("/api/v1/dead-letters")).json
    assert (shown["total"], {letter["id"] for letter in shown["dead_letters"]}) == (2, {first.id, second.id})
    assert shown["dead_letters"][0]["error"]["code"] == "site_down"
    replayed = await client.post(f"/api/v1/dead-letters/{first.id}/replay", {})
    assert replayed.status == 202
    assert (await stage.app.downloads.job(replayed.json["job"])).target == first.target
    assert (await client.post(f"/api/v1/dead-letters/{first.id}/replay", {})).status == 404
    assert (await client.delete(f"/api/v1/dead-letters/{second.id}")).status == 200
    assert (await client.delete(f"/api/v1/dead-letters/{second.id}")).status == 404
    assert (await client.get("/api/v1/dead-letters?first=0")).json["total"] == 0
    assert (await client.get("/api/v1/dead-letters?first=-1")).status == 400


async def test_all_of_one_reason_are_replayed_at_once(stage, client):
    """Those of another stay; a body without a code is refused."""
    for code in ("site_down", "site_down", "private"):
        await failed(stage, code)
    replayed = await client.post("/api/v1/dead-letters/replay", {"code": "site_down"})
    assert (replayed.status, len(replayed.json["jobs"]), replayed.json["left"]) == (202, 2, 0)
    assert (await client.get("/api/v1/dead-letters")).json["total"] == 1
    assert (await client.post("/api/v1/dead-letters/replay", {})).status == 400


async def test_a_page_that_is_open_to_all_shows_none(tmp_path):
    """They hold everybody's links."""
    async with staged(tmp_path, access="open") as stage:
        letter = await failed(stage)
        for answer in (
            await stage.client.get("/api/v1/dead-letters"),
            await stage.client.post(f"/api/v1/dead-letters/{letter.id}/replay", {}),
            await stage.client.post("/api/v1/dead-letters/replay", {"code": "site_down"}),
            await stage.client.delete(f"/api/v1/dead-letters/{letter.id}"),
        ):
            assert answer.status == 403
        assert await stage.app.downloads._queue.letters.count() == 1
