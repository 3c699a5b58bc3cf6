"""Who asks a site: load and health decide, a refused identity rests and the next one asks; time and dice are ours."""

import asyncio
from typing import Any

import pytest

from core.identities import ITEMS, LONGEST_REST_SECONDS, MOST_TRIES, Identities
from core.item_cache import ItemCache
from core.platform_manager import PlatformManager
from platforms.shapes import ANONYMOUS, Identity, Link, Media, Quality
from utils.circuit_breaker import BreakerPolicy
from utils.circuit_breakers import Breakers
from utils.config import load_settings
from utils.errors import (
    AgeRestricted,
    BadCookies,
    BotCheck,
    CutOff,
    GeoBlocked,
    IdentitiesResting,
    LoginRequired,
    Private,
    ProxyDown,
    RateLimited,
    Removed,
    SiteBlocked,
    SiteDown,
)

ANNA, BEN = Identity("anna", cookies="/anna.txt"), Identity("ben", cookies="/ben.txt")
NORTH, SOUTH = Identity("north", proxy="http://north.test"), Identity("south", proxy="http://south.test")


class Site:
    """Notes who asks; `answers` by the identity's name are raised one after the other, then it lets everybody in."""

    def __init__(self, identities, answers):
        self.identities = identities
        self.answers = {name: list(errors) for name, errors in answers.items()}
        self.asked = []

    async def __call__(self, item="item"):
        return await self.identities.run("site", item, self.answer)

    async def answer(self, identity):
        self.asked.append(identity.name)
        if self.answers.get(identity.name):
            raise self.answers[identity.name].pop(0)
        return identity.name


@pytest.fixture
def now():
    return [1000.0]


@pytest.fixture
def pool(now):
    def make(*members, **answers):
        breakers = Breakers(BreakerPolicy(), clock=lambda: now[0])
        return Site(Identities({"site": members} if members else {}, breakers, rng=lambda: 0.5), answers)

    return make


def figures(site):
    return {each["name"]: each for each in site.identities.figures()["site"]}


def breaker(site, name):
    return site.identities._breakers.get(f"site/{name}")


async def test_without_identities_a_site_is_asked_as_ever(pool):
    """Errors pass as they are, nothing rests, nothing is noted."""
    site = pool(anonymous=[BotCheck()])
    with pytest.raises(BotCheck):
        await site()
    assert await site() == "anonymous"
    assert (site.identities.figures(), site.identities.identities("site")) == ({}, ())


async def test_the_least_loaded_is_asked(pool):
    """Calls that run side by side spread; each place is free again afterwards."""
    site = pool(NORTH, SOUTH)
    gate = asyncio.Event()

    async def hold(identity):
        site.asked.append(identity.name)
        await gate.wait()

    calls = [asyncio.create_task(site.identities.run("site", str(number), hold)) for number in range(4)]
    await asyncio.sleep(0)
    assert sorted(site.asked) == ["north", "north", "south", "south"]
    assert [each["running"] for each in figures(site).values()] == [2, 2]
    gate.set()
    await asyncio.gather(*calls)
    assert [each["running"] for each in figures(site).values()] == [0, 0]


async def test_chance_decides_between_equals(now):
    """With dice that fall the other way the other one is asked."""
    for dice, wanted in ([0.1, 0.2], "north"), ([0.2, 0.1], "south"):
        falls = iter(dice)
        breakers = Breakers(BreakerPolicy(), clock=lambda: now[0])
        site = Site(Identities({"site": (NORTH, SOUTH)}, breakers, rng=falls.__next__), {})
        assert await site() == wanted


async def test_who_failed_lately_is_asked_less(pool):
    """A failure of the site itself is raised, and tips the scales towards the other until that fails too."""
    site = pool(NORTH, SOUTH, north=[SiteDown()])
    with pytest.raises(SiteDown):
        await site("a")
    assert [await site(each) for each in "bc"] == ["south", "south"]
    assert (figures(site)["north"]["failed"], figures(site)["north"]["last_error"]) == (1, "site_down")


async def test_an_account_is_spared(pool):
    """It is asked only where nobody else may, or where two more calls already run through everybody's identity."""
    site = pool(ANNA, ANONYMOUS)
    gate = asyncio.Event()

    async def hold(identity):
        site.asked.append(identity.name)
        await gate.wait()

    calls = [asyncio.create_task(site.identities.run("site", str(number), hold)) for number in range(4)]
    await asyncio.sleep(0)
    assert site.asked == ["anonymous", "anonymous", "anna", "anonymous"]
    gate.set()
    await asyncio.gather(*calls)


