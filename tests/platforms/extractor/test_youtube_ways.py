"""YouTube's ways through the real extractor: proofs of origin, JavaScript, accounts, thin answers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from platforms.registry import Registry
from platforms.shapes import Identity
from tests.platforms.extractor.mint_server import mint_server, token_of
from tests.sites.youtube import video_id
from utils.errors import AgeRestricted, BotCheck, JavaScriptNeeded, SiteBlocked
from utils.process_memory import tree_bytes

if TYPE_CHECKING:
    from tests.platforms.extractor.conftest import Running, Start
    from tests.sites.harness import Sites

REGISTRY = Registry()
LIMIT = 2_000 << 20
GIVEN = (token_of(901), token_of(902))
#: MiB above what the process of the tests holds: enough for a worker, too little for JavaScript
SCARCE = "100"
#: The wheel in this environment is the runtime; memory that always suffices.
SCRIPTED = {"GOLDCREST_PLATFORMS__JAVASCRIPT": "auto", "MAX_MEMORY_MB": "100000"}
COOKIES = "\t".join
ACCOUNT = "# Netscape HTTP Cookie File\n" + "".join(
    COOKIES((".youtube.com", "TRUE", "/", "TRUE", "4102444800", name, value)) + "\n"
    for name, value in (("LOGIN_INFO", "account-login-info"), ("SAPISID", "account-sapisid"), ("SID", "account-sid"))
)


async def probe(running: Running, kind: str, number: int = 0, *, extractor: Any = None):
    link = REGISTRY.claim(f"https://www.youtube.com/watch?v={video_id(kind, number)}")
    site = REGISTRY.platform("youtube")
    return site, await site.probe(link, extractor or running.host, LIMIT)


async def fetched(running: Running, kind: str, number: int = 0, *, extractor: Any = None) -> int:
    """Height of the film that arrives when 480p is asked for."""
    site, media = await probe(running, kind, number, extractor=extractor)
    result = await site.fetch(media, "480p", extractor or running.host, running.folder(), LIMIT, lambda _: None)
    return result.files[0].height or 0


def outcomes(running: Running) -> dict[str, dict[str, int]]:
    return dict(running.host.state()["ways"]["youtube"]["ways"])


def seen(sites: Sites) -> set[str]:
    """Hosts that were shown the account."""
    return {each.host for each in sites.requests.all() if "account-login-info" in each.headers.get("cookie", "")}


def first(running: Running) -> str:
    return str(running.host.state()["ways"]["youtube"]["first"])


@pytest.fixture
def proof(sites: Sites):
    """The replica's own token is put back."""
    before = sites.youtube.proof
    yield
    sites.youtube.proof = before


async def test_the_plain_way_is_taken_alone(start_host: Start):
    """Without a refusal nothing else is tried, no token asked for, no runtime looked for."""
    async with mint_server() as mint, start_host(**SCRIPTED, GOLDCREST_PLATFORMS__PO_TOKEN_SERVER=mint.url) as running:
        assert await fetched(running, "clip") == 480
        assert outcomes(running) == {"plain": {"tried": 2, "worked": 2}}
        assert first(running) == ""
        assert mint.asked == []
        assert running.host.state()["javascript"]["runtime"] is None


async def test_a_bot_check_is_passed_with_minted_tokens_that_are_renewed_when_refused(
    start_host: Start, sites: Sites, proof
):
    """Bot check, mobile client and token, the same token again, revoked (403), renewed past the server's store."""
    async with mint_server() as mint, start_host(GOLDCREST_PLATFORMS__PO_TOKEN_SERVER=mint.url) as running:
        sites.youtube.proof = token_of(1)
        assert await fetched(running, "pot", 1) == 480
        assert outcomes(running)["plain"] == {"tried": 1, "bot_check": 1}
        assert first(running) == "proof"
        assert await fetched(running, "pot", 2) == 480
        assert outcomes(running)["plain"]["tried"] == 1, "the way that worked lately goes first"
        assert [(each["path"], each["content_binding"], each["bypass_cache"]) for each in mint.asked] == [
            ("/get_pot", "VISITOR", False)
        ]
        sites.youtube.proof = token_of(2)
        assert await fetched(running, "pot", 3) == 480
        assert [each["bypass_cache"] for each in mint.asked] == [False, True]
        told = running.host.state()["po_tokens"]
        assert (told["minted"], told["refused"], told["kept"]) == (2, 1, 1)
        assert token_of(2)[:40] not in json.dumps(running.host.state())


async def test_given_tokens_take_turns_when_they_are_refused(start_host: Start, sites: Sites, proof):
    """The refused one rests, the next serves; a bad one is skipped with one sentence and hurts nobody."""
    tokens = ",".join(("not/base64url!", GIVEN[0], f"{GIVEN[1]}:CgtWSVNJVE9S"))
    async with start_host(YOUTUBE_PO_TOKEN=tokens) as running:
        sites.youtube.proof = GIVEN[1]
        assert await fetched(running, "pot") == 480
        told = running.host.state()["po_tokens"]
        assert (told["given"], told["resting"], told["skipped"], told["refused"]) == (2, 1, 1, 1)


