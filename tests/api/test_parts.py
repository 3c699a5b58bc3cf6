"""Parts of an item over REST: clips by their times, recordings by their minutes."""

import pytest

from tests.api.stage import VIDEO


async def test_a_clip_is_ordered_by_its_times(client, stage):
    """What the job is a part of stands in it; the probe tells where the link points to."""
    probe = (await client.post("/api/v1/probe", {"url": f"{VIDEO}#t=43,80"})).json
    assert (probe["start_seconds"], probe["end_seconds"], probe["live_minutes"]) == (43, 80, 30)
    offered = await client.post("/api/v1/downloads", {"offer": probe["offer"], "start": "0:43", "end": "1:20"})
    assert offered.json["job"]["part"] == "clip:43-80"
    assert (await stage.until(offered.json["job"]["id"], "done"))["part"] == "clip:43-80"
    assert (await stage.order(url=VIDEO, start="1m2s"))["part"] == "clip:62-"
    assert (await stage.order(url=VIDEO))["part"] == ""


@pytest.mark.parametrize(
    "body",
    [
        *[{"start": "x"}, {"start": "9", "end": "3"}, {"start": "3", "end": "3"}, {"end": "-5"}],
        *[{"start": "1", "minutes": 5}, {"minutes": 0}, {"minutes": -1}, {"minutes": 9999}],
    ],
)
async def test_a_part_that_makes_no_sense(client, body):
    """400 and one sentence."""
    answer = await client.post("/api/v1/downloads", {"url": VIDEO, **body})
    assert (answer.status, answer.json["error"]["code"]) == (400, "bad_part")
    assert answer.json["error"]["message"]


async def test_only_a_recording_can_be_finished(client, stage):
    """Anything else says that nothing was."""
    stage.sites.gate.clear()
    job = await stage.order(url=VIDEO)
    answer = await client.post(f"/api/v1/downloads/{job['id']}/finish", {})
    assert (answer.status, answer.json["finished"]) == (200, False)
    stage.sites.gate.set()
    assert (await client.post("/api/v1/downloads/01JUNKNOWN/finish", {})).status == 404
