"""/metrics as a scraper reads it: parsed by prometheus_client's own parsers."""

import asyncio
import subprocess
import sys

import pytest
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse_text

from api.metrics import number_at
from tests.api.stage import staged
from utils.errors import Private

OPEN = "application/openmetrics-text; version=1.0.0"


async def scrape(client, accept="text/plain"):
    answer = await client.get("/metrics", accept=accept)
    assert answer.status == 200
    return answer


def samples(text, parse=parse_text):
    """(name, sorted labels) -> value."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in parse(text)
        for sample in family.samples
    }


async def worked(stage):
    """A job that was done and one that failed."""
    job = await stage.order()
    await stage.until(job["id"], "done")
    stage.sites.fails = [Private()]
    job = await stage.order(url="https://media.example.net/films/hidden.mp4")
    await stage.until(job["id"], "failed")


async def test_it_tells_what_has_happened(stage, client):
    """Jobs, failures, phases as a histogram, and the figures of the parts."""
    await worked(stage)
    await stage.watch.see(memory=0.99)
    found = samples((await scrape(client)).body.decode())
    assert found["goldcrest_jobs_total", ("outcome", "done"), ("platform", "generic")] == 1
    assert found["goldcrest_jobs_total", ("outcome", "failed"), ("platform", "generic")] == 1
    assert found["goldcrest_failures_total", ("category", "item"), ("code", "private")] == 1
    assert found["goldcrest_phase_seconds_count", ("phase", "upload")] == 1
    assert found["goldcrest_phase_seconds_bucket", ("le", "+Inf"), ("phase", "upload")] == 1
    assert found["goldcrest_uptime_seconds",] == 9912.5
    assert found["goldcrest_ready",] == 1
    assert found["goldcrest_part_ok", ("part", "http")] == 1
    assert found["goldcrest_queue_jobs", ("state", "accepted")] == 0
    assert found["goldcrest_alert_active", ("level", "critical"), ("rule", "memory_critical")] == 1
    assert found["goldcrest_alert_active", ("level", "warning"), ("rule", "error_rate")] == 0
    assert found["goldcrest_memory_bytes",] > 10**6
    assert (
        found["goldcrest_dead_letters",]
        == found["goldcrest_jobs_total", ("outcome", "failed"), ("platform", "generic")]
        == 1
    )


@pytest.mark.parametrize(
    ("accept", "mime", "parse"),
    [
        ("", "text/plain; version=0.0.4", parse_text),
        ("text/html", "text/plain; version=0.0.4", parse_text),
        (OPEN, "application/openmetrics-text; version=1.0.0", parse_open),
        (f"{OPEN},text/plain;q=0.5", "application/openmetrics-text; version=1.0.0", parse_open),
    ],
)
async def test_the_scraper_chooses_the_form(stage, client, accept, mime, parse):
    """Both hold the same figures."""
    await worked(stage)
    answer = await scrape(client, accept)
    assert answer.headers["content-type"].startswith(mime)
    assert answer.headers["cache-control"] == "no-store"
    found = samples(answer.body.decode(), parse)
    assert found["goldcrest_jobs_total", ("outcome", "done"), ("platform", "generic")] == 1


async def test_scrapes_side_by_side_are_whole(stage, client):
    """Each has a registry of its own, none writes into the global one."""
    await worked(stage)
    before = set(REGISTRY._names_to_collectors)
    answers = await asyncio.gather(*(scrape(client, accept) for accept in ("", OPEN) * 4))
    counts = [samples(answer.body.decode(), parse_open if n % 2 else parse_text) for n, answer in enumerate(answers)]
    assert {each["goldcrest_jobs_total", ("outcome", "done"), ("platform", "generic")] for each in counts} == {1}
    assert set(REGISTRY._names_to_collectors) == before


async def test_a_process_that_just_woke_can_be_scraped(stage, client):
    """What isn't up is left out."""
    stage.app.up_downloads = stage.app.up_shelf = stage.app.up_extractor = None
    stage.app.up_monitor = stage.app.up_alerts = None
    stage.app.state = dict
    found = samples((await scrape(client)).body.decode())
    assert found["goldcrest_ready",] == 0
    assert not any(name.startswith(("goldcrest_jobs", "goldcrest_shelf")) for name, *_ in found)


async def test_only_who_may_see_the_status_may_scrape(tmp_path):
    """With a key like everything else."""
    key = "a-key-of-more-than-16"
    async with staged(tmp_path, access="key", access_key=key) as stage:
        assert (await stage.client.get("/metrics")).status == 401
        stage.client.headers["authorization"] = f"Bearer {key}"
        assert (await stage.client.get("/metrics")).status == 200


def test_the_client_is_loaded_by_the_first_scrape():
    """Who isn't scraped doesn't pay for it."""
    code = "import sys, api.metrics; print('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout == b"False\n"


@pytest.mark.parametrize(
    ("path", "number"),
    [(("a", "b"), 2.0), (("a", "yes"), 1.0), (("a", "c"), None), (("a", "b", "c"), None), (("x", "y"), None)],
)
def test_a_number_at_its_place(path, number):
    """None for what isn't there or is no number."""
    assert number_at({"a": {"b": 2, "yes": True, "c": "text"}}, *path) == number
