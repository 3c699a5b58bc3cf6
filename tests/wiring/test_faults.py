"""Every part of the real server struck while it runs: told within a look, brought back without a new process."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import pytest

from tests.redis_server import running_redis
from tests.wiring.house import ask, kill, task
from utils.cookies import Cookie
from utils.errors import InternalError

#: tasks that a part lives by
TASKS = {
    "egress": "egress",
    "memory watchdog": "memory",
    "shelf": "shelf",
    "workers": "downloads",
    "leases": "downloads",
    "places": "downloads",
    "breakers": "breakers",
    "alerts": "alerts",
}


@pytest.mark.strikes(*TASKS.values())
@pytest.mark.parametrize(("name", "part"), TASKS.items())
async def test_a_dead_task_is_told_and_begun_again(house, name, part):
    """Of every part that lives by one; /health tells it meanwhile, and the part comes back by itself."""
    dead = await kill(name)
    seen = house.view(part)
    assert (seen["ok"], name.split()[0] in seen["detail"]) == (False, True)
    assert house.manager.state()["state"] == "degraded"
    await house.back(part)
    assert task(name) is not dead


@pytest.mark.strikes("egress")
async def test_the_proxy_keeps_its_port_and_its_tickets(house):
    """A job under way doesn't notice that the listener was lost."""
    egress = house.made("egress")
    port = egress.port
    with egress.open("job") as ticket:
        egress._listener.close()
        assert house.view("egress")["detail"] == "its port is closed"
        await house.back("egress")
        assert (egress.port, ticket.name in egress._tickets) == (port, True)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"CONNECT example.com:443 HTTP/1.1\r\n\r\n")
    assert b"407" in await reader.readline()
    writer.close()


async def test_a_proxy_whose_port_was_taken_gets_another(house):
    """The gentle way fails, a stop and a start do it; those that ask for tickets afterwards get the new port."""
    egress = house.made("egress")
    port = egress.port
    egress._listener.close()
    with socket.create_server(("127.0.0.1", port)):
        await house.back("egress")
        assert egress.port not in {0, port}
        with egress.open("job") as ticket:
            assert f":{egress.port}" in ticket.proxy_url


@pytest.mark.strikes("database")
async def test_the_database_closed_under_us_comes_back(house):
    """And takes writes again, through the same object."""
    database = house.made("database")
    await database._connection.close()
    await house.until(lambda: house.view("database")["detail"] == "its connection is closed")
    await house.back("database")
    assert await database.run("DELETE FROM users WHERE id = 1") == 0
    assert house.made("database") is database


