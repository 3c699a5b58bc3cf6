"""Every replica's main failure modes through the whole chain: registry, egress proxy, child, yt-dlp, classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from platforms.registry import Registry
from tests.sites.more import MORE
from utils.errors import GoldcrestError

if TYPE_CHECKING:
    from tests.platforms.extractor.conftest import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")
REGISTRY = Registry()
LIMIT = 2_000 << 20

#: what a person is told, in the order of the table's columns
CODES = (
    *("removed", "private", "login_required", "age_restricted", "geo_blocked"),
    *("rate_limited", "site_blocked", "bot_check", "site_down", "no_media"),
)
#: site -> its sample for each of these, "-" where the site knows no such thing or tells nobody of it
TABLE = """
    bluesky     gone      -           -       -         -      many    wall    -          down   words
    dailymotion deleted   secret      -       -         geo    many    wall    -          down   -
    douyin      -         -           cookies -         -      many    -       -          down   -
    facebook    gone      members     login   -         -      many    wall    -          down   words
    imgur       gone      -           -       -         -      many    wall    -          down   -
    instagram   missing   -           login   adult     -      toomany -       -          down   hollow
    pinterest   gone      -           login   -         -      many    wall    -          down   -
    reddit      lost      secret      quara   -         -      many    -       -          down   words
    rumble      gone      -           -       -         -      many    wall    -          down   -
    rutube      gone      -           -       -         geo    many    -       -          down   -
    soundcloud  gone      -           -       -         geo    many    wall    -          down   -
    streamable  gone      -           -       -         -      many    wall    -          down   -
    threads     empty     -           login   -         -      many    wall    -          down   words
    tiktok      removed   private     login   sensitive region toomany blocked unsolvable down   -
    tumblr      gone      -           -       -         -      many    -       -          down   words
    twitch      lost      -           -       -         -      many    wall    -          down   -
    twitter     gone      protected   -       adult     -      toomany -       -          broken words
    vimeo       gone      embed_only  login   -         -      many    wall    -          down   -
    weibo       gone      -           -       -         -      many    wall    -          down   words
    xiaohongshu gone      -           -       -         -      many    wall    -          down   -
    youtube     gone      private     -       age       geo    rate    -       bot        down   -
"""
MODES = {
    (site, code): sample
    for site, *samples in map(str.split, TABLE.strip().splitlines())
    for code, sample in zip(CODES, samples, strict=True)
    if sample != "-"
}
SITES = {site for site, _ in MODES}


@pytest.mark.parametrize(("site", "code"), MODES)
async def test_each_failure_mode_has_its_class(shared: Running, site, code):
    """The one that its column names, whatever words or status the site puts it in."""
    link = REGISTRY.claim(shared.sites.samples()[site][MODES[site, code]])
    assert link.platform == site
    with pytest.raises(GoldcrestError) as caught:
        await REGISTRY.platform(site).probe(link, shared.host, LIMIT)
    assert caught.value.code == code, caught.value.detail


async def test_the_table_holds_every_replica():
    """At least twelve sites, each gone, asked too often and down; every column on more than one."""
    assert {*MORE, "instagram", "tiktok", "youtube"} == SITES
    assert len(SITES) >= 12
    assert {site for site, mode in MODES if mode == "rate_limited"} == SITES
    assert {site for site, mode in MODES if mode == "removed"} == SITES - {"douyin"}  # it tells nobody who is a guest
    assert {site for site, mode in MODES if mode == "site_down"} == SITES
    for code in CODES:
        assert sum(mode == code for _, mode in MODES) > 1
