"""HLS media playlists, read and written."""

from __future__ import annotations

import pytest

from platforms.extractor import live_playlist
from platforms.extractor.live_playlist import Key, Resource, between, read_playlist, write_playlist
from utils.errors import DrmProtected, NoMedia, UnsafeLink

URL = "https://cdn.test/a/list.m3u8"
HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n"
RICH = f"""{HEAD}#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI="init.mp4",BYTERANGE="100@0"
#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x01
#EXTINF:4.0,
#EXT-X-BYTERANGE:50@100
all.mp4
#EXTINF:4.0,
#EXT-X-BYTERANGE:60
all.mp4
#EXT-X-DISCONTINUITY
#EXT-X-KEY:METHOD=NONE
#EXT-X-GAP
#EXTINF:2.5,title
/b/3.mp4
#EXT-X-ENDLIST
"""


def test_everything_that_a_segment_has():
    """Number, bytes, key, container's beginning, a clock that starts anew, what is lost."""
    playlist = read_playlist(RICH, URL)
    first, second, third = playlist.segments
    assert (playlist.target, playlist.ended) == (4.0, True)
    assert (first.sequence, second.sequence, third.sequence) == (7, 8, 9)
    assert first.resource == Resource("https://cdn.test/a/all.mp4", (100, 150))
    assert second.resource.span == (150, 210)
    assert third.resource == Resource("https://cdn.test/b/3.mp4")
    assert first.init == Resource("https://cdn.test/a/init.mp4", (0, 100))
    assert first.key == Key("https://cdn.test/a/k", bytes(15) + b"\x01")
    assert (third.key, third.broken, third.lost, third.seconds) == (None, True, True, 2.5)
    assert (first.broken, first.lost) == (False, False)


def test_what_is_written_reads_the_same():
    """But for what a clip doesn't need: gaps in the clock and promises of more."""
    segments = read_playlist(RICH.replace("#EXT-X-GAP\n", "").replace("#EXT-X-DISCONTINUITY\n", ""), URL).segments
    again = read_playlist(write_playlist(segments[1:]), "https://elsewhere.test/")
    assert again.segments == segments[1:]
    assert again.ended
    assert read_playlist(write_playlist(()), URL).segments == ()


@pytest.mark.parametrize(
    ("start", "end", "numbers", "began"),
    [
        (0, None, [0, 1, 2], 0),
        (4, 8, [1], 4),
        (3.9, 4.1, [0, 1], 0),
        (9, None, [2], 8),
        (12, None, [], 0),
        (5, 6, [1], 4),
    ],
)
def test_the_segments_that_hold_a_clip(start, end, numbers, began):
    """None too few, none too many."""
    segments = read_playlist(HEAD + "#EXTINF:4,\na.ts\n" * 3, URL).segments
    chosen, place = between(segments, start, end)
    assert ([each.sequence for each in chosen], place) == (numbers, began)


@pytest.mark.parametrize("told", ["nan", "-1", "0", "1e9", "x", "99999"])
def test_nonsense_lengths_count_as_usual(told):
    """A playlist of a stranger can't make the clock run away."""
    (segment,) = read_playlist(f"{HEAD}#EXTINF:{told},\na.ts\n", URL).segments
    assert segment.seconds == 4.0
    assert read_playlist("#EXTM3U\n#EXT-X-TARGETDURATION:x\na.ts\n", URL).segments[0].seconds == 6.0


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("<html>", NoMedia),
        ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n", NoMedia),
        (HEAD + "#EXTINF:1,\nfile:///etc/passwd\n", UnsafeLink),
        (HEAD + "#EXTINF:1,\ndata:video/mp2t,x\n", UnsafeLink),
        (HEAD + '#EXT-X-KEY:METHOD=AES-128,URI="file:///k"\n#EXTINF:1,\na.ts\n', UnsafeLink),
        (HEAD + '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x"\n#EXTINF:1,\na.ts\n', DrmProtected),
        (HEAD + '#EXT-X-KEY:METHOD=AES-128,KEYFORMAT="com.apple",URI="k"\n#EXTINF:1,\na.ts\n', DrmProtected),
    ],
)
def test_what_is_refused(text, error):
    """Other documents, other schemes, copy protection."""
    with pytest.raises(error):
        read_playlist(text, URL)


def test_a_playlist_has_a_bound(monkeypatch):
    """However long it goes on."""
    monkeypatch.setattr(live_playlist, "MOST_SEGMENTS", 2)
    with pytest.raises(NoMedia):
        read_playlist(HEAD + "#EXTINF:1,\na.ts\n" * 3, URL)
