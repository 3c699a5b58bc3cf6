"""The two halves of a job, each alone and in a process of its own: only a download, only an upload. Prints seconds.

`python -m bench.pure download URL FILE` through EGRESS_UPSTREAM, trusting EGRESS_TRUST;
`python -m bench.pure upload FILE` with the unmodified client to TELEGRAM_SERVER.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bench.server import ROOT

CHUNK_BYTES: Final = 1 << 20


def seconds_of(environment: Mapping[str, str], *arguments: str) -> float:
    """Run one half in a process of its own."""
    argv = [sys.executable, "-m", "bench.pure", *arguments]
    done = subprocess.run(argv, cwd=ROOT, env=dict(environment), check=True, capture_output=True, text=True)
    return float(done.stdout)


def download(url: str, target: Path) -> float:
    """Seconds from the request to the last byte on disk."""
    place, proxy = urlsplit(url), urlsplit(os.environ["EGRESS_UPSTREAM"])
    context = ssl.create_default_context(cafile=os.environ["EGRESS_TRUST"])
    connection = HTTPSConnection(str(proxy.hostname), proxy.port, context=context)
    connection.set_tunnel(str(place.hostname), 443)
    began = time.perf_counter()
    connection.request("GET", place.path)
    answer = connection.getresponse()
    with target.open("wb") as file:
        while chunk := answer.read(CHUNK_BYTES):
            file.write(chunk)
    connection.close()
    return time.perf_counter() - began


async def upload(source: Path) -> float:
    """Seconds that the client takes for all parts of a file, signed in before."""
    from pyrogram import Client
    from pyrogram.connection import Connection

    from bot.server_key import trust_key_file

    host, _, port = os.environ["TELEGRAM_SERVER"].rpartition(":")
    trust_key_file(Path(os.environ["TELEGRAM_SERVER_KEY"]))

    class Local(Connection):
        def __init__(self, *given: Any, **known: Any) -> None:
            super().__init__(*given, **known)
            if known["server_address"] != host:
                self.server_address, self.port = host, int(port)

    client = Client(
        "pure",
        api_id=int(os.environ["API_ID"]),
        api_hash=os.environ["API_HASH"],
        bot_token=os.environ["BOT_TOKEN"],
        in_memory=True,
        no_updates=True,
        connection_factory=Local,
    )
    async with client:
        began = time.perf_counter()
        await client.save_file(str(source))
        return time.perf_counter() - began


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    print(download(rest[0], Path(rest[1])) if what == "download" else asyncio.run(upload(Path(rest[0]))))
