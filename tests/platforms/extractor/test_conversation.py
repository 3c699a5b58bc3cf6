"""The parent's side of a child that misbehaves on its socket."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog

from platforms.extractor.conversation import Conversation
from platforms.extractor.launcher import Worker
from platforms.extractor.protocol import REPLY_BYTES, Order, decode_order
from platforms.shapes import Progress
from utils.egress import Refusal
from utils.errors import GoldcrestError, MemoryShort, PrivateAddress, RateLimited, Stalled, TooLarge, WorkerCrashed

ORDER = Order("extract", "https://example.com/", "http://127.0.0.1:1")


@dataclass
class Ticket:
    bytes_down: int = 0
    bytes_up: int = 0
    over_quota: bool = False
    failed: tuple[str, ...] = ()
    route_failed: str = ""
    refused: list[Refusal] = field(default_factory=list)


@dataclass
class Child:
    """A conversation under way, and the other end of its socket."""

    writer: asyncio.StreamWriter
    reader: asyncio.StreamReader
    worker: Worker
    ticket: Ticket
    heard: list[Progress]
    result: asyncio.Task[dict[str, Any]]
    talk: Conversation

    def say(self, **message: Any) -> None:
        self.writer.write(json.dumps(message).encode() + b"\n")

    def exit(self, status: int | None) -> None:
        self.worker.exited.set_result(status)
        self.writer.close()


@asynccontextmanager
async def conversation(stall_seconds: float = 10, errand: Any = None) -> AsyncIterator[Child]:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours, limit=REPLY_BYTES)
    far_reader, far_writer = await asyncio.open_connection(sock=theirs)
    worker = Worker(1, reader, writer, asyncio.Event(), asyncio.get_running_loop().create_future(), 1)
    ticket, heard = Ticket(), list[Progress]()
    talk = Conversation(worker, ticket, errand, stall_seconds=stall_seconds)  # type: ignore[arg-type]
    task = asyncio.create_task(talk.hold(ORDER, 20, heard.append))
    try:
        yield Child(far_writer, far_reader, worker, ticket, heard, task, talk)
    finally:
        task.cancel()
        for each in (writer, far_writer):
            each.close()
        await asyncio.gather(task, return_exceptions=True)


async def test_order_reports_result():
    """The order goes out first; reports arrive in order; the result ends it."""
    async with conversation() as child:
        assert decode_order(await child.reader.readline()) == ORDER
        child.say(hello={"abi": 4, "files": True, "network": False, "more": "x"})
        child.say(hello={"abi": 0, "files": False, "network": False})
        child.say(progress={"phase": "probing"})
        child.say(progress={"phase": "uploading"})
        child.say(warning={"text": "w"})
        child.say(unknown={})
        child.say(result={"a": 1})
        assert await child.result == {"a": 1}
        assert child.heard == [Progress("probing")]
        assert child.talk.landlock == {"abi": 4, "files": True, "network": False}


class Answering:
    """An errand that answers every question with the question, and has one secret."""

    secrets = ("to+ken==",)
    busy = False

    async def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        return {"asked": question}


async def test_questions_are_answered_in_between():
    """Without an errand by nothing."""
    for errand, answer in ((Answering(), {"asked": {"about": "x"}}), (None, {})):
        async with conversation(errand=errand) as child:
            await child.reader.readline()
            child.say(ask={"about": "x"})
            assert json.loads(await child.reader.readline()) == answer
            child.say(result={})
            assert await child.result == {}


async def test_a_run_of_javascript_is_no_stall():
    """No byte moves meanwhile; once it is over silence counts again."""
    errand = Answering()
    errand.busy = True
    async with conversation(stall_seconds=0.02, errand=errand) as child:
        done, _ = await asyncio.wait({child.result}, timeout=0.2)
        assert not done
        errand.busy = False
        with pytest.raises(Stalled):
            await child.result


async def test_a_secret_is_taken_out_of_all_that_is_said():
    """As it is and as it stands in a URL; the message stays one."""
    async with conversation(errand=Answering()) as child:
        child.say(result={"a": "pot=to+ken==&b", "c": "pot=to%2Bken%3D%3D&d"})
        assert await child.result == {"a": "pot=***&b", "c": "pot=***&d"}


@pytest.mark.parametrize(
    "line",
    [
        b"x" * (2 * REPLY_BYTES),
        b"no json\n",
        b"[]\n",
        b"{}\n",
        b'{"result":{},"error":{}}\n',
        b'{"result":[]}\n',
        b'{"a":' * 50_000 + b"\n",
    ],
)
async def test_a_child_that_does_not_keep_to_the_protocol(line: bytes):
    """A line without end, or one that is no object, is a crash of the child and no more."""
    async with conversation() as child:
        child.writer.write(line)
        with pytest.raises(WorkerCrashed):
            await child.result


@pytest.mark.parametrize(
    ("status", "error"), [(signal.SIGKILL, MemoryShort), (signal.SIGSEGV, WorkerCrashed), (0, WorkerCrashed)]
)
async def test_an_end_without_a_word(status: int, error: type[GoldcrestError]):
    async with conversation() as child:
        child.exit(status)
        with pytest.raises(error):
            await child.result


async def test_half_a_line_is_no_result():
    """A child that died while it spoke has said nothing."""
    async with conversation() as child:
        child.writer.write(b'{"result":{}}')
        child.exit(signal.SIGKILL)
        with pytest.raises(MemoryShort):
            await child.result


async def test_warnings_are_logged_with_the_id_of_their_job():
    """Without the addresses' secrets, and shortened."""
    merge = structlog.contextvars.merge_contextvars
    with structlog.testing.capture_logs(processors=[merge]) as lines, structlog.contextvars.bound_contextvars(job="j1"):
        async with conversation() as child:
            child.say(warning={"text": f"Unable to read https://example.com/?token=5ecret {'w ' * 500}"})
            child.say(result={})
            await child.result
    (line,) = lines
    assert (line["event"], line["job"], line["log_level"]) == ("extractor.warning", "j1", "info")
    assert "Unable to read" in line["text"]
    assert "5ecret" not in line["text"]
    assert len(line["text"]) <= 300


