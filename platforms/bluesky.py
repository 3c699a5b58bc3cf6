"""Bluesky: posts with videos or photos."""

from platforms.base import Platform
from platforms.shapes import Extractor, Link, Media
from utils.errors import Removed, SiteDown


class Bluesky(Platform):
    hosts = ("bsky.app", "main.bsky.dev")
    fixers = ("bskx.app", "bskye.app", "bsyy.app", "fxbsky.app", "vxbsky.app")
    subdomains = "www|staging"
    # An author can choose the last part of a post's address, so that it tells nothing without the author.
    paths = {"item": r"/profile/(?P<name>[\w.:%-]+/post/\w{5,30})"}
    address = {"item": "https://bsky.app/profile/{id}"}
    extractors = ("bluesky",)
    items = 20
    rate = 2.0
    examples = {
        "https://bsky.app/profile/Blu3blue.bsky.social/post/3l4omssdl632g": "blu3blue.bsky.social/post/3l4omssdl632g",
        "https://bsky.app/profile/did:plc:ia76kvnndjutgedggx2ibrem/post/3l6zrz6zyl2dr": (
            "did:plc:ia76kvnndjutgedggx2ibrem/post/3l6zrz6zyl2dr"
        ),
        "https://main.bsky.dev/profile/souris.moe/post/3l4qhp7bcs52c": "souris.moe/post/3l4qhp7bcs52c",
        "bskx.app/profile/bsky.app/post/3l3vgf77uco2g": "bsky.app/post/3l3vgf77uco2g",
        "https://r.fxbsky.app/profile/bsky.app/post/3l3vgf77uco2g": "bsky.app/post/3l3vgf77uco2g",
    }
    strangers = (
        "https://bsky.app/",
        "https://bsky.app/profile/bsky.app",
        "https://bsky.app/profile/bsky.app/feed/whats-hot",
        "https://bsky.app/search?q=post",
        "https://docs.bsky.app/profile/bsky.app/post/3l3vgf77uco2g",
    )

    async def probe(self, link: Link, extractor: Extractor, max_bytes: int) -> Media:
        """The site answers 400 for a post that it doesn't have."""
        try:
            return await super().probe(link, extractor, max_bytes)
        except SiteDown as error:
            if "HTTP Error 400" in error.detail:
                raise Removed(error.detail) from error
            raise
