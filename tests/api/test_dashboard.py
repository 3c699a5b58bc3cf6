"""The operator's view in a real Chromium, against the real services."""

import pytest
import pytest_asyncio
from playwright.async_api import expect

from api.dashboard import WORDS
from tests.api.stage import LIVE, staged
from utils.errors import SiteDown
from utils.texts import Texts

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
DESK = {"width": 1100, "height": 900}
PHONE = {"width": 320, "height": 640}
ILL = {"state": "degraded", "vital": False, "ok": False, "detail": "waits 1057 s"}


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser, stage):
    """A page whose clock a test moves. Nothing may fail in its script, no request leave for another host."""
    context = await browser.new_context(viewport=DESK)
    page = await context.new_page()
    complaints, hosts = [], set()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    await page.clock.install()
    yield page
    await context.close()
    assert complaints == []
    assert hosts == {stage.url.split("/")[2]}


async def worked(stage):
    """One job done, one failed."""
    job = await stage.order()
    await stage.until(job["id"], "done")
    stage.sites.fails = [SiteDown()]
    job = await stage.order(url="https://media.example.net/films/gone.mp4")
    await stage.until(job["id"], "failed")


async def test_it_shows_how_it_is(page, stage):
    """Health, memory, queue, jobs with their phases, sites, failures; nothing private."""
    await worked(stage)
    await page.goto(f"{stage.url}/dashboard")
    await expect(page.locator("#health")).to_contain_text("Running")
    await expect(page.locator("#health")).to_contain_text("Up for 2h 45m")
    await expect(page.locator("#health")).to_contain_text("Every part is well.")
    await expect(page.locator("#memory").get_by_role("meter")).to_have_attribute("aria-valuemax", "100")
    await expect(page.locator("#queue")).to_contain_text("0 of 500 places taken")
    await expect(page.locator("#work")).to_contain_text("2 ended")
    await expect(page.locator("#work")).to_contain_text("50 % of them went well")
    await expect(page.locator("#work tbody tr", has_text="Upload")).to_have_count(1)
    row = page.locator("#sites tbody tr", has_text="generic")
    await expect(row.locator("td")).to_have_text(["generic", "1", "1", "Yes"])
    await expect(page.locator("#failures li")).to_contain_text("generic: site_down in \u201cDownload\u201d after")
    await expect(page.locator("#alerts")).to_contain_text("None is active.")
    assert stage.sites.title not in await page.content()
    assert "media.example.net" not in await page.content()


async def test_it_follows_what_happens(page, stage):
    """Without a reload: a part falls ill, an alert comes and goes, a site rests."""
    await page.goto(f"{stage.url}/dashboard")
    await expect(page.locator("#work")).to_contain_text("0 ended")
    stage.app.state = lambda: LIVE | {"state": "degraded", "parts": {"telegram": ILL}}
    await stage.watch.see(memory=0.99)
    stage.app.downloads.guard._breakers.get("youtube").open(600)
    await page.clock.run_for(6000)
    await expect(page.locator("#health")).to_contain_text("Degraded")
    await expect(page.locator("#health li")).to_have_text("telegram waits 1057 s")
    await expect(page.locator("#alerts li")).to_contain_text("Critical memory_critical since")
    await expect(page.locator("#sites tbody tr", has_text="youtube")).to_contain_text("Resting")
    await stage.watch.see(memory=0.1)
    await page.clock.run_for(6000)
    await expect(page.locator("#alerts")).to_contain_text("None is active.")
    await expect(page.locator("#alerts")).to_contain_text("Last: memory_critical, over")


async def test_a_server_that_is_gone_is_said(page, stage):
    """What is shown stays, with its time; when it answers again that is over."""
    await page.goto(f"{stage.url}/dashboard")
    await expect(page.locator("#fresh")).to_contain_text("As of")
    await page.route("**/status", lambda route: route.abort())
    await page.clock.run_for(6000)
    await expect(page.locator("#fresh")).to_contain_text("No answer; what you see is of")
    await expect(page.locator("#health")).to_contain_text("Running")
    await page.unroute("**/status")
    await page.clock.run_for(6000)
    await expect(page.locator("#fresh")).to_contain_text("As of")


async def test_it_shows_a_process_that_just_woke(page, stage):
    """Cards without figures say so."""
    stage.app.up_downloads = stage.app.up_shelf = stage.app.up_extractor = None
    stage.app.up_monitor = stage.app.up_alerts = None
    stage.app.state = dict
    await page.goto(f"{stage.url}/dashboard")
    await expect(page.locator("#health")).to_contain_text("Starting")
    await expect(page.locator("#queue")).to_have_text("Nothing yet.")
    await expect(page.locator("#work")).to_have_text("Nothing yet.")
    await expect(page.locator("#sites")).to_have_text("Nothing yet.")
    await expect(page.locator("#alerts")).to_have_text("None is active.")


async def test_it_fits_a_phone(page, stage):
    """Nothing stands over the edge, also not a table."""
    await worked(stage)
    await page.set_viewport_size(PHONE)
    await page.goto(f"{stage.url}/dashboard")
    await expect(page.locator("#work tbody tr", has_text="Upload")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_only_who_may_see_the_status_sees_it(browser, tmp_path):
    """With a key it asks for the key first, leads on, and lets go of it again."""
    async with staged(tmp_path, access="key", access_key="a-key-of-more-than-16") as stage:
        assert (await stage.client.get("/dashboard")).status == 401
        page = await browser.new_page()
        await page.goto(f"{stage.url}/dashboard")
        await page.locator("#key").fill("a-key-of-more-than-16")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{stage.url}/dashboard")
        await expect(page.locator("#health")).to_contain_text("Running")
        await page.get_by_role("button", name="Log out").click()
        await page.wait_for_url(f"{stage.url}/login")
        await page.goto(f"{stage.url}/dashboard")
        await expect(page.locator("#key")).to_be_visible()
        await page.close()


async def test_every_word_is_in_the_catalogue():
    """The script has no others."""
    texts = Texts(strict=True)
    assert all(texts.has(f"dashboard.{word}") for word in WORDS)
