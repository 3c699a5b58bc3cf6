"""`python -m bench.telegram`: the test Telegram server alone, so that it takes no time of the process that measures.

Prints the environment of a bot as one line of JSON and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.server import ROOT
from tests.telegram_server.harness import running_server


async def serve() -> None:
    """Serve until nobody holds the other end of standard input."""
    async with running_server() as telegram:
        print(json.dumps({**telegram.env(), "OWNER_ID": str(telegram.alice.id)}), flush=True)
        await asyncio.to_thread(os.read, 0, 1)


@contextmanager
def spawned_telegram() -> Iterator[dict[str, str]]:
    """The environment of a bot that comes to a server of its own."""
    argv = [sys.executable, "-m", "bench.telegram"]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        yield json.loads(process.stdout.readline())
        process.stdin.close()


if __name__ == "__main__":
    asyncio.run(serve())
