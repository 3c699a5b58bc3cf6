"""Small messages are sealed where they are, large ones in a thread."""

import asyncio
import threading
from io import BytesIO
from types import SimpleNamespace

import pytest

from bot.wire import INLINE_BYTES, OwnedLoop, Wire


@pytest.fixture
async def loop():
    return OwnedLoop(SimpleNamespace(), ())


@pytest.mark.parametrize(("size", "here"), [(64, True), (INLINE_BYTES - 1, True), (INLINE_BYTES, False)])
async def test_only_what_is_large_goes_to_a_thread(loop, size, here):
    """The thread that opened a packet tells."""
    opened_by = await loop.run_in_executor(None, lambda _packet: threading.get_ident(), BytesIO(bytes(size)))
    assert (opened_by == threading.get_ident()) is here


async def test_other_work_always_goes_to_a_thread(loop):
    """Nobody knows how long it takes."""
    assert await loop.run_in_executor(None, threading.get_ident) != threading.get_ident()


async def test_a_packet_that_can_not_be_opened_is_the_reader_s_error(loop):
    """As it would be from the thread: raised where it is awaited, not where it was asked for."""
    opening = loop.run_in_executor(None, lambda packet: packet.missing, BytesIO(b"x"))
    assert isinstance(opening, asyncio.Future)
    with pytest.raises(AttributeError):
        await opening


async def test_a_connection_that_the_other_side_ended_is_closed_at_once():
    """Also where pyrogram, which is to close it, is broken off before."""
    watcher = SimpleNamespace(up=lambda: None, down=lambda: None, heard=lambda: None)

    async def leave(_reader, writer):
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(leave, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        wire = Wire(watcher=watcher, server="", dc_id=2, server_address="127.0.0.1", port=port, test_mode=False)
        await wire.connect()
        assert await wire.recv() is None
        assert wire.broken.done()
        assert wire.protocol.writer.transport.is_closing()
        await wire.close()
