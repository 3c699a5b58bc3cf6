"""YouTube's lists, read by the real extractor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sites.youtube_lists import CHANNEL, MIX_ITEMS, PLAYLISTS, SHELVES, UNSEEN, item_id, playlist_id, samples

if TYPE_CHECKING:
    from tests.sites.conftest import Downloader
    from tests.sites.harness import Sites

FLAT: dict[str, Any] = {"extract_flat": "in_playlist"}


def ids(outcome):
    return [entry["id"] for entry in outcome.info["entries"]]


@pytest.mark.parametrize("kind", ["sixty", "faulty", "empty"])
def test_a_playlist_is_read_to_its_end(ytdl: Downloader, kind: str):
    """Every item in its place, those included that nobody may watch."""
    outcome = ytdl(samples()[f"list_{kind}"], **FLAT)
    assert ids(outcome) == [item_id(playlist_id(kind), place) for place in range(PLAYLISTS[kind])]
    assert outcome.info["title"] == f"Replica list {kind}"


def test_the_first_page_of_a_long_playlist_costs_two_requests_of_its_list(ytdl: Downloader, sites: Sites):
    """Ten thousand items are there; whoever asks for fifty gets them without continuing."""
    outcome = ytdl(samples()["list_many"], playlist_items="1:50", **FLAT)
    assert len(ids(outcome)) == 50
    assert [entry.path for entry in sites.requests.all() if "browse" in entry.path or "playlist" in entry.path] == [
        "/playlist",
        "/youtubei/v1/browse",
    ]


def test_a_range_far_inside_is_reached_by_continuations(ytdl: Downloader):
    """Items 251 to 253 stand on the third page."""
    outcome = ytdl(samples()["list_many"], playlist_items="251:253", **FLAT)
    assert ids(outcome) == [item_id(playlist_id("many"), place) for place in (250, 251, 252)]


@pytest.mark.parametrize("kind", UNSEEN)
def test_an_unseen_playlist_says_why(ytdl: Downloader, kind: str):
    """In the site's own words."""
    assert UNSEEN[kind] in ytdl(samples()[f"list_{kind}"], **FLAT).message


def test_a_channel_has_its_shelves(ytdl: Downloader):
    """Videos by two pages, shorts, streams that are told as live."""
    videos = ytdl(samples()["channel_by_id"], **FLAT)
    assert (len(ids(videos)), videos.info["channel_id"]) == (SHELVES["videos"], CHANNEL)
    assert len(ids(ytdl(samples()["channel_shorts"], **FLAT))) == SHELVES["shorts"]
    whole = ytdl(samples()["channel"], **FLAT)
    assert [len(list(shelf["entries"])) for shelf in whole.info["entries"]] == [45, 2, 8]
    assert {entry["live_status"] for entry in whole.info["entries"][1]["entries"]} == {"is_live"}


def test_a_mix_goes_on_from_its_last_video(ytdl: Downloader):
    """Page by page until nothing new comes."""
    outcome = ytdl(samples()["mix"], noplaylist=False, **FLAT)
    assert len(ids(outcome)) == len(set(ids(outcome))) == MIX_ITEMS


def test_a_video_in_a_list_is_a_video(ytdl: Downloader):
    """Where only one item is asked for."""
    assert ytdl(samples()["in_list"], noplaylist=True).info["id"] == "clip0000005"
