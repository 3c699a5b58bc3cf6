"""Jobs over REST: order, look, cancel; through the real services."""

import asyncio

import pytest

from services.jobs import Order
from tests.api.stage import VIDEO
from tests.api.test_batches import LIST
from utils.errors import GeoBlocked, SiteDown


async def test_an_order_by_its_offer_comes_as_a_file(client, stage):
    """202 with an address, the title of the offer, and in the end the file with its real figures."""
    offer = (await client.post("/api/v1/probe", {"url": VIDEO})).json
    answer = await client.post("/api/v1/downloads", {"offer": offer["offer"], "quality": "720p"})
    job = answer.json["job"]
    assert (answer.status, answer.headers["location"]) == (202, f"/api/v1/downloads/{job['id']}")
    assert (job["title"], job["quality"], job["thumbnail"]) == (stage.sites.title, "720p", offer["thumbnail"])
    done = await stage.until(job["id"], "done")
    assert (done["final"], done["error"], done["expired"], done["progress"]) == (True, None, False, None)
    [file] = done["files"]
    assert file["name"] == "The heron at the mill pond one day in four minutes (720p).mp4"
    assert (file["size_bytes"], file["kind"], file["mime"]) == (10_000, "video", "video/mp4")
    assert (file["width"], file["height"], file["duration_seconds"]) == (1920, 1080, 252.0)
    assert (await client.get(file["url"])).body == stage.sites.files[0]


async def test_a_link_can_be_ordered_at_once(stage):
    """Without a probe first; the best quality is meant where none is named."""
    job = await stage.order(url=f"this one: {VIDEO}")
    assert (job["quality"], job["url"], job["platform"]) == ("best", VIDEO, "generic")
    assert (await stage.until(job["id"], "done"))["files"]


@pytest.mark.parametrize("link", [LIST, "https://www.youtube.com/@NASA"])
async def test_a_list_is_no_download(client, stage, link):
    """It is refused before anything is written, with the address that takes lists."""
    answer = await client.post("/api/v1/downloads", {"url": link})
    assert (answer.status, answer.error["code"]) == (400, "bad_request")
    assert answer.error["message"] == "This is a list; order its items at /api/v1/batches."
    assert (await stage.app.downloads.dead_letters(1))[1] == 0


@pytest.mark.parametrize("minutes", [-5, 0, 31, 10**20])
async def test_minutes_that_nobody_records(client, minutes):
    """The sentence says how many there may be."""
    answer = await client.post("/api/v1/downloads", {"url": VIDEO, "minutes": minutes})
    assert (answer.status, answer.error["message"]) == (400, "A recording may have 1 to 30 minutes.")


async def test_an_item_without_a_picture_has_no_address_of_one(client, stage):
    """So that no card asks for what is not there."""
    stage.sites.thumbnail = None
    offer = (await client.post("/api/v1/probe", {"url": VIDEO})).json
    job = (await client.post("/api/v1/downloads", {"offer": offer["offer"]})).json["job"]
    assert (offer["thumbnail"], job["thumbnail"], job["offer"]) == (None, None, offer["offer"])


async def test_progress_is_told_while_it_runs(stage):
    """Bytes, speed and time left, in seconds and bytes."""
    stage.sites.gate.clear()
    job = await stage.order(quality="720p")
    running = await stage.until(job["id"], "downloading")
    assert running["progress"] == {"done_bytes": 50, "total_bytes": 100, "speed": 2_400_000.0, "eta_seconds": 21.0}
    assert running["files"] == []
    stage.sites.gate.set()
    await stage.until(job["id"], "done")


async def test_a_failure_is_told_with_its_sentence(stage):
    """The job ends; code and next step stand in it."""
    stage.sites.fails = [GeoBlocked()]
    job = await stage.order()
    failed = await stage.until(job["id"], "failed")
    assert failed["error"]["code"] == "geo_blocked"
    assert failed["error"]["hint"] == "Look for another copy of it."
    assert failed["files"] == []


