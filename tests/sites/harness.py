"""The test sites for a test: in the test's own event loop, or in a thread of their own for tests without one."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.sites.attacks import Attacks
from tests.sites.authority import Authority
from tests.sites.bait import Aim
from tests.sites.canary import Canary
from tests.sites.instagram import Instagram
from tests.sites.journal import Journal
from tests.sites.live import Broadcast
from tests.sites.media import Shelf
from tests.sites.more import more_replicas
from tests.sites.origin import HOST, Origin
from tests.sites.proxy import Proxy
from tests.sites.routes import Routes
from tests.sites.tiktok import TikTok
from tests.sites.youtube import YouTube

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

ROOT: Final = Path(__file__).resolve().parents[2]


class Sites:
    """All replicas behind one port.

    `broadcast` is what every live stream shows.
    `canary` hears of every contact with a private address and `secret` is a file that no download may contain.
    `url`: the origin as reached directly, `public_url`: the same as reached through the proxy; `proxy_url` and
    `ca_file` are what a client needs for all other hosts; `requests` is the journal; `media` knows path and SHA-256 of
    every file.
    """

    def __init__(self, folder: Path, shelf: Shelf | None = None) -> None:
        self.media = shelf or Shelf()
        self.requests = Journal()
        self.broadcast = Broadcast(self.media)
        self.youtube = YouTube(self.media, self.broadcast)
        self.tiktok = TikTok(self.media)
        self.instagram = Instagram(self.media)
        self.more = more_replicas(self.media, self.broadcast)
        self.origin = Origin(self.media, self.requests, self.broadcast)
        self.attacks = Attacks(self.media)
        self.canary = Canary()
        self.secret = folder / "other-job" / "private.mp4"
        sites = (self.youtube, self.tiktok, self.instagram, *self.more.values())
        routes = Routes([self.origin, *sites, self.attacks])
        authority = Authority(folder)
        self.ca_file = authority.ca_file
        self._proxy = Proxy(routes, self.canary, authority, self.requests)

    async def start(self, port: int = 0, *, bulk: bool = False) -> None:
        """Make the media that are missing, then listen. `bulk`: also the 100 MB files."""
        await asyncio.to_thread(self.media.prepare, bulk=bulk)
        self.secret.parent.mkdir()
        shutil.copyfile(self.media.path("silent.mp4"), self.secret)
        await self.canary.start()
        self.attacks.take_aim(Aim(self.canary.host, self.canary.port, self.canary.plain_port, self.secret))
        await self._proxy.start(port=port)

    async def stop(self) -> None:
        """Cut every connection and free the ports."""
        await self._proxy.stop()
        await self.canary.stop()

    @property
    def port(self) -> int:
        return self._proxy.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def public_url(self) -> str:
        return f"https://{HOST}"

    @property
    def proxy_url(self) -> str:
        return self.url

    def env(self) -> dict[str, str]:
        """Settings under which a bot process finds every site here and trusts it."""
        return {
            "EGRESS_UPSTREAM": self.proxy_url,
            "EGRESS_TRUST": str(self.ca_file),
            "GOLDCREST_PLATFORMS__JAVASCRIPT": "off",  # what a machine happens to have decides no test
        }

    def direct_env(self) -> dict[str, str]:
        """Settings under which a bot process may fetch from `url` without an upstream."""
        return {"EGRESS_ALLOW": "127.0.0.0/8"}

    def samples(self) -> dict[str, dict[str, str]]:
        """Links that show each behaviour, by site and name."""
        paths = self.origin.samples()
        return {
            "origin": {name: self.url + path for name, path in paths.items()},
            "origin_through_proxy": {name: self.public_url + path for name, path in paths.items()},
            "youtube": self.youtube.samples(),
            "tiktok": self.tiktok.samples(),
            "instagram": self.instagram.samples(),
            **{name: replica.samples() for name, replica in self.more.items()},
            "attacks": self.attacks.samples(),
            "private": self.attacks.private_links(),
        }

    def greeting(self) -> dict[str, Any]:
        """All that somebody outside this process needs to know."""
        return {
            "port": self.port,
            "url": self.url,
            "proxy_url": self.proxy_url,
            "ca_file": str(self.ca_file),
            "env": self.env(),
            "direct_env": self.direct_env(),
            "samples": self.samples(),
        }


@asynccontextmanager
async def running_sites(*, bulk: bool = False) -> AsyncIterator[Sites]:
    """The sites in the running event loop."""
    folder = Path(tempfile.mkdtemp(prefix="goldcrest-sites-"))
    sites = Sites(folder)
    try:
        await sites.start(bulk=bulk)
        yield sites
    finally:
        await sites.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def threaded_sites(*, bulk: bool = False) -> Iterator[Sites]:
    """The sites in a thread with its own event loop, for synchronous tests and blocking clients."""
    started: Future[tuple[Sites, Callable[[], None]]] = Future()

    async def serve() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with running_sites(bulk=bulk) as sites:
            started.set_result((sites, lambda: _set_from_thread(loop, stopping)))
            await stopping.wait()

    def work() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=work, name="test-sites", daemon=True)
    thread.start()
    sites, stop = started.result()
    try:
        yield sites
    finally:
        stop()
        thread.join()


class SpawnedSites:
    """The sites as a process of their own; `greeting` is what they printed."""

    def __init__(self, greeting: dict[str, Any]) -> None:
        self.greeting = greeting
        self.url = str(greeting["url"])
        self.port = int(greeting["port"])

    def env(self) -> dict[str, str]:
        return dict(self.greeting["env"])

    def journal(self) -> list[dict[str, Any]]:
        """All requests so far, as `Entry` fields."""
        return list(self._control("journal"))

    def clear(self) -> None:
        """Forget the requests; flaky paths fail anew."""
        self._control("clear")

    def _control(self, action: str) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", f"/control/{action}")
            return json.load(connection.getresponse())
        finally:
            connection.close()


@contextmanager
def spawned_sites(*, bulk: bool = False) -> Iterator[SpawnedSites]:
    """The sites in another process, so that they take no time of the process that is measured."""
    command = [sys.executable, "-m", "tests.sites", *(("--bulk",) if bulk else ())]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        yield SpawnedSites(json.loads(process.stdout.readline()))
        process.stdin.close()


def _set_from_thread(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    loop.call_soon_threadsafe(event.set)
