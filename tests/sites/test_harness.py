"""The harness: samples of everything, settings for a bot process, and the sites as a process of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.sites.harness import ROOT, Sites, running_sites, spawned_sites
from tests.sites.more import MORE


async def test_the_sites_run_in_the_tests_own_loop_and_leave_nothing():
    """Addresses, settings and files are there inside, the folder is gone outside."""
    async with running_sites() as sites:
        assert sites.url == sites.proxy_url == f"http://127.0.0.1:{sites.port}"
        assert sites.env() == {
            "EGRESS_UPSTREAM": sites.proxy_url,
            "EGRESS_TRUST": str(sites.ca_file),
            "GOLDCREST_PLATFORMS__JAVASCRIPT": "off",  # what a machine happens to have changes no test
        }
        assert sites.direct_env() == {"EGRESS_ALLOW": "127.0.0.0/8"}
        assert sites.ca_file.read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
        assert sites.secret.exists()
        folder = sites.ca_file.parent
    assert not folder.exists()


def test_samples_name_every_behaviour_of_every_site(sites: Sites):
    """No site is without samples and every one is a link."""
    samples = sites.samples()
    assert set(samples) == {
        *("origin", "origin_through_proxy", "youtube", "tiktok", "instagram", "attacks", "private"),
        *MORE,
    }
    for links in samples.values():
        assert len(links) > 2
        assert all(link.startswith(("http://", "https://")) for link in links.values())


def test_a_process_of_its_own_serves_until_its_input_ends():
    """It prints one line, answers, shows its journal and forgets it, and goes when the pipe closes."""
    with spawned_sites() as sites:
        connection = HTTPConnection("127.0.0.1", sites.port, timeout=5)
        connection.request("GET", "/page/none")
        assert connection.getresponse().status == 200
        connection.close()
        assert [entry["path"] for entry in sites.journal()] == ["/page/none"]
        sites.clear()
        assert sites.journal() == []
        ca_file = Path(sites.env()["EGRESS_TRUST"])
        assert ca_file.exists()
    assert not ca_file.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_of_its_own_stops_on_a_signal(number: signal.Signals):
    """It exits with 0 and leaves no folder."""
    command = [sys.executable, "-m", "tests.sites"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        greeting = json.loads(process.stdout.readline())
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
    assert not Path(greeting["ca_file"]).exists()
