"""Where a captive is run, and an egress proxy of its own for those that need one."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tests.attacks.internet import Internet
from utils.config import load_settings
from utils.egress import Egress
from utils.ffmpeg import GATE_VARIABLE, find_ffmpeg
from utils.sandbox import scrubbed_environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.sites.harness import Sites
    from utils.egress import Ticket

ROOT: Final = Path(__file__).resolve().parents[2]
#: Live streams over http: without an egress proxy ffmpeg would ask for a refused piece of them for ever.
ENDLESS: Final = ("live_variant", "live_segment", "live_base", "live_sound")


def program() -> Path:
    """The real ffmpeg."""
    found = find_ffmpeg()
    assert found
    return found


def live_baits(sites: Sites, *but: str) -> list[str]:
    """Streams without an end, which yt-dlp by itself hands to ffmpeg, and one that leads to the secret file."""
    samples = sites.attacks.samples()
    names = [name for name in samples if "live_" in name and not any(part in name for part in (*ENDLESS, *but))]
    return [samples[name] for name in (*names, "file/live_variant")]


async def captive(
    folder: Path, fence: str = "", *, proxy: str = "", environment: Mapping[str, str] | None = None, **order: Any
) -> dict[str, str]:
    """Run one (see tests.attacks.captive) and wait for its end; what came of its deeds."""
    folder.mkdir(exist_ok=True)
    plain = {"fence": fence, "folder": str(folder), "port": urlsplit(proxy).port or 1, "proxy": proxy}
    asked = {"ffmpeg": str(program()), "deeds": {}, "links": [], "guarded": [], "formats": [], **plain, **order}
    given = {**scrubbed_environment(), GATE_VARIABLE: str(program()), **(environment or {})}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.attacks.captive", json.dumps(asked)),
        cwd=ROOT,
        env=given,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return dict(json.loads(out))


@asynccontextmanager
async def open_egress(sites: Sites) -> AsyncIterator[tuple[Ticket, Internet]]:
    """An egress proxy of its own with the small internet behind it."""
    internet = Internet(sites.port, sites.canary.host)
    egress = Egress(load_settings({}).egress, resolver=internet.resolve, dial=internet.dial)
    await egress.start()
    try:
        with egress.open("test") as ticket:
            yield ticket, internet
    finally:
        await egress.stop()
