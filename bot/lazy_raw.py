"""Lazy loading of pyrogram.raw: its 3,200 generated classes are imported one by one, when they are first used.

Imported eagerly they cost 26 MB and 0.3 s, and a bot meets a few hundred of them. `install` puts a finder before the
ordinary ones; it changes how these packages are filled, not what they hold.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, MutableSequence, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_values

RAW: Final = "pyrogram.raw"
#: the packages whose classes have one module each, at most one level of namespaces beneath
GENERATED: Final = re.compile(r"pyrogram\.raw\.(types|functions|base)(\.\w+)?")
CLASS_LINE: Final = re.compile(r"^from \.(\w+) import (\w+)", re.MULTILINE)
NAMESPACE_LINE: Final = re.compile(r"^from \. import (.+)$", re.MULTILINE)


class Finder(Protocol):
    """What `sys.meta_path` holds."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """How to load a module, None where somebody else knows it."""


class LazyObjects(dict[int, Any]):
    """pyrogram's table from constructor ids to classes, whose values are dotted names until they are asked for."""

    __slots__ = ()

    def __getitem__(self, key: int) -> Any:
        """The class of a constructor id. Raises KeyError for an unknown id."""
        value = super().__getitem__(key)
        if isinstance(value, str):
            module, _, name = value.rpartition(".")
            self[key] = value = getattr(import_module(module), name)
        return value

    def get(self, key: int, default: Any = None) -> Any:
        """The class of a constructor id or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    def values(self) -> dict_values[int, Any]:
        """Every class; loads them all."""
        self._load()
        return super().values()

    def items(self) -> dict_items[int, Any]:
        """Every id with its class; loads them all."""
        self._load()
        return super().items()

    def _load(self) -> None:
        for key in self:
            self[key]


class LazyRaw:
    """The finder; it also loads what it finds."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """The ordinary spec of a package of pyrogram.raw, with this object as its loader."""
        package = fullname == RAW or GENERATED.fullmatch(fullname)
        if not package and fullname != f"{RAW}.all":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or (package and spec.submodule_search_locations is None):
            return spec
        spec.loader_state = spec.loader
        spec.loader = self  # type: ignore[assignment]
        return spec

    def create_module(self, spec: ModuleSpec) -> None:  # noqa: ARG002 - the import system calls it so
        """Ask for an ordinary module."""
        return

    def exec_module(self, module: ModuleType) -> None:
        """Fill a module without importing the classes behind it."""
        spec = module.__spec__
        assert spec is not None
        if spec.name == f"{RAW}.all":
            spec.loader_state.exec_module(module)
            module.objects = LazyObjects(module.objects)  # type: ignore[attr-defined]
        elif spec.name == RAW:
            # pyrogram's own text of this package replaces every name in the table by its class here
            names = ("types", "functions", "base", "core")
            module.__all__ = list(names)  # type: ignore[attr-defined]
            for name in names:
                setattr(module, name, import_module(f"{RAW}.{name}"))
            module.objects = import_module(f"{RAW}.all").objects  # type: ignore[attr-defined]
        else:
            assert spec.origin is not None
            text = Path(spec.origin).read_text("utf-8")
            homes = {name: f"{spec.name}.{home}" for home, name in CLASS_LINE.findall(text)}
            give_names(module, homes, list(_spaces(text)))


def install(finders: MutableSequence[Finder] | None = None) -> bool:
    """Load pyrogram.raw lazily from now on; False where it is too late because it was imported already."""
    finders = sys.meta_path if finders is None else finders
    if any(isinstance(finder, LazyRaw) for finder in finders):
        return True
    if RAW in sys.modules:
        return False
    finders.insert(0, LazyRaw())
    return True


def give_names(module: ModuleType, homes: Mapping[str, str], spaces: Sequence[str] = ()) -> None:
    """Give a package names whose modules are imported at their first use; `spaces` are packages beneath it."""
    package = module.__name__

    def get(name: str) -> Any:
        if name in homes:
            value = getattr(import_module(homes[name]), name)
        elif name in spaces:
            value = import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(module, name, value)
        return value

    names = [*homes, *spaces]
    module.__getattr__ = get  # type: ignore[method-assign]
    module.__all__ = names  # type: ignore[attr-defined]
    module.__dir__ = lambda: names  # type: ignore[method-assign]


def _spaces(text: str) -> Iterator[str]:
    for line in NAMESPACE_LINE.findall(text):
        yield from (name.strip() for name in line.split(","))
