"""Lazy loading of pyrogram's methods, types and enums: 800 modules of which a bot uses a few dozen.

Imported eagerly they cost half of the processor time until the bot is ready. A package of names gives each name at its
first use; a class that is put together of one mixin per module gets its methods at their first call. What pyrogram does
besides, so that its methods can be called without a running loop, is left out: here a loop always runs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, MutableSequence, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from bot.lazy_raw import Finder, give_names

METHODS: Final = "pyrogram.methods"
SYNC: Final = "pyrogram.sync"
#: packages that hold nothing but names out of their modules, and packages of mixins
PACKAGES: Final = re.compile(r"pyrogram\.(?:(?P<names>enums|types(?:\.\w+)?)|methods\.\w+)")
IMPORT: Final = re.compile(r"^from \.(\w+) import (?:\(([^)]*)\)|([^(\n]+))$", re.MULTILINE)
#: the class that a package of methods ends in
MIXIN: Final = re.compile(r"^class (\w+)\(", re.MULTILINE)
#: methods that have another name than their module; a test holds this table against the installed pyrogram
ALIASES: Final = {
    "resend_phone_number_code": ("resend_code",),
    "send_phone_number_code": ("send_code",),
    "get_chat_gifts": ("get_received_gifts",),
    "get_chat_gifts_count": ("get_received_gifts_count",),
    "edit_inline_media": ("MAX_RETRIES",),
}


class LazyMethod:
    """Stands for a method until it is asked for, then puts all that its module defines into the class."""

    def __init__(self, home: str, part: str) -> None:
        self._home = home
        self._part = part

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        """The method itself, bound where there is an instance."""
        part = getattr(import_module(self._home), self._part)
        for name, value in vars(part).items():
            if not name.startswith("__"):
                setattr(self._owner, name, value)
        return getattr(owner if instance is None else instance, self._name)


class LazyClient:
    """The finder; it also loads what it finds."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """The ordinary spec of such a package, with this object as its loader."""
        if fullname != SYNC and not PACKAGES.fullmatch(fullname):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or (fullname != SYNC and spec.submodule_search_locations is None):
            return spec
        spec.loader = self  # type: ignore[assignment]
        return spec

    def create_module(self, spec: ModuleSpec) -> None:  # noqa: ARG002 - the import system calls it so
        """Ask for an ordinary module."""
        return

    def exec_module(self, module: ModuleType) -> None:
        """Fill a module without importing what lies behind it."""
        name = module.__name__
        if name == SYNC:
            for function in ("compose", "idle"):
                home = import_module(f"{METHODS}.utilities.{function}")
                setattr(module, function, getattr(home, function))
            return
        assert module.__spec__ is not None
        assert module.__spec__.origin is not None
        text = Path(module.__spec__.origin).read_text("utf-8")
        found = PACKAGES.fullmatch(name)
        if found is not None and found["names"]:
            give_names(module, {word: f"{name}.{home}" for home, word in _imports(text)})
        else:
            _put_together(module, text)


def install(finders: MutableSequence[Finder] | None = None) -> bool:
    """Load these packages lazily from now on; False where it is too late because they were imported already."""
    finders = sys.meta_path if finders is None else finders
    if any(isinstance(finder, LazyClient) for finder in finders):
        return True
    if METHODS in sys.modules:
        return False
    finders.insert(0, LazyClient())
    return True


def _put_together(module: ModuleType, text: str) -> None:
    """The class of a package of methods, each of them still in its module."""
    methods: dict[str, Any] = {}
    for home, part in _imports(text):
        for name in (home, *ALIASES.get(home, ())):
            methods[name] = LazyMethod(f"{module.__name__}.{home}", part)
    (mixin,) = MIXIN.findall(text)
    setattr(module, mixin, type(mixin, (), {"__module__": module.__name__, **methods}))


def _imports(text: str) -> Iterator[tuple[str, str]]:
    """Each module of a package that its text imports from, with each name that it takes."""
    for home, several, one in IMPORT.findall(text):
        for name in (several or one).split(","):
            if word := name.strip():
                yield home, word
