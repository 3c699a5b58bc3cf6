"""A site asked with an identity: its cookies go to the site alone, its proxy carries everything, nothing leaks."""

from __future__ import annotations

import asyncio
import re
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from core.identities import Identities
from platforms.extractor.identity import COOKIES_BYTES
from platforms.shapes import FetchOrder, Identity
from tests.sites.instagram import AWAY, SESSION, SITE, shortcode
from utils.circuit_breaker import BreakerPolicy
from utils.circuit_breakers import Breakers
from utils.errors import BadCookies, GoldcrestError, LoginRequired, NoImpersonation, ProxyDown, SiteDown

if TYPE_CHECKING:
    from pathlib import Path

    from tests.platforms.extractor.conftest import Running, Start

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOGIN = f"{SITE}/p/{shortcode('Login')}/"
HOSTS = ("instagram.com", "instagr.am")
ROW = "{domain}\tTRUE\t/\tTRUE\t{expires}\t{name}\t{value}\n"


def cookie_file(folder: Path, session: str = SESSION, expires: int = 4_000_000_000) -> Identity:
    """An identity of Instagram with these cookies, beside those of other sites and of look-alikes."""
    rows = [
        (".instagram.com", "sessionid", session),
        (".goldcrest-files.net", "other", "of-another-site"),
        (".notinstagram.com", "alike", "of-a-look-alike"),
    ]
    path = folder / "cookies.txt"
    path.write_text("".join(ROW.format(domain=d, expires=expires, name=n, value=v) for d, n, v in rows))
    path.chmod(0o600)
    return Identity("anna", cookies=str(path), domains=HOSTS)


async def test_a_login_page_opens_with_the_right_cookies(shared: Running, tmp_path: Path):
    """Without them, and with those of a session that is over, the site wants a login; with them the item is there."""
    for host in (shared.host, shared.host.as_identity(cookie_file(tmp_path, "over"))):
        with pytest.raises(LoginRequired):
            await host.extract(LOGIN, {"noplaylist": True})
    info = await shared.host.as_identity(cookie_file(tmp_path)).extract(LOGIN, {"noplaylist": True})
    assert info["formats"]


async def test_a_story_opens_and_is_fetched_with_cookies(shared: Running, tmp_path: Path):
    """The whole way to the file; the media host gets no cookie of the site."""
    url = f"{SITE}/stories/goldcrest/500/"
    with pytest.raises(LoginRequired):
        await shared.host.extract(url, {"noplaylist": True})
    shared.sites.requests.clear()
    folder = shared.folder()
    order = FetchOrder(url, folder, "", {"noplaylist": True}, 1 << 30)
    result = await shared.host.as_identity(cookie_file(tmp_path)).fetch(order, lambda _: None)
    assert result["files"][0]["kind"] == "video"
    media = [entry for entry in shared.sites.requests.all() if entry.host.endswith("cdninstagram.com")]
    assert media
    assert not any("cookie" in entry.headers for entry in media)


async def test_cookies_go_to_no_other_host(shared: Running, tmp_path: Path):
    """A redirect of the site to another host is followed without any cookie, also without those of that host."""
    shared.sites.requests.clear()
    host = shared.host.as_identity(cookie_file(tmp_path))
    with pytest.raises(GoldcrestError):
        await host.extract(f"{SITE}/p/{shortcode('Away')}/", {"noplaylist": True})
    away = shared.sites.requests.to(AWAY.split("/")[2])
    assert away
    assert not any("cookie" in entry.headers for entry in away)
    sent = [entry.headers["cookie"] for entry in shared.sites.requests.to("instagram.com") if "cookie" in entry.headers]
    assert any(SESSION in each for each in sent)
    assert not any("of-another-site" in each or "of-a-look-alike" in each for each in sent)


async def test_a_short_link_is_followed_without_cookies(shared: Running, tmp_path: Path):
    """Nobody on the way learns of the account."""
    shared.sites.requests.clear()
    await shared.host.as_identity(cookie_file(tmp_path)).resolve(f"{SITE}/share/reel/BAreel0001")
    assert shared.sites.requests.all()
    assert not any(SESSION in entry.headers.get("cookie", "") for entry in shared.sites.requests.all())


async def test_the_next_job_knows_nothing_of_them(shared: Running, tmp_path: Path):
    """Neither the host nor a later worker keeps a cookie; the file stays as it was, also where the site sets others."""
    identity = cookie_file(tmp_path)
    before = (tmp_path / "cookies.txt").read_bytes()
    await shared.host.as_identity(identity).extract(LOGIN, {"noplaylist": True})
    with pytest.raises(LoginRequired):
        await shared.host.extract(LOGIN, {"noplaylist": True})
    path = tmp_path / "cookies.txt"
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (before, 0o600)


