"""The dashboard: the fixed key names, and nothing that is secret."""

import json

from tests.api.stage import staged


async def test_the_fixed_names_hold(stage, client):
    """Others build on them."""
    job = await stage.order()
    await stage.until(job["id"], "done")
    status = (await client.get("/status")).json
    assert status["system"]["state"] == "running"
    assert status["system"]["uptime"] == "2h 45m"
    assert status["system"]["memory_usage"].endswith("%)")
    assert status["downloads"]["total"] == 1
    assert status["downloads"]["success_rate"] == 100.0
    assert status["downloads"]["avg_duration_ms"] >= 0
    assert status["platforms"] == {"generic": {"success": 1, "failed": 0}}
    assert status["shelf"] == {"files": 1, "bytes": 10_000}
    assert "landlock" in status["extractor"]


async def test_a_process_that_just_woke_has_a_status(stage, client):
    """Sections of parts that aren't up are empty."""
    stage.app.up_downloads = stage.app.up_shelf = stage.app.up_extractor = None
    stage.app.state = dict
    status = (await client.get("/status")).json
    assert status["system"]["state"] == "starting"
    assert status["downloads"] == status["platforms"] == status["shelf"] == status["extractor"] == {}


async def test_no_secret_and_no_link_is_shown(tmp_path):
    """Neither the key nor what people ordered."""
    key = "a-key-of-more-than-16"
    async with staged(tmp_path, access="key", access_key=key) as stage:
        stage.client.headers["authorization"] = f"Bearer {key}"
        job = await stage.order()
        await stage.until(job["id"], "done")
        text = json.dumps((await stage.client.get("/status")).json)
    assert key not in text
    assert "media.example.net" not in text
    assert stage.sites.title not in text
