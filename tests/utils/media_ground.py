"""Small media files from ffmpeg's own test sources, and stand-ins for the program itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

from utils.ffmpeg import find_ffmpeg

VIDEO = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=2"]
TONE = ["-f", "lavfi", "-i", "sine=f=440:d=2"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-pix_fmt", "yuv420p"]


def program() -> Path:
    found = find_ffmpeg()
    assert found is not None, "make setup provides an ffmpeg"
    return found


def make(folder: Path, name: str, *arguments: str | Path) -> Path:
    """Run ffmpeg itself, not through the gate."""
    out = folder / name
    subprocess.run([program(), "-hide_banner", "-loglevel", "error", "-y", *arguments, out], check=True, cwd=folder)
    return out


def make_media(folder: Path) -> dict[str, Path]:
    """One file per kind; the MP4 files have their index at the end."""
    both = make(folder, "both.mp4", *VIDEO, *TONE, *H264, "-c:a", "aac", "-b:a", "64k")
    picture = make(folder, "picture.png", "-i", both, "-frames:v", "1")
    mp3 = make(folder, "sound.mp3", "-i", both, "-vn")
    return {
        "both": both,
        "picture": picture,
        "mp3": mp3,
        "turned": make(folder, "turned.mp4", "-display_rotation", "90", "-i", both, "-c", "copy"),
        "wide": make(folder, "wide.mp4", "-i", both, "-c", "copy", "-aspect", "8:3"),
        "silent": make(folder, "silent.mp4", "-i", both, "-an", "-c", "copy"),
        "sound": make(folder, "sound.m4a", "-i", both, "-vn", "-c", "copy"),
        "opus": make(folder, "sound.webm", "-i", both, "-vn", "-c:a", "libopus"),
        "hevc": make(
            folder, "hevc.mkv", *VIDEO, "-c:v", "libx265", "-x265-params", "log-level=none", "-preset", "ultrafast"
        ),
        "stream": make(folder, "stream.ts", "-i", both, "-c", "copy"),
        "gif": make(folder, "moving.gif", "-i", both, "-t", "1"),
        "webp": make(folder, "picture.webp", "-i", picture),
        "cover": make(folder, "cover.mp3", "-i", mp3, "-i", picture, "-map", "0", "-map", "1", "-c", "copy"),
        "unknown": make(folder, "unknown.webm", "-i", both, "-c:v", "libvpx", "-c:a", "libopus", "-live", "1"),
    }


def script(folder: Path, text: str) -> Path:
    """A program for the gate to start in place of ffmpeg."""
    path = folder / "ffmpeg-stand-in"
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o700)
    return path
