"""`python -m bench.relay`: a 100 MB file from link to chat, against only downloading plus only uploading it."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.pure import seconds_of
from bench.rig import deliver, running_bot
from bench.rows import Row, row
from bench.start import report, server_environment
from tests.sites.harness import spawned_sites
from tests.telegram_server.harness import running_server

if TYPE_CHECKING:
    from tests.sites.harness import SpawnedSites

RUNS: Final = 3


def measure() -> list[Row]:
    """The row of the relay."""
    with tempfile.TemporaryDirectory(prefix="goldcrest-bench-") as folder, spawned_sites(bulk=True) as sites:
        return asyncio.run(_measure(Path(folder), sites))


async def _measure(folder: Path, sites: SpawnedSites) -> list[Row]:
    link = sites.greeting["samples"]["origin_through_proxy"]["bulk.mp4"]
    file = folder / "bulk.mp4"
    downloads, uploads, relays = [], [], []
    for number in range(RUNS):  # each run its own bot and chat, so that nothing is stored already
        async with running_server() as telegram:
            environment = server_environment(folder, telegram.env(), sites.env())
            downloads.append(await asyncio.to_thread(seconds_of, environment, "download", link, str(file)))
            uploads.append(await asyncio.to_thread(seconds_of, environment, "upload", str(file)))
            place = folder / str(number)
            place.mkdir()
            async with running_bot(place, telegram, sites):
                delivered = await deliver(telegram, link)
            if delivered.size_bytes != file.stat().st_size:
                raise RuntimeError(f"{delivered.size_bytes} bytes came of {file.stat().st_size}")
            relays.append(delivered.seconds)
    efficiency = [(down + up) / relay for down, up, relay in zip(downloads, uploads, relays, strict=True)]
    parts = {"pure_download_seconds": downloads, "pure_upload_seconds": uploads, "relay_seconds": relays}
    measured = row("relay_efficiency", efficiency, "ratio", gate=0.5, goal=0.8, higher_is_better=True)
    return [measured | {name: [round(value, 3) for value in values] for name, values in parts.items()}]


if __name__ == "__main__":
    sys.exit(report(measure))