@pytest.mark.parametrize("error", [BotCheck(), RateLimited(), SiteBlocked(), ProxyDown(), BadCookies("useless")])
async def test_a_refused_identity_rests_and_the_next_one_asks(pool, error):
    """Within the same attempt; the next call doesn't ask it again."""
    site = pool(NORTH, SOUTH, north=[error])
    assert await site("a") == "south"
    assert await site("b") == "south"
    assert site.asked == ["north", "south", "south"]
    assert figures(site)["north"]["resting_seconds"] > 0
    assert figures(site)["north"]["state"] == "open"


async def test_a_rest_is_as_long_as_the_site_asks(pool, now):
    """A Retry-After is kept to the second; then it is asked again."""
    site = pool(NORTH, SOUTH, north=[RateLimited(retry_after_seconds=300)])
    await site("a")
    assert figures(site)["north"]["resting_seconds"] == 300
    site.answers["south"] = [RateLimited()] * 9
    now[0] += 299
    with pytest.raises(IdentitiesResting):
        await site("b")
    now[0] += 1
    assert await site("c") == "north"


async def test_rests_double_until_something_goes_well(pool, now):
    """One identity alone: 10, 20, 40 minutes, never more than two hours; after a success 10 again."""
    site = pool(NORTH, north=[BotCheck()] * 6)
    rests = []
    for _ in range(6):
        with pytest.raises(BotCheck):
            await site()
        rests.append(figures(site)["north"]["resting_seconds"])
        now[0] += rests[-1] + 1
    assert rests == [600, 1200, 2400, 4800, LONGEST_REST_SECONDS, LONGEST_REST_SECONDS]
    await site()
    site.answers["north"] = [BotCheck()]
    with pytest.raises(BotCheck):
        await site()
    assert figures(site)["north"]["resting_seconds"] == 600


async def side_by_side(site, meanwhile=lambda: None, calls=5):
    """So many calls that begin together; `meanwhile` is done before the site answers the first."""
    gate = asyncio.Event()

    async def answer(identity):
        await gate.wait()
        return await site.answer(identity)

    running = [asyncio.create_task(site.identities.run("site", str(number), answer)) for number in range(calls)]
    await asyncio.sleep(0)
    meanwhile()
    gate.set()
    return await asyncio.gather(*running, return_exceptions=True)


async def test_calls_that_are_refused_together_are_one_rest(pool, now):
    """Five bot checks at once rest an identity as long as one does; so does the next one after that, twice as long."""
    site = pool(NORTH, north=[BotCheck()] * 9)
    assert {type(end) for end in await side_by_side(site)} == {BotCheck}
    assert figures(site)["north"]["resting_seconds"] == 600
    assert figures(site)["north"]["failed"] == 5
    now[0] += 600
    with pytest.raises(BotCheck):
        await site()
    assert figures(site)["north"]["resting_seconds"] == 1200


async def test_what_an_operator_decides_stands(pool):
    """A refusal of a call that began before neither ends a hold nor takes back a resumption."""
    site = pool(NORTH, north=[BotCheck()] * 9)
    await side_by_side(site, lambda: breaker(site, "north").open())
    assert (figures(site)["north"]["state"], figures(site)["north"]["resting_seconds"]) == ("open", None)
    breaker(site, "north").close()
    await side_by_side(site, lambda: breaker(site, "north").close(), calls=2)
    assert figures(site)["north"]["state"] == "closed"


async def test_cookies_that_were_renewed_begin_anew(pool):
    """Neither rest nor record of the old ones counts, nor a late refusal of them; what is held stays held."""
    site = pool()
    site.identities.set_uploaded("site", (ANNA,))
    breaker(site, "anonymous").open()
    fresh = figures(site)["anna"]
    site.answers["anna"] = [BotCheck(), BotCheck()]
    with pytest.raises(IdentitiesResting):
        await site()
    assert figures(site)["anna"]["resting_seconds"] == 600
    site.identities.renewed("site", "anna")
    assert figures(site)["anna"] == fresh
    await side_by_side(site, lambda: site.identities.renewed("site", "anna"), calls=1)
    assert await site() == "anna"
    breaker(site, "anna").open()
    site.identities.renewed("site", "anna")
    assert figures(site)["anna"]["resting_seconds"] is None


