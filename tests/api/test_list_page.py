"""Lists and many links on the page, as people see them, in a real Chromium."""

import pytest
from playwright.async_api import expect

from tests.api.stage import VIDEO
from tests.api.test_batches import LIST, OPENED, part
from tests.api.test_page import context, look_up, page, stage
from utils.errors import EmptyList, NotFound, Private, ShuttingDown

__all__ = ["context", "page", "stage"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_items_of_a_list_become_files(page, stage):
    """See what it holds, choose a range, watch the counts, save what came, read what failed."""
    stage.sites.broken = {part(2): Private()}
    stage.sites.gate.clear()
    await look_up(page, LIST)
    await expect(page.get_by_role("heading", name="Days at the mill pond")).to_be_visible()
    await expect(page.locator("#found")).to_contain_text("Marsh Diary \u00b7 youtube.com \u00b7 12 items")
    await expect(page.locator("#found .entries li")).to_have_count(10)
    await expect(page.locator("#found .entries li").first).to_contain_text("Part 1")
    await page.get_by_label("Which items").fill("1-3, 7")
    await page.get_by_label("Quality").select_option("720p")
    await page.get_by_role("button", name="Get them").click()
    batch = page.locator(".batch")
    await expect(batch.get_by_role("heading")).to_have_text("Days at the mill pond")
    await expect(batch).to_contain_text("0 of 4 ready")
    stage.sites.gate.set()
    await expect(batch).to_contain_text("3 of 4 ready \u00b7 1 failed")
    await expect(batch.locator(".failures")).to_contain_text("Part 2 This item is private.")
    await expect(batch.locator("a.save")).to_have_text(["1 \u00b7 Part 1", "3 \u00b7 Part 3", "7 \u00b7 Part 7"])
    async with page.expect_download() as download:
        await batch.locator("a.save").first.click()
    assert await (await download.value).path()
    await page.reload()
    await expect(page.locator(".batch")).to_contain_text("3 of 4 ready")
    await page.get_by_role("button", name="Remove").click()
    await expect(page.locator(".batch")).to_have_count(0)
    await expect(page.locator("#downloads")).to_be_hidden()


async def test_a_batch_is_cancelled(page, stage):
    """What is done stays, the rest stops."""
    stage.sites.gate.clear()
    await look_up(page, LIST)
    await page.get_by_role("button", name="Get them").click()
    batch = page.locator(".batch")
    await expect(batch).to_contain_text("0 of 12 ready")
    await batch.get_by_role("button", name="Cancel").click()
    await expect(batch).to_contain_text("Cancelled")
    await expect(batch.get_by_role("progressbar")).to_be_hidden()


async def test_several_links_can_be_ordered_at_once(page, stage):
    """Beside a card for each."""
    await look_up(page, f"{VIDEO} {part(1)} {part(2)}")
    await expect(page.locator("#found .card")).to_have_count(4)
    await page.get_by_role("button", name="Get them").click()
    await expect(page.locator(".batch")).to_contain_text("3 of 3 ready")


async def test_a_bad_range_is_told_where_it_was_written(page):
    """One sentence, and the next try is free."""
    await look_up(page, LIST)
    await page.get_by_label("Which items").fill("13-")
    await page.get_by_role("button", name="Get them").click()
    await expect(page.locator("#found .trouble")).to_contain_text("This list has only 12 items.")
    await page.get_by_label("Which items").fill("12")
    await page.get_by_role("button", name="Get them").click()
    await expect(page.locator(".batch")).to_contain_text("1 of 1 ready")
    await expect(page.locator("#found .trouble")).to_have_count(0)


async def test_the_list_of_a_video_is_one_press_away(page):
    """The video first, as the link says."""
    await look_up(page, OPENED)
    await expect(page.get_by_role("heading", name="The heron")).to_be_visible()
    await page.get_by_role("button", name="Show the whole list").click()
    await expect(page.get_by_role("heading", name="Days at the mill pond")).to_be_visible()


async def test_an_empty_list_says_so(page, stage):
    """With its next step."""
    stage.sites.probes[LIST] = EmptyList()
    await look_up(page, LIST)
    await expect(page.locator("#found .trouble")).to_contain_text("This list holds no items.")


async def test_a_list_can_be_leafed_through(page, stage):
    """To its last item; what can't be read now is said and can be tried again."""
    stage.sites.length = 35
    await look_up(page, LIST)
    entries, more = page.locator("#found .entries li"), page.get_by_role("button", name="Show more")
    await more.click()
    await expect(entries).to_have_count(30)
    stage.sites.probes[LIST] = Private()
    await more.click()
    await expect(page.locator("#found .trouble")).to_contain_text("This item is private.")
    del stage.sites.probes[LIST]
    await more.click()
    await expect(entries).to_have_count(35)
    await expect(entries.last).to_contain_text("Part 35")
    await expect(more).to_have_count(0)
    await expect(page.locator("#found .trouble")).to_have_count(0)


async def test_refused_links_are_told_with_their_reason(page):
    """Beside what the batch becomes, and still there after a reload."""
    await look_up(page, f"{part(1)} {part(2)} http://10.0.0.1/x.mp4")
    await page.get_by_role("button", name="Get them").click()
    refused = page.locator(".batch .refused")
    for _ in range(2):
        await expect(page.locator(".batch")).to_contain_text("2 of 2 ready")
        await expect(refused).to_have_text(
            "http://10.0.0.1/x.mp4 This link leads to an address that is not on the public internet."
        )
        await page.reload()


async def test_a_batch_that_the_server_lost_says_so(page, stage):
    """And leaves with a press; a cancel that fails says why."""
    stage.sites.gate.clear()
    await look_up(page, LIST)
    await page.get_by_role("button", name="Get them").click()
    batch, real = page.locator(".batch"), stage.app.batches.cancel
    stage.app.batches.cancel = refused
    await batch.get_by_role("button", name="Cancel").click()
    await expect(batch.locator(".trouble")).to_contain_text("I am being restarted.")
    stage.app.batches.cancel, stage.app.batches.batch = real, lost
    await expect(batch).to_contain_text("No longer known here")
    await page.get_by_role("button", name="Remove").click()
    await expect(page.locator("#downloads")).to_be_hidden()


async def refused(*_):
    raise ShuttingDown


async def lost(*_):
    raise NotFound
