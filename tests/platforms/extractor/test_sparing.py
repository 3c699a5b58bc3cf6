"""Which failures of one item end the whole post, and what is told of the others."""

from collections.abc import Mapping
from typing import Any

import pytest
from yt_dlp.utils import DownloadError, ExtractorError

from platforms.extractor.meter import Meter
from platforms.extractor.replies import missing_of
from platforms.extractor.sparing import check_some_left, ends_all, verdict
from platforms.extractor.trim import trim_info
from utils.errors import DiskFull, InternalError, MediaTool, NoMedia, PrivateAddress, Removed, TooLarge

GONE = ExtractorError("This post is no longer available", expected=True)


@pytest.mark.parametrize(
    ("error", "whole"),
    [
        (GONE, False),
        (NoMedia(), False),
        (MediaTool(), False),
        (DownloadError("HTTP Error 403: Forbidden"), False),
        (DownloadError("HTTP Error 429: Too Many Requests"), True),
        (ExtractorError("Sign in to confirm you're not a bot", expected=True), True),
        (DiskFull(), True),
        (TooLarge(), True),
        (PrivateAddress(), True),
        (InternalError(), True),
        (MemoryError(), True),
    ],
)
def test_what_ends_the_whole_post(error, whole):
    """What the others would meet, too, what another identity may get past, and traps."""
    assert ends_all(error) is whole


def test_a_list_of_failures_is_a_failure():
    """With the reason of the first; one that can be had is enough."""
    spared = [{"missing": "removed", "spared": Removed("first")}, {"missing": "no_media", "spared": NoMedia()}]
    with pytest.raises(Removed, match="first"):
        check_some_left({"entries": spared})
    check_some_left({"entries": [*spared, {"formats": []}]})
    check_some_left({"entries": []})
    check_some_left({})


def test_an_entry_crosses_without_its_exception():
    """Only the code does."""
    assert verdict(GONE).code == "removed"
    kept = trim_info({"_type": "playlist", "entries": [{"id": "1", "missing": "removed", "spared": GONE}]})
    assert kept["entries"] == [{"id": "1", "missing": "removed", "formats": []}]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (None, []),
        ("x", []),
        ([], []),
        ([{"position": 2, "code": "removed"}], [{"position": 2, "code": "removed"}]),
        ([{"position": 2, "code": "<script>"}], [{"position": 2, "code": "internal"}]),
        ([{"position": 0, "code": "removed"}, {"position": 21}, {"position": "1"}, 7, {}], []),
        ([{"position": 1}] * 50, [{"position": 1, "code": "internal"}] * 20),
    ],
)
def test_a_child_is_believed_only_what_makes_sense(told, kept):
    """Places of a post and codes of ours."""
    assert missing_of(told) == kept


def test_progress_goes_on_behind_a_part_that_did_not_come():
    """It counts for nothing, and the next one has its own place."""
    told: list[Mapping[str, Any]] = []
    meter = Meter(told.append, 1000, clock=lambda: 0.0)
    meter.expect([100, 200, 300], [None] * 3)
    meter.part_done(100)
    meter.skip_to(1)
    assert told[-1]["total_bytes"] == 600
    meter.skip_to(2)
    meter.part_done(300)
    meter.skip_to(3)
    assert (told[-1]["done_bytes"], told[-1]["total_bytes"]) == (400, 400)
