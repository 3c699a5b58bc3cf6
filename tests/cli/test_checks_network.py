"""The doctor's checks of the way out, against servers on this machine."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from cli import checks_network
from utils.config import load_settings

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def telegram(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The beginning of a key exchange, as https://core.telegram.org/mtproto/auth_key shows it."""
    assert await reader.readexactly(1) == b"\xef"
    (words,) = await reader.readexactly(1)
    message = await reader.readexactly(4 * words)
    assert message[:8] == bytes(8)
    assert message[20:24] == struct.pack("<I", 0xBE7E8EF1)
    body = struct.pack("<I", 0x05162463) + message[24:40] + bytes(16 + 12 + 8 + 8)
    reply = struct.pack("<qqi", 0, 1, len(body)) + body
    writer.write(bytes([len(reply) // 4]) + reply)


async def web(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def silence(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    return


async def parrot(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A frame of the right length without the right words."""
    await reader.readexactly(2)
    writer.write(b"\x15" + bytes(84))


async def check(answer: Answer, *, bot: bool = True) -> tuple[str, str]:
    async with serving(answer) as port:
        settings = load_settings({})
        telegram = replace(settings.telegram, server=f"127.0.0.1:{port}", bot_token="x" if bot else "")
        finding = await checks_network.telegram(replace(settings, telegram=telegram))
        return finding.result, finding.case


async def test_telegram_answers():
    """The right constructor with our nonce proves that it is Telegram."""
    assert await check(telegram) == ("ok", "reached")


async def test_without_tgcrypto(monkeypatch):
    """Everything works then, slowly."""
    monkeypatch.setattr(checks_network, "find_spec", lambda _: None)
    assert await check(telegram) == ("warn", "slow_crypto")


@pytest.mark.parametrize("answer", [web, silence, parrot])
async def test_something_else_answers(answer):
    """A captive portal, a closing firewall and nonsense are not Telegram."""
    assert await check(answer) == ("fail", "unreachable")


async def test_a_web_app_needs_no_telegram():
    """Without a token it is only worth a warning."""
    assert await check(web, bot=False) == ("warn", "unreachable")


async def test_the_real_data_centres_are_tried_in_turn(monkeypatch):
    """Where the first is unreachable the next is asked."""
    async with serving(silence) as dead, serving(telegram) as alive:
        monkeypatch.setattr(checks_network, "DATA_CENTRES", (("127.0.0.1", dead), ("127.0.0.1", alive)))
        assert (await checks_network.telegram(load_settings({}))).case == "reached"


async def check_egress() -> tuple[str, str]:
    finding = await checks_network.egress(load_settings({"EGRESS_ALLOW": "127.0.0.0/8"}))
    return finding.result, finding.case


async def test_egress_leads_out_and_refuses(monkeypatch):
    """Both are asked of the real proxy; where nobody listens, its answer is told."""
    async with serving(web) as port:
        monkeypatch.setattr(checks_network, "PUBLIC", ("127.0.0.1", port))
        assert await check_egress() == ("ok", "direct")
    assert await check_egress() == ("fail", "blocked")


async def test_egress_leaks(monkeypatch):
    """A private address that isn't refused is the worst finding."""

    async def connect(_proxy_url: str, _host: str, _port: int) -> int:
        return 200

    monkeypatch.setattr(checks_network, "connect", connect)
    assert await check_egress() == ("fail", "leaks")
