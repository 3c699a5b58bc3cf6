"""Every site's posts of pictures: as many different originals as it tells, each the very file of the shelf."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

import pytest

from tests.sites.instagram import Instagram, shortcode
from tests.sites.media import Shelf
from tests.sites.messages import Request
from tests.sites.more import MORE
from tests.sites.tiktok import TikTok, item_id
from tests.sites.twitter import post_id

if TYPE_CHECKING:
    from tests.sites.routes import Replica

SHELF = Shelf()
SITES: dict[str, Replica] = {name: site(SHELF) for name, site in MORE.items()} | {
    "instagram": Instagram(SHELF),
    "tiktok": TikTok(SHELF),
}
#: what unlocks the documents of X, Reddit and Tumblr
HEADERS = {"x-guest-token": "1", "cookie": "loid=1", "authorization": "Bearer token"}
PIN = "https://www.pinterest.com/resource/PinResource/get/?data="
THREAD = "https://public.api.bsky.app/xrpc/app.bsky.feed.getPostThread?uri=at://x/app.bsky.feed.post/"


def tweet(name):
    asked = quote(json.dumps({"tweetId": str(post_id(name))}))
    return f"https://x.com/i/api/graphql/x/TweetResultByRestId?variables={asked}"


def pin(number):
    return PIN + quote(json.dumps({"options": {"id": str(664_281_013_778_100_000 + number)}}))


def tumblr(number):
    return f"https://www.tumblr.com/api/v2/blog/goldcrest/posts/{730_000_000_000_000_000 + number}/permalink"


def found_in(pattern, text):
    match = re.search(pattern, text)
    assert match, text
    return match[1]


async def ask(site, url):
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    reply = await SITES[site].answer(Request("GET", "https", parts.netloc, None, target, HEADERS))
    assert reply, url
    return reply


def original(site, url):
    """The address of a picture as it was uploaded, where the document names a smaller one."""
    name = found_in(r"(still_?\d\d)", url)
    match site:
        case "twitter":
            return f"{url}?name=orig"
        case "reddit":
            ending = found_in(rf"{name}\.(\w+)", url)
            return f"https://i.redd.it/{name}.{ending}"
        case "bluesky":
            cid = found_in(rf"(bafy{name}\.\w+)", url)
            return f"https://morel.us-east.host.bsky.network/xrpc/com.atproto.sync.getBlob?did=x&cid={cid}"
    return url


@pytest.mark.parametrize(
    ("site", "document", "count"),
    [
        ("instagram", f"https://www.instagram.com/p/{shortcode('Photos')}/", 3),
        ("instagram", f"https://www.instagram.com/p/{shortcode('Mixed')}/", 1),
        ("instagram", f"https://www.instagram.com/p/{shortcode('Album')}/", 20),
        ("instagram", f"https://www.instagram.com/p/{shortcode('Twenty')}/", 16),
        ("twitter", tweet("photo"), 1),
        ("twitter", tweet("photos"), 4),
        ("twitter", tweet("mixed"), 2),
        ("twitter", f"https://cdn.syndication.twimg.com/tweet-result?id={post_id('photos')}", 4),
        ("tiktok", f"https://www.tiktok.com/@goldcrest/photo/{item_id('photos')}", 3),
        ("tiktok", f"https://www.tiktok.com/@goldcrest/photo/{item_id('photos_twenty')}", 20),
        ("reddit", "https://www.reddit.com/comments/set0000/.json", 3),
        ("reddit", "https://www.reddit.com/comments/twenty0/.json", 20),
        ("pinterest", pin(13), 3),
        ("pinterest", pin(15), 2),
        ("pinterest", pin(20), 20),
        ("tumblr", tumblr(11), 1),
        ("tumblr", tumblr(13), 3),
        ("tumblr", tumblr(15), 2),
        ("tumblr", tumblr(20), 20),
        ("bluesky", f"{THREAD}photo1", 1),
        ("bluesky", f"{THREAD}photos1", 4),
        ("imgur", "https://api.imgur.com/post/v1/albums/set001", 3),
        ("imgur", "https://api.imgur.com/post/v1/albums/mixed001", 2),
        ("imgur", "https://api.imgur.com/post/v1/albums/twenty001", 20),
        ("threads", "https://www.threads.com/@goldcrest/post/Tphotos001", 3),
        ("threads", "https://www.threads.com/@goldcrest/post/Tmixed001", 2),
        ("threads", "https://www.threads.com/@goldcrest/post/Ttwenty001", 16),
    ],
)
async def test_originals_of_a_post(site: str, document: str, count: int):
    """No two are alike, and each comes with the media type of its file."""
    body = unquote((await ask(site, document)).body.decode())
    found = {
        found_in(r"(still_?\d\d)", url): url
        for url in re.findall(r"https://[^\s\"\\]*still_?\d\d[^\s\"\\]*", body)
        if not re.search(r"/(?:236x|s640x960|feed_thumbnail)/", url)
    }
    digests = set()
    for url in found.values():
        reply = await ask(site, original(site, url))
        content = reply.body.read_bytes()
        assert SHELF.medium(reply.body.name).size_bytes == len(content)
        assert reply.header("Content-Type").startswith("image/")
        digests.add(hashlib.sha256(content).hexdigest())
    assert len(found) == len(digests) == count


@pytest.mark.parametrize(
    ("site", "url"),
    [
        ("twitter", "https://pbs.twimg.com/media/still_00.jpg"),
        ("twitter", "https://pbs.twimg.com/media/still_00.jpg?name=small"),
        ("reddit", "https://preview.redd.it/still_00.jpg?width=640"),
        ("pinterest", "https://i.pinimg.com/236x/aa/still_00.jpg"),
        ("tumblr", "https://64.media.tumblr.com/aa/s640x960/still_00.jpg"),
        ("bluesky", "https://cdn.bsky.app/img/feed_fullsize/plain/x/bafystill_00.jpg@jpeg"),
    ],
)
async def test_smaller_pictures_are_told_from_originals(site: str, url: str):
    """Whoever takes the address next to hand gets a smaller file."""
    assert (await ask(site, url)).body.name.startswith("thumb.")
