"""A post of several items of which some can't be had: the others come, and what is missing is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yt_dlp
from yt_dlp.utils import YoutubeDLError

from platforms.extractor.errors import classify
from platforms.extractor.facts import facts
from utils.errors import (
    BotCheck,
    GoldcrestError,
    InternalError,
    ItemError,
    LocalError,
    MediaTool,
    RateLimited,
    TooLarge,
    UnsafeLink,
)

#: this machine's trouble, a post that is too large as a whole, traps, and what another identity may get past
_OF_ALL: Final = (LocalError, TooLarge, UnsafeLink, RateLimited, BotCheck)


class SparingYoutubeDL(yt_dlp.YoutubeDL):
    """YoutubeDL that goes on behind a broken entry of a list."""

    def process_ie_result(
        self, ie_result: Any, download: bool = True, extra_info: Mapping[str, Any] | None = None
    ) -> Any:
        """What yt-dlp makes of a result; of an entry that can't be read its error code as `missing`."""
        try:
            return super().process_ie_result(ie_result, download, extra_info)
        except (YoutubeDLError, ItemError) as error:
            if ((extra_info or {}).get("n_entries") or 0) < 2 or ends_all(error):  # noqa: PLR2004 - a list
                raise
            return {"id": ie_result.get("id"), "_type": "video", "missing": verdict(error).code, "spared": error}


def check_some_left(info: Mapping[str, Any]) -> None:
    """Raises the first entry's error where none of a list can be had."""
    entries = [entry for entry in info.get("entries") or () if entry]
    if entries and all("spared" in entry for entry in entries):
        raise entries[0]["spared"]


def verdict(error: BaseException) -> GoldcrestError:
    """The error of our tree that stands for an item's failure."""
    return classify(facts(error))


def ends_all(error: BaseException) -> bool:
    """Whether the other items of a post would meet the same, or nothing of it is to be trusted any more."""
    found = verdict(error)
    if isinstance(found, MediaTool):
        return False
    return isinstance(found, _OF_ALL) or found.code == InternalError.code
