"""The classifier against what the installed extractors of all our sites can say, read from their source."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

from platforms.extractor.errors import _IN_WARNINGS, judge
from platforms.extractor.lean import find_sites
from platforms.registry import GENERIC, Registry
from utils.errors import error_by_code

#: calls whose first text reaches the classifier
CALLS = {"ExtractorError", "raise_login_required", "raise_no_formats", "report_warning"}
#: stands for what is filled in at run time
BLANK = "X"
#: Nothing in them but the site's own words, which nobody can know beforehand, or no reason at all.
OPEN = {
    "coub": {"X said: X"},
    "dailymotion": {"X said: X"},
    "mixcloud": {"Track is restricted"},
    "newgrounds": {", ", "Unknown Error"},
    "odysee": {"X said: X - X"},
    "soundcloud": {"X said: %s"},
    "vimeo": {"X said: X", "Vimeo says: X", "Got HTTP Error X. X"},
    "youtube": {"YouTube said: X"},
}
#: templates whose class must be exactly this; the important ones, worded as their site does
EXACTLY = {
    ("instagram", "This content is only available for registered users"): "private",
    ("reddit", "Private subreddit"): "private",
    ("reddit", "Quarantined subreddit"): "login_required",
    ("tiktok", "This user's account is private"): "private",
    ("tiktok", "Your IP address is blocked"): "site_blocked",
    ("twitter", "NSFW tweet"): "age_restricted",
    ("twitter", "Broadcast no longer exists"): "removed",
    ("twitter", "Twitter Space not started yet"): "not_live_yet",
    ("twitter", "Twitter Space ended but not downloadable yet"): "processing",
    ("twitter", "Twitter Space ended and replay"): "live_ended",
    ("vimeo", "This live event is scheduled"): "not_live_yet",
    ("vimeo", "Wrong video password"): "password",
    ("bilibili", "This is a supporter-only video"): "paid",
    ("bilibili", "Request is blocked by server (412)"): "rate_limited",
    ("likee", "Video was deleted"): "removed",
    ("streamable", "This video is currently unavailable"): "processing",
    ("bandcamp", "Got client challenge"): "bot_check",
    ("youtube", "All player responses are invalid"): "bot_check",
    ("youtube", "Failed to extract any player response"): "extractor_broken",
}


def text_of(node):
    """A literal text with blanks for what is filled in; None for what is no literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"%(?:\(\w+\))?[sdr]|\{[^}]*\}", BLANK, node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else BLANK for part in node.values)
    if isinstance(node, ast.BinOp):
        left, right = text_of(node.left), text_of(node.right)
        if isinstance(node.op, ast.Mod):
            return left
        return f"{left or BLANK}{right or BLANK}" if left or right else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"format", "join"}:
        return text_of(node.func.value)
    return None


def texts_of(node):
    """All texts that an argument can be: both sides of a choice."""
    if isinstance(node, ast.IfExp):
        return [*texts_of(node.body), *texts_of(node.orelse)]
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in texts_of(value)]
    text = text_of(node)
    return [] if text is None else [text]


@cache
def templates():
    """(site, call, text) of every message in the installed extractors of our sites."""
    found = set()
    for site, entry in find_sites(()).items():
        files = set()
        for module, _ in entry["classes"]:
            file = Path(importlib.import_module(module).__file__ or "")
            files |= set(file.parent.glob("*.py")) if file.name == "__init__.py" else {file}
        for file in files:
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                call = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                named = [keyword.value for keyword in node.keywords if keyword.arg == "msg"]
                if call in CALLS:
                    found |= {(site, call, text) for value in (node.args[:1] or named) for text in texts_of(value)}
    return sorted(found)


def verdict(text):
    return judge({"message": f"ERROR: [x] 1: {text}"})


def test_all_sites_are_read():
    """A site whose module moved away would be passed over silently; those without a word of their own are known."""
    silent = {"coub", "douyin", "linkedin", "peertube", "pinterest", "rumble", "rutube", "snapchat", "telegram"}
    silent |= {"9gag", "threads", "weibo", "xiaohongshu"}
    sites = {site for site, _, _ in templates()}
    assert set(Registry().names()) - sites <= silent
    assert GENERIC in sites
    assert len(templates()) > 150


def test_every_message_is_understood():
    """Whatever an extractor of ours says stands for a known class, or on the short list of texts that say nothing."""
    unknown: dict[str, set[str]] = {}
    for site, call, text in templates():
        if call != "report_warning" and verdict(text) is None:
            unknown.setdefault(site, set()).add(text)
    assert unknown == OPEN


def test_the_default_words_are_understood():
    """Those of yt-dlp itself, used by every extractor that says no more."""
    from yt_dlp.extractor.common import InfoExtractor

    with pytest.raises(Exception, match="registered users") as refused:
        InfoExtractor().raise_login_required(method=None)
    assert judge({"message": str(refused.value)}) is error_by_code("login_required")
    with pytest.raises(Exception, match="not available") as blocked:
        InfoExtractor().raise_geo_restricted()
    told = {"message": str(blocked.value), "types": [type(blocked.value).__name__]}
    assert judge(told) is error_by_code("geo_blocked")


@pytest.mark.parametrize(("site", "beginning"), EXACTLY)
def test_the_important_ones_exactly(site, beginning):
    """And they still exist: a site that words its refusal anew shows here, not in somebody's chat."""
    found = [text for name, _, text in templates() if name == site and text.startswith(beginning)]
    assert found
    assert {verdict(text).code for text in found} == {EXACTLY[site, beginning]}


def test_warnings_that_name_a_cause():
    """The refusals among the warnings are found, and no other warning is taken for one."""
    named = {text for _, call, text in templates() if call == "report_warning" and verdict(text) in _IN_WARNINGS}
    assert any(text.startswith("Instagram API is not granting access") for text in named)
    assert any("API rate limit" in text for text in named)
    assert any(text.startswith("Rate-limit exceeded") for text in named)
    assert len(named) < 12