async def test_warnings_are_part_of_the_judgement():
    async with conversation() as child:
        child.say(warning={"text": "[youtube] x: HTTP Error 429: Too Many Requests"})
        child.say(error={"types": ["ExtractorError"], "message": "Failed to extract any player response"})
        with pytest.raises(RateLimited):
            await child.result


async def test_the_proxys_record_outweighs_the_childs_words():
    """What was refused or cut off there is the cause, whatever the child makes of it."""
    async with conversation() as child:
        child.ticket.refused.append(Refusal("10.0.0.1", "private", "private_address"))
        child.say(error={"types": ["X"], "message": "Unable to download webpage"})
        with pytest.raises(PrivateAddress):
            await child.result
    async with conversation() as child:
        child.ticket.over_quota = True
        child.say(error={"types": ["X"], "message": "Connection reset"})
        with pytest.raises(TooLarge):
            await child.result


async def test_values_of_an_error_are_plain():
    """What isn't a text or figure never reaches a sentence."""
    async with conversation() as child:
        child.say(error={"code": "too_large", "detail": "d", "values": {"limit_mb": 5, "size_mb": [1], "self": {}}})
        with pytest.raises(TooLarge) as told:
            await child.result
        assert (told.value.values, told.value.detail) == ({"limit_mb": 5}, "d")


async def test_silence_is_a_stall_unless_bytes_move():
    """The egress proxy's count keeps a silent child alive; a trickle doesn't."""
    async with conversation(stall_seconds=0.05) as child:
        for _ in range(4):
            child.ticket.bytes_down += 100_000
            await asyncio.sleep(0.03)
        assert not child.result.done()
        with pytest.raises(Stalled):
            await child.result


async def test_local_work_is_no_stall():
    """While ffmpeg merges nothing comes from the network."""
    async with conversation(stall_seconds=0.02) as child:
        child.say(progress={"phase": "merging"})
        await asyncio.sleep(0.1)
        child.say(result={})
        assert await child.result == {}
