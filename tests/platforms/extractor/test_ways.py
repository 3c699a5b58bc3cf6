"""Which way is tried when, what leads on to the next one, and what is told when none is let in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platforms.extractor.ways import ITEMS, LATELY_SECONDS, MOST_TRIES, WayFinder, Ways, laid_over
from platforms.shapes import FetchOrder, Way
from utils.errors import (
    AgeRestricted,
    BotCheck,
    ExtractorBroken,
    GoldcrestError,
    ItemError,
    JavaScriptNeeded,
    NoMedia,
    RateLimited,
    Removed,
    SiteBlocked,
    SiteDown,
    UnknownQuality,
)

URL = "https://site.test/1"
PLAIN = Way("plain", {"extractor_args": {"site": {"client": ["a"]}}}, anonymous=True)
PROOF = Way("proof", {}, needs=("po_token",), anonymous=True)
SCRIPT = Way("script", {}, needs=("javascript",), uses=("po_token",), anonymous=True)
ACCOUNT = Way("account", {}, needs=("cookies",))
ALL = (PLAIN, PROOF, SCRIPT, ACCOUNT)
POOR = {"poor": True}
RICH = {"poor": False}


class Site:
    """An extractor whose answers by way are written down; `tools` are at hand. The last answer of a way stays."""

    def __init__(self, answers: dict[str, Any], tools: str = "po_token javascript cookies", ways: Any = ALL) -> None:
        self.answers = {name: list(given) if isinstance(given, list) else [given] for name, given in answers.items()}
        self.tools = set(tools.split())
        self.tried: list[str] = []
        self.now = 0.0
        self.known = Ways(lambda: self.now)
        self.finder = WayFinder(self, "site", ways, lambda info: info["poor"], self.known, self.has)  # type: ignore[arg-type]

    async def has(self, tool: str) -> bool:
        return tool in self.tools

    async def extract(self, url: str, options: Any) -> dict[str, Any]:
        tools = options["tools"]
        name = next((way.name for way in ALL if list(way.needs) == tools[: len(way.needs)] and way.needs), "plain")
        self.tried.append(name)
        answers = self.answers[name]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, type):
            raise answer
        return dict(answer)

    async def fetch(self, order: FetchOrder, on_progress: Any) -> dict[str, Any]:
        return await self.extract(order.url, order.options)

    async def resolve(self, url: str) -> str:
        return f"{url}/resolved"

    async def ask(self, url: str = URL) -> dict[str, Any]:
        self.tried.clear()
        return await self.finder.extract(url, {})

    async def fails(self) -> GoldcrestError:
        with pytest.raises(GoldcrestError) as caught:
            await self.ask()
        return caught.value


async def test_one_way_that_works_is_enough():
    """The others aren't tried."""
    site = Site({"plain": RICH})
    assert await site.ask() == RICH
    assert site.tried == ["plain"]


@pytest.mark.parametrize("error", [BotCheck, SiteBlocked, ExtractorBroken, NoMedia, UnknownQuality, ItemError])
async def test_a_refusal_that_another_client_may_not_meet_leads_on(error):
    """In the site's order."""
    site = Site({"plain": error, "proof": RICH})
    assert await site.ask() == RICH
    assert site.tried == ["plain", "proof"]


@pytest.mark.parametrize("error", [Removed, RateLimited, SiteDown])
async def test_what_no_other_way_can_change_is_told_at_once(error):
    """One try."""
    site = Site({"plain": error})
    assert type(await site.fails()) is error
    assert site.tried == ["plain"]


async def test_what_only_an_account_may_see_skips_the_other_strangers():
    """And without an account it is told as it is."""
    site = Site({"plain": AgeRestricted, "account": RICH})
    assert await site.ask() == RICH
    assert site.tried == ["plain", "account"]
    site = Site({"plain": AgeRestricted}, tools="po_token javascript")
    assert isinstance(await site.fails(), AgeRestricted)


async def test_what_the_account_meets_behind_the_gate_is_told():
    """Its own refusal, not the stranger's; a missing runtime where that is what's missing."""
    site = Site({"plain": AgeRestricted, "account": NoMedia})
    assert type(await site.fails()) is NoMedia
    site = Site({"plain": AgeRestricted, "account": NoMedia}, tools="cookies")
    assert isinstance(await site.fails(), JavaScriptNeeded)


async def test_the_first_refusal_is_told_when_none_is_let_in():
    """It is the usual client's; the others' are consequences of being others."""
    site = Site({"plain": BotCheck, "proof": NoMedia, "script": ExtractorBroken, "account": ItemError})
    assert isinstance(await site.fails(), BotCheck)
    assert site.tried == ["plain", "proof", "script", "account"]


async def test_a_missing_runtime_is_told_where_the_client_was_refused():
    """But never in the place of a bot check, and never where a site has no way with one."""
    assert isinstance(await Site({"plain": ItemError}, tools="").fails(), JavaScriptNeeded)
    assert isinstance(await Site({"plain": BotCheck}, tools="").fails(), BotCheck)
    assert type(await Site({"plain": ItemError}, tools="", ways=(PLAIN,)).fails()) is ItemError


