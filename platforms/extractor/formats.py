"""The menu of an item: one format, or a pair of video and audio, for each height, with the sum of their sizes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from platforms.extractor.offers import Offer, read_offers
from platforms.shapes import AUDIO_QUALITIES, HDR_HEIGHTS, QUALITY_KEYS, SOUND_CONTAINERS, Media, Quality
from utils.errors import LiveNow, NoMedia, UnknownQuality

#: How well Telegram's players on phones bear a codec. An unnamed one in an mp4 is H.264 in practice.
_VIDEO_RANKS: Final = {"h264": 4, "h265": 3, "av1": 2, "vp9": 1}
_MP4: Final = frozenset({"mp4", "m4v", "mov"})
_WEBM_AUDIO: Final = frozenset({"opus", "vorbis"})
#: codec of a sound track -> container in which it is sent
_AUDIO_CONTAINERS: Final = {"aac": "m4a", "mp3": "mp3", "opus": "opus"}
#: bits per second of what a sound track becomes when it has to be converted or its rate is unknown
_AUDIO_RATES: Final = {"m4a": 160_000, "mp3": 192_000, "opus": 128_000}
_COMMON_FPS: Final = 30
#: What a label names: codecs that not every player and phone knows.
_CODEC_NAMES: Final = {"av1": "AV1", "vp9": "VP9", "h265": "H.265"}
_HEIGHT: Final = re.compile(r"([0-9]+)p")


def qualities(info: Mapping[str, Any], max_bytes: int) -> tuple[tuple[Quality, ...], tuple[Quality, ...]]:
    """The menu (best, heights from the highest, audio) and what else may be asked for by name.

    `info` is yt-dlp's dict of one item. Both are empty where nothing can be fetched.
    """
    offers = read_offers(info)
    clean = [offer for offer in offers if not offer.watermarked]
    if not any(offer.video is not None for offer in clean):
        clean = offers
    videos = _videos([offer for offer in clean if not offer.hdr], max_bytes)
    bright = _videos([offer for offer in clean if offer.hdr or offer.video is None], max_bytes)
    sounds = _sounds(clean, info.get("duration"), max_bytes)
    pictures = [_single(offer, max_bytes) for offer in clean if offer.picture]
    plain = {step.height for step in videos}
    videos += [step for step in bright if step.height not in plain]
    videos.sort(key=lambda step: -(step.height or 0))
    steps = videos or pictures[-1:] or sounds[:1]  # a photo with music is a photo
    if not steps:
        return (), ()
    best = replace(next((step for step in steps if step.fits), steps[-1]), key="best")
    named = [replace(step, key=f"{step.key}_hdr") for step in bright if step.height in plain.intersection(HDR_HEIGHTS)]
    heights = sorted((step for step in (*videos, *named) if step.height), key=lambda step: -(step.height or 0))
    menu = (best, *heights, *sounds[:1])
    extras = [replace(steps[-1], key="worst"), *sounds[1:]]
    if not any(offer.watermarked for offer in clean):
        extras.append(replace(best, key="no_watermark"))
    return menu, tuple(extras)


def choose(media: Media, key: str, *, live: bool = False) -> Quality:
    """The quality asked for, or the nearest sensible one: the next lower height, else the lowest there is.

    `live`: it is to be recorded. Raises UnknownQuality for a word that isn't one of ours and for sound where there is
    none, LiveNow for a running stream, NoMedia where nothing is on offer.
    """
    if key not in QUALITY_KEYS:
        raise UnknownQuality(key, quality=key)
    if media.is_live and not live:
        raise LiveNow
    if not media.qualities:
        raise NoMedia
    offered = {quality.key: quality for quality in (*media.qualities, *media.extras)}
    if key in offered:
        return offered[key]
    heights = [quality for quality in media.qualities if quality.key == f"{quality.height}p"]
    if key in {*AUDIO_QUALITIES, "no_watermark", "originals"}:
        raise UnknownQuality(f"no {key} of this item", quality=key)
    wanted = int((_HEIGHT.match(key) or (0, 0))[1])
    if not wanted or not heights:
        return offered["best"]
    return next((quality for quality in heights if (quality.height or 0) <= wanted), heights[-1])


def settle(media: Media, key: str, *, live: bool = False) -> str:
    """The key under which a choice is stored: the height's own name for "best", "worst" and what is nearest.

    Raises what `choose` raises.
    """
    chosen = choose(media, key, live=live)
    named = (each for each in media.qualities if each.height and each.key != "best")
    return next(
        (each.key for each in named if (each.format_id, each.ext) == (chosen.format_id, chosen.ext)), chosen.key
    )


def _videos(offers: Sequence[Offer], max_bytes: int) -> list[Quality]:
    """The best choice for each height, the highest first; the one of unknown height last."""
    sounds = [offer for offer in offers if offer.video is None and offer.audio is not None]
    chosen: dict[int, tuple[tuple[Any, ...], Quality]] = {}
    for offer in offers:
        if offer.video is None:
            continue
        partner = _partner(offer, sounds) if offer.audio is None else None
        quality = _pair(offer, partner, max_bytes) if partner else _single(offer, max_bytes)
        rank = _rank(offer, partner, quality)
        if offer.height not in chosen or rank >= chosen[offer.height][0]:
            chosen[offer.height] = rank, quality
    return [chosen[height][1] for height in sorted(chosen, reverse=True)]


def _rank(offer: Offer, partner: Offer | None, quality: Quality) -> tuple[Any, ...]:
    """Higher is better among choices of one height; what comes last breaks ties."""
    codec = 4 if not offer.video and offer.ext in _MP4 else _VIDEO_RANKS.get(offer.video or "", 0)
    return (
        quality.fits,
        not offer.damaged,
        offer.audio is not None or partner is not None,
        codec,
        not offer.hdr,
        offer.direct,
        offer.language,
        offer.source,
        min(offer.fps, 60),
        offer.pixels,
        partner is None,
        offer.quality,
        offer.bits,
    )


def _partner(video: Offer, sounds: Iterable[Offer]) -> Offer | None:
    """The sound for a silent video: the item's own language first, then what shares its container."""
    webm = video.ext == "webm"

    def rank(sound: Offer) -> tuple[Any, ...]:
        same = sound.audio in _WEBM_AUDIO if webm else sound.audio in {"aac", ""}
        return sound.language, not sound.damaged, same, sound.direct, sound.quality, sound.bits

    return max(sounds, key=rank, default=None)


