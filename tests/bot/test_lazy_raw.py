"""pyrogram.raw loaded lazily holds exactly what it holds when loaded eagerly."""

import json
import subprocess
import sys
from typing import Any

import pytest

from bot.lazy_raw import LazyObjects, LazyRaw, install

#: prints every constructor id and every name of the generated packages, each with what tells its class apart
DUMP = """
import json, sys
from types import ModuleType

lazy = sys.argv[1] == "lazy"
if lazy:
    from bot.lazy_raw import install
    assert install() and install()
import pyrogram
from pyrogram import raw
from pyrogram.raw.all import objects

loaded = sum(name.startswith("pyrogram.raw.") for name in sys.modules)


def facts(thing):
    fields = list(getattr(thing, "__slots__", []))
    return [thing.__module__, thing.__qualname__, str(getattr(thing, "ID", "")), fields, thing.QUALNAME]


def walk(module, path):
    for name in dir(module) if lazy else vars(module):
        thing = getattr(module, name)
        if isinstance(thing, type) and thing.__module__.startswith(module.__name__):
            yield f"{path}.{name}", facts(thing)
        elif isinstance(thing, ModuleType) and hasattr(thing, "__path__"):
            yield f"{path}.{name}", thing.__name__
            yield from walk(thing, f"{path}.{name}")


ids = {str(key): facts(objects[key]) for key in objects}
assert dict(objects.items()) == {key: objects[key] for key in objects}
names = {}
for package in ("types", "functions", "base"):
    names.update(walk(getattr(raw, package), package))
for package in (raw.types, raw.functions.messages):
    try:
        package.NoSuchName
    except AttributeError:
        continue
    raise AssertionError("a name from nowhere")
json.dump({"ids": ids, "names": names, "loaded": loaded}, sys.stdout)
"""


def test_lazy_holds_what_eager_holds(pytestconfig):
    """Every constructor id and every name of types, functions and base; and a tenth of the modules is loaded."""
    running = {
        mode: subprocess.Popen(
            [sys.executable, "-W", "error", "-c", DUMP, mode], stdout=subprocess.PIPE, cwd=pytestconfig.rootpath
        )
        for mode in ("lazy", "eager")
    }
    found = {}
    for mode, process in running.items():
        output, _ = process.communicate(timeout=90)
        assert process.returncode == 0
        found[mode] = json.loads(output)
    lazy, eager = found["lazy"], found["eager"]
    assert len(eager["ids"]) > 2000
    assert len(eager["names"]) > 3000
    assert lazy["ids"] == eager["ids"]
    assert lazy["names"] == eager["names"]
    assert lazy["loaded"] * 10 < eager["loaded"]


def test_install_is_refused_when_it_is_too_late(monkeypatch):
    """Once pyrogram.raw is imported nothing is changed any more."""
    finders: list[Any] = []
    monkeypatch.setitem(sys.modules, "pyrogram.raw", sys)
    assert install(finders) is False
    assert finders == []
    monkeypatch.delitem(sys.modules, "pyrogram.raw")
    assert install(finders) is True
    assert install(finders) is True
    assert len(finders) == 1


def test_other_modules_are_left_alone():
    """The finder knows nothing but pyrogram.raw, and nothing that isn't there."""
    assert LazyRaw().find_spec("json", None) is None
    assert LazyRaw().find_spec("pyrogram.raw.types.nowhere", []) is None


def test_table_resolves_on_demand():
    """A dotted name becomes its class when it is asked for, by key, by get and by walking."""
    table = LazyObjects({1: "collections.OrderedDict", 2: "json.JSONDecoder"})
    assert table.get(3) is None
    assert table.get(1).__name__ == "OrderedDict"
    assert [value.__name__ for value in table.values()] == ["OrderedDict", "JSONDecoder"]
    assert [key for key, _ in table.items()] == [1, 2]
    with pytest.raises(KeyError):
        table[3]
