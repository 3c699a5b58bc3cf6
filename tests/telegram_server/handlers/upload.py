"""upload.*: parts of files in both directions."""

from typing import Any

from tests.telegram_server.call import Call
from tests.telegram_server.faults import RpcError
from tests.telegram_server.handlers.router import Router
from tests.telegram_server.tl import T

router = Router()

_LIMIT_MOST = 1 << 20
_STEP = 4096


@router.on("upload.SaveFilePart")
async def save_file_part(call: Call) -> Any:
    """Take a part of a file of up to 10 MB."""
    query = call.query
    call.world.files.add_part(call.me.id, query.file_id, query.file_part, query.bytes)
    return True


@router.on("upload.SaveBigFilePart")
async def save_big_file_part(call: Call) -> Any:
    """Take a part of a larger file."""
    query = call.query
    call.world.files.add_part(call.me.id, query.file_id, query.file_part, query.bytes, big_parts=query.file_total_parts)
    return True


@router.on("upload.GetFile")
async def get_file(call: Call) -> Any:
    """Give a piece of a file or of its thumbnail, from the data centre where it lies."""
    _ = call.me
    query, location = call.query, call.query.location
    file = call.world.files.known.get(getattr(location, "id", 0))
    if file is None or file.access_hash != location.access_hash:
        raise RpcError(400, "LOCATION_INVALID")
    if file.reference != location.file_reference:
        raise RpcError(400, "FILE_REFERENCE_EXPIRED")
    if file.dc != call.dc:
        raise RpcError(303, f"FILE_MIGRATE_{file.dc}")
    _check_window(query.offset, query.limit, precise=bool(query.precise))
    content = file.thumb if location.thumb_size and not file.photo else file.content
    if content is None:
        raise RpcError(400, "LOCATION_INVALID")
    return T.upload.File(
        type=T.storage.FileUnknown(), mtime=int(file.at), bytes=content.read(query.offset, query.limit)
    )


def _check_window(offset: int, limit: int, *, precise: bool) -> None:
    """Refuse windows as Telegram's documentation of files says: steps of 4 KB (1 KB if precise) within one MB."""
    step = 1024 if precise else _STEP
    if offset < 0 or offset % step:
        raise RpcError(400, "OFFSET_INVALID")
    if not 0 < limit <= _LIMIT_MOST or limit % step or (not precise and _LIMIT_MOST % limit):
        raise RpcError(400, "LIMIT_INVALID")
    if offset >> 20 != (offset + limit - 1) >> 20:
        raise RpcError(400, "LIMIT_INVALID")
