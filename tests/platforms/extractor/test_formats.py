"""Menus out of yt-dlp's dicts: heights, pairs, sizes, sound, and the choice of the nearest."""

from typing import Any

import pytest

from platforms.extractor.describe import describe
from platforms.extractor.formats import choose, qualities, settle
from platforms.extractor.trim import trim_info
from platforms.shapes import QUALITY_HEIGHTS, QUALITY_KEYS, Link, Media
from utils.errors import LiveNow, NoMedia, UnknownQuality

LIMIT = 100_000_000


def fmt(ident, ext, vcodec, acodec, size=None, **fields):
    return {"format_id": ident, "ext": ext, "vcodec": vcodec, "acodec": acodec, "filesize": size, **fields}


def film(ident, width, height, size=None, vcodec="avc1.640028", ext="mp4", acodec="none", **fields):  # noqa: PLR0917 - a row
    return fmt(ident, ext, vcodec, acodec, size, width=width, height=height, **fields)


M4A = fmt("140", "m4a", "none", "mp4a.40.2", 1_000_000, tbr=129)
M4A_LOW = fmt("139", "m4a", "none", "mp4a.40.5", 400_000, tbr=48)
OPUS = fmt("251", "webm", "none", "opus", 900_000, tbr=140)
STORYBOARD = fmt("sb0", "mhtml", "none", "none", protocol="mhtml", format_note="storyboard")

#: what a YouTube video offers, worst first
YOUTUBE: dict[str, Any] = {
    "duration": 100,
    "formats": [
        STORYBOARD,
        M4A_LOW,
        M4A,
        OPUS,
        film("160", 256, 144, 1_000_000),
        film("18", 640, 360, 5_000_000, acodec="mp4a.40.2", tbr=400),
        film("134", 640, 360, 4_000_000, tbr=300),
        film("243", 640, 360, 3_000_000, "vp9", "webm"),
        film("136", 1280, 720, 10_000_000),
        film("398", 1280, 720, 8_000_000, "av01.0.05M.08"),
        film("299", 1920, 1080, 60_000_000, fps=60),
        film("137", 1920, 1080, 30_000_000, fps=30),
        film("248", 1920, 1080, 20_000_000, "vp09.00.40.08", "webm"),
        film("337", 3840, 2160, 200_000_000, "vp9.2", "webm", dynamic_range="HDR10", fps=60),
        film("313", 3840, 2160, 150_000_000, "vp9", "webm"),
    ],
}


def menu(info, limit=LIMIT):
    return {quality.key: quality for quality in qualities(info, limit)[0]}


def everything(info, limit=LIMIT):
    shown, extras = qualities(info, limit)
    return {quality.key: quality for quality in (*shown, *extras)}


def ids(info, limit=LIMIT):
    return {key: quality.format_id for key, quality in menu(info, limit).items()}


def media(info, limit=LIMIT, *, live=False):
    shown, extras = qualities(info, limit)
    return Media("x", "1", "video", "x:1", "https://x.test/1", "T", shown, is_live=live, extras=extras)


def test_the_menu_of_a_usual_video():
    """Best that fits, every height from the highest, sound last; explicit ids, never a search expression."""
    assert ids(YOUTUBE) == {
        "best": "299+140",
        "2160p": "313+251",
        "2160p_hdr": "337+251",
        "1080p": "299+140",
        "720p": "136+140",
        "360p": "18",
        "144p": "160+140",
        "audio": "140",
    }
    assert list(menu(YOUTUBE)) == ["best", "2160p", "2160p_hdr", "1080p", "720p", "360p", "144p", "audio"]
    assert set(everything(YOUTUBE)) <= set(QUALITY_KEYS)


def test_sizes_are_sums_and_tell_what_fits():
    """Video plus sound against Telegram's limit; the containers follow the pair."""
    shown = menu(YOUTUBE)
    assert (shown["1080p"].size_bytes, shown["1080p"].fits, shown["1080p"].ext) == (61_000_000, True, "mp4")
    assert (shown["2160p"].size_bytes, shown["2160p"].fits, shown["2160p"].ext) == (150_900_000, False, "webm")
    assert (shown["360p"].size_bytes, shown["audio"].size_bytes) == (5_000_000, 1_000_000)
    assert not any(quality.approximate for quality in shown.values())


def test_a_smaller_choice_of_the_same_height_is_taken_where_the_better_does_not_fit():
    """60 frames or H.264 are worth nothing if Telegram refuses the file."""
    assert menu(YOUTUBE, 40_000_000)["1080p"].format_id == "137+140"
    assert menu(YOUTUBE, 25_000_000)["1080p"].format_id == "248+251"


