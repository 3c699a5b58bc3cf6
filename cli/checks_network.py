"""The doctor's checks of the way out: Telegram answers in its own protocol, the egress proxy leads out and refuses."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cli.checks import Finding

if TYPE_CHECKING:
    from utils.config import Settings

#: Telegram's production data centres 2 and 4, https://core.telegram.org/api/datacenter
DATA_CENTRES: Final[tuple[tuple[str, int], ...]] = (("149.154.167.51", 443), ("149.154.167.91", 443))
CONNECT_SECONDS: Final = 5.0
#: constructor numbers, https://core.telegram.org/mtproto/auth_key
REQ_PQ_MULTI: Final = 0xBE7E8EF1
RES_PQ: Final = 0x05162463
#: its length in words of four bytes: 20 of head, 20 checked, pq, and the fingerprints of a few keys
ANSWER_WORDS: Final = range(16, 64)
#: somewhere that every machine which may download at all can reach, and the address that clouds keep their secrets at
PUBLIC: Final = ("www.youtube.com", 443)
PRIVATE: Final = ("169.254.169.254", 80)


async def telegram(settings: Settings) -> Finding:
    """A data centre answers the first message of a key exchange, so it is Telegram and not some wall in between."""
    places = DATA_CENTRES
    if settings.telegram.server:
        name, _, number = settings.telegram.server.rpartition(":")
        places = ((name.strip("[]"), int(number)),)
    problem = ""
    for host, port in places:
        try:
            milliseconds = await asyncio.wait_for(greet(host, port), CONNECT_SECONDS)
        except (OSError, asyncio.IncompleteReadError, ValueError, TimeoutError) as error:
            problem = str(error) or type(error).__name__
            continue
        values = {"host": host, "milliseconds": round(milliseconds)}
        if find_spec("tgcrypto") is None:
            return Finding("telegram", "warn", "slow_crypto", values)
        return Finding("telegram", "ok", "reached", values)
    return Finding("telegram", "fail" if settings.telegram.bot_token else "warn", "unreachable", {"error": problem})


async def greet(host: str, port: int) -> float:
    """Begin a key exchange in MTProto's abridged framing; milliseconds until the answer. Raises ValueError else."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection(host, port)
    try:
        nonce = os.urandom(16)
        body = struct.pack("<I", REQ_PQ_MULTI) + nonce
        message = struct.pack("<qqi", 0, int(time.time()) << 32, len(body)) + body
        writer.write(b"\xef" + bytes([len(message) // 4]) + message)
        await writer.drain()
        size, answer = (await reader.readexactly(1))[0], b""
        if size in ANSWER_WORDS:
            answer = await reader.readexactly(4 * size)
        if answer[20:40] != struct.pack("<I", RES_PQ) + nonce:
            raise ValueError("something else than Telegram answers there")
        return 1000 * (time.perf_counter() - began)
    finally:
        writer.close()


async def egress(settings: Settings) -> Finding:
    """The proxy that all downloads go through leads to a public host and refuses a private one."""
    from utils.egress import Egress

    part = Egress(settings.egress)
    await part.start()
    try:
        with part.open("doctor") as ticket:
            refused = await connect(ticket.proxy_url, *PRIVATE)
            reached = await connect(ticket.proxy_url, *PUBLIC)
    finally:
        await part.stop()
    values = {"host": PUBLIC[0], "status": reached}
    if refused != 403:  # noqa: PLR2004 - HTTP's "forbidden"
        return Finding("egress", "fail", "leaks", {"host": PRIVATE[0]})
    if reached != 200:  # noqa: PLR2004 - HTTP's "ok"
        return Finding("egress", "fail", "blocked", values)
    return Finding("egress", "ok", "upstream" if settings.egress.upstream else "direct", values)


async def connect(proxy_url: str, host: str, port: int) -> int:
    """The status that the proxy answers a CONNECT with."""
    proxy = urlsplit(proxy_url)
    reader, writer = await asyncio.open_connection(proxy.hostname, proxy.port)
    try:
        key = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        head = f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\nProxy-Authorization: Basic {key}\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        words = (await reader.readline()).split()
        return int(words[1])
    finally:
        writer.close()
