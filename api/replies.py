"""Answers in JSON: bodies by msgspec, failures as {"ok": false, "error": …} with the error's own status."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from services.shapes import error_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from utils.errors import GoldcrestError
    from utils.texts import Texts


def json_reply(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Any value that msgspec can write; never kept by a cache."""
    own = {"cache-control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(content), status, own, "application/json")


def error_reply(error: GoldcrestError, texts: Texts) -> Response:
    """One failure."""
    headers = {}
    if error.retry_after_seconds:
        headers["retry-after"] = str(math.ceil(error.retry_after_seconds))
    return json_reply({"ok": False, "error": error_shape(error, texts)}, error.http_status, headers)
