"""The way to Redis and the breakers that go it, against a real server that dies, hangs and comes back."""

import asyncio
import sys

import pytest

from tests.redis_server import running_redis
from utils.breaker_redis import KEY, RedisBreakers
from utils.breaker_store import BreakerRecord
from utils.circuit_breaker import BreakerPolicy
from utils.circuit_breakers import Breakers
from utils.errors import ConfigError
from utils.redis_store import CONNECTIONS, REST_CAP_SECONDS, REST_SECONDS, RedisGone, RedisStore

ECHO = "return {KEYS[1] or '', ARGV[1] or ''}"


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def store(server, clock):
    store = RedisStore(server.url, clock=clock, timeout_seconds=5)
    await store.start()
    await store.run("return redis.call('FLUSHALL')")
    yield store
    await store.stop()


async def test_a_script_gets_its_keys_under_the_prefix(store):
    """And answers in texts."""
    assert await store.run(ECHO, ["a"], ["é"]) == ["goldcrest:a", "é"]
    assert store.figures() == {"ok": True, "failures": 0}


async def test_a_wrong_script_fails_alone_and_is_told_once(store, capsys):
    """Whoever asked goes on in memory, the next call is asked as ever, and the log isn't filled."""
    for _ in range(3):
        with pytest.raises(RedisGone):
            await store.run("return redis.call('NO SUCH COMMAND')")
        assert await store.run(ECHO) == ["", ""]
    assert store.available
    assert capsys.readouterr().out.count("redis.refused") == 1


@pytest.mark.parametrize(
    ("setting", "ill", "well"), [("maxmemory", "1", "0"), ("min-replicas-to-write", "1", "0")], ids=["full", "alone"]
)
async def test_a_redis_that_takes_nothing_is_gone_for_that_call(tmp_path, clock, setting, ill, well):
    """Its health says why, and as soon as it takes something again it is in use, without a pause."""
    with running_redis(tmp_path) as server:
        store = RedisStore(server.url, clock=clock)
        write, configure = "return redis.call('SET', KEYS[1], ARGV[1])", store._connect().config_set
        assert await store.run(write, ["x"], ["1"]) == "OK"
        await configure(setting, ill)
        for _ in range(2):
            with pytest.raises(RedisGone):
                await store.run(write, ["x"], ["2"])
        health = await store.health()
        assert (health.ok, health.heals, health.detail) == (False, True, "can't be written to")
        await configure(setting, well)
        assert await store.run(write, ["x"], ["3"]) == "OK"
        assert (await store.health()).ok
        await store.stop()


async def test_a_dead_server_costs_nothing_until_it_is_worth_asking_again(tmp_path, clock):
    """The first call fails, the next ones are refused at once; the pauses grow; when it is back it is used again."""
    with running_redis(tmp_path) as server:
        store = RedisStore(server.url, clock=clock)
        assert await store.run(ECHO) == ["", ""]
        server.stop()
        rests = []
        for _ in range(8):
            with pytest.raises(RedisGone):
                await store.run(ECHO)
            failures = store.figures()["failures"]
            with pytest.raises(RedisGone):
                await store.run(ECHO)
            assert store.figures() == {"ok": False, "failures": failures}
            rests.append(min(REST_CAP_SECONDS, REST_SECONDS * 2 ** (failures - 1)))
            clock.now += rests[-1]
        assert rests[-1] == REST_CAP_SECONDS
        server.start()
        assert await store.run(ECHO) == ["", ""]
        assert store.available
        await store.stop()


async def test_it_knows_how_it_is(tmp_path, clock):
    """Asked for its health it looks; a failure is counted once, and it is in use again as soon as it answers."""
    with running_redis(tmp_path) as server:
        store = RedisStore(server.url, clock=clock)
        assert (await store.health()).ok
        server.stop()
        for _ in range(2):
            health = await store.health()
            assert (health.ok, health.heals) == (False, True)
            assert store.figures() == {"ok": False, "failures": 1}
        server.start()
        assert (await store.health()).ok
        assert await store.run(ECHO) == ["", ""]
        await store.stop()


async def test_a_restart_between_two_calls_goes_unnoticed(tmp_path, clock):
    """The pooled connection is dead and the script unknown; the call succeeds all the same."""
    with running_redis(tmp_path) as server:
        store = RedisStore(server.url, clock=clock)
        await store.run(ECHO)
        server.stop()
        server.start()
        assert await store.run(ECHO, ["x"]) == ["goldcrest:x", ""]
        await store.stop()


async def test_a_server_that_hangs_is_gone(tmp_path, clock):
    """After the time-out, not never."""
    with running_redis(tmp_path) as server:
        store = RedisStore(server.url, clock=clock, timeout_seconds=0.1)
        await store.run(ECHO)
        with server.frozen(), pytest.raises(RedisGone):
            await store.run(ECHO)
        clock.now += REST_SECONDS
        assert await store.run(ECHO) == ["", ""]
        await store.stop()


async def test_many_calls_that_hang_together_are_one_failure(tmp_path, clock):
    """The pause after them is the first one, all of them end with the time-out, and connections are bounded."""
    with running_redis(tmp_path) as server:
        store = RedisStore(server.url, clock=clock, timeout_seconds=2)
        await store.run(ECHO)
        with server.frozen():
            ends = await asyncio.gather(*(store.run(ECHO) for _ in range(50)), return_exceptions=True)
        assert {type(end) for end in ends} == {RedisGone}
        assert store.figures() == {"ok": False, "failures": 1}
        clock.now += REST_SECONDS
        assert await asyncio.gather(*(store.run(ECHO) for _ in range(50))) == [["", ""]] * 50
        assert (await store._connect().info("clients"))["connected_clients"] <= CONNECTIONS
        await store.stop()


