"""The page when something goes wrong, in a real Chromium: lost jobs, next steps, double clicks, an early Enter."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.api.stage import VIDEO
from tests.api.test_page import context, look_up, page, quality, stage
from utils.errors import NotFound, ShuttingDown, SiteDown, TooLarge

__all__ = ["context", "page", "stage"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
OTHER = "https://media.example.net/films/reeds.mp4"
KEPT = "JSON.parse(localStorage['goldcrest.downloads'] ?? '[]').map(each => each.id)"
STREAM = "**/api/v1/downloads/events?*"


async def running(page, stage, count=1):
    """Ids of jobs that run, the newest first as on the page."""
    stage.sites.gate.clear()
    await look_up(page)
    for number, label in enumerate(("720p", "480p")[:count], 1):
        await quality(page, label).click()
        await expect(page.locator(".job")).to_have_count(number)
    return await page.evaluate(KEPT)


def forgets(stage, *lost):
    """As after a restart without a disk that lasts: the server knows nothing of these jobs."""
    real = stage.app.downloads.job

    async def job(job_id):
        if job_id in lost:
            raise NotFound
        return await real(job_id)

    stage.app.downloads.job = job


async def test_a_job_that_the_server_lost_holds_up_no_other(page, stage):
    """Its card says so and offers to fetch again; the other one comes; a reload forgets it."""
    known, lost = await running(page, stage, 2)
    forgets(stage, lost)
    for task in stage.part._engine._state.tasks.copy():
        task.cancel()
    card = page.locator(".job").last
    await expect(card).to_contain_text("No longer known here")
    await expect(card.get_by_role("button", name="Fetch again")).to_be_visible()
    async with page.expect_download() as download:
        stage.sites.gate.set()
    assert "480p" in (await download.value).suggested_filename
    await expect(page.locator("#lost")).to_be_hidden()
    assert await page.evaluate(KEPT) == [known]


async def test_a_stream_that_is_refused_makes_the_page_ask_for_each_job(page, stage):
    """The browser doesn't tell why it gave up; what is known goes on, what isn't is said."""
    await page.route(STREAM, lambda route: route.fulfill(status=503, body="{}"))
    _, lost = await running(page, stage, 2)
    forgets(stage, lost)
    await expect(page.locator(".job").last).to_contain_text("No longer known here")
    await expect(page.locator(".job").first).to_contain_text("58.6 MB")
    await page.unroute(STREAM)
    async with page.expect_download() as download:
        stage.sites.gate.set()
    await (await download.value).path()


async def test_a_cancel_that_fails_says_why(page, stage):
    """And one of a job that is gone shows that."""
    [lost] = await running(page, stage)
    cancel = page.get_by_role("button", name="Cancel The heron")
    stage.app.downloads.cancel = refused
    for _ in range(2):
        await cancel.click()
        await expect(page.locator(".job .trouble")).to_have_count(1)
        await expect(page.locator(".job .trouble")).to_contain_text("I am being restarted.")
    forgets(stage, lost)
    await cancel.click()
    await expect(page.locator(".job")).to_contain_text("No longer known here")


async def refused(*_):
    raise ShuttingDown


@pytest.mark.parametrize("press", ["dblclick", "click"])
async def test_two_clicks_are_one_order(page, press):
    """However fast they are, and however long the answer takes."""
    asked, held = [], asyncio.Event()

    async def hold(route):
        asked.append(route)
        await held.wait()
        await route.continue_()

    await page.route("**/api/v1/downloads", hold)
    await look_up(page)
    async with page.expect_download() as download:
        await getattr(quality(page, "720p"), press)()
        await expect(quality(page, "360p")).to_be_disabled()
        await expect(quality(page, "720p")).to_be_disabled()
        held.set()
    await (await download.value).path()
    await expect(quality(page, "720p")).to_be_enabled()
    await expect(quality(page, "2160p")).to_be_disabled()
    await expect(page.locator(".job")).to_have_count(1)
    assert len(asked) == 1


async def test_too_large_offers_the_next_lower_quality(page, stage):
    """Also after a reload; what comes then can be lowered again."""
    stage.sites.fails = [TooLarge(), TooLarge()]
    await look_up(page)
    await quality(page, "720p").click()
    await expect(page.get_by_role("button", name="Take 480p instead")).to_be_visible()
    await page.reload()
    await page.get_by_role("button", name="Take 480p instead").click()
    await expect(page.locator(".job")).to_have_count(1)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Take 360p instead").click()
    assert "360p" in (await download.value).suggested_filename


async def test_a_look_that_failed_can_be_tried_again(page, stage):
    """Where it may succeed; beside other cards, too."""
    stage.sites.probes[VIDEO] = SiteDown()
    await look_up(page, f"{VIDEO} {OTHER}")
    await expect(page.locator("#found .trouble")).to_contain_text("The site does not answer.")
    del stage.sites.probes[VIDEO]
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", name="The heron")).to_have_count(2)
    stage.sites.probes[VIDEO] = TooLarge()
    await look_up(page)
    await expect(page.locator("#found .trouble")).to_have_count(1)
    await expect(page.get_by_role("button", name="Try again")).to_have_count(0)


async def test_what_is_missing_of_a_post_is_said(page, stage):
    """Before anything is ordered."""
    stage.sites.missing = 3
    await look_up(page)
    await expect(page.locator("#found")).to_contain_text("3 more of this post cannot be fetched.")


async def test_enter_before_the_script_has_loaded_keeps_the_link(page, stage):
    """The form sends it to the page itself, which then looks it up; the address stays clean."""
    held = asyncio.Event()

    async def hold(route):
        await held.wait()
        await route.continue_()

    await page.route("**/static/page.js", hold)
    await page.goto(stage.url, wait_until="commit")
    await page.get_by_label("Link to a video").fill(VIDEO)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/?url=*", wait_until="commit")
    held.set()
    await expect(page.get_by_role("heading", name="The heron")).to_be_visible()
    await expect(page.get_by_label("Link to a video")).to_have_value(VIDEO)
    assert page.url == f"{stage.url}/"


@pytest.mark.parametrize("lines", [f"{VIDEO}\n{OTHER}", "media.example.net/films/heron.mp4\r\nmedia.example.net/b.mp4"])
async def test_links_on_lines_of_their_own_stay_apart(page, stage, lines):
    """The field keeps both, so that another look finds both."""
    await page.evaluate(
        """text => {
          const clipboardData = new DataTransfer();
          clipboardData.setData('text/plain', text);
          const link = document.getElementById('link');
          link.dispatchEvent(new ClipboardEvent('paste', {clipboardData, bubbles: true, cancelable: true}));
        }""",
        lines,
    )
    await expect(page.get_by_role("heading", name="The heron")).to_have_count(2)
    await expect(page.get_by_label("Link to a video")).to_have_value(" ".join(lines.split()))
    await page.get_by_role("button", name="Look it up").click()
    await expect(page.get_by_role("heading", name="The heron")).to_have_count(2)
