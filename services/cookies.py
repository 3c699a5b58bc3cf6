"""The owner's cookie files: checked, cut down to one site's domains, kept with mode 0600, their end told beforehand."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from core.identity_file import NAME
from platforms.shapes import ANONYMOUS, Identity
from utils.cookies import FILE_BYTES, Cookie, alive, of_domains, parse_cookies, written_cookies
from utils.errors import BadCookies, GoldcrestError, NotFound
from utils.health import Health, of_folder, of_task

if TYPE_CHECKING:
    from core.identities import Identities
    from platforms.registry import Registry
    from utils.database import Database

log = structlog.get_logger()
#: of one site
MOST_FILES: Final = 8
#: what a file is named where nobody says otherwise
USUAL_NAME: Final = "main"
DAY_SECONDS: Final = 86_400.0
#: between two looks at what expires
LOOK_SECONDS: Final = 6 * 3600.0


class Notice(Protocol):
    """Tells the owner something; False where it could not be told now."""

    async def __call__(self, held: Held) -> bool:
        """About cookies that expire soon or have."""


@dataclass(frozen=True, slots=True)
class Held:
    """A cookie file as the owner sees it. `expires_at`: epoch in seconds, None where it has no known end."""

    site: str
    name: str
    cookies: int
    expires_at: float | None


class CookieFiles:
    """A part. `folder` holds `<site>/<name>.txt`; each is an identity of its site.

    `notice_days`: how long before its end the owner hears of it.
    """

    def __init__(
        self,
        folder: Path,
        sites: Registry,
        identities: Identities,
        database: Database,
        *,
        notice_days: float,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        self.sites = sites
        self.identities = identities
        self._folder = folder
        self._database = database
        self._notice_seconds = notice_days * DAY_SECONDS
        self._clock = clock
        self._sleep = sleep
        self._notice: Notice | None = None
        self._looking: asyncio.Task[None] | None = None
        self._held: dict[tuple[str, str], Held] = {}
        self._listed: dict[tuple[str, str], Held] = {}  # files of the operator's list: watched, never touched

    async def start(self) -> None:
        """Read what is kept."""
        await asyncio.to_thread(self._read_all)
        if self._notice is not None:
            self.notice_through(self._notice)

    async def stop(self) -> None:
        """Look no more."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.wait({looking})

    def health(self) -> Health:
        """Whether files can be kept, and somebody looks for what expires, once there is somebody to tell."""
        looked = Health() if self._notice is None else of_task(self._looking, "cookie notices")
        return of_folder(self._folder) if looked.ok else looked

    def notice_through(self, notice: Notice) -> None:
        """From now on the owner can be told; look at once and then every few hours."""
        self._notice = notice
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="cookie notices")

    def held(self) -> tuple[Held, ...]:
        """Every file, by site and name."""
        return tuple(self._held[key] for key in sorted(self._held))

    def serves(self, cookies: Iterable[Cookie]) -> tuple[str, ...]:
        """The sites that these cookies are for, those that somebody is signed in to first."""
        known = tuple(cookies)
        found = [site for site in self.sites.names() if of_domains(known, self.sites.domains(site))]
        signed_in = {site for site in found if self._missing(site, self._of(site, known)) is None}
        return tuple(sorted(found, key=lambda site: (site not in signed_in, site)))

    async def keep(self, site: str, name: str, cookies: Sequence[Cookie]) -> Held:
        """Keep a site's share of the cookies under a name, in place of what stood there; what is kept.

        Raises BadCookies with the problem: no_site, bad_name, other_site, strangers, expired, signed_out or full.
        """
        if site not in self.sites.names():
            raise BadCookies("no_site", site=site)
        if not NAME.fullmatch(name) or name == ANONYMOUS.name:
            raise BadCookies("bad_name", name=name)
        own = of_domains(cookies, self.sites.domains(site))
        if not own:
            found = ", ".join(self.serves(cookies))
            raise BadCookies("other_site", site=site, found=found) if found else BadCookies("strangers")
        fresh = alive(own, self._clock())
        if not fresh:
            raise BadCookies("expired", site=site)
        if missing := self._missing(site, fresh):
            raise BadCookies("signed_out", site=site, missing=missing)
        if (site, name) not in self._held and sum(held.site == site for held in self.held()) >= MOST_FILES:
            raise BadCookies("full", bound=MOST_FILES)
        await asyncio.to_thread(_write, self._path(site, name), written_cookies(fresh))
        self._note(site, name, fresh)
        self._offer(site)
        self.identities.renewed(site, name)
        log.info("cookies.kept", site=site, name=name, count=len(fresh))
        return self._held[site, name]

    async def delete(self, site: str, name: str) -> None:
        """Remove a file. Raises NotFound."""
        if self._held.pop((site, name), None) is None:
            raise NotFound(f"cookies {site}/{name}")
        await asyncio.to_thread(self._path(site, name).unlink, missing_ok=True)
        self._offer(site)

    def figures(self) -> dict[str, list[dict[str, Any]]]:
        """For /status: by site every identity, those with a file of ours with the days until it ends."""
        now, found = self._clock(), self.identities.figures()
        for site, members in found.items():
            for member in members:
                key = (site, member["name"])
                held = self._held.get(key) or self._listed.get(key)
                ends = held.expires_at if held else None
                member["expires_in_days"] = None if ends is None else round((ends - now) / DAY_SECONDS, 1)
        return found

    def _read_all(self) -> None:
        for path in sorted(self._folder.glob("*/*.txt")):
            site, name = path.parent.name, path.stem
            if site not in self.sites.names() or not NAME.fullmatch(name):
                continue
            try:
                cookies = parse_cookies(_read(path))
            except (OSError, GoldcrestError) as error:
                log.warning("cookies.unreadable", site=site, name=name, error=type(error).__name__)
                continue
            self._note(site, name, of_domains(cookies, self.sites.domains(site)))
        for site in {held.site for held in self.held()}:
            self._offer(site)
        for site, identity in self.identities.listed():
            if identity.cookies:
                self._watch(site, identity)

    def _watch(self, site: str, identity: Identity) -> None:
        """Know the end of a file that the operator's list names; a broken one is logged, and rests once it is used."""
        try:
            cookies = parse_cookies(_read(Path(identity.cookies)))
        except (OSError, GoldcrestError) as error:
            log.warning("cookies.unreadable", site=site, name=identity.name, error=type(error).__name__)
            return
        own = of_domains(cookies, identity.domains) if identity.domains else cookies
        self._listed[site, identity.name] = Held(site, identity.name, len(own), self._end(site, own))

    def _note(self, site: str, name: str, cookies: Sequence[Cookie]) -> None:
        self._held[site, name] = Held(site, name, len(cookies), self._end(site, cookies))

    def _offer(self, site: str) -> None:
        """Let the site's pool know its accounts."""
        domains = self.sites.domains(site)
        mine = [held.name for held in self.held() if held.site == site]
        self.identities.set_uploaded(
            site, [Identity(name, cookies=str(self._path(site, name)), domains=domains) for name in mine]
        )

    def _end(self, site: str, cookies: Sequence[Cookie]) -> float | None:
        """When the first of the cookies that sign somebody in expires; of a site whose those are unknown, the last."""
        login = self.sites.login(site)
        ends = [cookie.expires for cookie in cookies if cookie.expires and (not login or cookie.name in login)]
        if not ends:
            return None
        return float(min(ends) if login else max(ends))

    def _of(self, site: str, cookies: Sequence[Cookie]) -> tuple[Cookie, ...]:
        return alive(of_domains(cookies, self.sites.domains(site)), self._clock())

    def _missing(self, site: str, cookies: Sequence[Cookie]) -> str | None:
        """The name of a cookie without which nobody is signed in."""
        names = {cookie.name for cookie in cookies if cookie.value}
        return next((name for name in self.sites.login(site) if name not in names), None)

    def _path(self, site: str, name: str) -> Path:
        return self._folder / site / f"{name}.txt"

    async def _look(self) -> None:
        while True:
            for held in (*self.held(), *self._listed.values()):
                try:
                    await self._tell(held)
                except GoldcrestError as error:
                    log.info("cookies.notice_failed", error=error.code)
                except Exception:  # the edge of a task that nobody awaits; the next look tries again
                    log.exception("cookie notice broke")
            await self._sleep(LOOK_SECONDS)

    async def _tell(self, held: Held) -> None:
        """Tell once of each end that is near, also after a restart."""
        if held.expires_at is None or held.expires_at - self._clock() > self._notice_seconds or self._notice is None:
            return
        row = await self._database.one(
            "SELECT expires_at FROM cookie_notices WHERE site = ? AND name = ?", held.site, held.name
        )
        if row is not None and row["expires_at"] == held.expires_at:
            return
        if await self._notice(held):
            await self._database.run(
                "INSERT INTO cookie_notices (site, name, expires_at) VALUES (?, ?, ?)"
                " ON CONFLICT (site, name) DO UPDATE SET expires_at = excluded.expires_at",
                *(held.site, held.name, held.expires_at),
            )


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(FILE_BYTES + 1)


def _write(path: Path, text: str) -> None:
    """Whole or not at all, for nobody else to read at any moment."""
    path.parent.parent.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    path.parent.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)
