"""Pausing sites over HTTP."""

from __future__ import annotations

import pytest

from platforms.registry import Registry
from tests.api.stage import staged


@pytest.fixture(autouse=True)
def known_sites(monkeypatch):
    """The scripted registry of the stage knows the real names."""
    monkeypatch.setattr("tests.api.stage.Sites.names", lambda _sites: Registry().names(), raising=False)


async def test_a_site_is_paused_and_let_in_again(stage, client):
    """Its breaker says so."""
    done = await client.post("/api/v1/breakers", {"name": "vimeo", "state": "open", "seconds": 60})
    assert (done.status, done.json) == (200, {"ok": True, "name": "vimeo", "state": "open"})
    shown = (await client.get("/api/v1/breakers")).json["breakers"]["vimeo"]
    assert (shown["state"], shown["held"]) == ("open", False)
    await client.post("/api/v1/breakers", {"name": "vimeo", "state": "open"})
    assert (await client.get("/api/v1/breakers")).json["breakers"]["vimeo"]["held"]
    await client.post("/api/v1/breakers", {"name": "vimeo", "state": "closed"})
    assert (await client.get("/api/v1/breakers")).json["breakers"]["vimeo"]["state"] == "closed"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "nosuchsite", "state": "open"}, 404),
        ({"name": "generic", "state": "open"}, 404),
        ({"name": "vimeo", "state": "ajar"}, 400),
        ({"name": "vimeo", "state": "open", "seconds": 0}, 400),
        ({"name": "vimeo"}, 400),
    ],
)
async def test_what_makes_no_sense_is_refused(stage, client, body, status):
    """With a sentence; nothing changes."""
    answer = await client.post("/api/v1/breakers", body)
    assert answer.status == status
    assert answer.json["error"]["message"]
    assert "vimeo" not in (await client.get("/api/v1/breakers")).json["breakers"]


async def test_a_page_that_is_open_to_all_pauses_nothing(tmp_path):
    """Everybody could."""
    async with staged(tmp_path, access="open") as stage:
        answer = await stage.client.post("/api/v1/breakers", {"name": "vimeo", "state": "open"})
        assert answer.status == 403