@pytest.mark.strikes("database")
async def test_a_database_locked_by_somebody_else_is_waited_for(house):
    """Told, never restarted, well again as soon as the lock is gone."""
    import sqlite3

    other = sqlite3.connect(house.settings.data_dir / "goldcrest.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await house.until(lambda: house.view("database")["detail"] == "database is locked")
    for _ in range(10):
        await asyncio.sleep(0.05)
    other.execute("ROLLBACK")
    other.close()
    await house.until(lambda: house.manager.state()["state"] == "ok")
    assert house.view("database")["restarts"] == 0


@pytest.mark.strikes("http")
async def test_a_stolen_port_is_taken_back_when_the_thief_leaves(house):
    """Degraded for as long as somebody else has it; then hosts are answered again."""
    listener = house.made("http")._listener
    port = listener.getsockname()[1]
    assert (await ask(port))[0] == 200
    house.made("http")._server.close()
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", port))
        thief.listen()
        await house.until(lambda: house.view("http")["detail"] == "OSError")
        assert house.manager.ready is False
    await house.back("http")
    assert (await ask(port))[1]["status"] == "ok"


@pytest.mark.strikes("cache")
async def test_a_cache_that_lost_its_disk_opens_it_again(house):
    """What memory holds is served meanwhile."""
    cache = house.made("cache")
    cache._disk._store.leave()
    cache._disk._store = None
    assert house.view("cache")["detail"] == "nothing is kept on disk"
    await house.back("cache")
    assert cache._disk.is_open


async def test_a_killed_forkserver_is_no_illness(house):
    """The next call starts another one."""
    extractor = house.made("extractor")
    launcher, worker = await extractor._fork("")
    await launcher.finish(worker)
    os.kill(launcher.pid, signal.SIGKILL)
    await house.until(lambda: not launcher.alive)
    assert house.view("extractor")["ok"]
    again, worker = await extractor._fork("")
    await again.finish(worker)
    assert again.pid != launcher.pid


@pytest.mark.strikes("extractor")
async def test_a_frozen_forkserver_is_replaced(house):
    """It lives and takes no orders: it is killed, and another one is seen to make children."""
    extractor = house.made("extractor")
    launcher, worker = await extractor._fork("")
    await launcher.finish(worker)
    os.kill(launcher.pid, signal.SIGSTOP)
    await house.until(lambda: house.view("extractor")["detail"] == "the forkserver is frozen")
    await house.back("extractor")
    assert not launcher.alive
    again, worker = await extractor._fork("")
    await again.finish(worker)


@pytest.mark.strikes("extractor")
async def test_a_forkserver_that_makes_no_children_is_an_illness_until_it_does(house, monkeypatch):
    """Restarts go on until one of them sees a child."""
    from platforms.extractor.launcher import Launcher
    from utils.errors import WorkerCrashed

    async def barren(_launcher, _url=""):
        raise WorkerCrashed("no children")

    extractor = house.made("extractor")
    with monkeypatch.context() as patch:
        patch.setattr(Launcher, "fork", barren)
        with pytest.raises(WorkerCrashed):
            await extractor._fork("")
        assert house.view("extractor")["detail"] == "the forkserver makes no children"
        await house.until(lambda: house.view("extractor")["restarts"] >= 2)
        assert house.view("extractor")["last_error"] in {"worker_crashed", "the forkserver makes no children"}
    await house.back("extractor")


@pytest.mark.strikes("reports", "cookies")
async def test_folders_that_are_none_are_told_until_they_are(house):
    """A file in their place takes no file: restarts bring nothing, so there are none; afterwards things are kept."""
    parts = {"reports": house.made("reports"), "cookies": house.made("cookies")}
    for name in parts:
        (house.settings.data_dir / name).write_text("in the way")
        (house.settings.data_dir / name).chmod(0o700)
    for name in parts:
        await house.until(lambda name=name: house.view(name)["detail"] == "its folder is not writable")
    assert await parts["reports"].keep(InternalError("lost")) == ""
    for name in parts:
        (house.settings.data_dir / name).unlink()
    await house.well()
    identity = await parts["reports"].keep(InternalError("kept"))
    assert "kept" in await parts["reports"].read(identity)
    await parts["cookies"].keep("instagram", "anna", [Cookie("instagram.com", "sessionid", "x")])
    assert [held.name for held in parts["cookies"].held()] == ["anna"]
    assert {house.view(name)["restarts"] for name in parts} == {0}


@pytest.mark.strikes("redis")
async def test_redis_gone_and_back(tmp_path, serving):
    """Told within a look, never restarted, used again as soon as it is back."""
    with running_redis(tmp_path) as server:
        async with serving(tmp_path / "data", GOLDCREST_REDIS__URL=server.url) as house:
            await house.until(lambda: house.manager.state()["state"] == "ok")
            server.stop()
            await house.until(lambda: house.view("redis")["detail"] == "does not answer")
            assert not house.made("redis").available
            server.start()
            await house.until(lambda: house.view("redis")["ok"])
            assert await house.made("redis").run("return 1") == 1
            assert house.view("redis")["restarts"] == 0


async def test_health_and_ready_over_the_wire(house):
    """What hosts see of a fault: degraded, still 200, and what is the matter; then ok."""
    port = house.made("http")._listener.getsockname()[1]
    await kill("egress")
    status, body = await ask(port)
    assert (status, body["status"], body["parts"]["egress"]["ok"]) == (200, "degraded", False)
    await house.back("egress")
    assert (await ask(port))[1]["status"] == "ok"
    assert (await ask(port, "/ready"))[0] == 200
