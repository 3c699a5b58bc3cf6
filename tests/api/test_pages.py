"""Pages for people: complete words, nothing inline that the policy forbids, files that browsers keep."""

import json
import re

import pytest

from api.access import Access
from api.dashboard import WORDS as DASHBOARD_WORDS
from api.pages import SCRIPT_WORDS, TEMPLATES, Pages, filled
from services.app import App
from tests.api.stage import settings_for
from utils.errors import AccessDenied, KeyNeeded, all_errors
from utils.texts import Texts


@pytest.fixture
def pages(tmp_path):
    app = App(settings=settings_for(tmp_path), texts=Texts(strict=True))
    return Pages(app, Access(app.settings.server))


async def test_the_page_is_complete(client):
    """No place is left unfilled, and the bird is there."""
    page = (await client.get("/")).body.decode()
    assert "{{" not in page
    assert '<html lang="en">' in page
    assert "<svg" in page
    assert "A fetched file waits here for 30 min" in page


async def test_nothing_in_it_needs_unsafe_inline(client):
    """No inline script, style, or handler; the words of the script are data."""
    page = (await client.get("/")).body.decode()
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", page) == []
    assert re.findall(r"\sstyle=|<style|\son[a-z]+=|javascript:", page) == []
    assert re.findall(r"(?:src|href)=\"(?!/static/)", page) == []


async def words_on(client, path):
    page = (await client.get(path)).body.decode()
    return json.loads(page.partition('id="words">')[2].partition("</script>")[0])


def said_by(script):
    return set(re.findall(r'say\("(\w+)"', script.read_text("utf-8")))


async def test_the_script_gets_every_word_it_says(client):
    """Each key in the scripts is on the page, with its places left for the script; none is there for nothing."""
    words = await words_on(client, "/")
    dashboard = TEMPLATES / "static" / "dashboard.js"
    said = set().union(*(said_by(path) for path in dashboard.parent.glob("*.js") if path != dashboard))
    phases = {"queued", "probing", "downloading", "merging", "fitting", "uploading", "done", "cancelled"}
    assert said | phases == set(words) == set(SCRIPT_WORDS)
    assert words["amount"] == "{done} of {total}"
    # many of the dashboard's are the names of what it shows
    assert said_by(dashboard) < set(await words_on(client, "/dashboard")) == set(DASHBOARD_WORDS)


async def test_static_files_are_asked_for_again_but_not_sent_again(client):
    """A new version is seen at once, an old one costs a 304."""
    first = await client.get("/static/page.js")
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    again = await client.get("/static/page.js", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert (await client.get("/static/goldcrest.svg")).headers["content-type"] == "image/svg+xml"


async def test_a_wrong_address_is_a_page_for_people(client):
    """With a sentence, not JSON."""
    answer = await client.get("/nothing", accept="text/html")
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"There is no such thing here." in answer.body


def test_every_failure_can_be_a_page(pages):
    """Each class has its words."""
    for kind in all_errors():
        page = pages.notice(kind())
        assert page.status_code == kind.http_status
        assert b"{{" not in page.body


def test_only_a_missing_key_asks_for_one(pages):
    """Other refusals have no form."""
    assert b"<form" in pages.notice(KeyNeeded()).body
    assert b"<form" not in pages.notice(AccessDenied()).body


def test_values_are_escaped():
    """Whatever a sentence holds, it stays text."""
    assert filled("<p>{{ sentence }}</p>", {"sentence": '<b>"&'}, Texts()) == "<p>&lt;b&gt;&quot;&amp;</p>"
