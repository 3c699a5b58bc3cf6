"""Who is to blame, told by the real extractor: the operator's proxy, anybody's host, the site, or nobody yet."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from platforms.registry import Registry
from utils.errors import GoldcrestError

if TYPE_CHECKING:
    from tests.platforms.extractor.conftest import Running, Start

REGISTRY = Registry()
LIMIT = 2_000 << 20
VIMEO = "https://vimeo.com/76979871"


async def failure(running: Running, text: str) -> GoldcrestError:
    """What a probe ends with."""
    link = REGISTRY.claim(text)
    with pytest.raises(GoldcrestError) as raised:
        await REGISTRY.platform(link.platform).probe(link, running.host, LIMIT)
    return raised.value


@pytest.mark.parametrize("url", [VIMEO, "https://media.goldcrest-anybody.net/clip.mp4"])
async def test_a_dead_proxy_is_ours(start_host: Start, url):
    """Nothing is held against the site; the operator's proxy is named in the hint."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with start_host(EGRESS_UPSTREAM=f"http://127.0.0.1:{port}", GOLDCREST_EXTRACTOR__RETRIES="0") as running:
        error = await failure(running, url)
    assert (error.code, error.trips, error.retry, error.step) == ("no_way_out", False, True, "later")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/fault/status/403/clip.mp4", "site_blocked"),
        ("/fault/status/429/clip.mp4?retry_after=7", "rate_limited"),
        ("/fault/status/503/clip.mp4", "site_down"),
    ],
)
async def test_anybodys_host_trips_nothing(start_host: Start, path, code):
    """The generic extractor's host is no site."""
    async with start_host(GOLDCREST_EXTRACTOR__RETRIES="0") as running:
        error = await failure(running, running.link(path))
    assert (error.code, error.trips) == (code, False)


async def test_a_sites_own_403_does(start_host: Start):
    """The same answer from a site counts against it."""
    async with start_host(GOLDCREST_EXTRACTOR__RETRIES="0") as running:
        error = await failure(running, running.sites.samples()["streamable"]["wall"])
    assert (error.code, error.trips) == ("site_blocked", True)


@pytest.mark.parametrize(("name", "least_seconds"), [("upcoming", 86_400), ("premiere", 60)])
async def test_an_announced_stream_tells_when(start_host: Start, name, least_seconds):
    """In the site's words: two days; a premiere too, so that nobody has to ask again and again."""
    async with start_host() as running:
        error = await failure(running, running.sites.samples()["youtube"][name])
    assert (error.code, error.step) == ("not_live_yet", "when_live")
    assert error.retry_after_seconds is not None
    assert error.retry_after_seconds >= least_seconds


async def test_a_stream_without_a_time_says_so(start_host: Start):
    """No number is made up."""
    async with start_host() as running:
        error = await failure(running, running.sites.samples()["vimeo"]["upcoming"])
    assert (error.code, error.retry_after_seconds) == ("not_live_yet", None)


async def test_an_unknown_failure_brings_where_it_happened(start_host: Start):
    """A page that the extractor can't read: its class, and places in the installed extractor."""
    async with start_host() as running:
        error = await failure(running, running.sites.samples()["tiktok"]["changed"])
    assert error.code == "extractor_broken"
    assert error.evidence is not None
    assert "ExtractorError" in error.evidence["types"]
    assert any(line.startswith("extractor/tiktok.py:") for line in error.evidence["trace"])
