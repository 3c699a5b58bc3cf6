"""GET /api/v1/files/{token}/{name}: a fetched file, in ranges where asked, always as a download."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import FileResponse
from starlette.routing import Route

from utils.errors import Expired
from utils.filenames import ascii_name

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from services.app import App


class FilesApi:
    """What waits on the shelf. The token alone opens a file; the name in the address is for people and tools."""

    def __init__(self, app: App) -> None:
        self._app = app

    def routes(self) -> list[Route]:
        """The addresses of this resource."""
        return [Route("/api/v1/files/{token}/{name}", self.fetch)]

    async def fetch(self, request: Request) -> Response:
        """The bytes. Raises Expired."""
        file, path = self._app.shelf.find(request.path_params["token"])
        try:
            stat = await asyncio.to_thread(path.stat)
        except FileNotFoundError:
            raise Expired("left the shelf just now") from None
        headers = {
            "content-disposition": disposition(file.name),
            "cache-control": "private, no-store",
            # Even where a browser shows it after all, nothing in it runs.
            "content-security-policy": "default-src 'none'; sandbox",
        }
        return FileResponse(path, media_type=file.mime, headers=headers, stat_result=stat)


def disposition(name: str) -> str:
    """Content-Disposition of a download with any name (RFC 6266)."""
    return f"attachment; filename=\"{ascii_name(name)}\"; filename*=UTF-8''{quote(name, safe='')}"
