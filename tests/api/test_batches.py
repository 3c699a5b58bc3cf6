"""Lists and batches over REST, through the real services."""

import asyncio
from contextlib import aclosing

import pytest

from api.batches import STREAMS
from services.batch import BatchOrder
from services.ranges import parse_ranges
from tests.api.client import events
from tests.api.stage import VIDEO
from tests.api.test_openapi import DOCUMENT, SCHEMAS, misfits
from utils.errors import EmptyList, Private

LIST = "https://www.youtube.com/playlist?list=PLtPgu7CB4gbY9oDN3drwC3cMbJggS7dKl"
OPENED = "https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=PLtPgu7CB4gbY9oDN3drwC3cMbJggS7dKl"


def part(number):
    return f"https://media.example.net/{number}.mp4"


async def until(client, batch_id, condition):
    """The batch once that holds."""
    async with asyncio.timeout(30):
        while True:
            batch = (await client.get(f"/api/v1/batches/{batch_id}")).json["batch"]
            if condition(batch):
                return batch
            await asyncio.sleep(0.01)


async def order(client, **body):
    answer = await client.post("/api/v1/batches", body)
    assert answer.status == 202, answer.body
    assert answer.headers["location"] == f"/api/v1/batches/{answer.json['batch']['id']}"
    assert misfits(answer.json, SCHEMAS["BatchAnswer"]) == []
    return answer.json


async def test_a_page_of_a_list(client, stage):
    """As documented; a video that was opened from a list names it."""
    answer = (await client.post("/api/v1/lists", {"url": f"see {LIST}", "first": 4, "count": 5})).json
    assert misfits(answer["list"], SCHEMAS["List"]) == []
    assert [entry["position"] for entry in answer["list"]["entries"]] == [4, 5, 6, 7, 8]
    assert (answer["list"]["total"], answer["list"]["more"]) == (12, True)
    assert (await client.post("/api/v1/lists", {"url": OPENED})).json["list"]["url"] == LIST
    assert (await client.post("/api/v1/probe", {"url": OPENED})).json["list_url"] == LIST
    probed = (await client.post("/api/v1/probe", {"url": LIST})).json
    assert [entry["position"] for entry in probed["list"]["entries"]] == list(range(1, 11))
    assert (await client.post("/api/v1/probe", {"url": VIDEO})).json["list_url"] is None


async def test_items_of_a_list_come_as_files(client, stage):
    """Counts, failures with their reason, files with their addresses; every answer as documented."""
    stage.sites.broken = {part(2): Private()}
    accepted = await order(client, url=LIST, items="1-3,7", quality="720p")
    assert (accepted["batch"]["title"], accepted["refused"]) == ("Days at the mill pond", [])
    batch = await until(client, accepted["batch"]["id"], lambda batch: batch["final"])
    assert misfits(batch, SCHEMAS["Batch"]) == []
    assert batch["counts"] == {"queued": 0, "running": 0, "done": 3, "failed": 1, "cancelled": 0}
    assert [(each["position"], each["title"], each["error"]["code"]) for each in batch["failures"]] == [
        (2, "Part 2", "private")
    ]
    items = (await client.get(f"/api/v1/batches/{batch['id']}/items")).json["items"]
    assert [misfits(item, SCHEMAS["BatchItem"]) for item in items] == [[]] * 4
    assert [(item["position"], item["state"], len(item["files"])) for item in items] == [
        *((1, "done", 1), (2, "failed", 0), (3, "done", 1), (7, "done", 1)),
    ]
    assert (await client.get(items[0]["files"][0]["url"])).body == stage.sites.files[0]


async def test_several_links_are_one_batch(client, stage):
    """Each item once; what can't be used is told at once and stops nothing."""
    accepted = await order(client, urls=[part(1), f"{part(2)} {part(1)}", "http://10.0.0.1/x.mp4", "nothing"])
    [refused] = accepted["refused"]
    assert (refused["text"], refused["code"]) == ("http://10.0.0.1/x.mp4", "private_address")
    assert refused["error"]["message"] == "This link leads to an address that is not on the public internet."
    batch = await until(client, accepted["batch"]["id"], lambda batch: batch["final"])
    assert (batch["total"], batch["counts"]["done"]) == (2, 2)


async def test_links_beyond_the_bound_of_a_text_are_counted(client):
    """Of each text the first twenty are ordered; the answer tells how many were not."""
    accepted = await order(client, urls=[" ".join(part(number) for number in range(1, 28)), part(1)])
    assert (accepted["batch"]["total"], accepted["left_out"]) == (20, 7)


