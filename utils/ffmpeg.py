"""ffmpeg for one job: inspect, remux, merge, extract audio, thumbnail; stream copies wherever they are possible."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Final

from utils.errors import DeadlineExceeded, MemoryShort, NoMedia, NotAMedia
from utils.ffmpeg_run import GATE, GATE_VARIABLE, MediaProgress, Output, failure, find_ffmpeg, run_gate
from utils.media_info import MediaInfo, parse_banner
from utils.mp4 import needs_faststart
from utils.sandbox import scrubbed_environment

__all__ = ["GATE", "GATE_VARIABLE", "FFmpeg", "MediaInfo", "MediaProgress", "find_ffmpeg", "needs_faststart"]

#: Telegram's bounds for a thumbnail.
THUMBNAIL_PIXELS: Final = 320
THUMBNAIL_BYTES: Final = 200 * 1024
#: mjpeg's quantiser, 2 is best; at 31 a picture of 320 x 320 can't pass 200 kB.
THUMBNAIL_QUALITIES: Final = (4, 12, 31)
PICTURE_QUALITY: Final = "2"
#: Where in a video the picture is taken; the start is often black.
THUMBNAIL_PLACE: Final = 0.1
INSPECT_SECONDS: Final = 60.0
THUMBNAIL_SECONDS: Final = 60.0
WRITE_SECONDS: Final = 1800.0

#: ending -> ffmpeg's name of the format to write
FORMATS: Final[Mapping[str, str]] = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".m4a": "ipod",
    ".mkv": "matroska",
    ".webm": "webm",
    ".mp3": "mp3",
    ".opus": "opus",
    ".ogg": "ogg",
    ".flac": "flac",
    ".wav": "wav",
    ".ts": "mpegts",
}
_ONE_THREAD: Final = ("-threads", "1")
#: codec asked for -> (codec that is copied, how to encode any other); sizes as sites offer them
_AUDIO: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "m4a": ("aac", ("-c:a", "aac", "-b:a", "160k")),
    "mp3": ("mp3", ("-c:a", "libmp3lame", "-b:a", "192k")),
    "opus": ("opus", ("-c:a", "libopus", "-b:a", "128k")),
}


class FFmpeg:
    """The program behind the gate. Every call blocks and runs in the caller's process group.

    Raises DeadlineExceeded, NotAMedia, NoMedia, DiskFull, TooLarge, OutOfMemory, MemoryShort where the
    kernel has ended it for want of memory, or MediaTool for all else.
    """

    def __init__(
        self,
        program: Path,
        *,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        kept = scrubbed_environment() if environment is None else environment
        self._environment = {**kept, GATE_VARIABLE: str(program)}
        self._clock = clock

    def version(self) -> str:
        """Such as "7.1.3-0+deb13u1"."""
        words = self._checked(["-version"], INSPECT_SECONDS).text.split()
        return words[2] if words[:2] == ["ffmpeg", "version"] else "unknown"

    def inspect(self, path: Path, *, deadline_seconds: float = INSPECT_SECONDS) -> MediaInfo:
        """What the file is. Where its header tells no duration, all of it is read once. Raises NotAMedia."""
        # Without an output ffmpeg prints the banner and fails; what is missing in it is the failure.
        code, output = self._run(["-loglevel", "info", "-i", f"file:{path}"], deadline_seconds)
        info = parse_banner(output.text)
        if info is None:
            error = failure(code, output)
            raise error if not _is_banner_only(output) else NotAMedia("neither picture nor sound")
        if info.duration_seconds is None and info.kind != "photo":
            return replace(info, duration_seconds=self._measure(path, deadline_seconds))
        return info

    def remux(
        self,
        source: Path,
        out: Path,
        *,
        faststart: bool = True,
        deadline_seconds: float = WRITE_SECONDS,
        on_progress: MediaProgress | None = None,
    ) -> None:
        """The same streams in the container that `out`'s ending names."""
        info = self.inspect(source, deadline_seconds=deadline_seconds)
        copy = ["-map", "0:V:0?", "-map", "0:a:0?", *_copy(info.video_codec, out, faststart)]
        self._write([source], copy, out, deadline_seconds, on_progress)

    def merge(
        self,
        video: Path,
        audio: Path,
        out: Path,
        *,
        deadline_seconds: float = WRITE_SECONDS,
        on_progress: MediaProgress | None = None,
    ) -> None:
        """The video of one file and the audio of another in one file."""
        info = self.inspect(video, deadline_seconds=deadline_seconds)
        copy = ["-map", "0:V:0", "-map", "1:a:0", *_copy(info.video_codec, out, faststart=True)]
        self._write([video, audio], copy, out, deadline_seconds, on_progress)

    def cut(
        self,
        sources: Sequence[tuple[Path, float]],
        out: Path,
        seconds: float | None,
        *,
        video_codec: str | None = None,
        deadline_seconds: float = WRITE_SECONDS,
        on_progress: MediaProgress | None = None,
    ) -> None:
        """A piece of one file, or of a video and its sound, as one file; nothing is encoded.

        `sources`: files, each with the place in seconds where the piece begins; `seconds`: its length, None to the end.
        The copied video begins at the key frame before that place; an MP4 hides what is too much by an edit list, any
        other container shows it. Raises NotAMedia where nothing is left.
        """
        streams = ["-map", "0:V:0?", "-map", "0:a:0?"] if len(sources) == 1 else ["-map", "0:V:0", "-map", "1:a:0"]
        length = [] if seconds is None else ["-t", f"{seconds:.3f}"]
        how = [*streams, *_copy(video_codec, out, faststart=True), *length]
        places = [("-ss", f"{start:.3f}") if start else () for _, start in sources]
        self._write([path for path, _ in sources], how, out, deadline_seconds, on_progress, reading=places)

    def extract_audio(
        self,
        source: Path,
        out: Path,
        codec: str,
        *,
        tags: Mapping[str, str] | None = None,
        deadline_seconds: float = WRITE_SECONDS,
        on_progress: MediaProgress | None = None,
    ) -> None:
        """The first sound track as m4a, mp3 or opus; copied where it already is that, else encoded.

        `tags`: such as title and artist. Raises NoMedia for a silent file.
        """
        info = self.inspect(source, deadline_seconds=deadline_seconds)
        if info.audio_codec is None:
            raise NoMedia("the file holds no sound")
        same, encode = _AUDIO[codec]
        how = ("-c:a", "copy") if info.audio_codec == same else encode
        named = [part for key, value in (tags or {}).items() for part in ("-metadata", f"{key}={value}")]
        faststart = ("-movflags", "+faststart") if FORMATS[out.suffix] == "ipod" else ()
        self._write([source], ["-map", "0:a:0", *how, *named, *faststart], out, deadline_seconds, on_progress)

    def picture(self, source: Path, out: Path, *, deadline_seconds: float = THUMBNAIL_SECONDS) -> None:
        """The picture as JPEG in its own size."""
        frame = ["-an", "-frames:v", "1", "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", PICTURE_QUALITY]
        jpeg = [*_ONE_THREAD, "-update", "1", "-f", "image2", "-y", f"file:{out}"]
        try:
            self._checked(["-loglevel", "error", *_ONE_THREAD, "-i", f"file:{source}", *frame, *jpeg], deadline_seconds)
        except BaseException:
            out.unlink(missing_ok=True)
            raise

    def thumbnail(
        self, source: Path, out: Path, *, info: MediaInfo | None = None, deadline_seconds: float = THUMBNAIL_SECONDS
    ) -> Path | None:
        """A baseline JPEG of at most 320 x 320 px and 200 kB; None where there is no picture to take.

        It shows a picture, a video at a tenth of its length, or the cover of a sound file.
        """
        info = info or self.inspect(source, deadline_seconds=deadline_seconds)
        if info.width is None or info.height is None:
            if not info.cover:
                return None
            size = f"{THUMBNAIL_PIXELS}:{THUMBNAIL_PIXELS}:force_original_aspect_ratio=decrease"
        else:
            size = _fit(info.width, info.height)
        place = 0.0 if info.kind != "video" else (info.duration_seconds or 0.0) * THUMBNAIL_PLACE
        # Key frames alone cost a third of the memory and a tenth of the time (4K, VP9 and AV1). Where a video has none
        # at that place the start helps, and where it marks none at all, any frame. Without -copyts ffmpeg would drop a
        # key frame that stands before the place.
        keys = ("-discard", "nokey", "-skip_frame", "nokey")
        there = [(*keys, "-copyts", "-noaccurate_seek", "-ss", f"{place:.3f}")] if place else []
        for quality in THUMBNAIL_QUALITIES:
            frame = ["-map", "0:v:0", "-frames:v", "1", "-vf", f"scale={size}", "-pix_fmt", "yuvj420p"]
            jpeg = ["-c:v", "mjpeg", "-q:v", str(quality), "-update", "1", "-f", "image2", "-y", f"file:{out}"]
            for reading in (*there, keys, ()):
                source_frame = [*_ONE_THREAD, *reading, "-i", f"file:{source}", *frame]
                self._run(["-loglevel", "error", *source_frame, *_ONE_THREAD, *jpeg], deadline_seconds)
                if _size(out):
                    break
            if _size(out) <= THUMBNAIL_BYTES:
                break
        if 0 < _size(out) <= THUMBNAIL_BYTES:
            return out
        out.unlink(missing_ok=True)
        return None

    def _measure(self, path: Path, deadline_seconds: float) -> float | None:
        """Length in seconds by reading all packets; None where even that doesn't tell, or takes too long."""
        longest = [0.0]
        streams = ["-map", "0:V:0?", "-map", "0:a:0?", "-c", "copy", "-f", "null", "-"]
        try:
            code, output = self._run(
                ["-loglevel", "error", "-i", f"file:{path}", *streams],
                deadline_seconds,
                lambda seconds, _bytes: longest.append(seconds),
            )
        except DeadlineExceeded:
            return None
        error = failure(code, output) if code else None
        if isinstance(error, MemoryShort):
            raise error  # where it came to is no length
        if isinstance(error, DeadlineExceeded):
            return None
        return round(longest[-1], 3) or None

    def _write(
        self,
        sources: Sequence[Path],
        how: Sequence[str],
        out: Path,
        deadline_seconds: float,
        on_progress: MediaProgress | None,
        *,
        reading: Sequence[Sequence[str]] = (),
    ) -> None:
        pairs = zip_longest(sources, reading, fillvalue=())
        inputs = [part for source, how_read in pairs for part in (*_ONE_THREAD, *how_read, "-i", f"file:{source}")]
        plain = ["-sn", "-dn", "-map_chapters", "-1", *_ONE_THREAD, "-f", FORMATS[out.suffix], "-y", f"file:{out}"]
        try:
            self._checked(["-loglevel", "error", *inputs, *how, *plain], deadline_seconds, on_progress)
        except BaseException:
            out.unlink(missing_ok=True)  # half a file is never taken for a whole one
            raise

    def _checked(
        self, arguments: Sequence[str], deadline_seconds: float, on_progress: MediaProgress | None = None
    ) -> Output:
        code, output = self._run(arguments, deadline_seconds, on_progress)
        if code:
            raise failure(code, output)
        return output

    def _run(
        self, arguments: Sequence[str], deadline_seconds: float, on_progress: MediaProgress | None = None
    ) -> tuple[int, Output]:
        return run_gate(
            arguments,
            environment=self._environment,
            deadline_seconds=deadline_seconds,
            clock=self._clock,
            on_progress=on_progress,
        )


def _is_banner_only(output: Output) -> bool:
    """Whether the input was opened and only the output is missing."""
    return output.last_lines.endswith("At least one output file must be specified")


def _copy(video_codec: str | None, out: Path, faststart: bool) -> list[str]:
    """Options of a stream copy into the container that the ending names."""
    copy = ["-c", "copy"]
    if FORMATS[out.suffix] in {"mp4", "mov", "ipod"}:
        copy += ["-movflags", "+faststart"] if faststart else []
        copy += ["-tag:v", "hvc1"] if video_codec == "hevc" else []  # Apple plays HEVC under no other tag
    return copy


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _fit(width: int, height: int) -> str:
    """The size that keeps the shape within the thumbnail's bounds; a smaller picture stays as it is."""
    factor = min(1.0, THUMBNAIL_PIXELS / max(width, height))
    return f"{max(2, round(width * factor))}:{max(2, round(height * factor))}"