async def test_no_token_is_ever_repeated(start_host: Start, sites: Sites, proof, caplog, capfd):
    """When all are refused the error, the log and the state show none of them."""
    sites.youtube.proof = "another"
    async with start_host(YOUTUBE_PO_TOKEN=",".join(GIVEN)) as running:
        with pytest.raises(SiteBlocked) as caught:
            await fetched(running, "pot")
        shown = f"{caught.value.detail} {caplog.text} {capfd.readouterr()} {running.host.state()}"
        assert not any(token.rstrip("=") in shown for token in GIVEN)


async def test_a_bot_check_without_any_tool_stays_one(start_host: Start):
    """No way is open but the plain one: its refusal is told, after one try."""
    async with start_host() as running:
        with pytest.raises(BotCheck):
            await probe(running, "pot")
        assert outcomes(running) == {"plain": {"tried": 1, "bot_check": 1}}


async def test_a_thin_answer_leads_to_the_next_way(start_host: Start, sites: Sites, proof):
    """360p alone is what clients without proof are left with; with one there is more."""
    sites.youtube.proof = GIVEN[0]
    async with start_host(YOUTUBE_PO_TOKEN=GIVEN[0]) as running:
        _, media = await probe(running, "thin")
        assert media.qualities[1].height >= 1080
        assert outcomes(running) == {"plain": {"tried": 1, "poor": 1}, "proof": {"tried": 1, "worked": 1}}
        assert first(running) == "proof"


async def test_an_item_that_is_thin_everywhere_is_taken_as_it_is(start_host: Start, sites: Sites, proof):
    """An old video in 360p: the plain way's answer counts, and other items begin there again."""
    sites.youtube.proof = GIVEN[0]
    async with start_host(YOUTUBE_PO_TOKEN=GIVEN[0]) as running:
        assert await fetched(running, "low") == 360
        assert outcomes(running) == {"plain": {"tried": 2, "poor": 1, "worked": 1}, "proof": {"tried": 1, "poor": 1}}
        assert first(running) == ""


@pytest.mark.parametrize("kind", ["sig", "nch"])
async def test_challenges_are_solved_where_there_is_a_runtime(start_host: Start, tmp_path: Path, kind: str):
    """Fenced in, one run a job at most; the prepared script is kept for the next."""
    async with start_host(**SCRIPTED) as running:
        assert await fetched(running, kind) == 480
        told = running.host.state()["javascript"]
        assert (told["runtime"], told["runs"], told["refused"], told["running"]) == ("quickjs", 2, 0, False)
        assert told["peak_mb"] > 5
        kept = list((tmp_path / "cache" / "players").rglob("player*.json"))
        assert len(kept) == 1
        assert not list((tmp_path / "cache" / "players").rglob("*.js"))


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"GOLDCREST_PLATFORMS__JAVASCRIPT": "auto", "MAX_MEMORY_MB": SCARCE},
        {"GOLDCREST_PLATFORMS__JAVASCRIPT": "/nowhere/qjs", "MAX_MEMORY_MB": "100000"},
    ],
    ids=["off", "no memory", "not there"],
)
async def test_without_a_runtime_or_memory_for_it_the_reason_is_told(start_host: Start, environment: dict[str, str]):
    """One sentence that names what is missing; nothing is run."""
    if environment.get("MAX_MEMORY_MB") == SCARCE:
        held = tree_bytes(os.getpid()) or 0
        environment |= {"MAX_MEMORY_MB": str((held >> 20) + int(SCARCE))}
    async with start_host(**environment) as running:
        with pytest.raises(JavaScriptNeeded):
            await probe(running, "sig")
        assert running.host.state()["javascript"]["runs"] == 0


@pytest.mark.parametrize("environment", [SCRIPTED, {"YOUTUBE_PO_TOKEN": GIVEN[0]}], ids=["script", "proof"])
async def test_an_account_opens_what_is_age_restricted(
    start_host: Start, sites: Sites, tmp_path: Path, environment: dict[str, str], proof
):
    """Strangers are tried first and the cookies stay at home; only what is refused to them sees the account."""
    cookies = tmp_path / "cookies.txt"
    cookies.write_text(ACCOUNT)
    async with start_host(**environment) as running:
        with pytest.raises(AgeRestricted):
            await probe(running, "age")
        own = running.host.as_identity(Identity("own", cookies=str(cookies)))
        sites.requests.clear()
        assert await fetched(running, "clip", 7, extractor=own) == 480
        assert not seen(sites)
        assert await fetched(running, "age", extractor=own) == 480
        assert {"www.youtube.com"} <= seen(sites) <= {"www.youtube.com", "m.youtube.com"}
        assert first(running) == "", "the account isn't shown for the next item"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_rich_video_tells_its_choices_apart(shared: Running):
    """8K, HDR beside the plain film, many frames; up to 1080p what Telegram plays."""
    _, media = await probe(shared, "rich")
    by_key = {quality.key: quality for quality in media.qualities}
    assert list(by_key) == ["best", "4320p", "2160p", "2160p_hdr", "1080p", "1080p_hdr", "720p", "360p", "audio"]
    assert [by_key[key].label for key in ("4320p", "2160p_hdr", "1080p", "720p")] == [
        *("4320p60 \u00b7 AV1", "2160p60 HDR \u00b7 VP9", "1080p60", "720p")
    ]
    assert (by_key["1080p"].codec, by_key["2160p_hdr"].dynamic_range, by_key["1080p"].fps) == ("h264", "HDR10", 60)
