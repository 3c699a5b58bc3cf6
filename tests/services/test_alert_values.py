"""The figures that rules watch, taken from a whole app."""

from types import SimpleNamespace
from typing import Any

import pytest

from services.alert_values import AlertValues, is_down
from services.app import App
from services.monitor import Monitor
from utils.config import load_settings
from utils.texts import Texts

MEBIBYTE = 1 << 20
WELL = {"ok": True, "state": "running"}
ILL = {"ok": False, "state": "degraded"}


class Downloads:
    """What they tell."""

    def __init__(self):
        self.waiting = {"accepted": 100, "running": 2, "sending": 0}
        self.breakers: dict[str, Any] = {}
        self.guard = SimpleNamespace(breakers=lambda: self.breakers)

    async def open_jobs(self):
        return self.waiting


class World:
    def __init__(self, folder):
        self.now = 10.0
        self.used: int | None = 150 * MEBIBYTE
        self.disk = (1000, 250)
        self.parts: dict[str, Any] = {"http": WELL}
        settings = load_settings({"DATA_DIR": str(folder)})
        state = lambda: {"parts": self.parts}  # noqa: E731 - as short as what it stands for
        self.app: Any = App(settings=settings, texts=Texts(), state=state)
        self.values = AlertValues(self.app, clock=lambda: self.now, used=lambda: self.used, disk=self._disk)

    def _disk(self, _folder):
        if not self.disk:
            raise OSError("gone")
        return self.disk

    async def look(self, name):
        return (await self.values())[name]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


async def test_what_is_not_up_is_not_known(world):
    """No guess."""
    world.used, world.disk, world.parts = None, (), {}
    assert await world.values() == {
        "memory": None,
        "disk": None,
        "queue": None,
        "error_rate": None,
        "platforms_down": None,
        "telegram_down_seconds": None,
        "parts_down": 0.0,
    }


async def test_memory_is_a_share_of_the_cap(world):
    """As the memory manager has it where there is one, with the container's limit."""
    assert await world.look("memory") == 0.75
    world.app.up_memory = SimpleNamespace(figures=lambda: {"share_percent": 91.5})
    assert await world.look("memory") == 0.915


async def test_disk_and_queue_are_shares(world):
    """Of what there is, and of the bound; a disk without a size tells nothing."""
    world.app.up_downloads = Downloads()
    assert await world.look("disk") == 0.75
    assert await world.look("queue") == pytest.approx(102 / 500)
    world.disk = (0, 0)
    assert await world.look("disk") is None


async def test_the_real_disk_is_asked(world):
    """Where no other is given."""
    world.app.settings.data_dir.mkdir(exist_ok=True)
    share = (await AlertValues(world.app)())["disk"]
    assert share is not None
    assert 0 <= share <= 1


async def test_sites_are_down_where_all_that_were_used_lately_are(world):
    """Those that nobody asked for say nothing."""
    downloads = world.app.up_downloads = Downloads()
    world.app.up_monitor = Monitor(world.app.settings.monitoring, clock=lambda: world.now)
    downloads.breakers = {"vimeo": {"state": "open"}, "youtube": {"state": "closed"}}
    assert await world.look("platforms_down") is None
    for site in ("youtube", "tiktok", "generic"):
        world.app.up_monitor.probed(site, 0.1)
    assert await world.look("platforms_down") == 0.0
    downloads.breakers = {
        "youtube": {"state": "open"},
        "tiktok": {"state": "half_open"},
        "generic": {"state": "closed", "hosts": 2, "hosts_open": 1},
    }
    assert await world.look("platforms_down") == pytest.approx(2 / 3)
    downloads.breakers["generic"]["hosts_open"] = 2
    assert await world.look("platforms_down") == 1.0
    assert await world.look("error_rate") == 0.0


async def test_telegram_is_down_since_it_was_found_so(world):
    """A start or a stop is nothing to tell of; a return ends it."""
    world.parts["telegram"] = {"ok": False, "state": "starting"}
    assert await world.look("telegram_down_seconds") == 0.0
    world.parts["telegram"] = ILL
    assert await world.look("telegram_down_seconds") == 0.0
    world.now += 125
    assert await world.look("telegram_down_seconds") == 125.0
    assert await world.look("parts_down") == 0.0
    world.parts["telegram"] = WELL
    assert await world.look("telegram_down_seconds") == 0.0


async def test_other_parts_that_are_ill_are_counted(world):
    """Those under way are not."""
    world.parts |= {"a": ILL, "b": {"ok": False, "state": "running"}, "c": {"ok": False, "state": "stopping"}}
    assert await world.look("parts_down") == 2.0


def test_a_site_without_a_breaker_is_up():
    """None was made because nothing went wrong."""
    assert not is_down({})