async def test_an_unknown_site_gets_what_its_own_host_may_have(shared: Running, tmp_path: Path):
    """Without a list of domains, only cookies that a browser would send to the link's host."""
    identity = cookie_file(tmp_path)
    shared.sites.requests.clear()
    alone = Identity("any", cookies=identity.cookies)
    await shared.host.as_identity(alone).extract(shared.link("/page/og"), {})
    sent = {entry.headers.get("cookie") for entry in shared.sites.requests.to("goldcrest-files.net", "/page/og")}
    assert sent == {"other=of-another-site"}


@pytest.mark.parametrize("problem", ["missing", "useless", "expired", "huge", "binary"])
async def test_a_file_that_is_no_use_costs_no_request(shared: Running, tmp_path: Path, problem: str):
    """One error that names the identity; the site hears nothing."""
    identity = cookie_file(tmp_path, expires=1_000_000_000 if problem == "expired" else 4_000_000_000)
    path = tmp_path / "cookies.txt"
    match problem:
        case "missing":
            path.unlink()
        case "useless":
            path.write_text(ROW.format(domain="a.test", expires=0, name="n", value="v"))
        case "huge":
            many = range(COOKIES_BYTES // 4000 + 1)
            rows = (ROW.format(domain="instagram.com", expires=0, name=f"n{each}", value="v" * 4000) for each in many)
            path.write_text("".join(rows))
        case "binary":
            path.write_bytes(b"\xff\xfe\x00")
    shared.sites.requests.clear()
    with pytest.raises(BadCookies) as error:
        await shared.host.as_identity(identity).extract(LOGIN, {"noplaylist": True})
    assert SESSION not in str(error.value)
    assert not shared.sites.requests.all()


async def test_user_agent_and_client_are_the_identitys(shared: Running):
    """They outweigh what the site's module asks for, and leave its other wishes."""
    shared.sites.requests.clear()
    host = shared.host.as_identity(Identity("x", user_agent="Goldcrest/1 (test)", client="mweb"))
    asked = {"http_headers": {"X-Own": "kept", "User-Agent": "site"}, "extractor_args": {"youtube": {"lang": ["en"]}}}
    await host.extract(shared.link("/page/og"), asked)
    (page,) = shared.sites.requests.to("goldcrest-files.net", "/page/og")
    assert (page.headers["user-agent"], page.headers["x-own"]) == ("Goldcrest/1 (test)", "kept")


# --- proxies


class ConnectProxy:
    """A real CONNECT proxy on loopback that leads on to the sites; `said` are the request lines that it heard."""

    def __init__(self, onward: int) -> None:
        self.said: list[str] = []
        self.wanted = b""
        self._onward = onward

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.said.append(head.split(b"\r\n")[0].decode())
            if self.wanted and self.wanted not in head:
                writer.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._onward)
            far_writer.write(re.sub(rb"Proxy-Authorization:[^\r]*\r\n", b"", head))
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction to its end."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def connect_proxy(onward: int) -> AsyncIterator[tuple[ConnectProxy, int]]:
    proxy = ConnectProxy(onward)
    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    async with server:
        yield proxy, server.sockets[0].getsockname()[1]


async def test_everything_of_a_job_goes_through_its_identitys_proxy(shared: Running):
    """Its password reaches the proxy and nobody else; other jobs don't use it."""
    async with connect_proxy(shared.sites.port) as (proxy, port):
        proxy.wanted = b"Proxy-Authorization: Basic bWU6cGFzcw=="
        shared.sites.requests.clear()
        identity = Identity("north", proxy=f"http://me:pass@127.0.0.1:{port}")
        info = await shared.host.as_identity(identity).extract(shared.link("/page/og"), {})
        assert info["title"]
        heard = len(proxy.said)
        assert proxy.said[0] == "CONNECT cdn.goldcrest-files.net:443 HTTP/1.1"
        assert not any("proxy-authorization" in entry.headers for entry in shared.sites.requests.all())
        await shared.host.extract(shared.link("/page/og"), {})
        assert len(proxy.said) == heard


async def test_no_proxy_opens_a_way_to_private_addresses(shared: Running):
    """What the text tells is refused before the proxy hears of it."""
    async with connect_proxy(shared.sites.port) as (proxy, port):
        host = shared.host.as_identity(Identity("north", proxy=f"http://127.0.0.1:{port}"))
        with pytest.raises(GoldcrestError) as error:
            await host.extract("http://10.0.0.1/page/og", {})
        assert (error.value.code, proxy.said) == ("private_address", [])


