"""Times in links and texts."""

from __future__ import annotations

import pytest

from platforms.registry import Registry
from platforms.times import seconds_of, written_range

REGISTRY = Registry()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *[("43", 43), ("43s", 43), ("1m2s", 62), ("1h2m3s", 3723), ("2H", 7200), ("90m", 5400), ("10min", 600)],
        *[("0:43", 43), ("1:20", 80), ("1:02:03", 3723), ("1:02:03.5", 3723.5), ("0:07,25", 7.25), ("12.5", 12.5)],
        *[("", None), ("x", None), ("-5", None), ("1:2:3:4", None), ("99999999999", None), ("999999999", None)],
        *[("1e3", None), ("٣", None), ("1m2m", None), ("nan", None), (" 0:43 ", 43), ("0", 0)],
    ],
)
def test_a_written_time(text, seconds):
    """As people and sites write it; nothing else is one, nor what is longer than a month."""
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("url", "start", "end"),
    [
        ("https://youtu.be/dQw4w9WgXcQ?t=43", 43, None),
        ("https://youtu.be/dQw4w9WgXcQ?si=x&t=1h2m3s", 3723, None),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=43s", 43, None),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ#t=1m2s", 62, None),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&time_continue=5", 5, None),
        ("https://www.youtube.com/embed/dQw4w9WgXcQ?start=10&end=20", 10, 20),
        ("https://www.youtube.com/embed/dQw4w9WgXcQ?end=20", 0, 20),
        ("https://www.youtube.com/embed/dQw4w9WgXcQ?start=30&end=20", 30, None),
        ("https://youtu.be/dQw4w9WgXcQ?t=0", None, None),
        ("https://youtu.be/dQw4w9WgXcQ?t=-5", None, None),
        ("https://youtu.be/dQw4w9WgXcQ?t=99999999999", None, None),
        ("https://youtu.be/dQw4w9WgXcQ?t=soon", None, None),
        ("https://www.youtube.com/playlist?list=PLtPgu7CB4gbY9oDN3drwC3cMbJggS7dKl&t=3", None, None),
        ("https://vimeo.com/160743502#t=43s", 43, None),
        ("https://dai.ly/x94cnnk?start=43", 43, None),
        ("https://www.twitch.tv/videos/635475444?t=1h2m3s", 3723, None),
        ("https://soundcloud.com/goldie/song#t=1:02", 62, None),
        ("https://example.com/a.mp4#t=10,20", 10, 20),
        ("https://example.com/a.mp4#t=,20", 0, 20),
        ("https://example.com/a.mp4#t=npt:10", 10, None),
        ("https://example.com/a.mp4?t=1700000000", None, None),
        ("https://example.com/a.mp4?t=10", None, None),
    ],
)
def test_the_place_that_a_link_points_to(url, start, end):
    """By what each site calls it, and by media fragments everywhere; nonsense is no place, and no refusal."""
    link = REGISTRY.claim(url)
    assert (link.start_seconds, link.end_seconds) == (start, end)


def test_the_key_is_that_of_the_item():
    """Whatever place two links point to, and where they begin."""
    for one, other in (
        ("https://youtu.be/dQw4w9WgXcQ?t=43", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
        ("https://example.com/a.mp4#t=10,20", "https://example.com/a.mp4"),
    ):
        assert REGISTRY.claim(one).canonical == REGISTRY.claim(other).canonical


@pytest.mark.parametrize(
    ("behind", "found"),
    [
        (" 0:43-1:20", ("0:43", "1:20")),
        (" 0:43 – 1:20 please", ("0:43", "1:20")),  # noqa: RUF001 - as phones write it
        (" (0:10-0:20)", ("0:10", "0:20")),
        (" 43s-80", ("43s", "80")),
        (" 1:20-", ("1:20", "")),
        (" 1:20 to end", ("1:20", "")),
        (" 1:20-0:43", ("1:20", "0:43")),
        *[(" 10-15", None), (" 10-15 people", None), ("\n0:10-0:20", None), (" 2:00", None), ("", None)],
    ],
)
def test_a_range_behind_a_link(behind, found):
    """On the same line, and only where it can't be a count of something else."""
    link = "https://youtu.be/dQw4w9WgXcQ"
    assert written_range(f"look {link}{behind}", link) == found
    assert written_range(f"look {link}{behind}", "") is None
