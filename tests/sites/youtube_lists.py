"""YouTube's lists: playlists of any length by continuation, a channel's shelves, mixes that follow a video.

A playlist's id is PL, a kind and zeros up to 34 characters (`playlist_id`); the kind decides (`PLAYLISTS`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ID_LENGTH: Final = 34
VIDEO_LENGTH: Final = 11
#: kind -> number of items
PLAYLISTS: Final[Mapping[str, int]] = {"sixty": 60, "many": 10_000, "faulty": 30, "empty": 0}
#: kinds that nobody sees -> what the site says
UNSEEN: Final[Mapping[str, str]] = {
    "hidden": "This playlist is private.",
    "lost": "The playlist does not exist.",
}
UNVIEWABLE: Final = "This playlist type is unviewable."
#: every third item of a faulty playlist, in turns
FAULTS: Final = (("private", "[Private video]"), ("gone", "[Deleted video]"), ("geo", "Replica of somewhere else"))
CHANNEL: Final = "UC" + "g" * 22
HANDLE: Final = "@goldcrest"
#: shelf of the channel -> number of items
SHELVES: Final[Mapping[str, int]] = {"videos": 45, "shorts": 8, "streams": 2}
SHELF_KINDS: Final[Mapping[str, str]] = {"videos": "clip", "shorts": "short", "streams": "live"}
PAGE: Final = 100
SHELF_PAGE: Final = 30
MIX_PAGE: Final = 25
MIX_ITEMS: Final = 60

Data = dict[str, Any]


def playlist_id(kind: str) -> str:
    """The id of the playlist of that kind."""
    return f"PL{kind}".ljust(ID_LENGTH, "0")


def item_id(playlist: str, place: int) -> str:
    """Video at that place, counted from 0, of a list."""
    kind = "clip"
    if _kind(playlist) == "faulty" and place % 3 == 2:
        kind = FAULTS[place // 3 % len(FAULTS)][0]
    if playlist in SHELVES:
        kind = SHELF_KINDS[playlist]
    return f"{kind}{place:0{VIDEO_LENGTH - len(kind)}d}"


def samples() -> dict[str, str]:
    """Links to each list."""
    site = "https://www.youtube.com"
    lists = {kind: f"{site}/playlist?list={playlist_id(kind)}" for kind in (*PLAYLISTS, *UNSEEN)}
    return {f"list_{kind}": link for kind, link in lists.items()} | {
        "channel": f"{site}/{HANDLE}",
        "channel_by_id": f"{site}/channel/{CHANNEL}/videos",
        "channel_shorts": f"{site}/{HANDLE}/shorts",
        "mix": f"{site}/watch?v=clip0000000&list=RDclip0000000&start_radio=1",
        "in_list": f"{site}/watch?v=clip0000005&list={playlist_id('sixty')}&index=6",
    }


def page_data(path: str, playlist: str) -> Data | None:
    """The data in a list's page; None for a path that is none."""
    if path == "/playlist":
        return _playlist(playlist, 0)
    match = re.fullmatch(rf"/(?:{HANDLE}|c/goldcrest|channel/{CHANNEL})(?:/(\w+))?/?", path)
    return _shelf(match[1] or "videos") if match else None


def browse(asked: Mapping[str, Any]) -> Data:
    """The API that continues a list, or tells a playlist with the videos that nobody may watch."""
    token = asked.get("continuation")
    if not token:
        return _playlist(str(asked.get("browseId", "")).removeprefix("VL"), 0)
    playlist, _, start = str(token).partition("~")
    items = _items(playlist, int(start))
    return {"onResponseReceivedActions": [{"appendContinuationItemsAction": {"continuationItems": items}}]}


def mix(asked: Mapping[str, Any]) -> Data | None:
    """The list beside a video, from the video that was watched last; None where it isn't watched in a mix."""
    playlist = str(asked.get("playlistId") or "")
    if not playlist.startswith("RD"):
        return None
    last = re.search(r"[0-9]+$", str(asked.get("videoId") or ""))
    start = int(last[0]) if last else 0
    places = range(start, min(start + MIX_PAGE, MIX_ITEMS))
    contents = [{"playlistPanelVideoRenderer": _video(playlist, place) | _watch(playlist, place)} for place in places]
    return {"title": "Mix - Replica", "playlistId": playlist, "isInfinite": True, "contents": contents}


