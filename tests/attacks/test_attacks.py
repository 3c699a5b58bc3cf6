"""Every bait and every disguise of a private address through the whole chain: nobody knocks, nothing leaks or stays."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
import pytest

from tests.attacks.world import World, code_of, open_world
from tests.sites.disguises import CANARY_NAMES, POISONED_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sites.harness import Sites

#: Baits at once; the host itself runs three probes and three downloads side by side.
SIDE_BY_SIDE: Final = 6
REFUSED: Final = frozenset({"private_address", "unsafe_link"})
#: What a person may be told of a bait. None of them says that something of ours broke or hung.
SENSIBLE: Final = REFUSED | {"unsupported", "no_media", "not_media", "live_now", "dead_link", "removed"}
#: Pages with a good video and a bait beside it.
HARMLESS: Final = ("page_poster", "page_track_tag", "page_smuggled")
#: A header that a short link's resolution doesn't know; it hands the link on as it is.
STAYS: Final = "net/redirect_by_refresh"
#: Redirects that urllib doesn't follow by itself: a short link that leads nowhere.
UNFOLLOWED: Final = ("redirect_to_gopher", "redirect_to_rtsp")
#: Fetching through an upstream proxy or directly, workers confined by the kernel or not: all baits go the whole way on
#: one diagonal; on the other those that the kernel's fence is there for go to a worker's fetch at once.
WORLDS: Final = [
    pytest.param(True, True, True, id="upstream-landlock-all"),
    pytest.param(False, False, True, id="direct-open-all"),
    pytest.param(True, False, False, id="upstream-open"),
    pytest.param(False, True, False, id="direct-landlock"),
]
#: Parts of the names of baits that aim past any proxy, or at a file.
PAST_PROXIES: Final = ("live_", "_rtmp", "file/", "as_video", "rtsp", "smuggled", "redirect_to_ftp", "disguise/dotted")


def all_links(sites: Sites) -> dict[str, str]:
    """Every bait, every disguise of the canary, and the poisoned names."""
    samples = sites.samples()
    names = (*POISONED_NAMES, *CANARY_NAMES)
    return {
        **samples["attacks"],
        **{f"disguise/{name}": link for name, link in samples["private"].items()},
        **{f"name/{name.partition('.')[0]}": f"http://{name}:{sites.canary.port}/clip.mp4" for name in names},
    }


def fits(name: str, code: str, *, upstream: bool) -> bool:
    """Whether that is a right end for a bait."""
    kind, _, title = name.partition("/")
    if kind == "name" or title.startswith("name_"):
        # Behind an upstream proxy names are its business; the one of the tests knows no such names. Of two answers by
        # turns the public one leads to the sites, which don't know the name either.
        unknown = {"site_down"} if upstream or title.endswith("turning") else set()
        return code in unknown or (code == "private_address" and not upstream)
    if kind == "disguise" or (kind == "net" and title.startswith(("redirect_by", "redirect_to_"))):
        return code in REFUSED or (code == "dead_link" and title in UNFOLLOWED)
    return code in SENSIBLE or (code == "ok" and title.startswith(HARMLESS))


async def take(world: World, name: str, link: str, *, whole_way: bool) -> list[str]:
    """One bait; the codes with which each way of taking it ended."""
    if not whole_way:
        return [await code_of(world.fetch(link))]
    codes = [await code_of(world.download(link))]
    if world.internet and name.startswith("disguise/"):
        codes.append(await code_of(world.fetch(link)))  # as if the front had let it pass
    if world.internet and "/redirect" in name and name != STAYS:
        codes.append(await code_of(world.resolve(link)))
    return codes


async def offer(world: World, links: Mapping[str, str], *, whole_way: bool) -> dict[str, list[str]]:
    """Take every bait; how each ended. Fails at the first contact or leak, naming what is under way."""
    codes: dict[str, list[str]] = {}
    under_way: set[str] = set()
    turns = asyncio.Semaphore(SIDE_BY_SIDE)

    async def turn(name: str, link: str) -> None:
        async with turns:
            under_way.add(name)
            codes[name] = await take(world, name, link, whole_way=whole_way)
            assert not world.contacts, f"one of {sorted(under_way)}"
            assert not world.leaks
            under_way.remove(name)

    async with asyncio.TaskGroup() as group:
        for name, link in links.items():
            group.create_task(turn(name, link))
    return codes


@pytest.mark.parametrize(("upstream", "landlock", "whole_way"), WORLDS)
async def test_nothing_gets_through(
    sites: Sites, hostile_environment: Path, tmp_path: Path, *, upstream: bool, landlock: bool, whole_way: bool
):
    """No contact, no piece of the secret, a sensible code, no file and no process left, whatever the environment."""
    root, home = set(Path("/").iterdir()), sorted(hostile_environment.rglob("*"))
    links = all_links(sites)
    if not whole_way:
        links = {name: link for name, link in links.items() if any(part in name for part in PAST_PROXIES)}
    async with open_world(sites, tmp_path / "world", upstream=upstream, landlock=landlock) as world:
        codes = await offer(world, links, whole_way=whole_way)
        await world.settle()
        state = world.host.state()
        assert state["running"] == 0
    assert not psutil.pid_exists(state["forkserver"])
    odd = {name: ends for name, ends in codes.items() if not all(fits(name, end, upstream=upstream) for end in ends)}
    assert not odd
    assert set(codes) == set(links)
    assert not world.contacts
    assert not world.leaks
    assert sorted(hostile_environment.rglob("*")) == home
    assert not list(hostile_environment.with_name("tmp").iterdir())
    assert set(Path("/").iterdir()) == root


@pytest.mark.parametrize(("upstream", "landlock"), [(True, True), (False, False)])
async def test_what_is_no_attack_still_works(
    sites: Sites, hostile_environment: Path, tmp_path: Path, *, upstream: bool, landlock: bool
):
    """Under the same bounds: a file to the byte, segments, parts that are merged, a page with a picture."""
    site = sites.public_url if upstream else sites.public_url.replace("https", "http")
    async with open_world(sites, tmp_path / "world", upstream=upstream, landlock=landlock) as world:
        paths = ("/m/mux_144.mp4", "/m/hls/master.m3u8", "/m/dash/manifest.mpd", "/page/og")
        found = await asyncio.gather(*(world.download(site + path) for path in paths))
        sizes = [(file.kind, file.width, file.height) for (file,) in found]
        assert sizes == [("video", 256, 144), ("video", 640, 360), ("video", 1280, 720), ("video", 640, 360)]
        assert found[0][0].size_bytes == sites.media.medium("mux_144.mp4").size_bytes
        assert all(file.thumbnail for (file,) in found)
        landlock_state = world.host.state()["landlock"]
        await world.settle()
    assert set(landlock_state) == {"abi", "files", "network"}