async def test_a_replica_that_may_not_write_is_as_good_as_gone(tmp_path, clock):
    """During a fail-over."""
    with running_redis(tmp_path) as server:
        server.stop()
        server.start("--replicaof", "127.0.0.1", "1")
        store = RedisStore(server.url, clock=clock)
        with pytest.raises(RedisGone):
            await store.run("redis.call('SET', KEYS[1], 1)", ["x"])
        await store.stop()


async def test_a_cancelled_call_leaves_the_connection_usable(store):
    """The next answer is the next call's."""
    for number in range(20):
        task = asyncio.ensure_future(store.run(ECHO, ["old"], [number]))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert await store.run(ECHO, ["new"], [number]) == ["goldcrest:new", str(number)]


async def test_without_the_client_the_start_says_what_is_missing(monkeypatch):
    """One line that names the setting."""
    monkeypatch.setitem(sys.modules, "redis", None)
    store = RedisStore("redis://127.0.0.1:1")
    with pytest.raises(ConfigError, match="GOLDCREST_REDIS__URL"):
        await store.start()
    await store.stop()


async def test_records_come_back_as_they_were_saved(store):
    """With what is left of their time, each with a revision of its own; saved anew it gets a higher one."""
    breakers = RedisBreakers(store)
    records = [
        BreakerRecord("a", "open", 60.0, 3, by_hand=True),
        BreakerRecord("b", "open", None, 1),
        BreakerRecord("c", "closed"),
    ]
    assert await breakers.save(records) == {"a": 1, "b": 2, "c": 3}
    kept = {record.name: record for record in await breakers.load()}
    assert 0 < (kept["a"].remaining_seconds or 0) <= 60
    assert (kept["a"].streak, kept["a"].revision, kept["a"].sane, kept["a"].by_hand) == (3, 1, True, True)
    assert kept["b"] == BreakerRecord("b", "open", None, 1, 2)
    assert kept["c"] == BreakerRecord("c", "closed", 0.0, 0, 3)
    assert await breakers.save(records[:1]) == {"a": 4}


@pytest.mark.parametrize("value", ["", "{", "[]", "[1,2,3]", "7", '["open","soon","1","1"]', '["open","-1","1","1"]'])
async def test_a_damaged_or_old_entry_is_removed(store, value):
    """And the others are read."""
    breakers = RedisBreakers(store)
    await breakers.save([BreakerRecord("fine", "open", 60.0, 1)])
    await store.run("return redis.call('HSET', KEYS[1], 'bad', ARGV[1])", [KEY], [value])
    assert [record.name for record in await breakers.load()] == ["fine"]
    assert await store.run("return redis.call('HEXISTS', KEYS[1], 'bad')", [KEY]) == 0


async def test_an_entry_of_an_older_version_is_read(store):
    """It doesn't say who wanted it."""
    entry = '["open","held","2","1"]'
    await store.run("return redis.call('HSET', KEYS[1], 'old', ARGV[1])", [KEY], [entry])
    assert await RedisBreakers(store).load() == [BreakerRecord("old", "open", None, 2, 1)]


async def test_an_entry_with_a_damaged_number_is_left_out(store):
    """It can't lock a site."""
    entry = '["open","99999999999999","many","1"]'
    await store.run("return redis.call('HSET', KEYS[1], 'bad', ARGV[1])", [KEY], [entry])
    assert await RedisBreakers(store).load() == []


async def test_instances_share_what_they_find_out(store, clock):
    """One finds a site down, the other refuses it without having asked; one finds it well, the other lets calls in."""
    one = Breakers(BreakerPolicy(consecutive=2), store=RedisBreakers(store), clock=clock)
    other = Breakers(BreakerPolicy(consecutive=2), store=RedisBreakers(store), clock=clock)
    for _ in range(2):
        one.get("site").admit().failed()
    await one.sync()
    await other.sync()
    assert other.get("site").state == "open"
    assert (other.get("site").remaining_seconds or 0) > 20
    clock.now += 30
    one.get("site").admit().succeeded()
    await one.sync()
    await other.sync()
    assert other.get("site").state == "closed"


async def test_while_redis_is_gone_each_instance_goes_on_and_later_they_agree(tmp_path, clock):
    """The memory decides; what was found meanwhile is shared when it is back, though Redis has forgotten everything."""
    with running_redis(tmp_path) as server:
        store = RedisStore(server.url, clock=clock)
        one = Breakers(BreakerPolicy(consecutive=1), store=RedisBreakers(store), clock=clock)
        other = Breakers(BreakerPolicy(consecutive=1), store=RedisBreakers(store), clock=clock)
        for number in range(5):
            one.get(f"early {number}").open()
        await one.sync()
        await other.sync()
        server.stop()
        one.get("site").admit().failed()
        with pytest.raises(RedisGone):
            await one.sync()
        assert one.get("site").state == "open"
        server.start()
        clock.now += REST_SECONDS
        await one.sync()
        await other.sync()
        assert other.get("site").state == "open"
        await store.stop()
