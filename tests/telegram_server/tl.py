"""Telegram's objects in whatever layer the installed client speaks: build them, read requests, write results."""

import functools
import inspect
from collections.abc import Mapping
from gzip import decompress
from io import BytesIO
from typing import Any

from pyrogram import raw
from pyrogram.raw.core import Bytes, Int, TLObject

F = raw.functions
T = raw.types

GZIP_PACKED = 0x3072CFA1
MSG_CONTAINER = 0x73F1F8DC
RPC_RESULT = 0xF35C6D01
_VECTOR = 0x1CB5C415
_TRUE, _FALSE = 0x997275B5, 0xBC799737

# What a required field holds that nobody filled in.
_ZEROES: Mapping[str, Any] = {"str": "", "bytes": b"", "bool": False, "int": 0, "float": 0.0}


@functools.cache
def _parameters(constructor: type[Any]) -> tuple[tuple[str, bool, str], ...]:
    """Name, whether it is required, and the type's text of every field of a constructor."""
    found = []
    for name, parameter in list(inspect.signature(constructor.__init__).parameters.items())[1:]:
        note = parameter.annotation
        text = note.__name__ if isinstance(note, type) and "[" not in str(note) else str(note)
        required = parameter.default is inspect.Parameter.empty
        found.append((name, required, text.strip("'\"").removeprefix("typing.")))
    return tuple(found)


def _zero(annotation: str) -> Any:
    """Give an empty value for a required field, so that a newer layer's additions need no edit here."""
    if annotation.lower().startswith("list"):
        return []
    if "raw.base." in annotation:
        inner: Any = T
        for part in annotation.split("raw.base.", 1)[1].split("."):
            inner = getattr(inner, part)
        return build(inner)
    return _ZEROES.get(annotation, 0)


def build(constructor: Any, **fields: Any) -> Any:
    """Make an object: fields that this layer doesn't know are dropped, required ones not given are empty."""
    known: dict[str, Any] = {}
    for name, required, annotation in _parameters(constructor):
        if name in fields:
            known[name] = fields[name]
        elif required:
            known[name] = _zero(annotation)
    return constructor(**known)


class Written(bytes):
    """Bytes that stand where the client's library expects an object with `write`."""

    __slots__ = ()

    def write(self, *_: Any) -> bytes:
        """Give the bytes."""
        return bytes(self)


def write(result: Any) -> Written:
    """Serialise a method's result; booleans and vectors have no working class in the client's library."""
    if isinstance(result, bool):
        return Written(Int(_TRUE if result else _FALSE, False))
    if isinstance(result, list):
        return Written(Int(_VECTOR, False) + Int(len(result)) + b"".join(write(item) for item in result))
    return Written(result.write())


def read(body: bytes) -> Any:
    """Read one request.

    The padding byte is for the library's vector reader: it takes a vector of 8-byte objects at the very end for
    bare longs. KeyError: a constructor of another layer.
    """
    return TLObject.read(BytesIO(body + b"\0"))


def constructor_id(body: bytes) -> int:
    """Tell which constructor a serialised object starts with."""
    return int.from_bytes(body[:4], "little")


def unzip(body: bytes) -> bytes:
    """Unpack a gzip_packed object."""
    return decompress(Bytes.read(BytesIO(body[4:])))


def split_container(body: bytes) -> list[tuple[int, int, bytes]]:
    """Give (message id, sequence number, body) of every message in a container."""
    stream = BytesIO(body)
    stream.seek(4)
    messages = []
    for _ in range(int.from_bytes(stream.read(4), "little")):
        message_id = int.from_bytes(stream.read(8), "little")
        sequence = int.from_bytes(stream.read(4), "little")
        messages.append((message_id, sequence, stream.read(int.from_bytes(stream.read(4), "little"))))
    return messages


def method_name(query: Any) -> str:
    """Name a request as Telegram's documentation does, first letter of the method aside: messages.SendMessage."""
    return str(query.QUALNAME).split(".", 1)[1]


def method(name: str) -> Any:
    """Give a method's class, None where this layer has none of that name."""
    namespace, _, last = name.rpartition(".")
    return getattr(getattr(F, namespace, None) if namespace else F, last, None)
