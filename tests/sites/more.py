"""The further sites by the names that the registry knows them under."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sites.bluesky import Bluesky
from tests.sites.dailymotion import Dailymotion
from tests.sites.douyin import Douyin
from tests.sites.facebook import Facebook
from tests.sites.imgur import Imgur
from tests.sites.pinterest import Pinterest
from tests.sites.reddit import Reddit
from tests.sites.rumble import Rumble
from tests.sites.rutube import Rutube
from tests.sites.soundcloud import Soundcloud
from tests.sites.streamable import Streamable
from tests.sites.threads import Threads
from tests.sites.tumblr import Tumblr
from tests.sites.twitch import Twitch
from tests.sites.twitter import Twitter
from tests.sites.vimeo import Vimeo
from tests.sites.weibo import Weibo
from tests.sites.xiaohongshu import Xiaohongshu

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sites.live import Broadcast
    from tests.sites.media import Shelf
    from tests.sites.routes import Replica

MORE: Final[Mapping[str, type[Replica]]] = {
    "bluesky": Bluesky,
    "dailymotion": Dailymotion,
    "douyin": Douyin,
    "facebook": Facebook,
    "imgur": Imgur,
    "pinterest": Pinterest,
    "reddit": Reddit,
    "rumble": Rumble,
    "rutube": Rutube,
    "soundcloud": Soundcloud,
    "streamable": Streamable,
    "threads": Threads,
    "tumblr": Tumblr,
    "twitch": Twitch,
    "twitter": Twitter,
    "vimeo": Vimeo,
    "weibo": Weibo,
    "xiaohongshu": Xiaohongshu,
}


def more_replicas(shelf: Shelf, broadcast: Broadcast) -> dict[str, Replica]:
    """One of each."""
    return {name: replica(shelf) for name, replica in MORE.items()} | {"twitch": Twitch(shelf, broadcast)}
