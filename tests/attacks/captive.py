"""A process to be fenced in: it tries what it is told to, behind one fence or none, and prints how far it got.

Run as `python -m tests.attacks.captive ORDER` with an order in JSON:
`fence`: "", "audit" (Python's alarm wire alone), "landlock" (the kernel's fence alone), or what a worker really puts
up, "worker" with and "worker-open" without the kernel's help; `folder`: its own folder; `port`: where its fence lets
it connect to; `deeds`: names of Prober's methods with their argument; `links`: URLs that an unguarded yt-dlp is to
download with `proxy` and `ffmpeg`; `guarded`: URLs that our own worker is to fetch with them, `formats`: info dicts
of formats that it is to download.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from platforms.extractor import audit
from platforms.extractor.protocol import Limits, Order
from utils import sandbox
from utils.ffmpeg import GATE

SECONDS: Final = 2


class Prober:
    """The deeds. Each raises OSError or CalledProcessError where it is hindered."""

    def __init__(self, folder: Path, ffmpeg: str) -> None:
        self._folder = folder
        self._ffmpeg = ffmpeg

    def connect(self, place: list[Any]) -> None:
        socket.create_connection((place[0], place[1]), SECONDS).close()

    def connect_by_system_call(self, place: list[Any]) -> None:
        """As code would that doesn't ask Python: the alarm wire is not touched."""
        library = ctypes.CDLL(None, use_errno=True)
        address = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", place[1], socket.inet_aton(place[0]))
        descriptor = library.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
        if library.connect(descriptor, address, len(address)):
            raise OSError(ctypes.get_errno(), "connect")
        os.close(descriptor)

    def send_datagram(self, place: list[Any]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
            made.sendto(b"knock", (place[0], place[1]))

    def listen(self, _: object) -> None:
        socket.create_server(("127.0.0.1", 0)).close()

    def read(self, path: str) -> None:
        Path(path).read_bytes()

    def list_folder(self, path: str) -> None:
        list(Path(path).iterdir())

    def write(self, path: str) -> None:
        Path(path).write_bytes(b"x")

    def signal(self, pid: int) -> None:
        os.kill(pid, 0)

    def run(self, program: str) -> None:
        subprocess.run([program], check=True, stdout=subprocess.DEVNULL, timeout=SECONDS)

    def ffmpeg_reads(self, url: str) -> None:
        """Bare ffmpeg, no gate: succeeds where it could copy the input."""
        out = self._folder / "copy.mkv"
        subprocess.run(
            [self._ffmpeg, "-v", "error", "-nostdin", "-y", "-i", url, "-c", "copy", out],
            check=True,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
        )


def fence_in(fence: str, folder: Path, port: int, ffmpeg: Path) -> None:
    """Put up the fence."""
    if fence.startswith("worker"):
        from platforms.extractor.child import confine
        from platforms.extractor.preload import preload
        from platforms.extractor.protocol import Boot

        limits = Limits(landlock=fence == "worker")
        order = Order("fetch", "", f"http://a:b@127.0.0.1:{port}", folder=str(folder), limits=limits)
        confine(order, preload(Boot(("generic",))))
    elif fence == "audit":
        audit.install(port, [folder] if folder else [], [str(GATE)])
    elif fence == "landlock":
        sandbox.confine(sandbox.runtime_paths(Path(__file__).parents[2], ffmpeg.parent), [folder], [port])


def attempt(deed: Callable[[Any], None], argument: object) -> str:
    """`done`, or the name of the error."""
    try:
        deed(argument)
    except (OSError, subprocess.SubprocessError) as error:
        return type(error).__name__
    return "done"


def unguarded(urls: list[str], proxy: str, ffmpeg: str, folder: Path) -> None:
    """Download with yt-dlp as it comes."""
    import yt_dlp

    settings = {
        "proxy": proxy,
        "ffmpeg_location": ffmpeg,
        "outtmpl": f"{folder}/%(autonumber)s.%(ext)s",
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "cachedir": False,
        "socket_timeout": SECONDS,
        **dict.fromkeys(("retries", "fragment_retries", "extractor_retries"), 0),
        "ignoreerrors": True,
        "logger": Silence(),
        "allowed_extractors": ["generic"],
    }
    with yt_dlp.YoutubeDL(settings) as ydl:
        for url in urls:
            try:
                ydl.extract_info(url)
            except Exception:  # noqa: BLE001 - whatever it is, the canary has the last word
                continue


class Silence:
    """A logger and a channel that tell nobody."""

    def debug(self, *_: object, **__: object) -> None:
        """Nothing."""

    info = warning = error = progress = send = debug


class NoFitter:
    """Stands for what a worker does with ffmpeg after a download."""

    def fit(self, name: str, parts: Any, order: Any) -> dict[str, Any]:
        return {"name": name}


def guarded(urls: list[str], formats: list[dict[str, Any]], proxy: str, folder: Path) -> None:
    """Fetch with the worker's YoutubeDL, without fence, gate and egress proxy."""
    from platforms.extractor.fetching import Fetcher
    from platforms.extractor.guard import GuardedYoutubeDL, parameters
    from platforms.extractor.meter import Meter
    from platforms.extractor.preload import preload
    from platforms.extractor.protocol import Boot

    loaded = preload(Boot(("generic",)))
    limits = Limits(socket_timeout_seconds=SECONDS, retries=0)
    for work in (*urls, *formats):
        url = work if isinstance(work, str) else ""
        order = Order("fetch", url, proxy, folder=str(folder), max_bytes=1 << 30, limits=limits)
        meter = Meter(lambda _fields: None, order.max_bytes)
        fitter: Any = NoFitter()
        with GuardedYoutubeDL(parameters(order, Silence()), loaded) as ydl:
            try:
                if isinstance(work, str):
                    Fetcher(order, ydl, fitter, meter).run(1 << 20)
                else:
                    ydl.dl(str(folder / "format"), work)
            except Exception:  # noqa: BLE001 - as above
                continue


def main(order: Mapping[str, Any]) -> dict[str, str]:
    """What came of each deed."""
    folder, ffmpeg = Path(order["folder"]), Path(order["ffmpeg"])
    prober = Prober(folder, str(ffmpeg))
    fence_in(order["fence"], folder, order["port"], ffmpeg)
    ends = {name: attempt(getattr(prober, name.partition(":")[0]), value) for name, value in order["deeds"].items()}
    if order["links"]:
        unguarded(order["links"], order["proxy"], order["ffmpeg"], folder)
    if order["guarded"]:
        guarded(order["guarded"], order["formats"], order["proxy"], folder)
    return ends


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))))
