"""Instagram's stories and highlights with the cookies of an account, and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from platforms.registry import Registry
from platforms.shapes import Identity
from tests.sites.instagram import SESSION
from utils.errors import LoginRequired, Removed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.platforms.extractor.conftest import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")
REGISTRY = Registry()
LIMIT = 2_000 << 20
LATER = 4_000_000_000


def signed_in(shared: Running, folder: Path, session: str = SESSION):
    """The extractor with the cookies of an account."""
    cookies = folder / "instagram.txt"
    lines = (("sessionid", session), ("ds_user_id", "7"))
    rows = "".join(f".instagram.com\tTRUE\t/\tTRUE\t{LATER}\t{name}\t{value}\n" for name, value in lines)
    cookies.write_text(f"# Netscape HTTP Cookie File\n{rows}")
    cookies.chmod(0o600)
    return shared.host.as_identity(Identity("anna", cookies=str(cookies), domains=("instagram.com",)))


async def probe(shared: Running, name: str, extractor):
    link = REGISTRY.claim(shared.sites.samples()["instagram"][name])
    platform = REGISTRY.platform(link.platform)
    return platform, await platform.probe(link, extractor, LIMIT)


@pytest.mark.parametrize(
    ("name", "found", "kinds"),
    [
        ("stories", ("stories", "1 photo · 2 videos", 0), "vpv"),
        ("highlights", ("stories", "16 photos · 4 videos", 5), "ppvpp" * 4),
        ("story", ("story", "JPG", 0), "p"),
    ],
)
async def test_stories_come_with_cookies(shared: Running, tmp_path: Path, name, found, kinds):
    """All of a person's or of a highlight as one album, a single one alone; what is too much is counted."""
    extractor = signed_in(shared, tmp_path)
    platform, media = await probe(shared, name, extractor)
    assert (media.kind, media.qualities[0].label, media.missing) == found
    fetched = await platform.fetch(media, "best", extractor, shared.folder(), LIMIT, lambda _: None)
    assert "".join(file.kind[0] for file in fetched.files) == kinds


@pytest.mark.parametrize("name", ["stories", "highlights", "story", "login"])
async def test_without_cookies_the_login_wall_is_named(shared: Running, name):
    """One class, whose sentence and next step are the same everywhere."""
    with pytest.raises(LoginRequired):
        await probe(shared, name, shared.host)


async def test_with_dead_cookies_too(shared: Running, tmp_path: Path):
    """The site leads to its login page as if there were none."""
    with pytest.raises(LoginRequired):
        await probe(shared, "stories", signed_in(shared, tmp_path, "gone"))


@pytest.mark.parametrize("name", ["story_over", "stories_none"])
async def test_a_story_that_is_over_is_gone(shared: Running, tmp_path: Path, name):
    """Somebody who is signed in is told that it isn't there, not that a login is missing."""
    with pytest.raises(Removed):
        await probe(shared, name, signed_in(shared, tmp_path))


async def test_a_post_for_members_comes_with_cookies(shared: Running, tmp_path: Path):
    """The same login wall, behind which an account sees a reel."""
    _, media = await probe(shared, "login", signed_in(shared, tmp_path))
    assert media.kind == "video"
