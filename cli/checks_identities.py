"""The doctor's look at identities: the list can be read, and the cookies in their files are good for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cli.checks import Finding
from platforms.shapes import Identity
from utils.errors import ConfigError, GoldcrestError

if TYPE_CHECKING:
    from platforms.registry import Registry
    from utils.config import Settings

DAY_SECONDS: Final = 86_400.0


async def identities(settings: Settings, clock: Callable[[], float] = time.time) -> Finding:
    """Those of the list and those whose cookies were sent to the bot."""
    from core.identity_file import identities_path, read_identities
    from platforms.registry import Registry

    registry = Registry(more_hosts={"peertube": settings.platforms.peertube_instances})
    path = identities_path(settings.platforms.identities, settings.data_dir)
    try:
        pools = read_identities(path, registry.names(), registry.domains) if path else {}
    except ConfigError as error:
        return Finding("identities", "fail", "broken", {"line": error.detail})
    found = [(site, each) for site, pool in pools.items() for each in pool]
    for file in sorted(settings.data_dir.glob("cookies/*/*.txt")):
        site = file.parent.name
        if site in registry.names():
            found.append((site, Identity(file.stem, cookies=str(file), domains=registry.domains(site))))
    if not found:
        return Finding("identities", "ok", "none")
    ends = {f"{site}/{each.name}": _end(registry, site, each, clock()) for site, each in found if each.cookies}
    if useless := sorted(which for which, end in ends.items() if end is not None and end <= clock()):
        return Finding("identities", "warn", "useless", {"which": ", ".join(useless)})
    near = clock() + settings.platforms.cookie_notice_days * DAY_SECONDS
    if soon := sorted((end, which) for which, end in ends.items() if end is not None and end <= near):
        days = max(0, int((soon[0][0] - clock()) // DAY_SECONDS))
        return Finding("identities", "warn", "soon", {"which": ", ".join(which for _, which in soon), "days": days})
    sites = ", ".join(sorted({site for site, _ in found}))
    return Finding("identities", "ok", "fine", {"count": len(found), "sites": sites})


def _end(registry: Registry, site: str, identity: Identity, now: float) -> float | None:
    """When its cookies expire (None: no known end); at once for a file that is no use."""
    from platforms.extractor.identity import cookies_for

    host = (registry.platform(site).hosts or ("",))[0]
    try:
        cookies = cookies_for(f"https://{host}/", identity, now)
    except GoldcrestError:
        return now if identity.domains else None
    login = registry.login(site)
    if any(name not in {cookie.name for cookie in cookies} for name in login):
        return now
    ends = [cookie.expires for cookie in cookies if cookie.expires and (not login or cookie.name in login)]
    return float((min if login else max)(ends)) if ends else None
