"""The gate before ffmpeg: what it passes on unchanged, what it adds, what it refuses; with a stand-in and for real."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from yt_dlp import YoutubeDL
from yt_dlp.postprocessor.ffmpeg import FFmpegExtractAudioPP, FFmpegPostProcessor, FFmpegVideoRemuxerPP

from tests.utils import media_ground as ground
from utils.ffmpeg import GATE, GATE_VARIABLE

PROXY = "http://job:token@127.0.0.1:1234"
REFUSED = 98
NOT_SET_UP = 97


@pytest.fixture
def stand_in(tmp_path) -> Path:
    """Prints its arguments and its environment, each ended by a NUL."""
    return ground.script(tmp_path, "printf '%s\\0' \"$@\"; printf 'ENV\\0'; env -0")


def gate(program: Path | str, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    given = {"PATH": os.defpath, GATE_VARIABLE: str(program), **environment}
    return subprocess.run([GATE, *arguments], env=given, capture_output=True, check=False, timeout=30)


def passed(done: subprocess.CompletedProcess[bytes]) -> tuple[list[str], dict[str, str]]:
    """What the stand-in was started with."""
    assert done.returncode == 0, done.stderr
    arguments, _, environment = done.stdout.decode().partition("ENV\0")
    return arguments.split("\0")[:-1], dict(pair.split("=", 1) for pair in environment.split("\0")[:-1])


def whitelists(arguments: list[str]) -> list[tuple[list[str], list[str], str]]:
    """Protocols, formats and name of each input."""
    found = []
    for place, argument in enumerate(arguments):
        if argument == "-i":
            before = arguments[place - 6 : place]
            assert before[::2] == ["-protocol_whitelist", "-format_whitelist", "-max_pixels"]
            found.append((before[1].split(","), before[3].split(","), arguments[place + 1]))
    return found


def test_every_input_gets_its_lists(stand_in):
    """Local inputs read files only, network inputs never; no format that names further files is read from disk."""
    done = gate(
        stand_in,
        "-i",
        "file:a",
        "-ss",
        "1",
        "-i",
        "https://a.test/x",
        "-i",
        "b.mp4",
        "-y",
        "file:out",
        http_proxy=PROXY,
    )
    local, network, plain = whitelists(passed(done)[0])
    assert local[0] == plain[0] == ["file", "pipe"]
    assert (local[2], network[2], plain[2]) == ("file:a", "https://a.test/x", "b.mp4")
    assert "file" not in network[0]
    assert not {"hls", "dash", "concat", "sdp", "lavfi", "rtsp", "imf", "tty"} & set(local[1])
    assert {"mov", "matroska", "mp3", "image2"} <= set(local[1])
    assert not {"concat", "sdp", "lavfi", "rtsp"} & set(network[1])


@pytest.mark.parametrize(
    "value", ["", " ", "a b", "$(touch pwned)", "`id`", "'\"\\", "*", "line\nbreak", "-i", "-y", "é"]
)
def test_arguments_stay_arguments(stand_in, value, tmp_path):
    """Nothing is evaluated, split or expanded; the value of an option is never taken for an option."""
    arguments, _ = passed(gate(stand_in, "-metadata", value, "-i", f"file:{value}x", "-c", "copy", f"file:{value}"))
    assert arguments[:2] == ["-metadata", value]
    assert arguments[-3:] == ["-c", "copy", f"file:{value}"]
    assert f"file:{value}x" in arguments
    assert list(tmp_path.iterdir()) == [stand_in]


def test_the_environment_is_cleaned(stand_in):
    """No way past the proxy and no report file."""
    given = dict.fromkeys(("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY", "FFREPORT", "FFMPEG_DATADIR"), "x")
    _, environment = passed(gate(stand_in, "-version", **given, http_proxy=PROXY))
    assert not set(given) & set(environment)
    assert environment["http_proxy"] == PROXY


@pytest.mark.parametrize(
    "arguments",
    [
        ["-protocol_whitelist", "file,tcp", "-i", "file:a"],
        ["-format_whitelist", "ALL", "-i", "file:a"],
        ["-/protocol_whitelist", "file", "-i", "file:a"],
        ["--protocol_whitelist", "file", "-i", "file:a"],
        ["-protocol_whitelist:v", "file", "-i", "file:a"],
        ["-f", "concat", "-safe", "0", "-i", "file:list"],
        ["-safe", "0"],
        ["-f", "lavfi", "-i", "movie=/etc/passwd"],
        ["-f", "hls", "-i", "file:a"],
        ["-i", "concat:a|b"],
        ["-i", "tcp://127.0.0.1:22"],
        ["-i", "rtsp://a.test/x"],
        ["-i", "gopher://a.test/x"],
        ["-i", "ftp://a.test/x"],
        ["-i", "HTTP://a.test/x"],
        ["-i", "subfile,,start,0,end,0,,:/etc/passwd"],
        ["-i", "data:text/plain,x"],
        ["-i", "crypto:file:a"],
        ["-i", "fd:3"],
        ["-i", "file:///etc/passwd"],
        ["-i", "-"],
        ["-i", "http://a.test/x"],
        ["-i", "file:a", "-c", "copy", "tcp://a.test:1"],
        ["-i", "file:a", "-c", "copy", "http://a.test/x"],
        ["-i", "file:a", "-f", "tee", "file:x|file:y"],
        ["-i", "file:a", "-vf", "movie=/etc/passwd", "file:b"],
        ["-i", "file:a", "-vf", "scale=1:1,movie=x", "file:b"],
        ["-i", "file:a", "-vf", "scale=1:1;movie=x", "file:b"],
        ["-i", "file:a", "-vf", "subtitles=/etc/passwd", "file:b"],
        ["-i", "file:a", "-filter_complex", "amovie=x", "file:b"],
        ["-i", "file:a", "-lavfi", "amovie=x", "file:b"],
        ["-i", "file:a", "-attach", "/etc/passwd", "file:b"],
        ["-dump_attachment:t", "", "-i", "file:a"],
        ["-http_proxy", "http://a.test", "-i", "http://a.test/x"],
        ["-report", "-i", "file:a"],
        ["-progress", "http://a.test/"],
        ["-progress", "file:a"],
        ["-i", "file:a", "-passlogfile", "x", "file:b"],
        ["-enable_drefs", "1", "-i", "file:a"],
        ["-i"],
        ["-metadata"],
    ],
)
def test_refused(stand_in, arguments):
    """Smuggled lists, other protocols, formats and filters that open files, outputs elsewhere: code 98 and one line."""
    done = gate(stand_in, *arguments)
    assert done.returncode == REFUSED
    assert done.stdout == b""
    assert done.stderr.startswith(b"ffmpeg gate: refused ")


PROXIES = (
    "",
    "http://proxy.test:1",
    "http://127.0.0.1:1",
    "http://a@127.0.0.1.evil.test:1",
    "http://a@127.0.0.1:1@evil.test",
    "http://a@127.0.0.1:1\\@evil.test",
    "socks5://a@127.0.0.1:1",
)


@pytest.mark.parametrize("proxy", PROXIES)
def test_network_inputs_need_the_egress_proxy(stand_in, proxy):
    """Only a proxy with credentials on loopback is ours."""
    assert gate(stand_in, "-i", "http://a.test/x", http_proxy=proxy).returncode == REFUSED


@pytest.mark.parametrize("program", ["", "ffmpeg", "./ffmpeg"])
def test_the_program_is_an_absolute_path(program):
    """The gate never searches PATH, where a job's folder could stand."""
    assert gate(program, "-version").returncode == NOT_SET_UP


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:{secret}\n#EXT-X-ENDLIST\n"
MANIFEST = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4">
<Representation id="1" bandwidth="1"><BaseURL>{secret}</BaseURL></Representation></AdaptationSet></Period></MPD>
"""
SESSION = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5000 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
LURES = {
    "list.mp4": PLAYLIST,
    "list.m3u8": PLAYLIST,
    "film.mpd": MANIFEST,
    "film.mp4": MANIFEST,
    "list.ffconcat": "ffconcat version 1.0\nfile {secret}\n",
    "list.mkv": "ffconcat version 1.0\nfile {secret}\n",
    "session.sdp": SESSION,
}


@pytest.mark.parametrize("name", LURES)
def test_a_file_that_names_other_files_is_no_media(tmp_path, name):
    """Playlists, manifests and scripts in the place of a video open nothing, whatever their ending says."""
    secret = ground.make(tmp_path, "secret.mp4", *ground.VIDEO, *ground.H264)
    lure = tmp_path / name
    lure.write_text(LURES[name].format(secret=secret), "utf-8")
    done = gate(ground.program(), "-nostdin", "-i", f"file:{lure}", "-c", "copy", "-y", f"file:{tmp_path / 'out.mp4'}")
    assert done.returncode != 0
    assert not (tmp_path / "out.mp4").exists()


def test_yt_dlp_takes_the_gate_for_ffmpeg(tmp_path, monkeypatch):
    """It asks for version and features; without an ffprobe it goes on, reading codecs from ffmpeg itself."""
    monkeypatch.setenv(GATE_VARIABLE, str(ground.program()))
    video = ground.make(tmp_path, "video.mp4", *ground.VIDEO, *ground.TONE, *ground.H264, "-c:a", "aac")
    with YoutubeDL({"ffmpeg_location": str(GATE), "quiet": True, "outtmpl": str(tmp_path / "x")}) as ydl:
        tool = FFmpegPostProcessor(ydl)
        assert tool.available
        assert tool.executable == str(GATE)
        assert not tool.probe_available
        assert tool._features["setts"]
        assert tool.get_audio_codec(str(video)) == "aac"
        info = {"filepath": str(video), "ext": "mp4"}
        _, info = FFmpegVideoRemuxerPP(ydl, "mkv").run(info)
        assert Path(info["filepath"]).suffix == ".mkv"
        _, info = FFmpegExtractAudioPP(ydl, preferredcodec="m4a").run(info)
        assert Path(info["filepath"]).stat().st_size > 1000
