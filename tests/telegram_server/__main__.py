"""`python -m tests.telegram_server`: the server alone, so that a bot process can be tried by hand.

Prints one line of JSON with address, key file and token (and the environment for the bot), then answers each line of
standard input with a line of JSON; `help` lists the commands. Ends with standard input, on SIGTERM and on SIGINT.
"""

import asyncio
import json
import signal
import sys

from tests.telegram_server.console import Console
from tests.telegram_server.harness import running_server


async def lines() -> asyncio.StreamReader:
    """Read standard input without holding up the server."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def main() -> None:
    """Serve until there is nobody to serve."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    async with running_server() as telegram:
        env = telegram.env()
        about = {
            "server": env["TELEGRAM_SERVER"],
            "key_file": env["TELEGRAM_SERVER_KEY"],
            "bot_token": env["BOT_TOKEN"],
            "bot": telegram.bot.username,
            "alice_id": telegram.alice.id,
            "env": env | {"OWNER_ID": str(telegram.alice.id)},
        }
        say(json.dumps(about))
        console, reader = Console(telegram), await lines()
        while line := (await reader.readline()).decode():
            if line.strip():
                say(await console.run(line))


def say(line: str) -> None:
    """Write an answer at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except asyncio.CancelledError:
        sys.exit(0)
