"""Small messages are sealed where they are, large ones in a thread."""

import asyncio
import threading
from io import BytesIO
from types import SimpleNamespace

import pytest

from bot.wire import INLINE_BYTES, OwnedLoop


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
