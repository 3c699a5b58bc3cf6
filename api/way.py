"""Where a person was going before the key was asked for, so that the log-in leads there: to addresses of ours only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, quote

from api.access import READING

#: what somebody without the key needs to enter it
LOGIN_PATH: Final = "/login"
#: two slashes or a backslash at its beginning would lead elsewhere
OWN_ADDRESS: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def wanted(scope: Mapping[str, Any]) -> str:
    """The address asked for, or what the log-in was told of it; the page where that leads nowhere."""
    query = scope.get("query_string", b"").decode("latin-1")
    if scope["path"] == LOGIN_PATH:
        address = parse_qs(query).get("next", [""])[0]
    elif scope["method"] in READING:
        address = quote(scope["path"]) + (f"?{query}" if query else "")
    else:
        address = ""
    return address if OWN_ADDRESS.fullmatch(address) else "/"


def login_address(way: str) -> str:
    """The log-in that leads there afterwards."""
    return f"{LOGIN_PATH}?next={quote(way, safe='')}"