def _playlist(playlist: str, start: int) -> Data:
    kind = _kind(playlist)
    if kind not in PLAYLISTS:
        return _alert(UNVIEWABLE if playlist.startswith("RD") else UNSEEN.get(kind, UNSEEN["lost"]))
    inner = {"playlistVideoListRenderer": {"playlistId": playlist, "contents": _items(playlist, start)}}
    section = {"itemSectionRenderer": {"contents": [inner]}}
    tab = {"tabRenderer": {"selected": True, "content": {"sectionListRenderer": {"contents": [section]}}}}
    return {
        "contents": {"twoColumnBrowseResultsRenderer": {"tabs": [tab]}},
        "metadata": {"playlistMetadataRenderer": {"title": f"Replica list {kind}"}},
        "header": {
            "playlistHeaderRenderer": {
                "byline": [{"playlistBylineRenderer": {"text": _text(f"{PLAYLISTS[kind]:,} videos")}}]
            }
        },
    }


def _shelf(shelf: str) -> Data:
    """A page of the channel, with the tabs that lead to the others."""
    tabs = [
        {
            "tabRenderer": {
                "title": name.title(),
                "selected": name == shelf,
                "endpoint": _endpoint(f"/{HANDLE}/{name}"),
                **({"content": {"richGridRenderer": {"contents": _items(name, 0)}}} if name == shelf else {}),
            }
        }
        for name in SHELVES
    ]
    return {
        "contents": {"twoColumnBrowseResultsRenderer": {"tabs": tabs}},
        "metadata": {
            "channelMetadataRenderer": {
                "title": "Goldcrest",
                "externalId": CHANNEL,
                "vanityChannelUrl": f"http://www.youtube.com/{HANDLE}",
            }
        },
    }


def _items(playlist: str, start: int) -> list[Data]:
    """A page of renderers, and the token of the next one."""
    shelf = playlist in SHELVES
    total = SHELVES[playlist] if shelf else PLAYLISTS[_kind(playlist)]
    end = min(start + (SHELF_PAGE if shelf else PAGE), total)
    items = [_rich(playlist, place) if shelf else _row(playlist, place) for place in range(start, end)]
    if end < total:
        command = {"continuationCommand": {"token": f"{playlist}~{end}"}}
        items.append({"continuationItemRenderer": {"continuationEndpoint": command}})
    return items


def _row(playlist: str, place: int) -> Data:
    return {"playlistVideoRenderer": _video(playlist, place) | {"index": _text(str(place + 1))}}


def _rich(shelf: str, place: int) -> Data:
    video = item_id(shelf, place)
    if shelf == "shorts":
        command = {"innertubeCommand": {"reelWatchEndpoint": {"videoId": video}}}
        shown = {"primaryText": {"content": f"Short {place}"}}
        return _in_grid({"shortsLockupViewModel": {"entityId": video, "onTap": command, "overlayMetadata": shown}})
    renderer = _video(shelf, place)
    if shelf == "streams":
        renderer["thumbnailOverlays"] = [
            {"thumbnailOverlayTimeStatusRenderer": {"style": "LIVE", "text": _text("LIVE")}}
        ]
    return _in_grid({"videoRenderer": renderer})


def _in_grid(content: Data) -> Data:
    return {"richItemRenderer": {"content": content}}


def _video(playlist: str, place: int) -> Data:
    video = item_id(playlist, place)
    title = next((title for kind, title in FAULTS if video.startswith(kind)), f"Item {place + 1}")
    known = {} if title.startswith("[") else {"lengthSeconds": "4", "shortBylineText": _text("Goldcrest")}
    return {"videoId": video, "title": {"runs": [{"text": title}]}, **known}


def _watch(playlist: str, place: int) -> Data:
    endpoint = {"videoId": item_id(playlist, place), "playlistId": playlist, "index": place}
    return {"navigationEndpoint": {"watchEndpoint": endpoint}}


def _kind(playlist: str) -> str:
    known: Sequence[str] = [*PLAYLISTS, *UNSEEN]
    return next((kind for kind in known if playlist == playlist_id(kind)), "")


def _alert(words: str) -> Data:
    return {"alerts": [{"alertRenderer": {"type": "ERROR", "text": _text(words)}}]}


def _endpoint(url: str) -> Data:
    return {"commandMetadata": {"webCommandMetadata": {"url": url}}}


def _text(words: str) -> Data:
    return {"simpleText": words}