def _pair(video: Offer, audio: Offer, max_bytes: int) -> Quality:
    size = None if video.size is None or audio.size is None else video.size + audio.size
    ext = "webm" if video.ext == "webm" and audio.audio in _WEBM_AUDIO else "mp4"
    approximate = video.approximate or audio.approximate
    pair = _quality(video, f"{video.id}+{audio.id}", ext, size, max_bytes, approximate=approximate)
    return replace(pair, bits=round(1000 * (video.bits + audio.bits)))


def _single(offer: Offer, max_bytes: int) -> Quality:
    """One file as it is."""
    return _quality(offer, offer.id, offer.ext or "mp4", offer.size, max_bytes, approximate=offer.approximate)


def _quality(offer: Offer, format_id: str, ext: str, size: int | None, max_bytes: int, *, approximate: bool) -> Quality:
    fast = str(round(offer.fps)) if offer.fps > _COMMON_FPS else ""
    codec = f" \u00b7 {_CODEC_NAMES[offer.video]}" if offer.video in _CODEC_NAMES else ""
    label = f"{offer.height}p{fast}{' HDR' if offer.hdr else ''}{codec}" if offer.height else (ext or "file").upper()
    return Quality(
        key=f"{offer.height}p" if offer.height else "best",
        label=label,
        height=offer.height or None,
        codec=offer.video or "",
        size_bytes=size,
        fits=size is None or size <= max_bytes,
        format_id=format_id,
        ext=ext,
        approximate=approximate and size is not None,
        dynamic_range=offer.dynamic_range,
        fps=round(offer.fps),
        bits=round(1000 * offer.bits),
    )


def _sounds(offers: Sequence[Offer], duration: Any, max_bytes: int) -> list[Quality]:
    """The sound alone: as it comes best to Telegram, then as mp3, m4a and opus."""
    heard = [offer for offer in offers if offer.audio is not None]
    if not heard:
        return []
    plain = _source(heard, ("m4a", "mp3", "opus"))
    found = [("audio", _container(plain) or "m4a", plain)]
    found += [(kind, kind, _source(heard, (kind,))) for kind in SOUND_CONTAINERS]
    return [_sound(key, ext, offer, duration, max_bytes) for key, ext, offer in found]


def _source(heard: Sequence[Offer], wanted: tuple[str, ...]) -> Offer:
    """What to take the sound from: a sound track before a whole film, the containers in the order they are wanted."""

    def rank(offer: Offer) -> tuple[Any, ...]:
        alone = offer.video is None
        place = wanted.index(container) if (container := _container(offer)) in wanted else len(wanted)
        weight = offer.bits if alone else -(offer.size or offer.bits)  # the smallest film will do
        return alone, offer.language, not offer.damaged, -place, offer.direct, offer.quality if alone else 0, weight

    return max(heard, key=rank)


def _container(offer: Offer) -> str:
    """The file that takes this sound as it is; "" where there is none of ours."""
    if offer.audio == "":  # untold: what the file is made for
        return "m4a" if offer.ext in _MP4 else offer.ext if offer.ext in SOUND_CONTAINERS else ""
    return _AUDIO_CONTAINERS.get(offer.audio or "", "")


def _sound(key: str, ext: str, offer: Offer, duration: Any, max_bytes: int) -> Quality:
    size, approximate = offer.size, offer.approximate
    fetchable = size is None or size <= max_bytes  # else what it would be made of is the trouble
    if fetchable and (offer.video is not None or _container(offer) != ext):
        size = int(duration * _AUDIO_RATES[ext] / 8) if isinstance(duration, (int, float)) and duration > 0 else None
        approximate = True
    codec = next(codec for codec, container in _AUDIO_CONTAINERS.items() if container == ext)
    fits = size is None or size <= max_bytes
    return Quality(key, ext.upper(), None, codec, size, fits, offer.id, ext, approximate and size is not None)
