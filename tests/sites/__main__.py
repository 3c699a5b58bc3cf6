"""`python -m tests.sites`: prints one JSON line (port, CA file, links), serves until SIGTERM or its input pipe ends."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import stat
import sys
import threading

from tests.sites.harness import running_sites


async def serve(*, bulk: bool) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def until_input_ends() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stop.set)

    # A pipe is somebody's hand; /dev/null or a terminal is not, and their end says nothing.
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=until_input_ends, daemon=True).start()
    async with running_sites(bulk=bulk) as sites:
        sys.stdout.write(json.dumps(sites.greeting()) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.sites", description=__doc__)
    parser.add_argument("--bulk", action="store_true", help="make the 100 MB files before the first request")
    asyncio.run(serve(bulk=parser.parse_args().bulk))


if __name__ == "__main__":
    main()
