"""Looking up names: answers, failures, and lookups that nobody waits for any more."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from utils.egress_dns import SystemResolver


async def test_loopback_is_found():
    """The system's own answer, without a stand-in."""
    assert "127.0.0.1" in await SystemResolver()("localhost", 80)


async def test_unknown_names(monkeypatch):
    """The resolver's error arrives."""

    def unknown(*arguments: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(socket.gaierror):
        await SystemResolver()("gone.test", 80)


async def test_silent_name_servers_hold_up_a_bounded_number(monkeypatch):
    """A lookup that was given up keeps its place until the system lets go of it; then the next one goes on."""
    go_on, asked = threading.Event(), []

    def slow(name: str, port: int, **options: object) -> list[tuple[object, ...]]:
        asked.append(name)
        assert threading.current_thread().daemon
        go_on.wait(10)
        return [(2, 1, 6, "", ("192.0.2.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    resolver = SystemResolver(lookups=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await resolver("one.test", 80)
    waiting = asyncio.create_task(resolver("two.test", 80))
    await asyncio.sleep(0)
    assert asked == ["one.test"]
    go_on.set()
    assert await waiting == ["192.0.2.1"]
    assert asked == ["one.test", "two.test"]


def test_an_answer_after_the_end(monkeypatch):
    """A late answer finds the loop closed and is nobody's error."""
    started, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(*arguments: object, **options: object) -> list[tuple[object, ...]]:
        started.set()
        go_on.wait(10)
        return []

    async def give_up() -> None:
        lookup = asyncio.ensure_future(SystemResolver()("late.test", 80))
        while not started.is_set():
            await asyncio.sleep(0.001)
        lookup.cancel()

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr(threading, "excepthook", lambda args: ended.set())
    asyncio.run(give_up())
    threads = [thread for thread in threading.enumerate() if thread.name == "dns late.test"]
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(threads) == 1
    assert not ended.is_set()
