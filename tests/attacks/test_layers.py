"""Each layer alone: the others are missing, and what it is there for still doesn't happen."""

from __future__ import annotations

import asyncio
import os
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest

from platforms.registry import Registry
from tests.attacks.cage import captive, live_baits, open_egress, program
from tests.attacks.marks import Marks
from tests.sites import lures
from tests.sites.bait import HOST as LURE
from tests.sites.disguises import CANARY_NAMES, LOCAL_NAMES, POISONED_NAMES, PRIVATE
from utils.errors import GoldcrestError, UnsafeLink
from utils.ffmpeg import GATE, FFmpeg

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sites.harness import Sites
    from utils.egress import Ticket

#: Streams over datagrams: a bare ffmpeg waits for these until somebody kills it.
SILENT: Final = ("live_udp", "live_rtp", "live_srt", "live_srtp")


def places(sites: Sites) -> list[str]:
    """Every private authority: other addresses and names, poisoned names, the canary's disguises."""
    port = sites.canary.port
    links = sites.samples()["private"].values()
    named = [f"{host}:{port}" for host in (*PRIVATE, *LOCAL_NAMES, *POISONED_NAMES, *CANARY_NAMES[:2])]
    return named + [link.split("/")[2] for link in links]


def test_links_alone(sites: Sites):
    """Whatever shows in a text is refused before anything is started; names that must be resolved are not judged."""
    registry = Registry()
    taken = []
    for place in places(sites):
        try:
            registry.claim(f"http://{place}/clip.mp4")
        except UnsafeLink:
            continue
        taken.append(place.partition(":")[0])
    assert taken == [*POISONED_NAMES, *CANARY_NAMES[:2]]
    for smuggled in ("__youtubedl_smuggle", "__youtubedl%5Fsmuggle", "%5F_youtubedl_smuggle"):
        with pytest.raises(UnsafeLink):
            registry.claim(f"https://example.com/#{smuggled}=%7B%7D")


async def test_the_egress_proxy_alone_refuses_every_place(sites: Sites):
    """Asked directly, in the spelling of the attacker, as a request and as a tunnel: 403 and no connection."""

    async def ask(ticket: Ticket, method: str, target: str) -> bytes:
        proxy = urlsplit(ticket.proxy_url)
        login = b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        reader, writer = await asyncio.open_connection(proxy.hostname, proxy.port)
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic {login}\r\n\r\n"
        writer.write(head.encode())
        answer = await reader.read()
        writer.close()
        return answer

    async with open_egress(sites) as (ticket, internet):
        for place in places(sites):
            for method, target in (("GET", f"http://{place}/clip.mp4"), ("CONNECT", place)):
                answer = await ask(ticket, method, target)
                # A place that isn't written in plain ASCII is no request at all.
                assert answer.split()[1] == (b"403" if target.isascii() else b"400"), target
        assert not internet.strays
    assert not sites.canary.knocks


def web_baits(sites: Sites) -> list[str]:
    """Baits that yt-dlp follows by itself, over HTTP."""
    others = ("live_", "_rtmp", "smuggled")
    samples = sites.attacks.samples()
    return [samples[name] for name in samples if name.startswith("net/") and not any(part in name for part in others)]


async def test_without_a_layer_the_baits_are_taken(sites: Sites, tmp_path: Path):
    """yt-dlp as it comes: half of them lead inside, also past its proxy, and the secret is given away."""
    folder = tmp_path / "job"
    baits = web_baits(sites) + live_baits(sites, *SILENT)
    await captive(folder, proxy=sites.proxy_url, links=baits)
    assert len(sites.canary.knocks) > len(baits) / 3
    assert {knock.place for knock in sites.canary.knocks} > {"proxy"}
    assert Marks(sites).found(folder.rglob("*"))


async def test_the_egress_proxy_alone_holds_an_unguarded_downloader(sites: Sites, tmp_path: Path):
    """All that yt-dlp does itself goes through it, so no redirect, page, playlist or name leads inside."""
    async with open_egress(sites) as (ticket, internet):
        await captive(tmp_path / "job", proxy=ticket.proxy_url, links=web_baits(sites))
        assert not internet.strays
        assert ticket.refused
    assert not sites.canary.knocks


def bad_formats(sites: Sites) -> list[dict[str, Any]]:
    """Formats as a hostile site could make an extractor hand them out."""
    good = {"id": "x", "ext": "mp4", "url": sites.attacks.samples()["net/page_poster"]}
    canary = f"{sites.canary.host}:{sites.canary.port}"
    clip = {"section_start": 1, "section_end": 2}  # yt-dlp leaves cutting to ffmpeg
    return [
        {**good, "http_headers": {"Ytdl-Request-Proxy": f"http://{canary}"}},
        {**good, "http_headers": {"ytdl-socks-proxy": f"socks5://{canary}"}},
        {**good, **clip, "url": f"rtmp://{canary}/app/clip"},
        {**good, **clip, "url": f"tcp://{canary}", "protocol": "https"},
        {**good, "url": f"rtsp://{canary}/clip", "protocol": "rtsp"},
        {**good, "url": f"http://{LURE}/live.m3u8", "protocol": "m3u8", "is_live": True},
        {**good, "url": f"file://{sites.secret}", "protocol": "https"},
    ]


async def test_the_guard_alone_never_goes_past_its_proxy(sites: Sites, tmp_path: Path):
    """Without fence, gate and egress proxy: no other protocol, no ffmpeg, no smuggled proxy, no file, no netrc."""
    names = ("net/live_", "file/", "net/page_smuggled", "net/redirect_to_", "net/rtsp_base")
    baits = [link for name, link in sites.attacks.samples().items() if name.startswith(names) or "_rtmp" in name]
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "ffmpeg").symlink_to(program())
    environment = {"PATH": f"{tools}:{os.defpath}", "no_proxy": "*", "http_proxy": f"http://{sites.canary.host}:1"}
    folder = tmp_path / "job"
    await captive(folder, proxy=sites.proxy_url, guarded=baits, formats=bad_formats(sites), environment=environment)
    assert {knock.place for knock in sites.canary.knocks} <= {"proxy"}
    assert not Marks(sites).found(folder.rglob("*"))
    assert len(sites.requests.all()) > len(baits)


async def test_the_gate_alone_holds_an_unguarded_downloader(sites: Sites, tmp_path: Path):
    """yt-dlp hands live streams to ffmpeg as they stand; the gate in ffmpeg's place lets none of them out."""
    folder = tmp_path / "job"
    await captive(folder, proxy=sites.proxy_url, links=live_baits(sites), ffmpeg=str(GATE.parent))
    assert {knock.place for knock in sites.canary.knocks} <= {"proxy"}
    assert not Marks(sites).found(folder.rglob("*"))


async def test_the_gate_alone_reads_no_file_that_another_one_names(sites: Sites, tmp_path: Path):
    """Texts that call themselves MP4, looked at, copied and pictured without any fence."""
    ffmpeg = FFmpeg(program())

    def work() -> None:
        for name, body in lures.disguised(str(sites.secret), sites.attacks.aim.url).items():
            source = tmp_path / f"{name}.mp4"
            source.write_text(body)
            for out in (tmp_path / f"{name}.mkv", tmp_path / f"{name}.jpg"):
                made = ffmpeg.remux if out.suffix == ".mkv" else ffmpeg.thumbnail
                with pytest.raises(GoldcrestError):
                    made(source, out, deadline_seconds=10)
                assert not out.exists()

    await asyncio.to_thread(work)
    assert not sites.canary.knocks
