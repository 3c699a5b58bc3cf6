"""Pages made to hurt: endless, compressed without end, of absurd size; the parent never feels them."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from platforms.extractor import host as host_module
from platforms.extractor.protocol import REPLY_BYTES
from utils.errors import CutOff, GoldcrestError, OutOfMemory, TooLarge, UnsafeLink

if TYPE_CHECKING:
    from tests.platforms.extractor.conftest import Running, Start
    from tests.sites.harness import Sites

HTML = "text/html; charset=utf-8"
#: of a transport stream, without anything in it
NULL_PACKET = b"\x47\x1f\xff\x10" + bytes(184)


@asynccontextmanager
async def page(body: bytes, *headers: str, endless: bool = False) -> AsyncIterator[str]:
    """The address of a server that answers everything with this page."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            length = () if endless else (f"Content-Length: {len(body)}",)
            head = ("HTTP/1.1 200 OK", "Connection: close", *length, *headers)
            writer.write("\r\n".join((*head, "", "")).encode())
            while True:
                writer.write(body)
                await writer.drain()
                if not endless:
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/page"


def direct(start_host: Start, **more: str):
    return start_host(EGRESS_UPSTREAM="", EGRESS_ALLOW="127.0.0.0/8", **more)


async def test_a_page_without_an_end(start_host: Start):
    """It is given up at what a page may be."""
    async with (
        page(b"<p>more</p>" * 50_000, f"Content-Type: {HTML}", endless=True) as url,
        direct(start_host) as running,
    ):
        with pytest.raises(TooLarge):
            await running.host.extract(url, {})


async def test_a_page_that_unpacks_without_an_end(start_host: Start):
    """The child's memory is bounded, and it says so."""
    bomb = gzip.compress(bytes(1 << 28), 1)
    kind = (f"Content-Type: {HTML}", "Content-Encoding: gzip")
    async with page(bomb, *kind) as url, direct(start_host, child_memory_mb="128") as running:
        with pytest.raises(OutOfMemory):
            await running.host.extract(url, {})
        assert running.host._memory.figures()["starved"] == 1


async def test_the_quota_of_a_call(start_host: Start, monkeypatch: pytest.MonkeyPatch):
    """What moves more than its kind of call may is cut off by the egress proxy and told as too large."""
    monkeypatch.setattr(host_module, "PAGES_BYTES", 50_000)
    async with page(bytes(1_000_000), f"Content-Type: {HTML}") as url, direct(start_host) as running:
        with pytest.raises(TooLarge):
            await running.host.extract(url, {})


async def test_an_absurd_description_is_cut(start_host: Start, sites: Sites):
    """Megabytes of title and thousands of formats come out as one short line."""
    variants = "".join(
        f"#EXT-X-STREAM-INF:BANDWIDTH={number},RESOLUTION=640x360\n{'x' * 300}{number}.m3u8\n"
        for number in range(1, 1000)
    )
    kind = "Content-Type: application/vnd.apple.mpegurl"
    async with page(f"#EXTM3U\n{variants}".encode(), kind) as url, direct(start_host) as running:
        info = await running.host.extract(url, {})
        assert 0 < len(info["formats"]) <= 300
    linked = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": "\N{CRYING FACE}" * 300_000,
        "contentUrl": f"{sites.url}/m/mux_144.mp4",
        "description": "d" * 300_000,
    }
    text = f'<html><head><script type="application/ld+json">{json.dumps(linked)}</script></head></html>'
    async with page(text.encode(), f"Content-Type: {HTML}") as url, direct(start_host) as running:
        info = await running.host.extract(url, {})
        assert info["title"] == "\N{CRYING FACE}" * 500
        assert len(json.dumps(info)) < REPLY_BYTES


async def test_without_landlock_the_rest_holds(start_host: Start):
    """The proxy, the guard and the audit hook stand on their own feet."""
    async with start_host(GOLDCREST_SANDBOX__LANDLOCK="no") as running:
        await confined(running)
        assert running.host.state()["landlock"]["abi"] >= 0


async def confined(running: Running) -> None:
    assert await running.fetch_file(running.link("/m/mux_144.mp4"))
    with pytest.raises(UnsafeLink):
        await running.fetch(running.sites.attacks.samples()["net/live_rtsp"])
    assert not running.sites.canary.knocks


@asynccontextmanager
async def film(segment_bytes: int | None, *, key: bool = False) -> AsyncIterator[str]:
    """The address of an HLS film of one segment; None: a segment without an end."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = (await reader.readuntil(b"\r\n\r\n")).split()[1]
            ok = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: "
            if asked == b"/film.m3u8":
                lock = '#EXT-X-KEY:METHOD=AES-128,URI="/key"\n' if key else ""
                playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n{lock}#EXTINF:9,\n/1.ts\n#EXT-X-ENDLIST\n"
                writer.write(ok + b"application/vnd.apple.mpegurl\r\n\r\n" + playlist.encode())
            elif asked == b"/key":
                writer.write(ok + b"application/octet-stream\r\n\r\n" + bytes(16))
            else:
                length = "" if segment_bytes is None else f"Content-Length: {segment_bytes}\r\n"
                writer.write(ok + f"video/mp2t\r\n{length}\r\n".encode())
                sent, piece = 0, NULL_PACKET * 5000
                while segment_bytes is None or sent < segment_bytes:
                    now = piece if segment_bytes is None else piece[: segment_bytes - sent]
                    writer.write(now)
                    sent += len(now)
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/film.m3u8"


async def test_a_segment_without_an_end(start_host: Start):
    """It is given up at the size of the job, told as too large."""
    async with film(None) as url, direct(start_host) as running:
        with pytest.raises(TooLarge):
            await running.fetch(url, max_bytes=1 << 20)


async def test_a_segment_larger_than_the_memory(start_host: Start):
    """It goes to the disk as it comes: what ends the job is that it holds no film, in a child of half its size."""
    async with film(160 << 20) as url, direct(start_host, child_memory_mb="80") as running:
        with pytest.raises(GoldcrestError) as caught:
            await running.fetch(url)
        assert not isinstance(caught.value, OutOfMemory)
        assert running.progress[-1].phase == "fitting"
        assert max(each.done_bytes for each in running.progress) >= 160 << 20


async def test_an_encrypted_segment_that_is_none(start_host: Start):
    """Half a block can't be opened; it is told as cut off."""
    async with film(1000, key=True) as url, direct(start_host) as running:
        with pytest.raises(CutOff):
            await running.fetch(url)
