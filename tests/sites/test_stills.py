"""The pictures of long posts: all different, sized and typed as they say."""

from __future__ import annotations

from tests.sites.media import Shelf
from tests.sites.recipes import STILLS
from tests.sites.stills import stills


def test_no_two_pictures_are_alike():
    """Twenty files with twenty digests, in all the formats that this ffmpeg makes."""
    shelf = Shelf()
    pictures = stills(shelf, STILLS)
    known = {picture.name for picture in pictures}
    assert len(pictures) == STILLS
    assert len({shelf.medium(name).sha256 for name in known}) == len(known)
    assert {"image/jpeg", "image/png"} <= {picture.mime for picture in pictures}
    assert all(shelf.medium(name).size_bytes > 1000 for name in known)


def test_a_post_may_begin_later():
    """What is skipped comes in no other place."""
    shelf = Shelf()
    assert stills(shelf, 3, skip=2) == stills(shelf, 5)[2:]
