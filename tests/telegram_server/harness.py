"""A server with its world, a bot and alice, ready for a test."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.telegram_server.actors import Person
from tests.telegram_server.client import API_HASH, API_ID
from tests.telegram_server.handlers import all_handlers
from tests.telegram_server.people import Bot
from tests.telegram_server.server import Server
from tests.telegram_server.world import World


@dataclass(frozen=True, slots=True)
class Telegram:
    """What `running_server` gives."""

    server: Server
    world: World
    bot: Bot
    alice: Person
    key_file: Path

    def env(self) -> dict[str, str]:
        """Give the settings with which a bot process comes here."""
        return {
            "TELEGRAM_SERVER": self.server.address,
            "TELEGRAM_SERVER_KEY": str(self.key_file),
            "BOT_TOKEN": self.bot.token,
            "API_ID": str(API_ID),
            "API_HASH": API_HASH,
        }


@contextlib.asynccontextmanager
async def running_server(dcs: Sequence[int] = (2, 4)) -> AsyncIterator[Telegram]:
    """Run a server on loopback for as long as the block lasts; its files are gone afterwards."""
    world = World(api_id=API_ID, api_hash=API_HASH)
    server = Server(world, all_handlers(), dcs=dcs)
    await server.start()
    try:
        key_file = world.files.folder / "server.pem"
        key_file.write_bytes(server.rsa.pem())
        bot, alice = world.bot("Goldcrest", "goldcrest_bot"), world.person("Alice", "alice")
        yield Telegram(server, world, bot, alice, key_file)
    finally:
        await server.stop()
        world.close()
