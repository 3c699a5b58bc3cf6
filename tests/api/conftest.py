"""A server of its own for each test, one browser for a module."""

import pytest
import pytest_asyncio

from tests.api.browser import ARGUMENTS, find_browser
from tests.api.stage import staged

#: what a page may take on a machine that is busy with other tests
WAIT_MS = 30_000


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


@pytest.fixture
def client(stage):
    return stage.client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    from playwright.async_api import async_playwright, expect

    path = find_browser()
    if path is None:
        pytest.skip("no Chromium here; tests/provision.sh installs it where it can")
    expect.set_options(timeout=WAIT_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()
