"""One rendition of a running stream: its sliding playlist read again and again, its segments put one behind another."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from yt_dlp.networking.exceptions import HTTPError, RequestError

from platforms.extractor.live_pieces import Abandoned, Pieces, Tick
from platforms.extractor.live_playlist import Playlist, Resource, Segment, read_playlist
from utils.errors import GoldcrestError, MediaTool, MemoryShort, NotAMedia, OutOfMemory, SiteDown, TooLarge

if TYPE_CHECKING:
    from platforms.extractor.guard import GuardedYoutubeDL
    from utils.ffmpeg import FFmpeg

#: Troubles in a row, without a segment in between, after which the stream counts as over.
MOST_TROUBLES: Final = 5
#: between two looks at a playlist, whatever it says of itself
SHORTEST_SECONDS: Final = 0.25
#: statuses by which a site says that there is no such stream any more
GONE: Final = frozenset({401, 403, 404, 410})


class Track:
    """One rendition in files that begin with `place`. `pause_seconds`: the longest wait for a piece of an answer.

    `seconds`, `bytes`: taken in so far; `largest`: bytes of the largest segment; `over`: nothing more will come;
    `news_at`: when the last segment came; `due_at`: when the playlist is to be read again; `trouble`: the last one.
    """

    def __init__(
        self, ydl: GuardedYoutubeDL, fmt: dict[str, Any], place: Path, pause_seconds: float, clock: Callable[[], float]
    ) -> None:
        self.seconds = 0.0
        self.bytes = 0
        self.largest = 0
        self.target = SHORTEST_SECONDS
        self.news_at = self.due_at = clock()
        self.trouble: BaseException | None = None
        self._pieces = Pieces(ydl, fmt.get("http_headers") or {}, place, pause_seconds)
        self._url = str(fmt["url"])
        self._place = place
        self._clock = clock
        self._queue: deque[Segment] = deque()
        self._next: int | None = None
        self._ended = False
        self._troubles = 0
        self._init: Resource | None = None
        self._files: list[Path] = []

    @property
    def waiting(self) -> bool:
        """Whether there are segments to take."""
        return bool(self._queue) and not self._given_up

    @property
    def over(self) -> bool:
        """Whether the stream has ended, or can't be had any more."""
        return self._given_up or (self._ended and not self._queue)

    @property
    def _given_up(self) -> bool:
        return self._troubles >= MOST_TROUBLES

    def edge(self, segments: int) -> int | None:
        """Number of the segment that is so many before the end of the window; None for an empty one."""
        return self._queue[-min(segments, len(self._queue))].sequence if self._queue else None

    def has(self, sequence: int) -> bool:
        """Whether the window holds that segment."""
        return any(each.sequence == sequence for each in self._queue)

    def begin(self, sequence: int | None) -> None:
        """Leave out what stands before that segment."""
        while self._queue and sequence is not None and self._queue[0].sequence < sequence:
            self._queue.popleft()

    def load_if_due(self) -> None:
        """Read the playlist again where it is time to, and queue what is new."""
        if not self._ended and not self._given_up and self._clock() >= self.due_at:
            try:
                self.load()
            except (RequestError, GoldcrestError, OSError) as error:
                self._stumble(error)
                self.due_at = self._clock() + max(SHORTEST_SECONDS, self.target / 2)

    def load(self) -> None:
        """Read the playlist and queue what is new. Raises what the request or the reading of it raises."""
        playlist = self._read()
        self.target = max(SHORTEST_SECONDS, playlist.target)
        self._ended = playlist.ended
        new = self._new(playlist)
        self._queue.extend(new)
        if new:
            self._next = new[-1].sequence + 1
        # RFC 8216, 6.3.4: a playlist that hasn't changed is read again after half of the usual time
        longest = max((each.seconds for each in playlist.segments), default=self.target)
        rest = min(self.target, longest) / (1 if new else 2)
        self.due_at = self._clock() + max(SHORTEST_SECONDS, rest)

    def take(self, tick: Tick) -> None:
        """Fetch the oldest segment; one that can't be had, or that a tick doesn't wait for, is left out."""
        segment = self._queue.popleft()
        if segment.lost:
            return
        try:
            arrived = self._pieces.segment(segment, tick)
            file = self._file(segment, tick)
        except Abandoned:
            return
        except (RequestError, GoldcrestError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None and not isinstance(error, TimeoutError):
                raise  # the disk, not the network
            self._stumble(error)
            return
        with arrived.open("rb") as piece, file.open("ab") as out:
            shutil.copyfileobj(piece, out)
            size = piece.tell()
        self.bytes += size
        self.largest = max(self.largest, size)
        self.seconds += segment.seconds
        self.news_at = self._clock()
        self._troubles = 0

    def close(self, ffmpeg: FFmpeg) -> Path:
        """All of it in one file; where its container began anew, as MPEG-TS, or the longest where that can't be."""
        self._pieces.close()
        whole = self._files[0]
        if len(self._files) == 1:
            return whole
        joined = self._place.with_suffix(".join")
        try:
            with joined.open("wb") as out:
                for file in self._files:
                    piece = file.with_suffix(".ts")
                    ffmpeg.remux(file, piece)
                    out.write(piece.read_bytes())
                    piece.unlink()
        except (MediaTool, NotAMedia, MemoryShort, OutOfMemory):
            joined.unlink(missing_ok=True)
            whole = max(self._files, key=lambda file: file.stat().st_size)
        else:
            whole = joined
        for file in self._files:
            if file != whole:
                file.unlink(missing_ok=True)
        return whole

    def _new(self, playlist: Playlist) -> list[Segment]:
        segments = playlist.segments
        if self._next is None or not segments:
            return list(segments)
        if segments[-1].sequence + len(segments) < self._next:  # the site began to count anew
            return [replace(each, broken=True) for each in segments[-1:]]
        return [each for each in segments if each.sequence >= self._next]

    def _read(self) -> Playlist:
        return read_playlist(*self._pieces.text(self._url))

    def _file(self, segment: Segment, tick: Tick) -> Path:
        """Where the segment belongs: the file so far, or a new one with another beginning."""
        if self._files and segment.init == self._init:
            return self._files[-1]
        begin = self._pieces.small(segment.init, tick) if segment.init else b""
        path = self._place.with_name(f"{self._place.name}-{len(self._files)}.part")
        path.write_bytes(begin)
        self._files.append(path)
        self._init = segment.init
        self.bytes += len(begin)
        return path

    def _stumble(self, error: BaseException) -> None:
        self.trouble = error if isinstance(error, (GoldcrestError, RequestError)) else SiteDown(str(error))
        self._troubles += MOST_TROUBLES if isinstance(error, TooLarge) else 1  # the next one would be as large
        if isinstance(error, HTTPError):
            error.close()
            self._troubles += error.status in GONE and self.bytes > 0  # twice as sure