async def test_a_dead_proxy_is_told_as_such(shared: Running):
    """Nobody listens there, or it doesn't take our word for it: not the site is down."""
    async with connect_proxy(shared.sites.port) as (proxy, port):
        proxy.wanted = b"Basic of-somebody-else"
        with pytest.raises(ProxyDown):
            await shared.host.as_identity(Identity("north", proxy=f"http://me:secret@127.0.0.1:{port}")).extract(
                shared.link("/page/og"), {}
            )
    with pytest.raises(ProxyDown) as error:
        await shared.host.as_identity(Identity("north", proxy=f"http://me:secret@127.0.0.1:{port}")).extract(
            shared.link("/page/og"), {}
        )
    assert "secret" not in str(error.value)


async def test_the_next_identity_goes_on_where_a_proxy_is_dead(shared: Running):
    """Within one attempt; the dead one rests and the living one carries the rest."""
    async with connect_proxy(shared.sites.port) as (proxy, port):
        dead = Identity("dead", proxy="http://127.0.0.1:9")
        alive = Identity("alive", proxy=f"http://127.0.0.1:{port}")
        pool = Identities({"generic": (dead, alive)}, Breakers(BreakerPolicy()), rng=lambda: 0.5)
        url = shared.link("/page/og")
        for _ in range(2):
            info = await pool.run("generic", url, lambda identity: shared.host.as_identity(identity).extract(url, {}))
            assert info["title"]
        members = {each["name"]: each for each in pool.figures()["generic"]}
        assert (members["dead"]["failed"], members["dead"]["last_error"]) == (1, "proxy_down")
        assert members["alive"]["success"] == 2
        assert proxy.said


# --- a browser's fingerprint

pytest.importorskip("certifi", reason="curl_cffi is not installed: pip install -r requirements-impersonate.txt")


@pytest.mark.parametrize("browser", ["chrome", "safari-18.4", "firefox"])
async def test_a_browser_is_impersonated_through_the_proxy(shared: Running, browser: str):
    """Page and file come over curl: its own headers, our roots of trust, the identity's user agent left to it."""
    shared.sites.requests.clear()
    host = shared.host.as_identity(Identity("b", impersonate=browser))
    info = await host.extract(shared.link("/page/og"), {})
    assert info["title"]
    (page,) = shared.sites.requests.to("goldcrest-files.net", "/page/og")
    assert {"chrome": "Chrome/", "safari-18.4": "Version/18.4", "firefox": "Firefox/"}[browser] in page.headers[
        "user-agent"
    ]
    assert page.headers["accept-encoding"] != "gzip, deflate"


async def test_a_file_comes_over_curl_with_cookies_of_its_own_host_only(shared: Running, tmp_path: Path):
    """The library's own cookie engine is held to the same borders."""
    identity = cookie_file(tmp_path)
    shared.sites.requests.clear()
    asker = shared.host.as_identity(Identity("b", cookies=identity.cookies, domains=HOSTS, impersonate="chrome"))
    order = FetchOrder(f"{SITE}/stories/goldcrest/500/", shared.folder(), "", {"noplaylist": True}, 1 << 30)
    result = await asker.fetch(order, lambda _: None)
    assert result["files"][0]["kind"] == "video"
    media = [entry for entry in shared.sites.requests.all() if entry.host.endswith("cdninstagram.com")]
    assert media
    assert not any("cookie" in entry.headers for entry in media)
    shared.sites.requests.clear()
    with pytest.raises(GoldcrestError):
        await asker.extract(f"{SITE}/p/{shortcode('Away')}/", {"noplaylist": True})
    away = shared.sites.requests.to(AWAY.split("/")[2])
    assert away
    assert not any("cookie" in entry.headers for entry in away)


async def test_curl_opens_no_other_doors(shared: Running, start_host: Start):
    """Private addresses are refused, a certificate of an unknown authority too."""
    browser = Identity("b", impersonate="chrome")
    with pytest.raises(GoldcrestError) as error:
        await shared.host.as_identity(browser).extract("http://10.0.0.1/page/og", {})
    assert error.value.code == "private_address"
    async with start_host(EGRESS_TRUST="") as distrustful:
        distrustful.sites.requests.clear()
        with pytest.raises(SiteDown):
            await distrustful.host.as_identity(browser).extract(distrustful.link("/page/og"), {})
        assert not distrustful.sites.requests.all()


async def test_an_unknown_browser_is_told(shared: Running):
    """Before any request."""
    shared.sites.requests.clear()
    with pytest.raises(NoImpersonation):
        await shared.host.as_identity(Identity("b", impersonate="mosaic-2.0")).extract(shared.link("/page/og"), {})
    assert not shared.sites.requests.all()


async def test_the_handler_can_wait_until_it_is_asked_for(shared: Running):
    """With "asked" an ordinary request stays an ordinary one."""
    shared.sites.requests.clear()
    await shared.host.extract(shared.link("/page/og"), {"impersonate": "asked"})
    (page,) = shared.sites.requests.to("goldcrest-files.net", "/page/og")
    assert "br" not in page.headers["accept-encoding"]