async def test_no_open_way_at_all_is_told():
    """A site whose every way needs something."""
    assert isinstance(await Site({}, tools="", ways=(SCRIPT,)).fails(), JavaScriptNeeded)
    assert isinstance(await Site({}, tools="javascript", ways=(PROOF,)).fails(), NoMedia)


async def test_a_refused_proof_is_tried_once_more_with_another():
    """A third refusal is not met."""
    site = Site({"plain": BotCheck, "proof": [SiteBlocked, RICH]})
    assert await site.ask() == RICH
    assert site.tried == ["plain", "proof", "proof"]
    site = Site({"plain": BotCheck, "proof": SiteBlocked}, tools="po_token")
    await site.fails()
    assert site.tried == ["plain", "proof", "proof"]


async def test_a_proof_that_failed_for_another_reason_isn_t_tried_again():
    """Nothing says that another token would help."""
    site = Site({"plain": BotCheck, "proof": NoMedia}, tools="po_token")
    await site.fails()
    assert site.tried == ["plain", "proof"]


async def test_tries_are_bounded():
    """Whatever a site lists."""
    site = Site({"plain": BotCheck}, ways=(PLAIN,) * 20)
    await site.fails()
    assert len(site.tried) == MOST_TRIES


async def test_a_way_that_stood_in_goes_first_for_a_while():
    """For every item of the site; then the usual one gets its chance again."""
    site = Site({"plain": [BotCheck, RICH], "proof": RICH})
    await site.ask()
    await site.ask(f"{URL}2")
    assert site.tried == ["proof"]
    assert site.known.figures()["site"]["first"] == "proof"
    site.now = LATELY_SECONDS
    await site.ask(f"{URL}3")
    assert site.tried == ["plain"]
    assert site.known.figures()["site"]["first"] == ""


async def test_a_single_item_s_way_is_its_own():
    """What one item needed says nothing of the others: a gate for adults, a client that may not show it."""
    site = Site({"plain": [AgeRestricted, ItemError, RICH], "account": RICH, "proof": RICH})
    await site.ask()
    await site.ask(f"{URL}2")
    await site.ask(f"{URL}3")
    assert site.tried == ["plain"]
    await site.ask()
    assert site.tried == ["account"]


async def test_a_poor_answer_leads_on_and_the_best_of_the_poor_is_taken():
    """Whichever came first; an error behind it hides it from nobody."""
    site = Site({"plain": POOR, "proof": RICH})
    assert await site.ask() == RICH
    assert site.known.figures()["site"]["first"] == "proof"
    site = Site({"plain": {"poor": True, "n": 1}, "proof": {"poor": True, "n": 2}, "script": BotCheck}, "po_token")
    assert (await site.ask())["n"] == 1
    await site.ask()
    assert site.tried == ["plain", "proof"]
    assert site.known.figures()["site"]["first"] == ""


async def test_a_fetch_begins_with_the_way_of_its_probe():
    """Poor or not: its formats were chosen from that answer."""
    site = Site({"plain": POOR, "proof": RICH})
    await site.ask()
    site.known.keep("site", f"{URL}2", "plain", lately=False)
    site.tried.clear()
    order = FetchOrder(URL, Path("/x"), "18", {}, 1)
    await site.finder.fetch(order, lambda _: None)
    await site.finder.fetch(FetchOrder(f"{URL}2", Path("/x"), "18", {}, 1), lambda _: None)
    assert site.tried == ["proof", "plain"]


async def test_short_links_go_the_usual_way_and_another_list_replaces_the_first():
    """A view of a view is a view."""
    site = Site({"plain": BotCheck})
    assert await site.finder.resolve("x") == "x/resolved"
    with pytest.raises(BotCheck):
        await site.finder.by_ways("other", (PLAIN,), lambda _: False).extract(URL, {})
    assert site.known.figures()["other"]["ways"] == {"plain": {"tried": 1, "bot_check": 1}}


def test_what_is_remembered_is_bounded():
    """The oldest items are forgotten."""
    known = Ways(lambda: 0.0)
    for number in range(ITEMS + 1):
        known.keep("site", str(number), "proof", lately=False)
    assert known.order("site", "0", ALL)[0] is PLAIN
    assert known.order("site", "1", ALL)[0] is PROOF


def test_options_are_laid_over_by_extractor():
    """A way's arguments win key by key; its tools and whether strangers ask are handed along."""
    options = {
        "noplaylist": True,
        "extractor_args": {"site": {"client": ["b"], "skip": ["hls"]}, "other": {"x": ["1"]}},
    }
    assert laid_over(options, PLAIN) == {
        "noplaylist": True,
        "extractor_args": {"site": {"client": ["a"], "skip": ["hls"]}, "other": {"x": ["1"]}},
        "tools": ["anonymous"],
    }
    assert laid_over({}, SCRIPT)["tools"] == ["javascript", "po_token", "anonymous"]
