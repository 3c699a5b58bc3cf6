"""The picture of the page in the README: `python -m tests.api.photograph` writes docs/page.png."""

import asyncio
import io
import math
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter
from playwright.async_api import async_playwright

from platforms.shapes import Progress
from tests.api.browser import ARGUMENTS, find_browser
from tests.api.stage import VIDEO, staged

TARGET = Path(__file__).parents[2] / "docs" / "page.png"
WIDTH = 860


def painting(width=960, height=540):
    """JPEG bytes of hills, a sun and its reflection in a pond: a thumbnail that belongs to nobody else."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for y in range(height):
        share = y / height
        draw.line([(0, y), (width, y)], fill=(int(240 - 60 * share), int(208 - 34 * share), int(156 + 34 * share)))
    sun_x, sun_y = width * 0.68, height * 0.34
    draw.ellipse([sun_x - 46, sun_y - 46, sun_x + 46, sun_y + 46], fill=(255, 240, 196))
    layers = ((0.50, 46, (142, 152, 110)), (0.58, 34, (104, 122, 78)), (0.66, 24, (70, 92, 54)))
    for number, (level, swing, colour) in enumerate(layers):
        wave = [math.sin(x / (140 - 20 * number) + number * 2.1) + math.sin(x / 47) / 3 for x in range(0, width + 8, 8)]
        ridge = [(x * 8, height * level + swing * lift) for x, lift in enumerate(wave)]
        draw.polygon([(0, height), *ridge, (width, height)], fill=colour)
    shore = int(height * 0.76)
    for y in range(shore, height):
        share = (y - shore) / (height - shore)
        draw.line([(0, y), (width, y)], fill=(int(150 - 70 * share), int(158 - 64 * share), int(132 - 50 * share)))
    for number in range(14):
        y, reach = shore + 8 + number * 8, 60 - number * 3 + 14 * math.sin(number * 2.2)
        draw.line([(sun_x - reach, y), (sun_x + reach, y)], fill=(246, 222, 170), width=3)
    for number in range(26):
        x, top = 20 + number * 11 + 9 * math.sin(number * 5), shore - 40 - 70 * abs(math.sin(number * 1.7))
        draw.line([(x, height), (x + 10 * math.sin(number), top)], fill=(46, 60, 34), width=4)
    buffer = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(0.6)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


async def pose(page, sites):
    """One file ready, one on its way, and the menu it was chosen from."""

    async def choose(link, title, label):
        sites.title = title
        await page.get_by_role("textbox", name="Link to a video").fill(link)
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name=title, level=2).wait_for()
        await page.locator("#found .quality", has_text=label).click()

    sites.files = [b"x" * 5_872_025]
    await choose("https://media.example.net/films/reeds.mp4", "Reed beds at first light", "M4A")
    await page.locator("a.save").wait_for()
    sites.gate.clear()
    sites.steps = [Progress("downloading", 61_400_000, 101_500_000, 4_700_000.0, 9.0)]
    await choose(VIDEO, "The heron at the mill pond: one day in four minutes", "720p")
    await page.get_by_text("left").wait_for()
    await page.mouse.move(1, 1)
    await page.evaluate("Promise.all(document.getAnimations().map(animation => animation.finished))")


async def photograph(target):
    """Write the picture: a palette of 256 colours is half the size and looks the same."""
    with tempfile.TemporaryDirectory() as folder:
        async with async_playwright() as playwright, staged(Path(folder)) as stage:
            stage.reader.content = painting()
            browser = await playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS)
            page = await browser.new_page(viewport={"width": WIDTH, "height": 900}, device_scale_factor=1.5)
            await page.goto(stage.url)
            await pose(page, stage.sites)
            height = await page.evaluate("document.querySelector('footer').getBoundingClientRect().top")
            shot = await page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height - 8})
            await browser.close()
            stage.sites.gate.set()
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    small = picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
    small.save(target, optimize=True)


if __name__ == "__main__":
    asyncio.run(photograph(TARGET))
