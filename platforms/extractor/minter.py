"""A minting server's protocol (bgutil-ytdlp-pot-provider, HTTP): one question, one token. Asked by the parent only.

The operator names the server and it usually stands on loopback, where no worker may go; so no worker asks it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

#: A first token takes the server several seconds of JavaScript.
MINT_SECONDS: Final = 20.0
ANSWER_BYTES: Final = 64 * 1024
_OK: Final = 200


def _now() -> datetime:
    return datetime.now(UTC)


class Minter:
    """`url`: of the server, without /get_pot. Call it with a content binding and whether to pass by its store."""

    def __init__(self, url: str, *, seconds: float = MINT_SECONDS, now: Callable[[], datetime] = _now) -> None:
        self._url = urlsplit(url)
        self._seconds = seconds
        self._now = now

    async def __call__(self, binding: str, fresh: bool) -> tuple[str, float | None]:
        """The token and for how many seconds it is good. Raises OSError (also TimeoutError) or ValueError."""
        question = {"content_binding": binding, "bypass_cache": fresh}
        async with asyncio.timeout(self._seconds):
            status, body = await self._post("/get_pot", json.dumps(question).encode())
        answer = _object(body)
        if status != _OK:
            raise ValueError(f"the server answers {status}: {str(answer.get('error', ''))[:150]}")
        token = answer.get("poToken")
        if not isinstance(token, str):
            raise ValueError("the server's answer holds no poToken")  # noqa: TRY004 - as in `_object`
        return token, self._left(answer.get("expiresAt"))

    async def _post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body, by HTTP/1.0 so that the answer ends with the connection."""
        secure = self._url.scheme == "https"
        host = self._url.hostname or ""
        port = self._url.port or (443 if secure else 80)
        reader, writer = await asyncio.open_connection(host, port, ssl=secure or None, limit=ANSWER_BYTES)
        try:
            head = (
                f"POST {self._url.path.rstrip('/')}{path} HTTP/1.0",
                f"Host: {self._url.netloc.rpartition('@')[2]}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
            )
            writer.write("\r\n".join((*head, "", "")).encode() + body)
            answer = bytearray()
            while chunk := await reader.read(ANSWER_BYTES):
                answer += chunk
                if len(answer) > ANSWER_BYTES:
                    raise ValueError("the server's answer is too long to be a token")
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        first, _, rest = bytes(answer).partition(b"\r\n")
        words = first.split()
        if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():  # noqa: PLR2004 - two words
            raise ValueError("the server doesn't speak HTTP")
        return int(words[1]), rest.partition(b"\r\n\r\n")[2]

    def _left(self, told: Any) -> float | None:
        """Seconds until a time in ISO 8601."""
        with suppress(TypeError, ValueError):
            until = datetime.fromisoformat(told)
            return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - self._now()).total_seconds())
        return None


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise ValueError("the server's answer is no JSON object")  # noqa: TRY004 - all that is wrong is one kind of error
    return answer
