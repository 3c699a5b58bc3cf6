"""Typed JSON bodies: bounded in size and time, and one clear sentence for what doesn't fit."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from core.list_pages import LAST, PAGE_BOUND
from services.ranges import TEXT_CHARACTERS
from utils.errors import BadRequest, BodyTooLarge

if TYPE_CHECKING:
    from starlette.requests import Request

BODY_BYTES: Final = 64 * 1024
BODY_SECONDS: Final = 10.0
#: msgspec's messages -> our sentences; its wording is held by the tests
FIELDS: Final = {
    "missing": re.compile(r"missing required field `(\w+)`"),
    "unknown": re.compile(r"contains unknown field `(.*)`"),
    "choice": re.compile(r"^Invalid enum value .* - at `\$\.(\w+)`"),
    "length": re.compile(r"of length .* - at `\$\.(\w+)(?:\[\d*\])?`"),
}
BETWEEN: Final = re.compile(r"^Expected `int` (?P<bound>[<>]= \d+) - at `\$\.(?P<field>\w+)`")
TYPE: Final = re.compile(r"^Expected `(\w+)(?: \| null)?`, got `\w+`(?: - at `\$\.?(\w*)(?:\[\d*\])?`)?")
#: JSON's own names for what msgspec calls by Python's
TYPE_NAMES: Final = {"str": "text", "int": "a whole number", "object": "an object"}

#: browsers stop at about 2,000 characters, links with long signatures reach 4,000
LinkText = Annotated[str, Meta(max_length=8192)]
Word = Annotated[str, Meta(max_length=64)]


class ProbeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/probe: a link, or a text that holds one."""

    url: LinkText


class DownloadBody(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/downloads: either the offer of a probe or a link, and the quality wanted.

    `start`, `end`: times such as "0:43" for a clip; `minutes`: of a running stream.
    """

    url: LinkText | None = None
    offer: Word | None = None
    quality: Word = "best"
    start: Word = ""
    end: Word = ""
    minutes: int | None = None


class ListBody(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/lists: a list, and which page of it."""

    url: LinkText
    first: Annotated[int, Meta(ge=1, le=LAST)] = 1
    count: Annotated[int, Meta(ge=1, le=PAGE_BOUND)] = 10


class BatchBody(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/batches: either a list and which of its items, or several links; and the quality wanted."""

    url: LinkText | None = None
    items: Annotated[str, Meta(max_length=TEXT_CHARACTERS)] = ""
    urls: Annotated[list[LinkText], Meta(max_length=1000)] | None = None
    quality: Word = "best"


class BreakerBody(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/breakers: whose, what it is to be, how long where it is opened; null: until it is closed."""

    name: Annotated[str, Meta(max_length=100)]
    state: Literal["open", "closed"]
    seconds: Annotated[int, Meta(ge=1, le=604_800)] | None = None


class ReplayBody(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/dead-letters/replay: the code of the failure."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]


Body = TypeVar("Body", bound=Struct)


async def read_json(request: Request, kind: type[Body]) -> Body:
    """The body as `kind`. Raises BadRequest or BodyTooLarge."""
    # Asking for this type also keeps out plain HTML forms of other sites, which can't send it.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadRequest("media_type")
    try:
        return msgspec.json.decode(await read_body(request), type=kind)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest("json") from None


async def read_body(request: Request) -> bytes:
    """All of a body. Raises BodyTooLarge above BODY_BYTES, BadRequest after BODY_SECONDS."""
    content = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                content += chunk
                if len(content) > BODY_BYTES:
                    raise BodyTooLarge(limit_kb=BODY_BYTES // 1024)
    except TimeoutError:
        raise BadRequest("slow") from None
    return bytes(content)


def _explained(message: str) -> BadRequest:
    for problem, pattern in FIELDS.items():
        if found := pattern.search(message):
            return BadRequest(problem, field=found[1])
    if found := BETWEEN.search(message):
        return BadRequest("between", field=found["field"], bound=found["bound"])
    if found := TYPE.search(message):
        expected = TYPE_NAMES.get(found[1], found[1])
        return BadRequest("type", field=found[2], expected=expected) if found[2] else BadRequest("object")
    return BadRequest("json")