def test_best_is_the_highest_that_fits():
    """Where nothing fits it is the smallest, and says so."""
    assert menu(YOUTUBE, LIMIT * 10)["best"].format_id == "313+251"
    assert menu(YOUTUBE, 12_000_000)["best"].format_id == "136+140"
    tiny = menu(YOUTUBE, 1_000)["best"]
    assert (tiny.format_id, tiny.fits) == ("160+140", False)


def test_labels_tell_height_frames_and_range():
    """Numbers that read the same in every language."""
    shown = menu(YOUTUBE)
    assert (shown["best"].label, shown["1080p"].label, shown["720p"].label) == ("1080p60", "1080p60", "720p")
    only_hdr = {"formats": [M4A, film("337", 3840, 2160, 1, "vp9.2", "webm", dynamic_range="HDR10", fps=60)]}
    assert menu(only_hdr)["2160p"].label == "2160p60 HDR · VP9"
    assert (shown["audio"].label, shown["audio"].height, shown["audio"].codec) == ("M4A", None, "aac")
    assert (shown["1080p"].codec, shown["2160p"].codec) == ("h264", "vp9")


@pytest.mark.parametrize(
    ("width", "height", "key"),
    [
        (1920, 1080, "1080p"),
        (1080, 1920, "1080p"),
        (1080, 1080, "1080p"),
        (1920, 804, "1080p"),
        (1280, 534, "720p"),
        (1080, 2340, "1080p"),
        (576, 1024, "480p"),
        (720, 1280, "720p"),
        (7680, 4320, "4320p"),
        (2560, 1440, "1440p"),
        (100, 80, "144p"),
        (None, 720, "720p"),
        (1280, None, "720p"),
    ],
)
def test_the_short_side_decides_the_class(width, height, key):
    """Portrait 1080x1920 is 1080p; a wide film belongs to the class of its width."""
    quality = menu({"formats": [film("1", width, height, 1, acodec="aac")]})[key]
    assert quality.height == int(key[:-1])
    assert quality.height in QUALITY_HEIGHTS


def test_a_height_told_in_words_counts():
    """Some sites name formats and give no numbers; without even a name there is "best" alone."""
    assert "720p" in menu({"formats": [film("hls-720p", None, None, acodec="aac")]})
    assert "480p" in menu({"formats": [film("x", None, None, acodec="aac", format_note="480p, medium")]})
    assert list(menu({"formats": [fmt("0", "mp4", None, None)]})) == ["best", "audio"]


def test_one_file_with_both_tracks_needs_no_pair():
    """A progressive file of the same codec and size class saves a merge."""
    combined = film("22", 1280, 720, 12_000_000, acodec="mp4a.40.2")
    assert ids({"formats": [M4A, film("136", 1280, 720, 10_000_000), combined]})["720p"] == "22"


def test_sound_is_of_the_same_container_and_language():
    """AAC for mp4, Opus for webm; the original language before a better dubbing; a compressed copy last."""
    dubbed = fmt("140-1", "m4a", "none", "mp4a.40.2", 2_000_000, tbr=200, language_preference=-10)
    drc = fmt("140-drc", "m4a", "none", "mp4a.40.2", 1_000_000, tbr=130, quality=2.5)
    own = {**M4A, "language_preference": 10, "quality": 3}
    offered = [dubbed, own, {**drc, "language_preference": 10}, {**OPUS, "language_preference": 10}]
    assert ids({"formats": [*offered, film("137", 1920, 1080, 1)]})["1080p"] == "137+140"
    assert ids({"formats": [*offered, film("248", 1920, 1080, 1, "vp9", "webm")]})["1080p"] == "248+251"
    assert ids({"formats": [OPUS, film("137", 1920, 1080, 1)]})["1080p"] == "137+251"
    assert menu({"formats": [M4A, film("248", 1920, 1080, 1, "vp9", "webm")]})["1080p"].ext == "mp4"


def test_a_silent_film_stays_silent_only_where_there_is_no_sound():
    """With a sound track it is paired, without one it stands alone, a film with sound goes before."""
    assert ids({"formats": [film("1", 640, 360, 1)]}) == {"best": "1", "360p": "1"}
    with_sound = film("2", 640, 360, 1, vcodec="vp9", acodec="opus", ext="webm")
    assert ids({"formats": [with_sound, film("1", 640, 360, 1)]})["360p"] == "2"


