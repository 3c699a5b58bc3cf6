"""What the media are made of: ffmpeg's test sources, as data. Small clips last four seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS: Final = 4
#: length of what a broadcast plays over and over
TAPE_SECONDS: Final = 12
BULK_SECONDS: Final = 60
H264_HEIGHTS: Final = (144, 240, 360, 480, 720, 1080)
OPEN_HEIGHTS: Final = (144, 240, 360, 480, 720, 1080, 1440, 2160)
#: Pictures per second from that height on: 4K at ten would take longer to encode than all the rest together.
RATES: Final = ((1440, 2), (1080, 5), (0, 10))

MUXED: Final = (144, 360, 720, 1080)
#: pictures of a long post, all different: sizes and endings take turns
STILLS: Final = 20
STILL_SIZES: Final = ((1080, 1350), (1280, 720), (1000, 1000))
STILL_ENDINGS: Final = ("jpg", "jpg", "webp", "png")
EXACT: Final = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "-1")
FAST: Final = ("-movflags", "+faststart")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one file, or a folder of files, comes about.

    `args` are ffmpeg's; an argument `@name` stands for the path of another recipe's file. `name` is the file that is
    made; with `folder` it is the file inside of it that leads to the others. `texts` are written as they stand.
    `encoder`: the recipe exists only where ffmpeg has it.
    """

    name: str
    args: tuple[str, ...]
    folder: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    encoder: str = ""


def width_of(height: int) -> int:
    """Width of a 16:9 picture, even as the encoders want it."""
    return height * 16 // 9 // 2 * 2


def _picture(height: int, *, width: int | None = None, more: str = "") -> tuple[str, ...]:
    rate = next(rate for above, rate in RATES if height >= above)
    size = f"{width or width_of(height)}x{height}"
    return ("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={SECONDS}{more}")


def _tone(hertz: int = 440, seconds: int = SECONDS) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine=f={hertz}:r=44100:d={seconds}")


def _h264(crf: int = 30) -> tuple[str, ...]:
    return ("-c:v", "libx264", "-preset", "ultrafast", "-crf", str(crf), "-g", "10", "-pix_fmt", "yuv420p")


AAC: Final = ("-c:a", "aac", "-b:a", "64k")
VP9: Final = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1", "-g", "10")
AV1: Final = ("-c:v", "libsvtav1", "-preset", "12", "-crf", "50", "-g", "10", "-pix_fmt", "yuv420p")
HEVC: Final = (
    *("-c:v", "libx265", "-preset", "ultrafast", "-crf", "34", "-g", "10", "-pix_fmt", "yuv420p", "-tag:v", "hvc1"),
    *("-x265-params", "log-level=error"),
)
COPY: Final = ("-c", "copy")
HLS: Final = ("-f", "hls", "-hls_time", "1", "-hls_playlist_type", "vod", "-hls_segment_filename")


def _clips() -> list[Recipe]:
    made = [Recipe(f"mux_{height}.mp4", (*_picture(height), *_tone(), *_h264(), *AAC, *FAST)) for height in MUXED]
    made += [Recipe(f"h264_{height}.mp4", (*_picture(height), *_h264(), *FAST)) for height in H264_HEIGHTS]
    made += [
        Recipe(f"vp9_{height}.webm", (*_picture(height), *VP9, "-b:v", f"{height}k"), encoder="libvpx-vp9")
        for height in OPEN_HEIGHTS
    ]
    made += [
        Recipe(f"av1_{height}.mp4", (*_picture(height), *AV1, *FAST), encoder="libsvtav1") for height in OPEN_HEIGHTS
    ]
    made += [
        Recipe("aac.m4a", (*_tone(), *AAC, *FAST)),
        Recipe("opus.webm", (*_tone(), "-c:a", "libopus", "-b:a", "64k"), encoder="libopus"),
        Recipe("music.mp3", (*_tone(660), "-c:a", "libmp3lame", "-b:a", "64k"), encoder="libmp3lame"),
        Recipe("portrait.mp4", (*_picture(1024, width=576), *_tone(), *_h264(), *AAC, *FAST)),
        Recipe("portrait_small.mp4", (*_picture(640, width=360), *_tone(), *_h264(), *AAC, *FAST)),
        Recipe("watermark.mp4", (*_picture(640, width=360), *_tone(), "-vf", "negate", *_h264(), *AAC, *FAST)),
        Recipe("hevc_portrait.mp4", (*_picture(1280, width=720), *_tone(), *HEVC, *AAC, *FAST), encoder="libx265"),
        Recipe("rotated.mp4", ("-display_rotation", "90", "-i", "@mux_360.mp4", *COPY, *FAST)),
        Recipe("anamorphic.mp4", (*_picture(360, width=480), *_tone(), "-vf", "setsar=4/3", *_h264(), *AAC, *FAST)),
        Recipe("tail.mp4", ("-i", "@mux_720.mp4", *COPY)),
        Recipe("silent.mp4", ("-i", "@h264_360.mp4", *COPY, *FAST)),
    ]
    return made


def _images() -> list[Recipe]:
    photo = ("-f", "lavfi", "-i", "testsrc2=s=1080x1350:d=1", "-frames:v", "1")
    small = ("-f", "lavfi", "-i", "testsrc2=s=480x360:d=1", "-frames:v", "1")
    return [
        Recipe("photo.jpg", (*photo, "-q:v", "4")),
        Recipe("photo.png", photo),
        Recipe("photo.webp", (*photo, "-c:v", "libwebp"), encoder="libwebp"),
        Recipe("thumb.jpg", (*small, "-q:v", "4")),
        Recipe("thumb.webp", (*small, "-c:v", "libwebp"), encoder="libwebp"),
    ]