async def test_all_resting_is_one_error_with_the_time_to_wait(pool):
    """The shortest rest counts; the site isn't asked again before."""
    site = pool(NORTH, SOUTH, north=[RateLimited(retry_after_seconds=90)], south=[RateLimited(retry_after_seconds=70)])
    for _ in range(2):
        with pytest.raises(IdentitiesResting) as error:
            await site()
        assert error.value.retry_after_seconds == 70
    assert site.asked == ["north", "south"]
    assert error.value.detail == "nobody was asked"


async def test_only_dead_proxies_are_told_as_such(pool):
    """The sentence names the proxy, not a rest."""
    site = pool(NORTH, SOUTH, north=[ProxyDown()], south=[ProxyDown()])
    with pytest.raises(ProxyDown):
        await site()


async def test_one_attempt_tries_so_many_and_no_more(pool):
    """However large the pool is."""
    members = [Identity(f"p{number}", proxy=f"http://p{number}.test") for number in range(MOST_TRIES + 2)]
    site = pool(*members, **{each.name: [SiteBlocked()] for each in members})
    with pytest.raises(IdentitiesResting):
        await site()
    assert len(site.asked) == MOST_TRIES


@pytest.mark.parametrize("error", [LoginRequired, AgeRestricted, Private])
async def test_what_needs_an_account_is_taken_to_one(pool, error):
    """Everybody's identity doesn't rest for that; those without cookies are not asked in vain."""
    site = pool(ANONYMOUS, NORTH, ANNA, anonymous=[error()], north=[error()])
    assert await site() == "anna"
    assert len(site.asked) == 2
    assert all(each["state"] == "closed" for each in figures(site).values())
    assert await site() == "anna", "the next question about the item goes to whom was let in"
    assert len(site.asked) == 3


async def test_an_item_behind_a_login_is_told_where_no_account_is_left(pool):
    """Without cookies at once; with cookies that no longer work those rest, and the next account is tried."""
    site = pool(ANONYMOUS, NORTH, anonymous=[LoginRequired()], north=[LoginRequired()])
    with pytest.raises(LoginRequired):
        await site()
    assert len(site.asked) == 1
    site = pool(ANNA, BEN, anna=[LoginRequired()], ben=[LoginRequired("his")])
    with pytest.raises(LoginRequired):
        await site()
    assert site.asked == ["anna", "ben"]
    assert {each["resting_seconds"] for each in figures(site).values()} == {60.0}


async def test_an_account_that_rests_is_worth_waiting_for(pool):
    """The item needs it, so the time until then is told, not that the item can't be had."""
    site = pool(ANONYMOUS, ANNA, anna=[BotCheck()], anonymous=[BotCheck(), LoginRequired()])
    with pytest.raises(IdentitiesResting):
        await site("a")
    site.identities._pools["site"][0].breaker.close()
    with pytest.raises(IdentitiesResting) as error:
        await site("b")
    assert error.value.retry_after_seconds == 600
    assert error.value.detail == "login_required"


async def test_another_country_is_tried_through_another_proxy(pool):
    """Not through the same one with another account."""
    beside = Identity("beside", cookies="/c.txt", proxy=NORTH.proxy)
    site = pool(NORTH, beside, SOUTH, north=[GeoBlocked()])
    assert await site() == "south"
    assert site.asked == ["north", "south"]
    site = pool(NORTH, north=[GeoBlocked()])
    with pytest.raises(GeoBlocked):
        await site()


async def test_a_removed_item_is_nobodys_fault(pool):
    """It is raised at once and counts against no identity; neither does a cancellation."""
    site = pool(NORTH, SOUTH, north=[Removed()])
    with pytest.raises(Removed):
        await site("a")
    site.answers["north"] = site.answers["south"] = [asyncio.CancelledError()]
    with pytest.raises(asyncio.CancelledError):
        await site("b")
    assert [(each["failed"], each["running"]) for each in figures(site).values()] == [(0, 0), (0, 0)]


async def test_its_own_breaker_opens_for_an_identity_that_keeps_failing(pool):
    """Transfers that break through one proxy leave the other one to work."""
    site = pool(NORTH, north=[CutOff()] * 5)
    for _ in range(5):
        with pytest.raises(CutOff):
            await site()
    with pytest.raises(IdentitiesResting):
        await site()
    assert len(site.asked) == 5