def test_above_1080p_what_phones_play_comes_first():
    """H.265 and AV1 in mp4 before VP9, standard range before HDR."""
    high = [film("313", 3840, 2160, 9, "vp9", "webm"), film("401", 3840, 2160, 9, "av01.0.12M.08")]
    assert ids({"formats": [M4A, OPUS, *high]})["2160p"] == "401+140"
    assert ids({"formats": [M4A, *high, film("h", 3840, 2160, 9, "hvc1.2.4")]})["2160p"] == "h+140"
    ranges = [film("a", 3840, 2160, 9), film("b", 3840, 2160, 9, dynamic_range="HDR10")]
    assert ids({"formats": [M4A, *ranges]})["2160p"] == "a+140"


def test_sizes_are_reckoned_where_none_is_told():
    """The site's estimate, else bit rate times duration, both marked; without either it is unknown and may fit."""
    told = menu({"formats": [film("1", 640, 360, None, acodec="aac", filesize_approx=5_000)]})["360p"]
    assert (told.size_bytes, told.approximate) == (5_000, True)
    reckoned = menu({"duration": 10, "formats": [film("1", 640, 360, None, acodec="aac", tbr=800)]})["360p"]
    assert (reckoned.size_bytes, reckoned.approximate) == (1_000_000, True)
    rates = menu({"duration": 10, "formats": [film("1", 640, 360, None, acodec="aac", vbr=700, abr=100)]})["360p"]
    assert rates.size_bytes == 1_000_000
    pair = menu({"duration": 10, "formats": [M4A, film("1", 640, 360, None, tbr=800)]})["360p"]
    assert (pair.size_bytes, pair.approximate) == (2_000_000, True)
    unknown = menu({"formats": [M4A, film("1", 640, 360, None, tbr=800)]})["360p"]
    assert (unknown.size_bytes, unknown.approximate, unknown.fits) == (None, False, True)


def test_segments_are_taken_where_there_is_nothing_direct():
    """HLS and DASH pairs have ids too; a direct file of the same height goes before."""
    hls = [
        fmt("hls-audio", "mp4", "none", "mp4a.40.2", protocol="m3u8_native"),
        film("hls-720", 1280, 720, protocol="m3u8_native", tbr=2000),
    ]
    dash = [
        fmt("dash-a", "m4a", "none", "mp4a.40.2", protocol="http_dash_segments", tbr=128),
        film("dash-720", 1280, 720, protocol="http_dash_segments", tbr=2000),
    ]
    assert ids({"formats": hls}) == {"best": "hls-720+hls-audio", "720p": "hls-720+hls-audio", "audio": "hls-audio"}
    assert ids({"formats": dash})["720p"] == "dash-720+dash-a"
    direct = film("http-720", 1280, 720, 9_000_000, acodec="aac", protocol="https")
    assert (
        ids({"formats": [*hls, direct, film("hls-b", 1280, 720, acodec="aac", protocol="m3u8_native")]})["720p"]
        == "http-720"
    )


def test_a_high_dynamic_range_is_a_choice_of_its_own():
    """Beside the plain film of its height, from 1080p on; never what best, worst or a mere height stand for."""
    sdr = film("315", 3840, 2160, 9, "vp9", "webm", fps=60)
    hdr = film("701", 3840, 2160, 5, "av01.0.13M.10", dynamic_range="HDR10", fps=60)
    small = film("332", 256, 144, 1, "vp9.2", "webm", dynamic_range="HDR10")
    item = {"formats": [M4A, small, film("160", 256, 144, 1), hdr, sdr]}
    shown = menu(item)
    assert list(shown) == ["best", "2160p", "2160p_hdr", "144p", "audio"]
    assert (shown["best"].format_id, shown["2160p"].label) == ("315+140", "2160p60 · VP9")
    wanted = shown["2160p_hdr"]
    assert (wanted.label, wanted.codec, wanted.dynamic_range, wanted.fps) == ("2160p60 HDR · AV1", "av1", "HDR10", 60)
    assert (shown["2160p"].dynamic_range, shown["audio"].dynamic_range, shown["audio"].fps) == ("SDR", "", 0)
    assert choose(media(item), "2160p_hdr").format_id == "701+140"
    assert choose(media(item), "1440p").key == "144p"
    assert choose(media(item), "1080p_hdr").key == "144p"
    assert settle(media(item), "2160p_hdr") == "2160p_hdr"
    assert settle(media(item), "worst") == "144p"


