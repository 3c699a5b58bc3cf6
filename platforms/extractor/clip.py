"""Fetch a clip: only the fragments that hold it where the format has fragments, then a cut without re-encoding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from platforms.extractor.fetching import Fetcher, choose, items_of
from platforms.extractor.fit import Parts, is_fragmented, merged_ending, shape
from platforms.extractor.guard import NativeHls
from platforms.extractor.live_playlist import between, read_playlist, write_playlist
from platforms.extractor.offers import PICTURE_FILES
from platforms.extractor.trim import fitting_info
from utils.errors import BadPart, NoMedia, NotAMedia
from utils.ffmpeg import FORMATS

if TYPE_CHECKING:
    from utils.ffmpeg import FFmpeg
    from utils.media_info import MediaInfo

#: containers whose index lets ffmpeg find a place by itself
_INDEXED: Final = ("mov,mp4", "matroska,webm", "mp3", "ogg", "flac", "wav")
#: codecs of WebM that an MP4 bears as well
_EXACT: Final = frozenset({"vp9", "av1", "opus", None})
#: what a cut may lack: sound frames, and a last picture that lasts long
_LEAST_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Slice:
    """A file that holds the clip; it begins at `start` seconds of the item."""

    path: Path
    start: float


class ClipFetcher(Fetcher):
    """One fetch of the order's clip in its folder."""

    def run(self, most_bytes: int) -> dict[str, Any]:
        """{"info": the trimmed info of now, "files": the fields of the one file}. Raises BadPart where it can't be."""
        self._meter.enter("probing")
        info = self._ydl.extract_info(self._order.url, download=False)
        item = next(iter(items_of(info)), None) if info else None
        if item is None:
            raise NoMedia("nothing to fetch")
        formats = choose(item, self._order.format_id, strict=True)
        if any(each.get("ext") in PICTURE_FILES for each in formats):
            raise BadPart("no_clip")
        length = self._length(item.get("duration"))
        self._meter.expect([None] * len(formats), [_share(each, length, item.get("duration")) for each in formats])
        slices = [self._slice(f"1-{number}.part", {**item, **each}) for number, each in enumerate(formats)]
        clip = self._cut(slices, formats, length)
        parts = Parts([clip], [{}], None, {**item, "duration": length})
        file = self._fitter.fit("1", parts, self._order)
        return {"info": fitting_info(info, most_bytes), "files": [file]}

    def _length(self, duration: Any) -> float | None:
        """Seconds of the clip; None where its end is open and nobody tells the item's. Raises BadPart."""
        start, end = self._order.clip_start, self._order.clip_end
        if isinstance(duration, (int, float)) and duration > 0:
            if start >= duration:
                raise BadPart("beyond")
            end = min(end or duration, duration)
        return end - start if end else None

    def _slice(self, name: str, info: dict[str, Any]) -> Slice:
        protocol, start, end = info.get("protocol"), self._order.clip_start, self._order.clip_end
        place = 0.0
        if protocol in {"m3u8", "m3u8_native"}:
            playlist = read_playlist(self._playlist(info), info["url"])
            segments, place = between(playlist.segments, start, end)
            if not segments:
                raise BadPart("beyond")
            info["hls_media_playlist_data"] = write_playlist(segments)
        elif protocol == "http_dash_segments" and (chosen := _fragments(info.get("fragments"), start, end)):
            info["fragments"], place = chosen
        return Slice(self._download(name, info), place)

    def _playlist(self, info: dict[str, Any]) -> str:
        """The text of a media playlist; raises what the downloader would of one that it can't take."""
        text = info.get("hls_media_playlist_data")
        if not isinstance(text, str):
            with self._ydl.urlopen(info["url"]) as answer:
                text = answer.read().decode("utf-8", "ignore")
                info["url"] = answer.url
        NativeHls.can_download(text, info)
        return text

    def _cut(self, slices: Sequence[Slice], formats: list[dict[str, Any]], length: float | None) -> Path:
        """One file that begins at the clip's start. Raises BadPart where nothing is left."""
        ffmpeg, sources, infos = self._fitter.ffmpeg, [], []
        for number, each in enumerate(slices):
            path, info = self._indexed(ffmpeg, each.path, f"1-{number}-whole")
            place = max(0.0, self._order.clip_start - each.start)
            if info.duration_seconds is not None and place > info.duration_seconds - _LEAST_SECONDS:
                raise BadPart("beyond")  # nobody knew the length before
            sources.append((path, place))
            infos.append(info)
        ending = merged_ending(formats) if len(sources) > 1 else shape(infos[0], sources[0][0])[0]
        codecs = {infos[0].video_codec, infos[-1].audio_codec}
        if ending == ".webm" and codecs <= _EXACT:  # MP4 hides what the cut has to take along before the start
            ending = ".mp4"
        out = self._folder / f"1-clip{ending if ending in FORMATS else '.mkv'}"
        self._meter.enter("merging")
        try:
            ffmpeg.cut(sources, out, length, video_codec=infos[0].video_codec)
            made = ffmpeg.inspect(out)
        except NotAMedia:
            raise BadPart("beyond") from None
        for path, _ in sources:
            path.unlink(missing_ok=True)
        if (made.duration_seconds or 0) < _LEAST_SECONDS:
            raise BadPart("beyond")
        return out

    def _indexed(self, ffmpeg: FFmpeg, path: Path, name: str) -> tuple[Path, MediaInfo]:
        """The file, or its streams in a container in which a place can be found."""
        info = ffmpeg.inspect(path)
        if info.container.startswith(_INDEXED) and not is_fragmented(path):
            return path, info
        ending = shape(info, path)[0]
        out = path.with_name(name + (ending if ending in FORMATS else ".mkv"))
        self._meter.enter("fitting")
        ffmpeg.remux(path, out, faststart=False)
        path.unlink()
        return out, ffmpeg.inspect(out)


def _fragments(given: Any, start: float, end: float | None) -> tuple[list[dict[str, Any]], float] | None:
    """The fragments that hold the clip with the one that begins the file, and where the first begins in seconds.

    None where their lengths aren't told. Raises BadPart where they all lie before the clip.
    """
    if not isinstance(given, (list, tuple)) or not all(isinstance(each, Mapping) for each in given):
        return None
    head = [each for each in given[:1] if not each.get("duration")]
    rest = given[len(head) :]
    if not rest or not all(isinstance(each.get("duration"), (int, float)) for each in rest):
        return None
    chosen: list[dict[str, Any]] = []
    began = place = 0.0
    for each in rest:
        if place + each["duration"] > start and (end is None or place < end):
            began = began if chosen else place
            chosen.append(dict(each))
        place += each["duration"]
    if not chosen:
        raise BadPart("beyond")
    return [*map(dict, head), *chosen], began


def _share(fmt: Mapping[str, Any], length: float | None, duration: Any) -> int | None:
    """About how many bytes of a format the clip takes."""
    size = fmt.get("filesize") or fmt.get("filesize_approx")
    if not isinstance(size, (int, float)) or not length or not isinstance(duration, (int, float)) or duration <= 0:
        return None
    return int(size * min(1.0, length / duration))
