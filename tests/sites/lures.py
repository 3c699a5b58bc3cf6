"""Bodies that try to lead a downloader astray: manifests, pages and files that aim at an address or at a path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

HLS_TYPE: Final = "application/vnd.apple.mpegurl"
DASH_TYPE: Final = "application/dash+xml"
HTML_TYPE: Final = "text/html; charset=utf-8"
MP4_TYPE: Final = "video/mp4"
HEAD: Final = "#EXTM3U\n#EXT-X-VERSION:6\n"
#: a live playlist that works, so that the extractor takes the whole stream for live
LIVE: Final = "/live.m3u8"


def media_playlist(segment: str, *, before: str = "", live: bool = False) -> str:
    """HLS: one rendition of one segment."""
    end = "" if live else "#EXT-X-ENDLIST\n"
    kind = "" if live else "#EXT-X-PLAYLIST-TYPE:VOD\n"
    return f"{HEAD}#EXT-X-TARGETDURATION:4\n{kind}{before}#EXTINF:4.0,\n{segment}\n{end}"


def variants(best: str, *, sound: str = "") -> str:
    """HLS: a live variant that works and a better one that is the bait."""
    media = f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="s",NAME="en",DEFAULT=YES,URI="{sound}"\n' if sound else ""
    more = ',AUDIO="s",CODECS="avc1.42c01e,mp4a.40.2"' if sound else ""
    return (
        f"{HEAD}{media}#EXT-X-STREAM-INF:BANDWIDTH=100000,RESOLUTION=256x144{more}\n{LIVE}\n"
        f"#EXT-X-STREAM-INF:BANDWIDTH=9000000,RESOLUTION=1920x1080{more}\n{best}\n"
    )


def dash(base: str, *, live: bool = False, more: str = "") -> str:
    """DASH: one representation under a base URL."""
    kind = 'type="dynamic" availabilityStartTime="2024-01-01T00:00:00Z"' if live else 'type="static"'
    segments = more or '<SegmentBase indexRange="0-1"/>'
    return (
        f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" {kind} mediaPresentationDuration="PT4S" '
        'minBufferTime="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>'
        '<AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="800000" codecs="avc1.4d401f" '
        f'width="640" height="360"><BaseURL>{escape(base)}</BaseURL>{segments}</Representation></AdaptationSet>'
        "</Period></MPD>"
    )


def numbered(base: str) -> str:
    """DASH: segments by a template of absolute addresses."""
    files = f'media="{base}/s$Number$.m4s" initialization="{base}/i.mp4"'
    return dash("", more=f'<SegmentTemplate {files} duration="1" startNumber="1"/>')


def with_entity(manifest: str, target: str) -> str:
    """XML whose declarations and content lie elsewhere, for parsers that fetch such things."""
    entity = f'<!DOCTYPE MPD SYSTEM "{target}.dtd" [<!ENTITY lure SYSTEM "{target}">]>'
    return manifest.replace("?>", f"?>{entity}", 1).replace("ENTITY<", "&lure;<")


def pages(target: str) -> Mapping[str, str]:
    """HTML that names the target in every place where the generic extractor looks."""
    kind = '<meta property="og:video:type" content="video/mp4">'
    heads = {
        "open_graph": f'<meta property="og:video" content="{target}">{kind}',
        "poster": f'<meta property="og:video" content="/good.mp4">{kind}<meta property="og:image" content="{target}">',
        "twitter": f'<meta name="twitter:player:stream" content="{target}">',
        "twitter_player": f'<meta name="twitter:player" content="{target}">',
        "refresh": f'<meta http-equiv="refresh" content="0; url=\'{target}\'">',
        "linked_data": '<script type="application/ld+json">{"@context": "https://schema.org", "@type": "VideoObject", '
        f'"name": "x", "contentUrl": "{target}"}}</script>',
        "video_tag": f'<video><source src="{target}" type="video/mp4"></video>',
        "track_tag": f'<video><source src="/good.mp4" type="video/mp4"><track kind="subtitles" src="{target}"></video>',
        "player_script": f"<script>jwplayer('p').setup({{file: \"{target}\"}});</script>",
        "videojs": f"<script>var p = videojs('p'); p.src([{{src: '{target}', type: 'video/mp4'}}]);</script>",
    }
    return {name: f"<!doctype html><html><head><title>Lure</title>{head}</head></html>" for name, head in heads.items()}


def documents(target: str) -> Mapping[str, tuple[str, str]]:
    """Other formats that point somewhere, with their media types."""
    url = escape(target)
    feed = (
        f'<rss version="2.0"><channel><title>x</title><item><title>x</title><enclosure url="{url}"/></item></channel>'
    )
    track = f"<track><location>{url}</location></track>"
    level = 'Index="0" Bitrate="100000" FourCC="H264" MaxWidth="640" MaxHeight="360" CodecPrivateData=""'
    stream = (
        f'<StreamIndex Type="video" Url="{url}" QualityLevels="1" Chunks="1"><QualityLevel {level}/><c d="40000000"/>'
    )
    smooth = f'<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="40000000">{stream}</StreamIndex>'
    flash = f'<manifest xmlns="http://ns.adobe.com/f4m/1.0"><baseURL>{url}</baseURL><media url="x" bitrate="100"/>'
    smil = f'<smil><head/><body><switch><video src="{url}" system-bitrate="100"/></switch></body></smil>'
    xspf = f'<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>{track}</trackList></playlist>'
    return {
        "feed": (f"{feed}</rss>", "application/rss+xml"),
        "playlist_xspf": (xspf, "application/xspf+xml"),
        "smil": (smil, "application/smil+xml"),
        "smooth": (f"{smooth}</SmoothStreamingMedia>", "text/xml"),
        "flash": (f"{flash}</manifest>", "text/xml"),
    }


def disguised(path: str, target: str) -> Mapping[str, str]:
    """Texts that are served as an MP4; a tool that guesses formats by content follows them to `path` or `target`."""
    return {
        "concat": f"ffconcat version 1.0\nfile '{path}'\n",
        "concat_net": f"ffconcat version 1.0\nfile '{target}'\n",
        "dash": dash(path),
        "dash_file_url": dash(f"file://{path}"),
        "dash_relative": dash(f"../../../../../../../../../../../..{path}"),
        "dash_net": dash(target),
        "hls": media_playlist(f"file://{path}"),
        "hls_concat": media_playlist(f"concat:{path}"),
        "hls_subfile": media_playlist(f"subfile,,start,0,end,4096,,:{path}"),
        "hls_net": media_playlist(target),
        "session": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n",
    }
