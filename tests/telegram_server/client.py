"""The real client, pointed at a test server by its single address, as the bot is by TELEGRAM_SERVER."""

import base64
import os
import struct
from typing import Any

import pyrogram
from pyrogram import Client
from pyrogram.connection import Connection
from pyrogram.crypto import rsa

from tests.telegram_server.people import Account
from tests.telegram_server.server import HOST, Server

API_ID, API_HASH = 17_349, "344583e45741c457fe1862106095a5eb"
_SESSION_STRING = ">BI?256sQ?"


def session_string(server: Server, account: Account, dc: int | None = None) -> str:
    """Make a signed-in session: no key exchange, no code."""
    key, dc = os.urandom(256), dc or account.home_dc
    server.add_key(dc, key, account.id)
    packed = struct.pack(_SESSION_STRING, dc, API_ID, False, key, account.id, account.is_bot)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def client_for(server: Server, name: str = "client", **options: Any) -> Client:
    """Make a client; options are those of pyrogram.Client, session in memory unless told otherwise.

    Only the address that a client knows by itself is exchanged; those of other data centres come from the server's
    help.getConfig, as they do in the world.
    """

    class Local(Connection):
        def __init__(self, *given: Any, **known: Any) -> None:
            super().__init__(*given, **known)
            if known["server_address"] != HOST:
                self.server_address, self.port = HOST, server.ports[server.dcs[0]]

    rsa.server_public_keys[server.rsa.fingerprint] = rsa.PublicKey(server.rsa.n, server.rsa.e)
    options = {"api_id": API_ID, "api_hash": API_HASH, "in_memory": "session_string" not in options} | options
    if "storage_engine" in options or "workdir" in options:
        options["in_memory"] = False
    return pyrogram.Client(name, connection_factory=Local, **options)


async def close(client: Client) -> None:
    """Stop a client wholly; by itself it leaves its connections to other data centres open."""
    sessions = list(client.sessions.values())
    if client.is_connected:
        await client.stop()
    for session in sessions:
        await session.stop()