async def test_uploaded_accounts_join_and_leave(pool):
    """Beside the site's own list, or beside everybody's identity; what is known of those that stay is kept."""
    site = pool()
    site.identities.set_uploaded("site", (ANNA,))
    assert site.identities.identities("site") == (ANONYMOUS, ANNA)
    await site()
    site.identities.set_uploaded("site", (ANNA, BEN))
    assert figures(site)["anonymous"]["success"] == 1
    site.identities.set_uploaded("site", ())
    assert site.identities.identities("site") == ()
    listed = pool(NORTH)
    assert listed.identities.listed() == (("site", NORTH),)
    listed.identities.set_uploaded("site", (BEN,))
    assert {each.name for each in listed.identities.identities("site")} == {"north", "ben"}


async def test_items_are_remembered_within_a_bound(pool):
    """The oldest is forgotten."""
    site = pool(NORTH, SOUTH)
    for number in range(ITEMS + 1):
        await site(str(number))
    assert len(site.identities._items) == ITEMS


async def test_figures_hold_no_secret(pool):
    """Neither a proxy's password nor a path."""
    site = pool(Identity("x", cookies="/secret.txt", proxy="http://me:secret@proxy.test"))
    await site()
    assert "secret" not in repr(site.identities.figures())
    assert "secret" not in repr(site.identities.identities("site"))


async def test_whoever_was_sent_to_rest_before_the_turn_came_is_not_asked(pool):
    """An identity is chosen when the site's turn has come, and no turn is waited for where all rest."""
    site = pool(NORTH, SOUTH)
    turns: list[list[str]] = []

    async def turn():
        turns.append(site.asked[:])
        breaker(site, "north").open()

    assert await site.identities.run("site", "a", site.answer, turn) == "south"
    breaker(site, "south").open()
    for _ in range(2):
        with pytest.raises(IdentitiesResting):
            await site.identities.run("site", "b", site.answer, turn)
    assert turns == [[]]
    breaker(site, "south").open(0)
    with breaker(site, "south").admit(), pytest.raises(IdentitiesResting):
        await site.identities.run("site", "c", site.answer, turn)


async def test_each_identity_that_is_asked_costs_a_turn(pool):
    """Where there is no pool, too."""
    for members, asked in ((NORTH, SOUTH), ["north", "south"]), ((), ["anonymous"]):
        site = pool(*members, north=[BotCheck()])
        turns: list[int] = []

        async def turn(site=site, turns=turns):
            turns.append(len(site.asked))

        await site.identities.run("site", "a", site.answer, turn)
        assert (site.asked, turns) == (asked, [*range(len(asked))])


# --- behind the platform manager


class Extractor:
    """Says as whom it asks; `as_identity` gives a view."""

    def __init__(self, name="plain"):
        self.name = name

    def as_identity(self, identity):
        return Extractor(identity.name)

    async def resolve(self, url):
        return f"https://site.test/{self.name}"


class Asked(Site):
    """A registry and its one platform."""

    def platform(self, _name):
        return self

    def claim(self, url):
        return Link(url, f"site:{url}", "site", "video", "1")

    async def probe(self, link, extractor, _max_bytes):
        self.asked.append(extractor.name)
        if self.answers.get(extractor.name):
            raise self.answers[extractor.name].pop(0)
        best = Quality("best", "360p", 360, "h264", 10, True, "18")
        return Media("site", "1", "video", link.canonical, link.url, "T", (best,))


@pytest.mark.parametrize(
    ("members", "answers", "wanted"),
    [
        (None, {}, ["plain"]),
        ((), {}, ["plain"]),
        ((ANONYMOUS, ANNA), {"plain": [LoginRequired()]}, ["plain", "anna"]),
        ((NORTH, SOUTH), {"north": [BotCheck()], "south": [SiteDown()]}, ["north", "south", "south"]),
    ],
)
async def test_each_attempt_of_the_manager_walks_the_pool(pool, members, answers, wanted):
    """Nobody in particular is the extractor itself; a retry of what may pass meets only those that don't rest."""
    site = Asked(None, answers)
    identities = None if members is None else pool(*members).identities
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    registry: Any = site
    extractor: Any = Extractor()
    manager = PlatformManager(
        registry,
        extractor,
        load_settings({}).retry,
        max_bytes=100,
        items=ItemCache(info_seconds=60),
        identities=identities,
        sleep=sleep,
        rng=lambda: 0.5,
    )
    media = await manager.probe(Link("https://site.test/1", "site:1", "site", "video", "1"))
    assert (media.id, site.asked) == ("1", wanted)
    short = Link("https://s.test/1", "site:share:1", "site", "item", "1", short=True)
    assert (await manager.resolve(short)).url.rpartition("/")[2] in {"plain", "anna", "south"}