@pytest.mark.parametrize("phase", ["queued", "downloading"])
async def test_cancel_works_in_every_phase(stage, phase):
    """At once; a second one changes nothing; no working file stays."""
    stage.sites.gate.clear()
    jobs = [await stage.order(url=f"https://media.example.net/{number}.mp4") for number in range(3)]
    job = jobs[0] if phase == "downloading" else jobs[2]
    await stage.until(job["id"], phase)
    answer = await stage.client.delete(f"/api/v1/downloads/{job['id']}")
    assert (answer.status, answer.json["cancelled"], answer.json["job"]["phase"]) == (200, True, "cancelled")
    again = await stage.client.delete(f"/api/v1/downloads/{job['id']}")
    assert (again.status, again.json["cancelled"]) == (200, False)
    stage.sites.gate.set()
    for other in jobs:
        if other is not job:
            await stage.until(other["id"], "done")
    async with asyncio.timeout(30):
        while any((stage.app.settings.data_dir / "work").iterdir()):
            await asyncio.sleep(0.001)


async def test_a_job_that_ended_is_known_after_a_restart(stage):
    """State and error come from the database, the files from the shelf."""
    job = await stage.order()
    await stage.until(job["id"], "done")
    stage.sites.fails = [SiteDown()]
    bad = await stage.order(url="https://media.example.net/bad.mp4")
    await stage.until(bad["id"], "failed")
    await stage.app.downloads.stop()
    await stage.app.downloads.start()
    assert (await stage.until(job["id"], "done"))["files"]
    assert (await stage.until(bad["id"], "failed"))["error"]["code"] == "site_down"


async def test_jobs_of_other_fronts_do_not_exist_here(stage):
    """Whoever sees the page must not see what people order in Telegram."""
    link = stage.app.downloads.detect(VIDEO).links[0]
    job = await stage.app.downloads.submit(Order("telegram", link, "best", 7, "private"))
    path = f"/api/v1/downloads/{job.id}"
    for answer in (
        await stage.client.get(path),
        await stage.client.delete(path),
        await stage.client.get(f"{path}/events"),
    ):
        assert (answer.status, answer.error["code"]) == (404, "not_found")
    told = (await stage.client.get(f"/api/v1/downloads/events?ids={job.id}")).body.decode()
    assert told.endswith(f'event: gone\ndata: {{"id":"{job.id}"}}\n\n')
    assert (await stage.app.downloads.job(job.id)).state == "accepted"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"url": VIDEO, "quality": "999p"}, 400, "unknown_quality"),
        ({"url": "http://10.0.0.1/x.mp4"}, 400, "private_address"),
        ({"offer": "unknown"}, 410, "expired"),
    ],
)
async def test_an_order_that_cannot_be_accepted(client, body, status, code):
    """Nothing is written."""
    answer = await client.post("/api/v1/downloads", body)
    assert (answer.status, answer.error["code"]) == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/downloads/01HZZZZZZZZZZZZZZZZZZZZZZZ", 404, "not_found"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v1/files/x", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/static/../main.py", 404, "not_found"),
        ("GET", "/static/page.py", 404, "not_found"),
        ("PUT", "/api/v1/downloads", 405, "method_not_allowed"),
        ("GET", "/api/v1/probe", 405, "method_not_allowed"),
        ("POST", "/", 405, "method_not_allowed"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("OPTIONS", "/api/v1/probe", 405, "method_not_allowed"),
    ],
)
async def test_wrong_addresses_and_methods(client, method, path, status, code):
    """JSON for programs, whatever was asked."""
    answer = await client.ask(method, path)
    assert (answer.status, answer.error["code"]) == (status, code)


async def test_every_answer_carries_the_headers_for_safety(client):
    """Failures as well."""
    for path in ("/", "/static/page.js", "/api/v1/nothing", "/status"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
        assert headers["date"].endswith("GMT")
        assert "server" not in headers


async def test_head_answers_like_get_without_the_body(client):
    """For everything that can be read."""
    for path in ("/", "/static/page.js", "/status", "/health"):
        answer = await client.ask("HEAD", path)
        assert (answer.status, answer.body) == (200, b"")
