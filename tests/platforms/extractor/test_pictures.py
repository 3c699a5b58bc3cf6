"""Posts of pictures and mixed carousels through the real extractors: menus, originals, order, conversions."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from platforms.registry import Registry
from platforms.shapes import Missing
from tests.sites.stills import stills
from utils.errors import NoMedia, TooLarge

if TYPE_CHECKING:
    from platforms.shapes import Progress
    from tests.platforms.extractor.conftest import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")
REGISTRY = Registry()
LIMIT = 2_000 << 20

#: site and sample -> kind, label of the first choice, kinds of the files that arrive
POSTS = {
    ("instagram", "photo"): ("photo", "JPG", "p"),
    ("instagram", "photos"): ("carousel", "3 photos", "ppp"),
    ("instagram", "mixed"): ("carousel", "1 photo · 2 videos", "vpv"),
    ("instagram", "videos"): ("carousel", "2 videos", "vv"),
    ("instagram", "album"): ("carousel", "20 photos", "p" * 20),
    ("instagram", "twenty"): ("carousel", "16 photos · 4 videos", "ppvpp" * 4),
    ("tiktok", "photos"): ("carousel", "3 photos", "ppp"),
    ("tiktok", "photos_twenty"): ("carousel", "20 photos", "p" * 20),
    ("threads", "photo"): ("photo", "JPG", "p"),
    ("threads", "photos"): ("carousel", "3 photos", "ppp"),
    ("threads", "mixed"): ("carousel", "2 photos · 1 video", "pvp"),
    ("threads", "quote"): ("carousel", "3 photos", "ppp"),
    ("weibo", "photo"): ("photo", "JPG", "p"),
    ("weibo", "photos"): ("carousel", "3 photos", "ppp"),
    ("weibo", "mixed"): ("carousel", "2 photos · 1 video", "pvp"),
    ("xiaohongshu", "photo"): ("photo", "JPG", "p"),
    ("xiaohongshu", "photos"): ("carousel", "3 photos", "ppp"),
    ("douyin", "photos"): ("carousel", "3 photos", "ppp"),
    ("facebook", "photo"): ("photo", "WEBP", "p"),
    ("facebook", "photos"): ("carousel", "3 photos", "ppp"),
    ("facebook", "mixed"): ("carousel", "2 photos · 1 video", "pvp"),
    ("twitter", "photo"): ("photo", "JPG", "p"),
    ("twitter", "photos"): ("carousel", "4 photos", "pppp"),
    ("twitter", "clips"): ("carousel", "2 videos", "vv"),
    ("twitter", "mixed"): ("carousel", "2 photos · 1 video", "pvp"),
    ("bluesky", "photo"): ("photo", "JPG", "p"),
    ("bluesky", "photos"): ("carousel", "4 photos", "pppp"),
    ("imgur", "photo"): ("photo", "JPG", "p"),
    ("imgur", "album_set"): ("carousel", "3 photos", "ppp"),
    ("imgur", "album_clips"): ("carousel", "2 videos", "vv"),
    ("imgur", "album_mixed"): ("carousel", "2 photos · 1 video", "pvp"),
    ("tumblr", "photo"): ("photo", "PNG", "p"),
    ("tumblr", "photos"): ("carousel", "3 photos", "ppp"),
    ("tumblr", "mixed"): ("carousel", "2 photos · 1 video", "vpp"),
    ("pinterest", "photo"): ("photo", "JPG", "p"),
    ("pinterest", "carousel"): ("carousel", "3 photos", "ppp"),
    ("pinterest", "story_photos"): ("carousel", "2 photos", "pp"),
    ("pinterest", "twenty"): ("carousel", "20 photos", "p" * 20),
    ("reddit", "photo"): ("photo", "JPG", "p"),
    ("reddit", "set"): ("carousel", "3 photos", "ppp"),
    ("reddit", "twenty"): ("carousel", "20 photos", "p" * 20),
}
ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "video/mp4": ".mp4"}


async def probe(running: Running, site: str, name: str, limit: int = LIMIT):
    link = REGISTRY.claim(running.sites.samples()[site][name])
    platform = REGISTRY.platform(link.platform)
    return platform, await platform.probe(link, running.host, limit)


@pytest.mark.parametrize(("site", "name"), POSTS)
async def test_a_post_is_one_choice_and_comes_as_a_whole(shared: Running, site, name):
    """Every picture and video of the post in its order, in shapes that every program shows."""
    kind, label, kinds = POSTS[site, name]
    platform, media = await probe(shared, site, name)
    assert (media.kind, media.qualities[0].label) == (kind, label)
    progress: list[Progress] = []
    fetched = await platform.fetch(media, "best", shared.host, shared.folder(), LIMIT, progress.append)
    assert "".join(file.kind[0] for file in fetched.files) == kinds
    for file in fetched.files:
        assert ENDINGS[file.mime] == file.path.suffix
        assert file.size_bytes == file.path.stat().st_size > 1000
        assert file.width
        assert file.height
    assert len({file.path.read_bytes() for file in fetched.files if file.kind == "photo"}) == kinds.count("p")
    told = [each.done_bytes for each in progress if each.phase == "downloading"]
    assert told == sorted(told)
    totals = [each.total_bytes for each in progress if each.phase == "downloading"]
    assert totals[-1] == told[-1] > 0


async def test_originals_stay_as_they_are(shared: Running):
    """JPEG and PNG byte for byte, WebP as JPEG of the same size in pixels."""
    platform, media = await probe(shared, "tiktok", "photos_twenty")
    fetched = await platform.fetch(media, "best", shared.host, shared.folder(), LIMIT, lambda _: None)
    shelf = shared.sites.media
    endings = set()
    for file, still in zip(fetched.files, stills(shelf, 20), strict=True):
        assert (file.width, file.height) == (still.width, still.height)
        endings.add(still.name.rpartition(".")[2])
        if not still.name.endswith(".webp"):
            assert hashlib.sha256(file.path.read_bytes()).hexdigest() == shelf.medium(still.name).sha256
    assert {"jpg", "png"} <= endings


async def test_a_post_has_one_bound(shared: Running):
    """What all files have together counts, not each alone."""
    platform, media = await probe(shared, "instagram", "album")
    with pytest.raises(TooLarge):
        await platform.fetch(media, "best", shared.host, shared.folder(), 100_000, lambda _: None)


@pytest.mark.parametrize(
    ("site", "name", "count"),
    [
        ("twitter", "photos", 4),
        ("tiktok", "photos_twenty", 20),
        ("instagram", "mixed", 1),
        ("threads", "mixed", 2),
        ("pinterest", "photo", 1),
    ],
)
async def test_originals_come_as_documents(shared: Running, site, name, count):
    """The very bytes that the site has, WebP too, and of a mixed post the pictures alone."""
    platform, media = await probe(shared, site, name)
    label = f"{count} original files" if count > 1 else "Original file"
    assert [quality.label for quality in media.qualities if quality.key == "originals"] == [label]
    fetched = await platform.fetch(media, "originals", shared.host, shared.folder(), LIMIT, lambda _: None)
    names = ["photo.jpg", *(still.name for still in stills(shared.sites.media, 20))]
    known = {shared.sites.media.medium(each).sha256 for each in names}
    found = [hashlib.sha256(file.path.read_bytes()).hexdigest() for file in fetched.files]
    assert len(set(found)) == len(found) == count
    assert set(found) <= known
    assert {file.kind for file in fetched.files} == {"document"}
    assert all(file.width and file.height and file.mime.startswith("image/") for file in fetched.files)
    if name == "photos_twenty":
        assert {file.path.suffix for file in fetched.files} == {".jpg", ".png", ".webp"}


@pytest.mark.parametrize("name", ["photo", "photos"])
async def test_the_music_of_a_photo_post_comes_as_audio(shared: Running, name):
    """Under its own title and author, whatever the post is called."""
    platform, media = await probe(shared, "tiktok", name)
    assert [quality.key for quality in media.qualities] == ["best", "originals", "audio"]
    assert media.duration_seconds is None
    assert media.tags == ("goldcrest",)
    fetched = await platform.fetch(media, "audio", shared.host, shared.folder(), LIMIT, lambda _: None)
    (file,) = fetched.files
    assert (file.kind, file.title, file.performer) == ("audio", "Test tone", "Goldcrest")
    (mp3,) = (await platform.fetch(media, "mp3", shared.host, shared.folder(), LIMIT, lambda _: None)).files
    assert mp3.path.suffix == ".mp3"


async def test_the_sound_of_a_clip_is_named_as_its_music(shared: Running):
    """Title and author as the site credits them; HD and SD stand in the menu, nothing with a watermark does."""
    platform, media = await probe(shared, "tiktok", "clip")
    heights = [quality.height for quality in media.qualities if quality.height]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) >= 2
    assert all("download" not in quality.format_id for quality in (*media.qualities, *media.extras))
    (file,) = (await platform.fetch(media, "audio", shared.host, shared.folder(), LIMIT, lambda _: None)).files
    assert (file.kind, file.title, file.performer) == ("audio", "Test tone", "Goldcrest")


async def test_the_size_of_an_album_stands_in_its_menu(shared: Running):
    """Asked of a few of the pictures, reckoned for the others, near enough to the truth."""
    platform, media = await probe(shared, "tiktok", "photos")
    exact = sum(shared.sites.media.medium(still.name).size_bytes for still in stills(shared.sites.media, 3))
    assert (media.qualities[0].size_bytes, media.qualities[0].approximate) == (exact, False)
    _, media = await probe(shared, "instagram", "album")
    exact = sum(shared.sites.media.medium(still.name).size_bytes for still in stills(shared.sites.media, 20))
    assert media.qualities[0].approximate
    assert media.qualities[0].size_bytes == pytest.approx(exact, rel=0.5)
    assert platform.name == "tiktok"


async def test_what_can_be_had_of_a_post_comes(shared: Running):
    """One place is gone, one holds nothing: the three others come, and both are told with their place and reason."""
    platform, media = await probe(shared, "instagram", "holes")
    assert media.qualities[0].label == "3 photos · 1 video"
    assert media.missing == 1
    fetched = await platform.fetch(media, "best", shared.host, shared.folder(), LIMIT, lambda _: None)
    assert [file.kind for file in fetched.files] == ["photo", "video", "photo"]
    assert fetched.missing == (Missing(2, "removed"), Missing(3, "no_media"))
    folder = fetched.files[0].path.parent
    thumbnails = {file.thumbnail for file in fetched.files if file.thumbnail}
    assert {*folder.iterdir()} == {file.path for file in fetched.files} | thumbnails


async def test_a_post_of_which_nothing_can_be_had_fails(shared: Running):
    """With the reason of its first place."""
    with pytest.raises(NoMedia):
        await probe(shared, "instagram", "hollow")
