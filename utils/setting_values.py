"""One setting's value: read it as people write it, and say in words what would fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

#: what people write for a boolean
WORDS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("yes", "true", "on", "1"), True),
    **dict.fromkeys(("no", "false", "off", "0"), False),
}


def plain(value: Any, kind: Any) -> Any:
    """The value as msgspec converts it: lists split at commas, yes and no understood, choices in small letters."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if kind is bool:
        return WORDS.get(text.lower(), text)
    origin = get_origin(kind)
    if origin is tuple:
        return [item for item in re.split(r"[,\s]+", text) if item]
    return text.lower() if origin is Literal else text


def misfit(value: Any, kind: Any) -> str | None:
    """What would fit, as "a whole number from 0 to 65535"; None where the value does."""
    try:
        msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        return _words(kind)
    return None


def _words(kind: Any) -> str:
    from msgspec import inspect

    if get_origin(kind) is Literal:
        *others, last = map(str, get_args(kind))
        return f"one of {', '.join(others)} or {last}"
    match inspect.type_info(kind):
        case inspect.VarTupleType(item_type=inspect.StrType()):
            return "words separated by commas"
        case inspect.VarTupleType(item_type=item):
            return f"{_one(item, many=True)}, separated by commas"
        case info:
            return _one(info)


def _one(info: Any, *, many: bool = False) -> str:
    from msgspec import inspect

    match info:
        case inspect.Metadata(extra_json_schema={"description": str(words)}):
            return words
        case inspect.IntType():
            return ("whole numbers" if many else "a whole number") + _bounds(info)
        case inspect.FloatType():
            return ("numbers" if many else "a number") + _bounds(info)
        case inspect.BoolType():
            return "yes or no"
        case inspect.StrType(min_length=1):
            return "a text that is not empty"
        case _:
            return "a text"


def _bounds(info: Any) -> str:
    if info.gt is not None:
        return f" above {info.gt:g} and up to {info.le:g}"
    if info.ge is not None and info.le is not None:
        return f" from {info.ge} to {info.le}"
    return f" from {info.ge} up" if info.ge is not None else ""
