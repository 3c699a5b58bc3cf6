"""Files into chats: uploaded or from Telegram's own copy, each message exactly once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bot import media as forms
from bot.calls import UNREACHABLE
from bot.refusals import ALREADY_SENT, FILE_DEAD
from bot.telegram import Place
from utils.errors import TelegramRefused
from utils.filenames import file_name

if TYPE_CHECKING:
    from bot.meter import Meter
    from bot.rich import Rich
    from bot.telegram import Telegram
    from bot.upload import Uploader
    from platforms.shapes import FetchedFile
    from services.jobs import StoredFile

#: Telegram's largest album, and what may be in one
ALBUM_BOUND: Final = 10
ALBUM_KINDS: Final = frozenset({"photo", "video"})
FILE_KINDS: Final = frozenset({"document"})
#: random ids of the copies in the storage chat stand so far from those of the messages themselves
STORAGE_OFFSET: Final = 1 << 20
#: a send is given up after so many rounds of tries without any answer; the random id makes repeats harmless
SEND_ROUNDS: Final = 4
#: an upload is repeated once where Telegram lost parts of it
UPLOAD_TRIES: Final = 2
#: refreshed file ids held in memory (about 200 bytes each)
FRESH_BOUND: Final = 500


File = TypeVar("File", "FetchedFile", "StoredFile")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sent:
    """A raw message and the chat it stands in."""

    chat_id: int
    message: Any


class Sender:
    """`storage_chat_id`: a channel that keeps a copy of every file sent, 0 for none."""

    def __init__(self, telegram: Telegram, uploader: Uploader, storage_chat_id: int = 0) -> None:
        self._telegram = telegram
        self._uploader = uploader
        self._storage_chat_id = storage_chat_id
        self._fresh: OrderedDict[tuple[int, int], str] = OrderedDict()

    async def send(
        self,
        place: Place,
        files: Sequence[FetchedFile],
        *,
        title: str,
        caption: Rich,
        random_id: int,
        meter: Meter,
        first: int = 0,
        total: int = 1,
    ) -> list[Sent | None]:
        """Upload files and send them as one message or album; where each can be found again.

        None where that isn't known, because an earlier try had sent it already. Documents are named by their place:
        behind the first `first` of `total` files that the item has. Raises TelegramRefused.
        """
        for last in (False, True):
            items = []
            for number, file in enumerate(files):
                done = sum(earlier.size_bytes for earlier in files[:number])
                note = f"{first + number + 1} of {total}" if total > 1 and file.kind == "document" else ""
                items.append(await self._upload(file, title, note, meter.begin(done)))
            try:
                return await self._deliver(place, items, caption, random_id)
            except TelegramRefused as error:
                if last or not error.detail.startswith("FILE_PART"):
                    raise
        raise AssertionError("unreachable")

    async def resend(self, place: Place, files: Sequence[StoredFile], caption: Rich, random_id: int) -> bool:
        """Send what Telegram keeps; an expired reference is fetched anew once. False where the file is gone."""
        for last in (False, True):
            try:
                items = [forms.input_media(self._known(file)) for file in files]
                await self._put(place, items, caption, random_id)
            except ValueError:
                return False
            except TelegramRefused as error:
                if not FILE_DEAD.match(error.detail):
                    raise
                if last or not await self._refresh(files):
                    return False
            else:
                return True
        raise AssertionError("unreachable")

    async def _upload(self, file: FetchedFile, title: str, note: str, on_bytes: Callable[[int, int], None]) -> Any:
        thumbnail = None
        if file.thumbnail is not None and forms.kind_of(file) != "photo":
            thumbnail = await self._uploader.upload(file.thumbnail, "thumbnail.jpg")
        name = file_name(title, file.path.suffix, note)
        upload = await self._uploader.upload(file.path, name, on_bytes)
        return forms.uploaded_media(file, upload, thumbnail, title, name)

    async def _deliver(self, place: Place, items: list[Any], caption: Rich, random_id: int) -> list[Sent | None]:
        kept: list[Sent | None] = [None] * len(items)
        if self._storage_chat_id:
            for number, item in enumerate(items):
                kept[number] = await self._keep(item, caption, random_id + STORAGE_OFFSET + number)
        media = [copy and copy.message.media for copy in kept]
        if len(items) > 1:
            # an album takes only what Telegram has as a file already
            media = [
                known or await self._telegram.keep_media(place.chat_id, item)
                for known, item in zip(media, items, strict=True)
            ]
        items = [
            forms.input_media(forms.file_reference(known) or "") if known else item
            for known, item in zip(media, items, strict=True)
        ]
        messages = await self._put(place, items, caption, random_id)
        here: list[Sent | None] = [Sent(place.chat_id, message) for message in messages or ()] or [None] * len(items)
        return [copy or there for copy, there in zip(kept, here, strict=True)]

    async def _keep(self, item: Any, caption: Rich, random_id: int) -> Sent | None:
        chat_id = self._storage_chat_id
        message = await self._once(lambda: self._telegram.send_media(Place(chat_id), item, caption, random_id))
        return None if message is None else Sent(chat_id, message)

    async def _put(self, place: Place, items: Sequence[Any], caption: Rich, random_id: int) -> list[Any] | None:
        if len(items) > 1:
            return await self._once(lambda: self._telegram.send_album(place, items, caption, random_id))
        message = await self._once(lambda: self._telegram.send_media(place, items[0], caption, random_id))
        return None if message is None else [message]

    async def _once(self, send: Callable[[], Awaitable[T]]) -> T | None:
        """Send, again where no answer came; None where an earlier try got through."""
        for left in reversed(range(SEND_ROUNDS)):
            try:
                return await send()
            except TelegramRefused as error:
                if error.detail == ALREADY_SENT:
                    return None
                if error.detail != UNREACHABLE or not left:
                    raise
        raise AssertionError("unreachable")

    def _known(self, file: StoredFile) -> str:
        return self._fresh.get((file.chat_id, file.message_id), file.file_id)

    async def _refresh(self, files: Sequence[StoredFile]) -> bool:
        """Read the messages that hold the files again; False where one of them is gone."""
        for file in files:
            message = await self._telegram.fetch(file.chat_id, file.message_id)
            reference = forms.file_reference(getattr(message, "media", None))
            if reference is None:
                return False
            self._fresh[file.chat_id, file.message_id] = reference
            while len(self._fresh) > FRESH_BOUND:
                self._fresh.popitem(last=False)
        return True


def grouped(files: Sequence[File]) -> list[list[File]]:
    """Neighbours that fit into one album together, none left over alone; everything else by itself.

    Telegram mixes photos with videos, documents with nothing.
    """
    runs: list[list[File]] = []
    for file in files:
        if runs and {forms.kind_of(file), forms.kind_of(runs[-1][-1])} <= _companions(file):
            runs[-1].append(file)
        else:
            runs.append([file])
    return [group for run in runs for group in _albums(run)]


def _companions(file: FetchedFile | StoredFile) -> frozenset[str]:
    kind = forms.kind_of(file)
    return next((kinds for kinds in (ALBUM_KINDS, FILE_KINDS) if kind in kinds), frozenset())


def _albums(run: list[File]) -> list[list[File]]:
    """A run cut into albums; the last but one gives one up where the last would be single."""
    groups = []
    while run:
        count = ALBUM_BOUND - (len(run) == ALBUM_BOUND + 1)
        groups.append(run[:count])
        run = run[count:]
    return groups
