"""The sites, and a process environment that would give everything away if any of it reached a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.sites.harness import Sites, threaded_sites

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: a token as @BotFather gives it; it must be seen nowhere
TOKEN: Final = "123456789:AAFakeTokenThatNoWorkerMayEverSee00"
PLUGIN: Final = "import socket\nsocket.create_connection(({host!r}, {port}), 2).close()\n"


@pytest.fixture(scope="session")
def all_sites() -> Iterator[Sites]:
    with threaded_sites() as running:
        yield running


@pytest.fixture
def sites(all_sites: Sites) -> Sites:
    """The sites with a canary that has heard nothing."""
    all_sites.requests.clear()
    all_sites.canary.knocks.clear()
    return all_sites


@pytest.fixture
def hostile_environment(sites: Sites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which HOME and TMPDIR lie: secrets, ways past the proxy, yt-dlp's own configuration and plugins."""
    home, tmp = tmp_path / "home", tmp_path / "tmp"
    configuration = home / ".config" / "yt-dlp"
    plugin = configuration / "plugins" / "evil" / "yt_dlp_plugins" / "extractor" / "evil.py"
    canary = f"http://{sites.canary.host}:{sites.canary.port}"
    tmp.mkdir()
    plugin.parent.mkdir(parents=True)
    plugin.write_text(PLUGIN.format(host=sites.canary.host, port=sites.canary.port))
    (configuration / "config").write_text(f"--proxy {canary}\n--exec 'touch {home}/ran'\n--write-link\n")
    (home / ".netrc").write_text("machine lure.goldcrest-attacks.net login x password y\n")
    values = {
        "BOT_TOKEN": TOKEN,
        "API_HASH": TOKEN,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "TMPDIR": str(tmp),
        "PYTHONPATH": str(plugin.parents[2]),
        "FFREPORT": f"file={home}/report.log:level=32",
        "SSLKEYLOGFILE": str(home / "keys.log"),
        **dict.fromkeys(("no_proxy", "NO_PROXY"), "*"),
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"), canary),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return home