def still_name(number: int) -> str:
    """File of the `number`th of the different pictures, counted from 0."""
    return f"still_{number:02d}.{STILL_ENDINGS[number % len(STILL_ENDINGS)]}"


def _stills() -> list[Recipe]:
    made = []
    for number in range(STILLS):
        width, height = STILL_SIZES[number % len(STILL_SIZES)]
        source = ("-f", "lavfi", "-i", f"testsrc2=s={width}x{height}:d=1", "-frames:v", "1")
        name = still_name(number)
        codec = {"jpg": ("-q:v", "4"), "webp": ("-c:v", "libwebp"), "png": ()}[name.rpartition(".")[2]]
        turned = ("-vf", f"hue=h={number * 17}", *codec)
        made.append(Recipe(name, (*source, *turned), encoder="libwebp" if name.endswith("webp") else ""))
    return made


def _variant(height: int, bandwidth: int, uri: str, codecs: str, more: str = "") -> str:
    return (
        f"#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},RESOLUTION={width_of(height)}x{height},"
        f'CODECS="{codecs}"{more}\n{uri}\n'
    )


BOTH: Final = "avc1.42c01e,mp4a.40.2"


def _streams() -> list[Recipe]:
    muxed = "#EXTM3U\n" + _variant(144, 400_000, "144.m3u8", BOTH) + _variant(360, 900_000, "360.m3u8", BOTH)
    apart = (
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="en",DEFAULT=YES,URI="sound.m3u8"\n'
        + _variant(360, 900_000, "360.m3u8", "avc1.42c01e", ',AUDIO="sound"')
        + _variant(720, 1_500_000, "720.m3u8", "avc1.42c01f", ',AUDIO="sound"')
    )
    return [
        Recipe(
            "master.m3u8",
            (
                *("-i", "@mux_144.mp4", "-i", "@mux_360.mp4"),
                *("-map", "0", *COPY, *HLS, "144_%d.ts", "144.m3u8"),
                *("-map", "1", *COPY, *HLS, "360_%d.ts", "360.m3u8"),
            ),
            folder="hls",
            texts=(("master.m3u8", muxed),),
        ),
        Recipe(
            "master.m3u8",
            (
                *("-i", "@h264_360.mp4", "-i", "@h264_720.mp4", "-i", "@aac.m4a"),
                *("-map", "0", *COPY, *HLS, "360_%d.ts", "360.m3u8"),
                *("-map", "1", *COPY, *HLS, "720_%d.ts", "720.m3u8"),
                *("-map", "2", *COPY, *HLS, "sound_%d.ts", "sound.m3u8"),
            ),
            folder="hls_apart",
            texts=(("master.m3u8", apart),),
        ),
        Recipe(
            "manifest.mpd",
            (
                *("-i", "@h264_360.mp4", "-i", "@h264_720.mp4", "-i", "@aac.m4a"),
                *("-map", "0:v", "-map", "1:v", "-map", "2:a", *COPY, "-f", "dash", "-seg_duration", "1"),
                *("-use_template", "1", "-use_timeline", "1", "-adaptation_sets", "id=0,streams=0,1 id=1,streams=2"),
                "manifest.mpd",
            ),
            folder="dash",
        ),
    ]


def _tape() -> list[Recipe]:
    """A broadcast's tape in pieces of one second: both tracks together, each alone, and as fragmented MP4."""
    picture = ("-f", "lavfi", "-i", f"testsrc2=s=256x144:r=10:d={TAPE_SECONDS}")
    hls = ("-f", "hls", "-hls_time", "1", "-hls_list_size", "0")
    pieces = (
        *("-map", "0:v", "-map", "0:a", *COPY, *hls, "-hls_segment_filename", "mux_%d.ts", "mux.m3u8"),
        *("-map", "0:v", *COPY, *hls, "-hls_segment_filename", "silent_%d.ts", "silent.m3u8"),
        *("-map", "0:a", *COPY, *hls, "-hls_segment_filename", "sound_%d.ts", "sound.m3u8"),
        *("-map", "0:v", "-map", "0:a", *COPY, *hls, "-hls_segment_type", "fmp4"),
        *("-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename", "fmp4_%d.m4s", "fmp4.m3u8"),
    )
    return [
        Recipe("tape.mp4", (*picture, *_tone(seconds=TAPE_SECONDS), *_h264(), *AAC, *FAST)),
        Recipe("mux.m3u8", ("-i", "@tape.mp4", *pieces), folder="live"),
    ]


def _bulk() -> list[Recipe]:
    """100 MB each, at the encoder's lowest effort: a constant bit rate whose gaps are filled with filler units."""
    rate = "13800k"
    picture = ("-f", "lavfi", "-i", f"testsrc2=s=1280x720:r=5:d={BULK_SECONDS}")
    steady = (
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-x264-params", "nal-hrd=cbr"),
        *("-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate),
    )
    return [
        Recipe("bulk_video.mp4", (*picture, *steady, *FAST)),
        Recipe("bulk_audio.m4a", (*_tone(seconds=BULK_SECONDS), "-c:a", "aac", "-b:a", "128k", *FAST)),
        Recipe("bulk.mp4", ("-i", "@bulk_video.mp4", "-i", "@bulk_audio.m4a", *COPY, *FAST)),
    ]


def small_recipes() -> Mapping[str, Recipe]:
    """Everything but the bulk, by public name ("mux_720.mp4", "hls/master.m3u8")."""
    return _named([*_clips(), *_images(), *_stills(), *_streams(), *_tape()])


def bulk_recipes() -> Mapping[str, Recipe]:
    """The 100 MB files, made only for those who ask."""
    return _named(_bulk())


def _named(recipes: list[Recipe]) -> dict[str, Recipe]:
    return {f"{recipe.folder}/{recipe.name}".lstrip("/"): recipe for recipe in recipes}
