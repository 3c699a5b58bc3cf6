"""A broadcast: HLS playlists whose window slides with the clock, in several forms, with faults on demand.

A tape of `TAPE_SECONDS` plays over and over. Each second of it is a segment; the next comes after `pace` seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tests.sites.messages import Reply, file, text
from tests.sites.recipes import TAPE_SECONDS

if TYPE_CHECKING:
    from tests.sites.media import Shelf

#: segments in a playlist
WINDOW: Final = 150
PACE_SECONDS: Final = 0.025
KEY: Final = bytes(range(16))
BOTH: Final = "avc1.42c01e,mp4a.40.2"
VARIANT: Final = '#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=256x144,CODECS="{codecs}"{more}\n{form}.m3u8\n'
SOUND: Final = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="en",DEFAULT=YES,URI="sound.m3u8"\n'
#: form of a stream -> its list of renditions
MASTERS: Final = {
    **{form: "#EXTM3U\n" + VARIANT.format(codecs=BOTH, more="", form=form) for form in ("mux", "fmp4", "secret")},
    "apart": "#EXTM3U\n" + SOUND + VARIANT.format(codecs="avc1.42c01e", more=',AUDIO="sound"', form="silent"),
}


class Broadcast:
    """`pace` and `window` may be changed at any time before it is watched; `lost`: numbers of segments that are 404.

    `gone`: playlists are 404; `served`: names of the segments that were fetched.
    """

    def __init__(self, shelf: Shelf, clock: Callable[[], float] = time.monotonic) -> None:
        self._shelf = shelf
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """On the air from now on, without faults."""
        self.pace = PACE_SECONDS
        self.window = WINDOW
        self.lost: set[int] = set()
        self.gone = False
        self.served: list[str] = []
        self._began = self._clock() - 3 * self.pace * self.window
        self._held: int | None = None
        self._ended = False

    @property
    def newest(self) -> int:
        """Number of the newest segment."""
        return self._held if self._held is not None else int((self._clock() - self._began) / self.pace)

    def stall(self) -> None:
        """Nothing new comes, and nothing says why."""
        self._held = self.newest

    def end(self) -> None:
        """The last segment has come, and the playlists say so."""
        self._held, self._ended = self.newest, True

    def vanish(self) -> None:
        """Playlists are 404, as when a channel goes off the air."""
        self._held, self.gone = self.newest, True

    def answer(self, name: str) -> Reply | None:
        """A playlist, key or segment by its name."""
        stem, _, ending = name.rpartition(".")
        if stem == "master" or (ending == "m3u8" and stem not in {"mux", "silent", "sound", "fmp4", "secret"}):
            return None
        if ending == "m3u8":
            return Reply(404) if self.gone else text(self.playlist(stem), "application/vnd.apple.mpegurl")
        if ending == "key":
            return Reply(200, (("Content-Type", "application/octet-stream"),), KEY)
        if stem.endswith("_init"):
            return file(self._shelf.path("live/init.mp4"))
        form, _, number = stem.rpartition("_")
        if not number.isdigit() or int(number) in self.lost:
            return Reply(404)
        self.served.append(name)
        return self._segment(form, int(number))

    def master(self, form: str) -> Reply:
        """The list of renditions of a form."""
        return text(MASTERS[form], "application/vnd.apple.mpegurl")

    def playlist(self, form: str) -> str:
        """What the media playlist of a form says now."""
        newest = self.newest
        first = max(0, newest - self.window + 1)
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
        if form == "secret":
            lines.append('#EXT-X-KEY:METHOD=AES-128,URI="secret.key"')
        for number in range(first, newest + 1):
            again = number % TAPE_SECONDS == 0
            if again and number > first:
                lines.append("#EXT-X-DISCONTINUITY")
            if form == "fmp4" and (again or number == first):
                lines.append(f'#EXT-X-MAP:URI="fmp4_{number // TAPE_SECONDS}_init.mp4"')
            lines += ["#EXTINF:1.0,", f"{form}_{number}.{'m4s' if form == 'fmp4' else 'ts'}"]
        return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if self._ended else []), ""])

    def _segment(self, form: str, number: int) -> Reply:
        place = number % TAPE_SECONDS
        if form != "secret":
            return file(self._shelf.path(f"live/{form}_{place}.{'m4s' if form == 'fmp4' else 'ts'}"))
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives.padding import PKCS7

        padder = PKCS7(128).padder()
        content = padder.update(self._shelf.path(f"live/mux_{place}.ts").read_bytes()) + padder.finalize()
        encryptor = Cipher(algorithms.AES(KEY), modes.CBC(number.to_bytes(16, "big"))).encryptor()
        return Reply(200, (("Content-Type", "video/mp2t"),), encryptor.update(content) + encryptor.finalize())
