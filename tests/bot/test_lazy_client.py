"""Lazy methods, types and enums of pyrogram: nothing differs from the eager ones but the time of their import."""

from __future__ import annotations

import json
import subprocess
import sys

from bot.lazy_client import LazyClient, LazyMethod, install

#: every public name of the client, of types and of enums, with what it is and where it comes from
LISTING = """
import inspect, json, sys
if sys.argv[1] == "lazy":
    from bot import lazy_client, lazy_raw
    assert lazy_raw.install() and lazy_client.install() and lazy_client.install()
import pyrogram
loaded = len(sys.modules)
def facts(thing):
    thing = inspect.unwrap(thing) if callable(thing) else thing
    signature = str(inspect.signature(thing)) if inspect.isfunction(thing) else ""
    return [type(thing).__name__, getattr(thing, "__module__", ""), getattr(thing, "__qualname__", ""), signature]
# every method is asked for once, as a loaded module may bring more than the one
for name in dir(pyrogram.Client):
    getattr(pyrogram.Client, name)
found = {
    "client": {name: facts(getattr(pyrogram.Client, name)) for name in dir(pyrogram.Client) if name[:2] != "__"},
    "types": {name: facts(getattr(pyrogram.types, name)) for name in pyrogram.types.__all__},
    "enums": {name: facts(getattr(pyrogram.enums, name)) for name in pyrogram.enums.__all__},
}
print(json.dumps([loaded, found]))
"""


def listing(how: str) -> tuple[int, dict[str, dict[str, list[str]]]]:
    done = subprocess.run([sys.executable, "-c", LISTING, how], check=True, capture_output=True, text=True)
    loaded, found = json.loads(done.stdout)
    return loaded, found


def test_everything_is_there_and_the_same():
    """Each method, type and enum of the installed pyrogram comes from the same module with the same signature."""
    (eager_modules, eager), (lazy_modules, lazy) = listing("eager"), listing("lazy")
    for area, names in eager.items():
        assert lazy[area] == {**names}, area
    assert len(eager["client"]) > 400
    assert len(eager["types"]) > 250
    assert lazy_modules < eager_modules - 600


def test_a_method_is_loaded_by_its_first_call():
    """On the class and on an instance; afterwards the class holds the function itself."""

    class Mixin:
        dumps = LazyMethod("tests.bot.test_lazy_client", "Part")
        again = LazyMethod("tests.bot.test_lazy_client", "Part")

    assert Mixin().dumps() == "dumped"
    assert not isinstance(vars(Mixin)["again"], LazyMethod)
    assert Mixin.dumps is Part.dumps
    assert Mixin().again() == "once more"


class Part:
    """What a module of pyrogram's methods looks like."""

    def dumps(self) -> str:
        return "dumped"

    def again(self) -> str:
        return "once more"


def test_other_modules_are_left_alone():
    """The finder knows nothing but these packages, and nothing that isn't there."""
    finder = LazyClient()
    assert finder.find_spec("json", None) is None
    assert finder.find_spec("pyrogram.methods.bots.answer_callback_query", []) is None
    assert finder.find_spec("pyrogram.types.nowhere", []) is None
    assert finder.find_spec("pyrogram.sync", []) is None


def test_too_late_is_told():
    """A pyrogram that is loaded already stays as it is."""
    import pyrogram.methods

    assert pyrogram.methods
    assert install([]) is False


def test_a_client_starts_and_stops_without_what_it_does_not_use():
    """Making one loads none of the methods that a bot never calls."""
    code = """
import asyncio, sys
from bot import lazy_client, lazy_raw
lazy_raw.install(), lazy_client.install()
asyncio.set_event_loop(asyncio.new_event_loop())
from pyrogram import Client
client = Client("x", api_id=1, api_hash="0" * 32, in_memory=True)
assert asyncio.iscoroutinefunction(client.invoke)
assert "pyrogram.methods.messages.send_photo" not in sys.modules
assert client.send_photo.__func__.__module__ == "pyrogram.methods.messages.send_photo"
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
