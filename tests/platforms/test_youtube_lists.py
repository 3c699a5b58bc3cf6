"""YouTube's channels and mixes: what is asked for, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from platforms.base import Platform
from platforms.registry import Registry
from utils.errors import EmptyList, Removed

REGISTRY = Registry()
UC = "UC" + "a" * 22


class Extractor:
    """Answers with one item; pages that end in one of `missing` are empty."""

    def __init__(self, *missing: str, error: type[Exception] = EmptyList) -> None:
        self.missing = missing
        self.error = error
        self.asked: list[str] = []

    async def extract(self, url: str, options: Any) -> dict[str, Any]:
        assert options["noplaylist"] is False
        self.asked.append(url)
        if url.endswith(self.missing):
            raise self.error
        return {"title": "T", "entries": [{"position": 1, "url": "https://youtu.be/clip0000000", "title": "I"}]}


async def page(text: str, extractor: Any) -> Any:
    link = REGISTRY.claim(text)
    return await REGISTRY.platform("youtube").page(link, extractor, 1, 10)


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("https://www.youtube.com/@NASA", "@nasa"),
        ("https://www.youtube.com/@NASA/featured", "@nasa"),
        ("https://www.youtube.com/c/NASA", "c/nasa"),
        (f"https://www.youtube.com/channel/{UC}", f"channel/{UC}"),
        (f"https://www.youtube.com/channel/{UC}/videos", f"channel/{UC}"),
    ],
)
async def test_a_channel_is_the_first_shelf_that_it_has(text: str, root: str):
    """Videos, else streams, else shorts; the ones not looked at are named."""
    site = f"https://www.youtube.com/{root}"
    for missing, shelf, others in (
        ((), "videos", ["streams", "shorts"]),
        (("videos",), "streams", ["shorts"]),
        (("videos", "streams"), "shorts", []),
    ):
        extractor = Extractor(*missing)
        found = await page(text, extractor)
        assert extractor.asked[-1] == f"{site}/{shelf}"
        assert [each.title for each in found.shelves] == others
    extractor = Extractor("videos", "streams", "shorts")
    with pytest.raises(EmptyList):
        await page(text, extractor)
    assert len(extractor.asked) == 3


async def test_a_channel_that_is_gone_is_asked_for_once():
    """Its other shelves are gone as well."""
    extractor = Extractor("videos", error=Removed)
    with pytest.raises(Removed):
        await page("https://www.youtube.com/@gone", extractor)
    assert len(extractor.asked) == 1


@pytest.mark.parametrize("shelf", ["shorts", "streams", "playlists"])
async def test_a_named_shelf_is_that_shelf(shelf: str):
    """As the link says."""
    extractor = Extractor()
    found = await page(f"https://www.youtube.com/@NASA/{shelf}", extractor)
    assert (extractor.asked, found.shelves) == ([f"https://www.youtube.com/@NASA/{shelf}"], ())


@pytest.mark.parametrize(
    ("name", "video"),
    [("RDdQw4w9WgXcQ", "dQw4w9WgXcQ"), ("RDMMdQw4w9WgXcQ", "dQw4w9WgXcQ"), ("RDAMVMdQw4w9WgXcQ", "dQw4w9WgXcQ")],
)
async def test_a_mix_is_asked_for_at_its_video(name: str, video: str):
    """Its own page can't be seen."""
    extractor = Extractor()
    await page(f"https://www.youtube.com/playlist?list={name}", extractor)
    assert extractor.asked == [f"https://www.youtube.com/watch?v={video}&list={name}"]


@pytest.mark.parametrize("name", ["PLtPgu7CB4gbY9oDN3drwC3cMbJggS7dKl", "RDCLAK5uy_kmPRjHDECIcuVwnKsx2Ng7fyNgFKWNJFs"])
async def test_a_playlist_is_asked_for_at_its_page(name: str):
    """Those that the site has made too, as long as they have a page."""
    extractor = Extractor()
    await page(f"https://www.youtube.com/playlist?list={name}", extractor)
    assert extractor.asked == [f"https://www.youtube.com/playlist?list={name}"]


def test_a_site_without_such_links_names_no_list():
    """The ordinary case."""
    assert Platform.beside(REGISTRY.platform("vimeo"), REGISTRY.claim("https://vimeo.com/76979871")) is None
