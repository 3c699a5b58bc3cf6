"""The wire layer against a second implementation (PyPI mtproto), packet by packet and on a real connection."""

import asyncio
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mtproto.enums import ConnectionRole
from mtproto.session.messages import Data, NewSession, TransportError
from mtproto.session.session import Session
from mtproto.transport.connection import Connection
from mtproto.transport.packets.message_packet import DecryptedMessagePacket, EncryptedMessagePacket
from mtproto.transport.transports.abridged import AbridgedTransport
from mtproto.transport.transports.intermediate import IntermediateTransport

from tests.telegram_server.harness import Telegram
from tests.telegram_server.wire import Envelope, WireError, greet, key_id, open_envelope, seal_envelope

TAGS = {AbridgedTransport: b"\xef", IntermediateTransport: b"\xee" * 4}
KEY = bytes(range(256))

envelopes = st.builds(
    Envelope,
    salt=st.integers(-(1 << 63), (1 << 63) - 1),
    session_id=st.binary(min_size=8, max_size=8),
    message_id=st.integers(1, (1 << 63) - 1),
    sequence=st.integers(0, 1 << 30),
    body=st.integers(1, 700).map(lambda words: os.urandom(words * 4)),
)


def reader_of(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


@settings(max_examples=40, deadline=None)
@given(envelope=envelopes)
@pytest.mark.parametrize("transport", TAGS)
def test_both_read_what_the_other_wrote(transport: Any, envelope: Envelope) -> None:
    """Framing, key derivation, IGE, hash and padding agree in both directions, short and long packets alike."""
    asyncio.run(exchange(transport, envelope))


async def exchange(transport: Any, envelope: Envelope) -> None:
    session = int.from_bytes(envelope.session_id, "little", signed=True)
    theirs = Connection(ConnectionRole.CLIENT, transport)
    packet = DecryptedMessagePacket(
        envelope.salt.to_bytes(8, "little", signed=True), session, envelope.message_id, envelope.sequence, envelope.body
    )
    reader = reader_of(theirs.send(packet.encrypt(KEY, ConnectionRole.CLIENT)))
    framing = await greet(reader)
    assert open_envelope(KEY, await framing.read(reader)) == envelope
    # Read in its server's role: its client takes every other intermediate length for a quick acknowledgement.
    receiver = Connection(ConnectionRole.SERVER, transport)
    receiver.data_received(TAGS[transport] + framing.wrap(seal_envelope(KEY, envelope)))
    answer = receiver.next_event()
    assert isinstance(answer, EncryptedMessagePacket)
    read = answer.decrypt(KEY, ConnectionRole.SERVER)
    assert (read.salt, read.session_id, read.message_id) == (packet.salt, session, envelope.message_id)
    assert (read.seq_no, read.data) == (envelope.sequence, envelope.body)
    assert 12 <= len(read.padding) <= 1024


def test_what_was_changed_on_the_way_is_refused() -> None:
    """A flipped bit anywhere behind the key id, another key, a cut and a padding too short end the connection."""
    packet = DecryptedMessagePacket(bytes(8), 1, 4, 1, b"body").encrypt(KEY, ConnectionRole.CLIENT).write()
    assert packet[:8] == key_id(KEY)
    assert open_envelope(KEY, packet).body == b"body"
    for place in range(8, len(packet)):
        changed = bytearray(packet)
        changed[place] ^= 1
        with pytest.raises(WireError):
            open_envelope(KEY, bytes(changed))
    for wrong in (packet[:-1], packet[:24], packet[:-16]):
        with pytest.raises(WireError):
            open_envelope(KEY, wrong)
    with pytest.raises(WireError):
        open_envelope(bytes(256), packet)


@pytest.mark.parametrize("data", [b"\xdd" * 4, b"POST", b"\xee\xee\xee\xef"])
async def test_other_transports_are_refused(data: bytes) -> None:
    """Only abridged and intermediate are spoken here."""
    with pytest.raises(WireError):
        await greet(reader_of(data))


@pytest.mark.parametrize("data", [b"\xef\x7f\xff\xff\xff", b"\xee\xee\xee\xee\xff\xff\xff\x7f"])
async def test_an_endless_packet_is_refused(data: bytes) -> None:
    """A length of gigabytes is not waited for."""
    reader = reader_of(data)
    framing = await greet(reader)
    with pytest.raises(WireError):
        await framing.read(reader)


class Peer:
    """The other implementation's session on a real connection."""

    def __init__(self, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.session, self.reader, self.writer = session, reader, writer

    async def send(self, *messages: bytes) -> None:
        for message in messages[:-1]:
            self.session.queue(message, content_related=True)
        self.writer.write(self.session.send(messages[-1], content_related=True))
        await self.writer.drain()

    async def event(self) -> Any:
        """Give the next event; what the session has to say by itself in between is sent."""
        async with asyncio.timeout(10):
            while (event := self.session.next_event()) is None:
                if self.session._conn.has_packet():
                    continue  # the one before was for the session itself
                self.writer.write(self.session.send(None))
                self.session.data_received(await self.reader.read(65536))
            return event

    async def answer(self, constructor: int) -> bytes:
        """Give the next message that begins with this constructor."""
        while True:
            event = await self.event()
            if isinstance(event, Data) and event.data[:4] == constructor.to_bytes(4, "little"):
                return bytes(event.data)


@pytest.fixture
async def peers(telegram: Telegram) -> Any:
    writers = []

    async def connect(transport: Any, key: bytes = KEY) -> Peer:
        host, port = telegram.server.address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writers.append(writer)
        return Peer(Session(ConnectionRole.CLIENT, transport, auth_key=key), reader, writer)

    yield connect
    for writer in writers:
        writer.close()
        await writer.wait_closed()


def ping(number: int) -> bytes:
    return 0x7ABE77EC.to_bytes(4, "little") + number.to_bytes(8, "little")


@pytest.mark.parametrize("transport", TAGS)
async def test_another_client_talks_to_the_server(telegram: Telegram, peers: Any, transport: Any) -> None:
    """It learns the salt from the refusal, gets future salts, and both pings of a container are answered."""
    telegram.server.add_key(2, KEY, telegram.bot.id)
    peer = await peers(transport)
    await peer.send(ping(1), ping(2))
    pongs = [await peer.answer(0x347773C5), await peer.answer(0x347773C5)]
    assert [int.from_bytes(pong[12:20], "little") for pong in pongs] == [1, 2]
    [key] = telegram.server.keys.values()
    assert int.from_bytes(peer.session.get_salt(), "little", signed=True) == key.salt


async def test_a_new_session_is_announced_and_numbers_rise(telegram: Telegram, peers: Any) -> None:
    """The server's ids rise, are odd and near the present; a content message counts in the sequence."""
    telegram.server.add_key(2, KEY)
    peer = await peers(AbridgedTransport)
    await peer.send(ping(1))
    kinds = set()
    seen: list[Any] = []
    while len(seen) < 2:
        event = await peer.event()
        kinds.add(type(event))
        if isinstance(event, Data):
            seen.append(event)
            await peer.send(ping(2))
    assert NewSession in kinds
    ids = [event.message_id for event in seen]
    assert ids == sorted(ids)
    assert all(number % 2 for number in ids)


async def test_an_unknown_key_meets_the_transport_error_404(telegram: Telegram, peers: Any) -> None:
    """As at Telegram: four bytes that say that there is no such key in this data centre."""
    telegram.server.add_key(4, KEY, telegram.bot.id)
    peer = await peers(IntermediateTransport)
    await peer.send(ping(1))
    event = await peer.event()
    assert isinstance(event, TransportError)
    assert event.code == 404


async def test_a_client_that_speaks_nonsense_is_cut_off(telegram: Telegram) -> None:
    """The connection ends, the server lives on."""
    host, port = telegram.server.address.split(":")
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"\xef\x01abcd", b"\xef\x0a" + bytes(40), b""):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(nonsense)
        if not nonsense:
            writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 5) if nonsense[:2] != b"\xef\x01" else await reader.read(5)
        assert len(answer) <= 5
        writer.close()
        await writer.wait_closed()
    assert (await telegram.alice.say(telegram.bot, "alive")).text == "alive"
