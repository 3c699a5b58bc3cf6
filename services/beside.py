"""What is written beside a link in a text: positions of a list, times of a clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from platforms.parts import written_clip
from platforms.times import written_range
from services.ranges import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from platforms.shapes import Link


def looks_like_positions(text: str) -> bool:
    """Whether a text is made of digits and signs alone, or is the word for everything."""
    text = text.strip().lower()
    return text == ALL or (any(map(str.isdecimal, text)) and not any(map(str.isalpha, text)))


def part_beside(text: str, link: Link) -> str:
    """Key of the clip whose times stand behind the link; "" for none. Raises BadPart."""
    written = written_range(text, link.text)
    return written_clip(*written).key if written else ""


def positions_beside(text: str, links: Sequence[Link]) -> str:
    """The positions that stand beside the only link of a text; "" where there is anything else."""
    if len(links) != 1 or part_beside(text, links[0]):
        return ""
    beside = text.replace(links[0].text, " ", 1).strip().lower()
    return beside if looks_like_positions(beside) else ""