@pytest.mark.parametrize(
    ("width", "height", "vcodec", "label"),
    [
        (7680, 4320, "av01.0.17M.08", "4320p · AV1"),
        (1920, 1080, "hev1.1.6.L120", "1080p · H.265"),
        (1920, 1080, "avc1.64002a", "1080p"),
        (1920, 1080, None, "1080p"),
    ],
)
def test_a_label_names_a_codec_that_not_every_player_knows(width, height, vcodec, label):
    """H.264 goes without saying; so does what nobody told."""
    assert menu({"formats": [film("1", width, height, 1, vcodec, acodec="aac")]})["best"].label == label


@pytest.mark.parametrize(
    "broken",
    [
        {"protocol": "rtmp"},
        {"protocol": "mhtml"},
        {"protocol": "f4m"},
        {"has_drm": True},
        {"preference": -100},
        {"vcodec": "none", "acodec": "none"},
    ],
)
def test_what_cannot_be_fetched_is_not_offered(broken):
    """Other protocols, encrypted or unplayable formats, storyboards."""
    assert qualities({"formats": [{**film("1", 640, 360, 1, acodec="aac"), **broken}]}, LIMIT) == ((), ())


def test_a_damaged_format_is_the_last_resort():
    """The site's own mark counts more than frames or codec."""
    good = film("good", 640, 360, 1, "vp9", "webm", acodec="opus")
    assert ids({"formats": [good, film("bad", 640, 360, 1, acodec="aac", fps=60, preference=-10)]})["360p"] == "good"
    assert ids({"formats": [film("bad", 640, 360, 1, acodec="aac", preference=-10)]})["360p"] == "bad"


TIKTOK: dict[str, Any] = {
    "duration": 10,
    "formats": [
        film("download", None, None, 900_000, "h264", acodec="aac", format_note="watermarked", preference=-2),
        film("h264_540p_500-0", 576, 1024, 700_000, "h264", acodec="aac", preference=-1, tbr=500),
        film("bytevc1_1080p_900-0", 1080, 1920, 1_200_000, "h265", acodec="aac", preference=-1, tbr=900),
        film("play", 576, 1024, None, "h264", acodec="aac"),
        film("bytevc2_720p_1-0", 720, 1280, 1, "bytevc2", acodec="aac", preference=-100),
        fmt("audio", "mp3", "none", "mp3", None),
    ],
}


def test_a_watermark_is_never_chosen_while_there_is_anything_else():
    """Neither as best nor as a height; the word is understood for every item."""
    assert ids(TIKTOK) == {
        "best": "bytevc1_1080p_900-0",
        "1080p": "bytevc1_1080p_900-0",
        "480p": "h264_540p_500-0",
        "audio": "audio",
    }
    assert everything(TIKTOK)["no_watermark"].format_id == "bytevc1_1080p_900-0"
    assert everything(YOUTUBE)["no_watermark"].format_id == "299+140"
    marked = {"formats": [TIKTOK["formats"][0], TIKTOK["formats"][-1]]}
    assert ids(marked) == {"best": "download", "audio": "audio"}
    with pytest.raises(UnknownQuality):
        choose(media(marked), "no_watermark")


def test_sound_comes_as_it_is_where_it_can():
    """Each container from the source that needs no conversion; sizes of conversions are reckoned."""
    offered = everything(YOUTUBE)
    assert [offered[key].format_id for key in ("audio", "m4a", "opus", "mp3")] == ["140", "140", "251", "251"]
    assert (offered["opus"].size_bytes, offered["opus"].ext, offered["opus"].approximate) == (900_000, "opus", False)
    assert (offered["mp3"].size_bytes, offered["mp3"].ext, offered["mp3"].approximate) == (2_400_000, "mp3", True)
    only_opus = everything({"formats": [OPUS]})
    assert (only_opus["audio"].ext, only_opus["audio"].format_id) == ("opus", "251")
    assert (only_opus["m4a"].size_bytes, only_opus["m4a"].approximate) == (None, False)


def test_sound_is_taken_out_of_a_film_where_it_stands_nowhere_else():
    """The smallest film will do; what it weighs then is reckoned from the duration."""
    films = {
        "duration": 10,
        "formats": [film("s", 320, 240, 1_000_000, acodec="aac"), film("l", 640, 360, 9_000_000, acodec="aac")],
    }
    sound = menu(films)["audio"]
    assert (sound.format_id, sound.ext, sound.size_bytes, sound.approximate) == ("s", "m4a", 200_000, True)