async def test_a_batch_is_followed_and_cancelled(client, stage):
    """Events until the final one, whose id is the last; cancelling twice changes nothing."""
    stage.sites.gate.clear()
    batch = (await order(client, url=LIST))["batch"]
    seen = []
    async with client.opened("GET", f"/api/v1/batches/{batch['id']}/events") as (head, chunks):
        assert head.headers["content-type"].startswith("text/event-stream")
        async with aclosing(events(chunks)) as stream:
            async for fields, data in stream:
                if data is None:
                    continue
                seen.append(data)
                if data["counts"]["running"] == 2 and not data["cancelled"]:
                    answer = (await client.delete(f"/api/v1/batches/{batch['id']}")).json
                    assert (answer["cancelled"], misfits(answer, SCHEMAS["BatchAnswer"])) == (True, [])
                    assert answer["batch"]["cancelled"] is True
                last = fields
    assert (seen[-1]["final"], seen[-1]["cancelled"], last["id"]) == (True, True, "end")
    assert seen[-1]["counts"]["cancelled"] == 12
    again = await client.get(f"/api/v1/batches/{batch['id']}/events", last_event_id="end")
    assert again.status == 204
    assert (await client.delete(f"/api/v1/batches/{batch['id']}")).json["cancelled"] is False


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "bad_request"),
        ({"url": LIST, "urls": [VIDEO]}, 400, "bad_request"),
        ({"url": LIST, "items": "x"}, 400, "bad_range"),
        ({"url": LIST, "items": "13-"}, 400, "bad_range"),
        ({"url": LIST, "items": "1" * 1001}, 400, "bad_request"),
        ({"url": LIST, "quality": "9000p"}, 400, "unknown_quality"),
        ({"url": "nothing"}, 400, "no_link"),
        ({"urls": []}, 400, "no_link"),
        ({"urls": ["nothing"]}, 400, "no_link"),
        ({"urls": ["http://10.0.0.1/"]}, 400, "private_address"),
        ({"urls": [5]}, 400, "bad_request"),
        ({"urls": [part(number) for number in range(201)]}, 400, "bad_range"),
    ],
)
async def test_bad_orders_get_one_sentence(client, body, status, code):
    """And nothing is accepted."""
    answer = await client.post("/api/v1/batches", body)
    assert (answer.status, answer.error["code"]) == (status, code)
    assert answer.error["message"].endswith(".")


@pytest.mark.parametrize("body", [{"url": LIST, "first": 0}, {"url": LIST, "count": 101}, {"url": LIST, "first": "1"}])
async def test_bad_pages_get_one_sentence(client, body):
    """Positions and sizes are bounded."""
    answer = await client.post("/api/v1/lists", body)
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert next(field for field in body if field != "url") in answer.error["message"]


async def test_lists_that_cannot_be_read_say_why(client, stage):
    """Before anything is accepted."""
    for error in (EmptyList(), Private()):
        stage.sites.probes[LIST] = error
        for path in ("lists", "batches", "probe"):
            answer = await client.post(f"/api/v1/{path}", {"url": LIST})
            assert (answer.status, answer.error["code"]) == (error.http_status, error.code)


async def test_batches_of_other_fronts_do_not_exist_here(client, stage):
    """Whatever is asked about them."""
    stage.app.downloads.deliver_to("telegram", stage.app.shelf)
    link = stage.sites.claim(LIST)
    batch = await stage.app.batches.submit(
        BatchOrder("telegram", "best", listing=link, ranges=parse_ranges("1"), user_id=7)
    )
    for asked in (batch.id, "0" * 26):
        for path in ("", "/items", "/events"):
            assert (await client.get(f"/api/v1/batches/{asked}{path}")).status == 404
        assert (await client.delete(f"/api/v1/batches/{asked}")).status == 404


async def test_streams_are_bounded(client, stage, monkeypatch):
    """Each is a connection."""
    monkeypatch.setattr("api.batches.STREAMS", 0)
    batch = (await order(client, url=LIST, items="1"))["batch"]
    answer = await client.get(f"/api/v1/batches/{batch['id']}/events")
    assert (answer.status, answer.error["code"]) == (429, "busy")
    assert "event streams" in answer.error["message"]
    assert STREAMS > 0


@pytest.mark.parametrize("name", ["lists", "batches"])
def test_bodies_are_those_that_are_read(name):
    """Field by field."""
    from api.bodies import BatchBody, ListBody

    schema = DOCUMENT["paths"][f"/api/v1/{name}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == set({"lists": ListBody, "batches": BatchBody}[name].__struct_fields__)
