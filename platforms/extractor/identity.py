"""A site asked with an identity: what an order takes along of it, and the extractor that always takes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from utils.cookies import FILE_BYTES, Cookie, alive, for_host, of_domains, parse_cookies, written_cookies
from utils.errors import BadCookies

if TYPE_CHECKING:
    from platforms.extractor.host import ExtractorHost
    from platforms.extractor.tools import Errand
    from platforms.extractor.ways import Poor
    from platforms.shapes import Extractor, FetchOrder, Identity, ProgressSink, Way

#: What a browser keeps of one site is a tenth of that.
COOKIES_BYTES: Final = 128 * 1024
#: Shorter values are settings ("1", "en"): taking them out of what a worker says would only garble it.
SECRET_CHARACTERS: Final = 12


class AsIdentity:
    """The extractor host for one identity. Implements platforms.shapes.Extractor."""

    def __init__(self, host: ExtractorHost, identity: Identity) -> None:
        self._host = host
        self._identity = identity

    def as_identity(self, identity: Identity) -> AsIdentity:
        """The same host with another one."""
        return AsIdentity(self._host, identity)

    def by_ways(self, site: str, ways: tuple[Way, ...], poor: Poor) -> Extractor:
        """As ExtractorHost.by_ways, each way with this identity; one that names its client has that way only."""
        if self._identity.client:
            from platforms.shapes import Way

            ways = (Way(self._identity.client, {}, uses=("javascript", "po_token")),)
        return self._host.tools.by_ways(self, site, ways, poor, cookies=bool(self._identity.cookies))

    async def extract(self, url: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """As ExtractorHost.extract. Raises BadCookies for a cookie file that is gone or broken."""
        return await self._host.extract(url, options, identity=self._identity)

    async def fetch(self, order: FetchOrder, on_progress: ProgressSink, *more: Any) -> dict[str, Any]:
        """As ExtractorHost.fetch. Raises BadCookies for a cookie file that is gone or broken."""
        return await self._host.fetch(order, on_progress, *more, identity=self._identity)

    async def resolve(self, url: str) -> str:
        """As ExtractorHost.resolve: through the identity's proxy, without its cookies."""
        return await self._host.resolve(url, identity=self._identity)


async def dressed(errand: Errand, identity: Identity, clock: Callable[[], float] = time.time) -> Errand:
    """The errand with what the identity brings along; cookies only where the order isn't one of a stranger.

    Raises BadCookies.
    """
    order = errand.order
    options = dict(order.options)
    wished = str(options.pop("impersonate", ""))  # by the site; yt-dlp's own parameter is no text
    if identity.user_agent:
        options["http_headers"] = {**options.get("http_headers", {}), "User-Agent": identity.user_agent}
    if identity.client:
        arguments = options.get("extractor_args", {})
        youtube = {**arguments.get("youtube", {}), "player_client": [identity.client]}
        options["extractor_args"] = {**arguments, "youtube": youtube}
    cookies: tuple[Cookie, ...] = ()
    if identity.cookies and not order.anonymous:
        cookies = await asyncio.to_thread(cookies_for, order.url, identity, clock())
        errand.secrets += [cookie.value for cookie in cookies if len(cookie.value) >= SECRET_CHARACTERS]
    errand.order = replace(
        order,
        options=options,
        cookies=written_cookies(cookies) if cookies else "",
        impersonate=identity.impersonate or wished,
    )
    return errand


def cookies_for(url: str, identity: Identity, now: float) -> tuple[Cookie, ...]:
    """What of the identity's file may be sent to the site of that link.

    Raises BadCookies where the file can't be read or holds nothing for it.
    """
    try:
        with Path(identity.cookies).open("rb") as file:
            known = alive(parse_cookies(file.read(FILE_BYTES + 1)), now)
    except OSError:
        raise BadCookies("missing", identity=identity.name) from None
    except BadCookies as error:
        raise BadCookies("useless", identity=identity.name) from error
    host = urlsplit(url).hostname or ""
    chosen = of_domains(known, identity.domains) if identity.domains else for_host(known, host)
    if not chosen or len(written_cookies(chosen)) > COOKIES_BYTES:
        raise BadCookies("useless", identity=identity.name)
    return chosen