@pytest.mark.parametrize(
    ("ext", "acodec", "container"),
    [
        ("mp3", None, "mp3"),
        ("m4a", None, "m4a"),
        ("opus", None, "opus"),
        ("ogg", "vorbis", "m4a"),
        ("flac", None, "m4a"),
        ("mp4", "mp4a.6B", "mp3"),
    ],
)
def test_a_song_is_best_as_itself(ext, acodec, container):
    """Sound alone: best and audio are the same; what Telegram doesn't play as music becomes m4a."""
    for vcodec in ("none", None) if ext != "mp4" else ("none",):
        shown = menu({"formats": [fmt("0", ext, vcodec, acodec, 5)]})
        assert [(key, quality.ext, quality.height) for key, quality in shown.items()] == [
            ("best", container, None),
            ("audio", container, None),
        ]


def test_a_picture_is_one_file():
    """No height, no sound."""
    shown = menu({"formats": [{"format_id": "0", "ext": "jpg", "filesize": 9}]})
    assert [(key, quality.ext, quality.label, quality.height) for key, quality in shown.items()] == [
        ("best", "jpg", "JPG", None)
    ]


def test_nothing_is_offered_of_nothing():
    """No formats, formats that are no dicts."""
    assert qualities({}, LIMIT) == qualities({"formats": []}, LIMIT) == qualities({"formats": ["x"]}, LIMIT) == ((), ())


def test_an_item_may_be_its_own_format():
    """yt-dlp writes a single format into the item itself."""
    assert ids({"format_id": "0", "ext": "mp4", "height": 360, "vcodec": "h264", "acodec": "aac"})["360p"] == "0"


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        *(("best", "best"), ("worst", "worst"), ("no_watermark", "no_watermark"), ("audio", "audio"), ("mp3", "mp3")),
        *(("2160p", "2160p"), ("1440p", "1080p"), ("1080p", "1080p"), ("480p", "360p"), ("240p", "144p")),
    ],
)
def test_the_nearest_sensible_quality_is_chosen(asked, given):
    """What is there as asked, else the next lower height."""
    assert choose(media(YOUTUBE), asked).key == given


def test_worst_is_the_smallest_height():
    """With sound, as everything else."""
    assert choose(media(YOUTUBE), "worst").format_id == "160+140"


def test_nothing_lower_means_the_lowest():
    """1080p asked and 720p there: 720p; 144p asked and only 720p there: 720p."""
    only = media({"formats": [film("1", 1280, 720, 1, acodec="aac")]})
    assert choose(only, "1080p").key == choose(only, "144p").key == "720p"


def test_a_height_of_a_song_or_picture_is_the_item_itself():
    """A standing wish for 720p must not stand in the way."""
    assert choose(media({"formats": [M4A]}), "720p").format_id == "140"
    assert choose(media({"formats": [{"format_id": "0", "ext": "png"}]}), "worst").ext == "png"


@pytest.mark.parametrize("key", ["", "999p", "1080", "p", "BEST", "flac"])
def test_words_that_are_none_of_ours_are_refused(key):
    """Each by the same error that names the word."""
    with pytest.raises(UnknownQuality) as caught:
        choose(media(YOUTUBE), key)
    assert caught.value.values == {"quality": key}


def test_sound_of_a_silent_item_is_refused():
    """There is nothing near it."""
    with pytest.raises(UnknownQuality):
        choose(media({"formats": [film("1", 640, 360, 1)]}), "audio")


def test_no_choice_of_a_stream_or_of_nothing():
    """A running stream has no end; an empty item has nothing."""
    with pytest.raises(LiveNow):
        choose(media(YOUTUBE, live=True), "best")
    with pytest.raises(NoMedia):
        choose(media({}), "best")


def test_the_trimmed_dict_has_all_that_is_needed():
    """What crosses from the worker makes the same menu as yt-dlp's own dict."""
    assert qualities(trim_info(YOUTUBE), LIMIT) == qualities(YOUTUBE, LIMIT)
    assert qualities(trim_info(TIKTOK), LIMIT) == qualities(TIKTOK, LIMIT)


def test_describing_takes_the_same_menu():
    """The menu of a Media is that of its formats."""
    link = Link("https://x.test/1", "x:1", "x", "item", "1")
    described = describe(YOUTUBE, link, LIMIT)
    assert (described.qualities, described.extras) == qualities(YOUTUBE, LIMIT)
