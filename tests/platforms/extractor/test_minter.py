"""The minting server's protocol, over a real socket."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from platforms.extractor.minter import ANSWER_BYTES, Minter
from tests.platforms.extractor.mint_server import json_answer, mint_server, token_of

NOW = datetime(2099, 12, 31, 23, 0, tzinfo=UTC)


async def test_a_token_is_asked_for_by_its_binding():
    """One POST with the binding and whether the server's store will do; the answer tells how long it is good."""
    async with mint_server() as server:
        token, seconds = await Minter(f"{server.url}/", now=lambda: NOW)("VISITOR", False)
        assert (token, seconds) == (token_of(1), 3600.0)
        assert server.asked == [{"path": "/get_pot", "content_binding": "VISITOR", "bypass_cache": False}]
        assert (await Minter(server.url)("VISITOR", True))[0] == token_of(2)


async def test_a_server_may_live_below_a_path():
    """Behind a reverse proxy."""
    async with mint_server() as server:
        await Minter(f"{server.url}/mint/")("V", False)
        assert server.asked[0]["path"] == "/mint/get_pot"


@pytest.mark.parametrize("told", [None, "soon", 7, "2000-01-01T00:00:00Z"])
async def test_an_odd_expiry_is_no_trouble(told):
    """Untold is untold; past is past."""
    async with mint_server() as server:
        server.answer = json_answer({"poToken": "t", "expiresAt": told})
        assert (await Minter(server.url)("V", False))[1] == (0.0 if isinstance(told, str) and told[0] == "2" else None)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (json_answer({"error": "BotGuard says no"}, "500 Internal Server Error"), "500: BotGuard says no"),
        (json_answer({"error": "x" * 1000}, "500 Internal Server Error"), "x" * 100),
        (json_answer({"token": "t"}), "no poToken"),
        (json_answer(["t"]), "no JSON object"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", "no JSON object"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 20_000, "no JSON object"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (ANSWER_BYTES + 1), "too long"),
        (b"220 smtp.example ESMTP\r\n", "doesn't speak HTTP"),
        (b"", "doesn't speak HTTP"),
    ],
)
async def test_an_answer_that_is_no_token_is_told(answer, reason):
    """By one short reason."""
    async with mint_server() as server:
        server.answer = answer
        with pytest.raises(ValueError, match=reason) as caught:
            await Minter(server.url)("V", False)
        assert len(str(caught.value)) < 250


async def test_a_server_that_is_not_there_or_silent_is_an_error_of_the_system():
    """Refused at once; silence within its bound."""
    async with mint_server() as server:
        url = server.url
    with pytest.raises(OSError):
        await Minter(url)("V", False)
    import asyncio

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    released = asyncio.Event()
    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    try:
        with pytest.raises(TimeoutError):
            await Minter(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", seconds=0.05)("V", False)
    finally:
        released.set()
        listener.close()
        await listener.wait_closed()
