"""The page as people see it, in a real Chromium, against the real services."""

import asyncio
import re

import pytest
import pytest_asyncio
from playwright.async_api import expect

from platforms.shapes import Progress
from services.jobs import JobEvent
from tests.api.stage import VIDEO, staged
from utils.errors import GeoBlocked, MemoryShort, Private, SiteDown

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
DESK = {"width": 1000, "height": 900}
PHONE = {"width": 320, "height": 640}
HALF = Progress("downloading", 61_400_000, 101_500_000, 4_700_000.0, 9.0)


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        stage.sites.steps = [HALF]
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser):
    context = await browser.new_context(viewport=DESK, accept_downloads=True)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(context, stage):
    """The page, opened. Nothing may fail in its script, and no request may leave for another host."""
    page = await context.new_page()
    complaints, hosts = [], set()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    await page.goto(stage.url)
    yield page
    await page.close()
    assert complaints == []
    assert hosts == {stage.url.split("/")[2]}


async def look_up(page, link=VIDEO):
    await page.get_by_label("Link to a video").fill(link)
    await page.get_by_role("button", name="Look it up").click()


async def becomes(page, expression, wanted):
    """Playwright's own waiting evaluates strings in the page, which our policy forbids."""
    async with asyncio.timeout(30):
        while await page.evaluate(expression) != wanted:
            await asyncio.sleep(0.01)


def quality(page, label):
    return page.get_by_role("button", name=re.compile(f"^{label}"))


