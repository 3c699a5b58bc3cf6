"""Behind a delivery: photos come again as files, and what of a post did not come is told."""

import pytest

from platforms.shapes import Missing, Quality
from tests.bot.conftest import jpeg
from tests.bot.test_way_of_a_link import OTHER, menu_of, statuses

PHOTOS = [
    (f"{number}.jpg", jpeg(640, 480 + number), {"kind": "photo", "mime": "image/jpeg", "width": 640, "height": 480})
    for number in range(11)
]
FILES = [
    (name, content, {"kind": "document", "mime": "image/jpeg", "width": 640, "height": 480})
    for name, content, _ in PHOTOS
]
POST = (
    Quality("best", "11 photos", None, "", 12_000_000, True, "photo", "jpg"),
    Quality("originals", "11 original files", None, "", 12_000_000, True, "photo", "jpg"),
)


@pytest.fixture
def post(sites):
    """A post of eleven photos."""
    sites.qualities = POST
    sites.shape = {"kind": "carousel"}
    sites.files = PHOTOS
    return sites


async def came(telegram, count, after):
    """So many files."""

    def files():
        return [m for m in telegram.alice.messages() if m.file and m.order > after]

    await telegram.world.until(lambda: len(files()) >= count)
    return files()


async def said(telegram, words):
    """The message that says so."""
    await telegram.world.until(lambda: any(words in m.text for m in statuses(telegram)))
    return next(m for m in statuses(telegram) if words in m.text)


async def test_photos_come_again_as_files(bot, telegram, post):
    """The button behind an album brings documents in albums of their own, kept apart from the photos."""
    menu = await menu_of(telegram, OTHER)
    assert next(button.text for row in menu.buttons for button in row) == "11 photos \u00b7 11.4 MB"
    await telegram.alice.press(menu, "11 photos")
    photos = await came(telegram, 11, menu.order)
    assert [m.file.kind for m in photos] == ["photo"] * 11
    albums = [m.album for m in photos]
    assert sorted(albums.count(album) for album in set(albums)) == [2, 9]
    offer = await said(telegram, "Telegram shows photos smaller than they are.")
    post.files = FILES
    await telegram.alice.press(offer, "Originals as files")
    documents = (await came(telegram, 22, menu.order))[11:]
    assert [m.file.kind for m in documents] == ["document"] * 11
    assert [m.file.read() for m in documents] == [content for _, content, _ in FILES]
    assert len({m.file.name for m in documents}) == 11
    assert None not in {m.album for m in documents}
    assert [quality for _, quality in post.fetches] == ["best", "originals"]
    await telegram.world.until(lambda: not statuses(telegram))
    again = await menu_of(telegram, OTHER)
    assert all(button.text.startswith("\u26a1") for row in again.buttons for button in row)


async def test_what_did_not_come_is_told(bot, telegram, post):
    """With its place and reason and a way to try again; such a post isn't kept as if it were whole."""
    post.files = PHOTOS[:3]
    post.missing = (Missing(2, "removed"), Missing(5, "cut_off"))
    menu = await menu_of(telegram, OTHER)
    await telegram.alice.press(menu, "11 photos")
    await came(telegram, 3, menu.order)
    told = await said(telegram, "2 of 5 did not come.")
    assert "2. This item was removed or never existed." in told.text
    assert "5. The download broke off in the middle." in told.text
    post.missing = ()
    post.files = PHOTOS[:5]
    await telegram.alice.press(told, "Try again")
    assert len(await came(telegram, 8, menu.order)) == 8
    assert len(post.fetches) == 2


async def test_stories_are_not_kept(bot, telegram, post):
    """Under the same link stand others tomorrow."""
    post.shape = {"kind": "stories"}
    post.files = PHOTOS[:2]
    for count in (1, 2):
        menu = await menu_of(telegram, OTHER)
        await telegram.alice.press(menu, "11 photos")
        await came(telegram, 2, menu.order)
        assert len(post.fetches) == count


async def test_hashtags_stand_in_the_menu(bot, telegram, post):
    """Those that the title doesn't hold already, a few of them."""
    post.title = "A nest #Spring"
    post.shape = {"kind": "carousel", "tags": ("spring", "goldcrest", "a", "b", "c", "d", "e")}
    lines = (await menu_of(telegram, OTHER)).text.splitlines()
    assert lines[0] == "A nest #Spring"
    assert "#goldcrest #a #b #c #d" in lines


async def test_the_menu_tells_what_can_not_be_had(bot, telegram, post):
    """Before anything is chosen."""
    post.shape = {"kind": "carousel", "missing": 1}
    assert "One more item of this post cannot be fetched." in (await menu_of(telegram, OTHER)).text
    post.shape = {"kind": "carousel", "missing": 3}
    assert "3 more items of this post cannot be fetched." in (await menu_of(telegram, OTHER)).text


async def test_originals_of_several_albums_are_counted_through(bot, telegram, post):
    """Their names tell their place among all of them, not within an album."""
    post.files = [(f"{number}.jpg", content, fields) for number, (_, content, fields) in enumerate((FILES * 2)[:16])]
    menu = await menu_of(telegram, OTHER)
    await telegram.alice.press(menu, "11 photos")
    names = [message.file.name for message in await came(telegram, 16, menu.order)]
    for number, name in enumerate(names, 1):
        assert f"{number} of 16" in name
