"""Pages of lists: the real extractors through the real host against the replicas, and answers that make no sense."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from platforms.extractor.listing import ENTRIES, TITLE_CHARACTERS, list_info, listing
from platforms.extractor.protocol import REPLY_BYTES
from platforms.registry import Registry
from platforms.shapes import Link, Listing
from tests.sites.youtube_lists import SHELVES, item_id, playlist_id, samples
from utils.errors import EmptyList, GoldcrestError, Private, Removed

if TYPE_CHECKING:
    from tests.platforms.extractor.conftest import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")
REGISTRY = Registry()
LINK = Link("https://x.test/l", "x:playlist:l", "x", "playlist", "l")


async def page(shared: Running, sample: str, first: int, count: int) -> Listing:
    link = REGISTRY.claim(samples()[sample])
    site = REGISTRY.platform(link.platform)
    return await site.page(site.beside(link) or link, shared.host, first, count)


async def test_a_page_of_a_playlist(shared: Running):
    """Positions of the whole list, titles, addresses and lengths; nothing is asked about the items."""
    found = await page(shared, "list_sixty", 21, 10)
    assert (found.title, found.total, found.first, found.more) == ("Replica list sixty", 60, 21, True)
    assert [entry.position for entry in found.entries] == list(range(21, 31))
    last = found.entries[-1]
    assert (last.url[-11:], last.title, last.duration_seconds) == (item_id(playlist_id("sixty"), 29), "Item 30", 4)


async def test_the_last_page_and_the_one_behind_it(shared: Running):
    """Nothing follows the last one; behind it is nothing, which is no failure."""
    last = await page(shared, "list_sixty", 55, 10)
    assert ([entry.position for entry in last.entries], last.more, last.total) == ([*range(55, 61)], False, 60)
    behind = await page(shared, "list_sixty", 61, 10)
    assert (behind.entries, behind.more) == ((), False)


async def test_a_page_of_ten_thousand_items_costs_a_page(shared: Running):
    """Ten of them are asked for with two requests; the length is told."""
    shared.sites.requests.clear()
    found = await page(shared, "list_many", 1, 10)
    assert (len(found.entries), found.total, found.more) == (10, 10_000, True)
    asked = [each.path for each in shared.sites.requests.all() if "browse" in each.path or "playlist" in each.path]
    assert asked == ["/playlist", "/youtubei/v1/browse"]


async def test_items_that_nobody_may_watch_keep_their_place(shared: Running):
    """Private and deleted ones are listed as the site shows them."""
    found = await page(shared, "list_faulty", 1, 6)
    assert [entry.title for entry in found.entries] == [
        *("Item 1", "Item 2", "[Private video]", "Item 4", "Item 5", "[Deleted video]"),
    ]
    assert [entry.position for entry in found.entries] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("sample", "error"), [("empty", EmptyList), ("hidden", Private), ("lost", Removed)])
async def test_lists_without_items_say_why(shared: Running, sample: str, error: type[GoldcrestError]):
    """Empty, private and lost are three things."""
    with pytest.raises(error):
        await page(shared, f"list_{sample}", 1, 10)


async def test_a_channel_is_its_videos(shared: Running):
    """Not a list of shelves; the other shelves are named."""
    found = await page(shared, "channel", 1, 50)
    assert (len(found.entries), found.total, found.more) == (SHELVES["videos"], SHELVES["videos"], False)
    assert [each.url.rpartition("/")[2] for each in found.shelves] == ["streams", "shorts"]
    assert len((await page(shared, "channel_shorts", 1, 50)).entries) == SHELVES["shorts"]


async def test_a_mix_begins_at_its_video(shared: Running):
    """A list without an end that is known, page by page."""
    found = await page(shared, "mix", 1, 10)
    assert [entry.url[-11:] for entry in found.entries] == [f"clip{place:07}" for place in range(10)]
    assert (found.more, found.kind) == (True, "playlist")
    further = await page(shared, "mix", 31, 5)
    assert [entry.position for entry in further.entries] == [31, 32, 33, 34, 35]


async def test_the_list_beside_a_video(shared: Running):
    """A video opened from a playlist names that; an item without one names none, a list names no other."""
    found = await page(shared, "in_list", 1, 3)
    assert found.canonical == f"youtube:playlist:{playlist_id('sixty')}"
    site = REGISTRY.platform("youtube")
    for text in ("https://youtu.be/clip0000001", samples()["list_sixty"]):
        assert site.beside(REGISTRY.claim(text)) is None


HOSTILE: list[Any] = [
    {"url": "https://x.test/" + "\N{BIRD}" * 5000, "title": "\x00" * 9999, "duration": float("nan")},
    {"url": "file:///etc/passwd", "title": "\ud800", "duration": True},
    {"url": 5, "webpage_url": "https://x.test/\ud800", "title": ["x"], "duration": -1},
    None,
    "text",
]


async def test_what_crosses_from_the_worker_is_bounded():
    """The largest entries that a site could invent fit into one reply."""
    worst = {"title": "\N{BIRD}" * 9999, "url": "https://x.test/" + "a" * 3000 + "\N{BIRD}" * 80, "duration": 1}
    told = list_info({"title": "T" * 9999, "entries": [worst] * 500}, REPLY_BYTES)
    assert len(told["entries"]) == ENTRIES
    assert len(json.dumps(told)) < REPLY_BYTES
    assert len(told["entries"][0]["title"]) == TITLE_CHARACTERS


async def test_entries_that_make_no_sense_keep_their_place():
    """No address but a web page's, no length but a real one, no text that can't be written."""
    told = list_info({"entries": HOSTILE, "requested_entries": [4, 5, 6, 8, "9"]}, REPLY_BYTES)
    found = listing(json.loads(json.dumps(told)), LINK, 4, 10)
    assert [entry.position for entry in found.entries] == [4, 5, 6, 8]
    assert [entry.url for entry in found.entries] == ["", "", "", ""]
    assert {entry.duration_seconds for entry in found.entries} == {None}
    assert found.entries[1].title == "?"


async def test_an_answer_is_believed_as_far_as_it_makes_sense():
    """A worker that lies about its entries makes a page, not a crash."""
    entries = [7, {"position": "x", "url": {}, "title": 3}, {"position": 2, "url": "javascript:0", "duration": "x"}]
    found = listing({"entries": entries, "playlist_count": True}, LINK, 2, 5)
    assert [(entry.position, entry.url) for entry in found.entries] == [(2, "")]
    assert (found.total, found.title, found.more) == (2, "l", False)


async def test_a_count_that_the_list_contradicts_is_no_total():
    """Sites count what they don't show; an end in sight is the end."""
    entry = {"position": 1, "url": "https://x.test/1"}
    rows = [{**entry, "position": position} for position in (1, 2, 3)]
    assert listing({"entries": rows, "playlist_count": 9}, LINK, 1, 3).total == 3
    assert listing({"entries": rows, "playlist_count": 1}, LINK, 1, 2).total is None
    assert listing({"entries": rows, "playlist_count": 9}, LINK, 1, 2).total == 9
    assert listing({"entries": [], "playlist_count": 9}, LINK, 10, 2).total == 9


async def test_a_link_that_leads_to_one_item_is_a_list_of_it():
    """Some sites give a single item for what looks like a list."""
    told = list_info({"id": "a", "title": "Only", "duration": 3, "formats": []}, REPLY_BYTES)
    found = listing(told, LINK, 1, 5)
    assert [(each.position, each.url, each.title) for each in found.entries] == [(1, LINK.url, "Only")]
    assert (found.total, found.more) == (1, False)
