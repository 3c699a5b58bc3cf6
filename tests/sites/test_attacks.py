"""The hostile site: its baits are real, which an unguarded yt-dlp or ffmpeg shows by taking them."""

from __future__ import annotations

import subprocess
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from tests.sites.canary import leads_inside
from tests.sites.disguises import LOCAL_NAMES, POISONED_NAMES, PRIVATE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sites.conftest import Downloader
    from tests.sites.harness import Sites

#: the middle of the secret file, which a remuxed copy still holds
SECRET_PART = slice(20_000, 24_000)
NOTICE_SECONDS = 5


def holds_secret(sites: Sites, path: Path) -> bool:
    return sites.secret.read_bytes()[SECRET_PART] in path.read_bytes()


@pytest.mark.parametrize("name", ["net/redirect_by_307", "net/redirect_to_hex", "net/page_video_tag", "net/segment"])
def test_unguarded_requests_for_private_addresses_are_noticed(ytdl: Downloader, sites: Sites, name: str):
    """The proxy stands for the internet: what asks it for a private address has gone too far."""
    ytdl(sites.attacks.samples()[name], download=True)
    assert sites.canary.knocks


@pytest.mark.parametrize("scheme", ["tcp", "ftp", "gopher"])
def test_unguarded_live_streams_reach_the_canary_past_the_proxy(ytdl: Downloader, sites: Sites, scheme: str):
    """Ffmpeg opens whatever address a live playlist names, proxy or not."""
    ytdl(sites.attacks.samples()[f"net/live_{scheme}"], download=True)
    until = time.monotonic() + NOTICE_SECONDS
    while not (found := any(knock.place != "proxy" for knock in sites.canary.knocks)) and time.monotonic() < until:
        time.sleep(0.01)  # ffmpeg may have gone before the canary's thread has had its turn
    assert found


def test_an_unguarded_live_stream_gives_the_secret_away(ytdl: Downloader, sites: Sites):
    """A variant that is a file: address copies another job's file."""
    outcome = ytdl(sites.attacks.samples()["file/live_variant"], download=True)
    assert any(holds_secret(sites, path) for path in outcome.files.values())
    assert not sites.canary.knocks


def test_an_unguarded_remux_gives_the_secret_away(sites: Sites, tmp_path: Path):
    """A manifest that calls itself MP4 makes ffmpeg read the file that it names."""
    connection = HTTPConnection("127.0.0.1", sites.port, timeout=5)
    connection.request("GET", sites.attacks.samples()["file/as_video_dash"])
    (tmp_path / "clip.mp4").write_bytes(connection.getresponse().read())
    connection.close()
    command = [sites.media.ffmpeg, "-v", "error", "-i", "clip.mp4", "-c", "copy", "out.mp4"]
    run = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    if run.returncode:
        pytest.skip("this ffmpeg does not read DASH")
    assert holds_secret(sites, tmp_path / "out.mp4")


def test_every_bait_is_served_and_says_where_it_leads(sites: Sites):
    """Each sample answers, its name begins with its kind, and the table covers the schemes and places of the list."""
    samples = sites.attacks.samples()
    assert {name.partition("/")[0] for name in samples} == {"net", "file"}
    assert len(samples) > 120
    connection = HTTPConnection("127.0.0.1", sites.port, timeout=5)
    for link in samples.values():
        connection.request("GET", link.partition("#")[0])
        response = connection.getresponse()
        assert response.status in {200, 301, 302, 303, 307, 308}
        response.read()
    connection.close()
    assert not sites.canary.knocks


def test_private_places_are_told_in_every_spelling(sites: Sites):
    """Lenient parsers see through all disguises; the sites' own names are public."""
    for link in sites.attacks.private_links().values():
        host = link.removeprefix("http://").removesuffix("/clip.mp4").rpartition(":")[0].rpartition("@")[2]
        assert leads_inside(host), host
    assert [host for host in PRIVATE if not leads_inside(host)] == []
    assert leads_inside("localhost")
    assert not any(leads_inside(host) for host in ("cdn.goldcrest-files.net", "1.1.1.1", "[2606:4700::1111]"))
    assert len(LOCAL_NAMES) == len(set(LOCAL_NAMES))
    assert all(any(leads_inside(answer) for answer in answers) for answers in POISONED_NAMES.values())
