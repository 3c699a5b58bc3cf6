"""What a job is handed of the tools, what its questions are answered, and how its end is judged."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from platforms.extractor.javascript import JavaScript, Runtime
from platforms.extractor.protocol import Limits, Order, check_options, decode_order, encode_order
from platforms.extractor.tools import MOST_QUESTIONS, Tools
from tests.platforms.extractor.mint_server import token_of
from utils.config import load_settings
from utils.errors import BotCheck, InternalError, SiteDown

A, B = token_of(1), token_of(2)
ASK = {"about": "po_token", "context": "gvs", "binding": "VISITOR"}


def tools(tmp_path, *, room: bool = True, **environment: str) -> Tools:
    settings = load_settings({"DATA_DIR": str(tmp_path), "YOUTUBE_PO_TOKEN": f"{A},{B}:VISITOR", **environment})
    made = Tools(settings, lambda _: room)

    async def find(_setting: str) -> Runtime:
        return Runtime("deno", ("/opt/deno",), (2, 3))

    made._javascript = JavaScript("auto", lambda _: room, find)
    return made


def order(*names: str, **options: Any) -> Order:
    return Order("extract", "https://x.test/", "", options={**options, "tools": list(names)})


async def test_an_order_without_tools_gets_none(tmp_path):
    """And its questions no answer."""
    errand = await tools(tmp_path).errand(Order("extract", "u", "", options={"noplaylist": True}))
    assert errand.order == Order("extract", "u", "", options={"noplaylist": True})
    assert await errand.answer(ASK) == {}
    assert await errand.answer({"about": "javascript"}) == {}
    assert await errand.answer({"about": "javascript_done"}) == {}
    assert await errand.answer({}) == {}
    errand.ended(BotCheck())


async def test_the_names_of_tools_never_reach_yt_dlp(tmp_path):
    """They are told in fields of their own; unknown ones are nothing."""
    errand = await tools(tmp_path).errand(order("anonymous", "javascript", "rm -rf", noplaylist=True))
    told = errand.order
    assert (told.options, told.anonymous, told.po_token) == ({"noplaylist": True}, True, False)
    assert (told.runtime, told.runtime_command) == ("deno", ("/opt/deno",))
    assert told.players == str(tmp_path / "cache" / "players")
    assert decode_order(encode_order(told)) == told
    check_options({"tools": [], "noplaylist": True})
    with pytest.raises(InternalError):
        check_options({"exec": "x"})


async def test_no_runtime_is_handed_where_memory_is_short(tmp_path):
    """The job goes on without."""
    assert (await tools(tmp_path, room=False).errand(order("javascript"))).order.runtime == ""


async def test_no_runtime_is_handed_where_its_folder_can_t_be_made(tmp_path):
    """A file stands in its place; the job goes on without."""
    (tmp_path / "cache").write_text("")
    assert (await tools(tmp_path).errand(order("javascript"))).order.runtime == ""


async def test_a_token_is_handed_over_kept_secret_and_judged(tmp_path):
    """A refusal puts it aside for the next job; another trouble says nothing of it; the next one brings its visitor."""
    box = tools(tmp_path)
    for error in (SiteDown(), BotCheck()):
        errand = await box.errand(order("po_token"))
        assert await errand.answer(ASK) == await errand.answer(ASK) == {"token": A}
        assert errand.secrets == [A]
        errand.ended(error)
    arguments = {"youtube": {"player_client": ["mweb"]}, "other": {}}
    errand = await box.errand(order("po_token", extractor_args=arguments))
    assert errand.order.options["extractor_args"] == {
        "youtube": {"player_client": ["mweb"], "visitor_data": ["VISITOR"]},
        "other": {},
    }
    assert await errand.answer(ASK) == {"token": B}
    errand.ended(None)
    assert A not in str(box.figures())
    errand = await box.errand(order("po_token"))
    await errand.answer(ASK)
    errand.ended(BotCheck())
    assert not await box.has("po_token")
    assert not (await box.errand(order("po_token"))).order.po_token


async def test_a_refusal_of_a_job_that_showed_no_token_hurts_none(tmp_path):
    """It had the right to ask and didn't."""
    box = tools(tmp_path)
    (await box.errand(order("po_token"))).ended(BotCheck())
    assert box.figures()["po_tokens"]["resting"] == 0


async def test_turns_are_given_back_by_word_or_by_the_end(tmp_path):
    """One at a time in one job, whatever it asks; its peak is learned."""
    box = tools(tmp_path)
    errand = await box.errand(order("javascript"))
    assert await errand.answer({"about": "javascript", "prepared": True}) == {"granted": True}
    assert await errand.answer({"about": "javascript", "prepared": True}) == {}
    assert box.figures()["javascript"]["running"]
    was_busy = errand.busy
    assert was_busy
    await errand.answer({"about": "javascript_done", "peak_bytes": 50 << 20})
    assert (box.figures()["javascript"]["running"], box.figures()["javascript"]["peak_mb"]) == (False, 50)
    assert not errand.busy
    await errand.answer({"about": "javascript"})
    await errand.answer({"about": "javascript_done", "peak_bytes": "much"})
    await errand.answer({"about": "javascript"})
    errand.ended(None)
    assert not box.figures()["javascript"]["running"]


async def test_a_refused_turn_is_told(tmp_path):
    """Memory went meanwhile."""
    box = tools(tmp_path)
    errand = await box.errand(order("javascript"))
    box._javascript._reserve = lambda *_: None
    assert await errand.answer({"about": "javascript"}) == {"granted": False}
    errand.ended(None)


async def test_questions_are_bounded(tmp_path):
    """A worker that asks without end gets no more answers."""
    errand = await tools(tmp_path).errand(order("po_token"))
    answers = [await errand.answer(ASK) for _ in range(MOST_QUESTIONS + 1)]
    assert answers[-2:] == [{"token": A}, {}]


def test_an_order_is_plain_data():
    """All fields survive the way to the worker."""
    whole = Order("fetch", "u", "p", runtime="node", runtime_command=("/n", "-x"), players="/p", po_token=True)
    assert decode_order(encode_order(whole)) == whole
    assert asdict(whole)["limits"] == asdict(Limits())