async def test_a_link_becomes_a_file(page, stage):
    """Paste, see, choose, watch, keep: the file is saved by itself and can be saved again."""
    stage.sites.gate.clear()
    await expect(page.get_by_label("Link to a video")).to_be_focused()
    await look_up(page)
    await expect(page.get_by_role("heading", name="The heron at the mill pond")).to_be_visible()
    await expect(page.locator("#found .length")).to_have_text("4:12")
    await expect(page.locator("#found")).to_contain_text("Marsh Diary \u00b7 media.example.net")
    assert await page.locator("#found img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    await expect(quality(page, "1080p")).to_have_class(re.compile("primary"))
    await expect(quality(page, "2160p")).to_be_disabled()
    await expect(quality(page, "2160p")).to_contain_text("2.55 GB, too large")
    await quality(page, "720p").click()
    job = page.locator(".job")
    await expect(job).to_contain_text("720p \u00b7 58.6 MB of 96.8 MB \u00b7 4.5 MB/s \u00b7 9 s left")
    await expect(job.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "60")
    async with page.expect_download() as download:
        stage.sites.gate.set()
    saved = await download.value
    assert saved.suggested_filename == "The heron at the mill pond one day in four minutes (720p).mp4"
    assert (await asyncio.to_thread((await saved.path()).read_bytes)) == stage.sites.files[0]
    await expect(job).to_contain_text("Ready \u00b7 10 KB")
    await expect(page.locator("#said")).to_have_text(f"{stage.sites.title} is ready.")
    async with page.expect_download() as again:
        await job.get_by_role("link", name="Save").click()
    await (await again.value).path()


async def test_a_pasted_link_is_looked_up_at_once(page, context, stage):
    """Wherever the focus is, and inside prose."""
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.evaluate("text => navigator.clipboard.writeText(text)", f"see {VIDEO} please")
    await page.locator("h1").click()
    await page.keyboard.press("Control+V")
    await expect(page.get_by_role("heading", name="The heron")).to_be_visible()
    assert stage.sites.asked == [VIDEO]


async def test_several_links_get_a_card_each(page, stage):
    """One that fails does not hold up the other."""
    stage.sites.probes["https://media.example.net/b.mp4"] = Private()
    await look_up(page, f"{VIDEO} https://media.example.net/b.mp4")
    await expect(page.get_by_role("heading", name="The heron")).to_be_visible()
    trouble = page.locator("#found .trouble")
    await expect(trouble).to_contain_text("This item is private.")
    await expect(trouble).to_contain_text("https://media.example.net/b.mp4")


async def test_a_dropped_link_is_looked_up(page, stage):
    """A sign shows where to let go."""
    transfer = await page.evaluate_handle(
        "link => { const t = new DataTransfer(); t.setData('text/uri-list', link); return t }", VIDEO
    )
    await page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    await expect(page.get_by_text("Drop the link here")).to_be_visible()
    await page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    await expect(page.get_by_text("Drop the link here")).to_be_hidden()
    await expect(page.get_by_role("heading", name="The heron")).to_be_visible()


async def test_another_link_takes_the_place_of_one_that_still_loads(page, stage):
    """And the first probe is given up on the server, too."""
    stage.sites.probe_gate.clear()
    await look_up(page, "https://media.example.net/slow.mp4")
    await expect(page.locator("#found")).to_contain_text("Looking at media.example.net")
    await look_up(page)
    async with asyncio.timeout(30):
        while not stage.sites.left:
            await asyncio.sleep(0.005)
    stage.sites.probe_gate.set()
    await expect(page.get_by_role("heading", name="The heron")).to_have_count(1)
    await expect(page.locator("#found > *")).to_have_count(1)


@pytest.mark.parametrize(
    ("text", "sentence", "hint"),
    [
        ("no link at all", "There is no link in this message.", "Send me the link"),
        ("http://192.168.1.1/x", "not on the public internet", "Send a link that anybody can open."),
    ],
)
async def test_a_bad_link_gets_its_sentence(page, text, sentence, hint):
    """With the next step, and told to screen readers."""
    await look_up(page, text)
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text(sentence)
    await expect(alert).to_contain_text(hint)


async def test_a_failed_download_says_why_and_can_be_tried_again(page, stage):
    """Only where another try makes sense."""
    stage.sites.fails = [SiteDown()]
    await look_up(page)
    await quality(page, "480p").click()
    job = page.locator(".job")
    await expect(job).to_contain_text("The site does not answer.")
    await expect(job).to_contain_text("Try again in a few minutes.")
    async with page.expect_download() as download:
        await job.get_by_role("button", name="Fetch again").click()
    await (await download.value).path()
    await expect(page.locator(".job")).to_have_count(1)
    await expect(page.locator(".job")).to_contain_text("The heron")
    await expect(page.locator(".job img")).to_be_visible()
    stage.sites.fails = [GeoBlocked()]
    await quality(page, "360p").click()
    first = page.locator(".job").first
    await expect(first).to_contain_text("Look for another copy of it.")
    await expect(first.get_by_role("button", name="Fetch again")).to_have_count(0)


async def test_who_waits_sees_why_and_for_how_long(page, stage):
    """Memory is short for one; the next one has a place in the line, and soon a time."""
    stage.sites.fails = [MemoryShort(), MemoryShort()]
    await look_up(page)
    await quality(page, "720p").click()
    job = page.locator(".job").last
    await expect(job).to_contain_text("720p \u00b7 Memory is short now. It goes on by itself.")
    feed = stage.app.downloads._workers._feeds
    kept = await page.evaluate("JSON.parse(localStorage['goldcrest.downloads'])[0].id")
    waiting = await stage.app.downloads.job(kept)
    feed.publish([waiting], JobEvent(waiting.id, "queued", position=2, eta_seconds=100.0))
    await expect(job).to_contain_text("720p \u00b7 Waiting, 2 before it \u00b7 ready in about 2 min")
    feed.publish([waiting], JobEvent(waiting.id, "queued", position=1, error=SiteDown()))
    await expect(job).to_contain_text("It goes on by itself. \u00b7 Waiting, 1 before it")


async def test_cancel_and_remove(page, stage):
    """By keyboard alone; the focus never gets lost."""
    stage.sites.gate.clear()
    await look_up(page)
    await quality(page, "720p").focus()
    await page.keyboard.press("Enter")
    job = page.locator(".job")
    cancel = job.get_by_role("button", name="Cancel The heron")
    await expect(cancel).to_be_visible()
    await cancel.focus()
    await page.keyboard.press("Enter")
    await expect(job).to_contain_text("Cancelled")
    await expect(job.get_by_role("button", name="Fetch again")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(job.get_by_role("button", name="Remove")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#downloads")).to_be_hidden()
    await expect(page.get_by_label("Link to a video")).to_be_focused()
    assert await page.evaluate("localStorage.length && JSON.parse(localStorage['goldcrest.downloads']).length") == 0


async def test_a_reload_keeps_the_downloads(page, stage):
    """Running ones go on and are saved when done; finished ones are not saved a second time."""
    await look_up(page)
    async with page.expect_download() as download:
        await quality(page, "360p").click()
    await (await download.value).path()
    stage.sites.gate.clear()
    await quality(page, "720p").click()
    await expect(page.locator(".job").first).to_contain_text("58.6 MB")
    again = []
    page.on("download", lambda download: again.append(download))  # noqa: PLW0108 - a bound method can't be marked
    await page.reload()
    await expect(page.locator(".job")).to_have_count(2)
    await expect(page.locator(".job").first).to_contain_text("720p \u00b7 58.6 MB")
    await expect(page.locator(".job").last).to_contain_text("360p \u00b7 Ready")
    async with page.expect_download() as download:
        stage.sites.gate.set()
    assert "720p" in (await download.value).suggested_filename
    assert len(again) == 1


async def test_downloads_that_nobody_knows_any_more_are_forgotten(page, stage):
    """After the server lost its data the list is simply empty."""
    await page.evaluate("localStorage['goldcrest.downloads'] = JSON.stringify([{id: '01HZZZZZZZZZZZZZZZZZZZZZZZ'}])")
    await page.reload()
    await expect(page.locator("#downloads")).to_be_hidden()
    await becomes(page, "localStorage['goldcrest.downloads']", "[]")


async def test_a_file_that_left_the_shelf_is_offered_again(page, stage):
    """The page says so instead of giving a dead link."""
    await look_up(page)
    async with page.expect_download() as download:
        await quality(page, "360p").click()
    await (await download.value).path()
    stage.app.up_shelf._files.clear()
    await page.reload()
    job = page.locator(".job")
    await expect(job).to_contain_text("No longer kept here")
    await expect(job.get_by_role("button", name="Fetch again")).to_be_visible()
    await expect(job.get_by_role("link")).to_have_count(0)


async def test_photos_are_saved_one_by_one(page, stage):
    """Several files at once would be blocked by the browser, so each has its button."""
    stage.sites.files = [b"a", b"bb"]
    stage.sites.kind, stage.sites.mime, stage.sites.suffix = "photo", "image/jpeg", ".jpg"
    await look_up(page)
    await quality(page, "360p").click()
    saves = page.locator(".job").get_by_role("link")
    await expect(saves).to_have_count(2)
    async with page.expect_download() as download:
        await saves.nth(1).click()
    assert (await download.value).suggested_filename.endswith("(2 of 2).jpg")


async def test_a_server_that_went_away_is_noticed_and_found_again(page, stage):
    """A probe says so; the stream says so and comes back by itself."""
    stage.sites.gate.clear()
    await look_up(page)
    await quality(page, "720p").click()
    await expect(page.locator(".job")).to_contain_text("58.6 MB")
    await page.context.set_offline(True)
    await look_up(page)
    await expect(page.locator("#found .trouble")).to_contain_text("Goldcrest does not answer.")
    await page.context.set_offline(False)
    stage.part._engine._state.tasks.copy().pop().cancel()
    await expect(page.locator("#lost")).to_contain_text("The connection is lost")
    async with page.expect_download() as download:
        stage.sites.gate.set()
    await (await download.value).path()
    await expect(page.locator("#lost")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_small_phone(browser, stage, scheme):
    """320 px wide: nothing overflows, everything can be hit with a thumb, in both colours."""
    stage.sites.gate.clear()
    context = await browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, color_scheme=scheme)
    page = await context.new_page()
    await page.goto(stage.url)
    await look_up(page)
    await quality(page, "720p").tap()
    await expect(page.locator(".job")).to_contain_text("58.6 MB of 96.8 MB")
    await expect(page.locator(".job")).to_be_in_viewport()
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    sizes = await page.locator("button, a, input").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect()).map(r => [r.width, r.height])"
    )
    assert min(min(size) for size in sizes) >= 44
    await context.close()


async def test_the_key_opens_the_page(browser, tmp_path):
    """The form is our own look even to strangers, takes the key once, and the page works with it."""
    key = "a-key-of-more-than-16"
    async with staged(tmp_path, access="key", access_key=key) as stage:
        context = await browser.new_context(viewport=PHONE)
        page = await context.new_page()
        await page.goto(stage.url)
        assert await page.locator(".bird svg").evaluate("bird => bird.getBoundingClientRect().width") < 100
        for attempt in ("wrong", key):
            await page.get_by_label("Access key").fill(attempt)
            async with page.expect_navigation():  # to its load event, at which the script runs
                await page.keyboard.press("Enter")
            if attempt == "wrong":
                await expect(page.get_by_role("heading")).to_have_text("That is not the access key of this page.")
        await look_up(page)
        await expect(page.locator("#found img")).to_be_visible()
        await quality(page, "720p").click()
        await expect(page.locator(".job")).to_contain_text("Ready")
        await context.close()


async def test_colours_can_be_read(page, stage, browser):
    """Every text has the contrast of WCAG AA (4.5:1) against what lies behind it, by day and by night."""
    stage.sites.fails = [SiteDown()]
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await look_up(page)
        await quality(page, "480p").click()
        await expect(page.locator(".job .trouble").first).to_be_visible()
        await becomes(page, "document.getAnimations().every(a => a.playState !== 'running')", wanted=True)
        assert await page.evaluate(CONTRAST) == []
        stage.sites.fails = [SiteDown()]


#: [text, ratio] of every visible text whose contrast is below 4.5
CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const rgb = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.trim(), own = node.parentElement;
    if (!text || !own.checkVisibility({visibilityProperty: true}) || own.closest('script, .unseen')) continue;
    const behind = [];
    for (let e = own; e; e = e.parentElement) behind.unshift(getComputedStyle(e).backgroundColor);
    const back = light(rgb(behind)), front = light(rgb([...behind, getComputedStyle(own).color]));
    const ratio = (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
    if (ratio < 4.5) poor.push([text, ratio.toFixed(2)]);
  }
  return poor;
}"""
