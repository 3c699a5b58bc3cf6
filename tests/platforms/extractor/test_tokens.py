"""The pool of proofs of origin: what is taken in, who gets which, what happens to the refused ones."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.extractor.tokens import KEEP_SECONDS, MINT_REST_SECONDS, MINTED, REST_SECONDS, PoTokens, checked
from tests.platforms.extractor.mint_server import token_of

A, B = token_of(1), token_of(2)


class Mint:
    """Mints numbered tokens; `answer`: what it does instead."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []
        self.answer: Exception | str | None = None
        self.seconds: float | None = None

    async def __call__(self, binding: str, fresh: bool) -> tuple[str, float | None]:
        self.asked.append((binding, fresh))
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or token_of(len(self.asked)), self.seconds


def picked(pool: PoTokens) -> str:
    found = pool.pick()
    assert found is not None
    return found.token


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "too short"),
        ("abc", "too short"),
        ("a" * 1500, "too long"),
        ("a" * 40 + "/+", "base64url"),
        ("a" * 40 + " b", "base64url"),
        ("a" * 41, "missing"),
        ("web.gvs+" + "a" * 40, "base64url"),
        (f"{A}:", "visitor data"),
        (f"{A}:two words", "visitor data"),
    ],
)
def test_what_is_no_token_is_left_out_with_a_reason_that_hides_it(text, reason, capsys):
    """One line in the log, with its place in the list; the others stay."""
    pool = PoTokens([A, text, B])
    assert (pool.figures()["given"], pool.figures()["skipped"]) == (2, 1)
    log = capsys.readouterr().out
    assert "position=2" in log
    assert reason in log
    assert len(text) < 4 or text.partition(":")[0] not in log


@given(st.binary(min_size=24, max_size=300))
def test_every_base64url_is_taken_with_its_padding(data):
    """With or without it, and as it stands in a URL."""
    import base64

    whole = base64.urlsafe_b64encode(data).decode()
    assert checked(whole) == checked(whole.rstrip("=")) == checked(whole.replace("=", "%3D")) == whole


async def test_a_given_token_serves_media_of_its_visitor_only():
    """Bound to one visitor where that is told; never to a video."""
    pool = PoTokens([f"{A}:VISITOR"])
    given_token = pool.pick()
    assert given_token is not None
    assert await pool.token("gvs", "VISITOR", given_token) == A
    assert await pool.token("gvs", "ANOTHER", given_token) is None
    assert await pool.token("player", "dQw4w9WgXcQ", given_token) is None
    assert await PoTokens([B]).token("gvs", "ANOTHER", PoTokens([B]).pick()) == B


@pytest.mark.parametrize(("context", "binding"), [("web", "V"), ("gvs", ""), ("gvs", "a b"), ("gvs", "x" * 2001)])
async def test_a_strange_question_gets_no_token(context, binding):
    """It comes from a process that has read what strangers wrote."""
    mint = Mint()
    assert await PoTokens([], mint).token(context, binding, None) is None
    assert mint.asked == []


async def test_refused_given_tokens_rest_and_come_back_last():
    """The one that failed least goes first; a success forgives."""
    clock = Clock()
    pool = PoTokens([A, B], clock=clock)
    assert picked(pool) == A
    pool.failed([A])
    assert picked(pool) == B
    pool.failed([B, A])
    assert pool.pick() is None
    assert not pool.ready
    clock.now = REST_SECONDS
    assert picked(pool) == B, "failed once, the other twice"
    pool.worked([A])
    assert picked(pool) == A
    assert pool.figures()["resting"] == 0


async def test_a_minted_token_is_kept_for_its_binding_until_it_is_old():
    """One question a binding; the server's word counts where it is shorter."""
    clock, mint = Clock(), Mint()
    pool = PoTokens([], mint, clock=clock)
    assert pool.ready
    assert await pool.token("gvs", "V", None) == await pool.token("gvs", "V", None) == token_of(1)
    assert await pool.token("player", "V", None) == token_of(2)
    clock.now = KEEP_SECONDS
    mint.seconds = 10
    assert await pool.token("gvs", "V", None) == token_of(3)
    clock.now += 10
    assert await pool.token("gvs", "V", None) == token_of(4)
    assert pool.figures()["minted"] == 4


async def test_two_jobs_of_one_visitor_need_one_token():
    """The second waits for the first."""
    mint = Mint()
    pool = PoTokens([], mint)
    assert await asyncio.gather(*(pool.token("gvs", "V", None) for _ in range(5))) == [token_of(1)] * 5
    assert len(mint.asked) == 1


async def test_a_refused_minted_token_is_made_anew_past_the_server_s_store():
    """Only that one."""
    mint = Mint()
    pool = PoTokens([], mint)
    first, other = await pool.token("gvs", "V", None), await pool.token("gvs", "W", None)
    assert first is not None
    pool.failed([first])
    assert await pool.token("gvs", "V", None) == token_of(3)
    assert await pool.token("gvs", "W", None) == other
    assert mint.asked == [("V", False), ("W", False), ("V", True)]


@pytest.mark.parametrize(
    "trouble", [ConnectionRefusedError(), TimeoutError(), ValueError("no JSON"), "short", "x/" * 40]
)
async def test_a_server_in_trouble_is_left_alone_for_a_minute(trouble, capsys):
    """One line in the log; jobs go on without a token meanwhile."""
    clock, mint = Clock(), Mint()
    mint.answer = trouble
    pool = PoTokens([], mint, clock=clock)
    assert await pool.token("gvs", "V", None) is None
    assert await pool.token("gvs", "V", None) is None
    assert (len(mint.asked), pool.ready, pool.figures()["mint_failures"]) == (1, False, 1)
    assert capsys.readouterr().out.count("youtube.po_token_server") == 1
    clock.now, mint.answer = MINT_REST_SECONDS, None
    assert pool.ready
    assert await pool.token("gvs", "V", None) == token_of(2)


async def test_what_is_kept_is_bounded():
    """The oldest go, also of those that were refused."""
    pool = PoTokens([], Mint())
    tokens = [await pool.token("gvs", f"V{number}", None) for number in range(MINTED + 5)]
    assert pool.figures()["kept"] == MINTED
    pool.failed([token for token in tokens if token])
    assert pool.figures()["kept"] == 0
    tokens = [await pool.token("gvs", f"W{number}", None) for number in range(5)]
    pool.failed([token for token in tokens if token])
    assert len(pool._spoiled) <= MINTED


async def test_nothing_to_ask_is_not_ready():
    """No token, no server."""
    pool = PoTokens([])
    assert not pool.ready
    assert await pool.token("gvs", "V", None) is None
