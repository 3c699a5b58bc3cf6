"""Finding ffmpeg, and one run of it through the gate: deadline, progress, bounded output, failures as errors."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final

from utils.errors import (
    DeadlineExceeded,
    DiskFull,
    GoldcrestError,
    MediaTool,
    MemoryShort,
    NotAMedia,
    OutOfMemory,
    TooLarge,
)

#: The executable that puts the lists of protocols and formats before every input; yt-dlp's `ffmpeg_location`.
GATE: Final = Path(__file__).resolve().parent / "gate" / "ffmpeg"
#: The environment variable in which the gate finds the program.
GATE_VARIABLE: Final = "GOLDCREST_FFMPEG"
#: Longer output is a file that talks too much: the start is kept for reading, the end for the error.
HEAD_BYTES: Final = 256 * 1024
TAIL_BYTES: Final = 4 * 1024
#: ffmpeg's exit code after a signal that it has caught, without a word; here that is SIGXCPU, nobody sends another
CAUGHT: Final = 255
_CHUNK_BYTES: Final = 64 * 1024

#: Seconds of media written and bytes written so far.
MediaProgress = Callable[[float, int], None]

#: Words of ffmpeg and the kernel -> what they mean; the first that occurs counts.
_MEANINGS: Final[tuple[tuple[str, type[GoldcrestError]], ...]] = (
    ("No space left on device", DiskFull),
    ("Disk quota exceeded", DiskFull),
    ("File too large", TooLarge),
    ("Cannot allocate memory", OutOfMemory),
    ("ffmpeg gate:", MediaTool),
    ("not on whitelist", NotAMedia),
    ("Invalid data found", NotAMedia),
    ("moov atom not found", NotAMedia),
    ("End of file", NotAMedia),
    ("could not find codec parameters", NotAMedia),
    ("Could not find codec parameters", NotAMedia),
    ("dimensions not set", NotAMedia),
    ("does not contain any stream", NotAMedia),
    ("matches no streams", NotAMedia),
)


class Output:
    """What a run printed, bounded: its start, and its last lines."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = b""

    def add(self, chunk: bytes) -> None:
        """Take in the next piece."""
        self._head += chunk[: HEAD_BYTES - len(self._head)]
        self._tail = (self._tail + chunk)[-TAIL_BYTES:]

    @property
    def text(self) -> str:
        """The start."""
        return self._head.decode("utf-8", "replace")

    @property
    def last_lines(self) -> str:
        """The end, where the reason of a failure stands."""
        return self._tail.decode("utf-8", "replace").strip()


class _ProgressLines:
    """Reader of `-progress`: key=value lines, a block ends with `progress=`."""

    def __init__(self, sink: MediaProgress) -> None:
        self._sink = sink
        self._rest = b""
        self._values = {b"out_time_us": 0, b"total_size": 0}

    def add(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest[-_CHUNK_BYTES:] + chunk).split(b"\n")
        for line in lines:
            key, _, value = line.strip().partition(b"=")
            if key in self._values:
                with suppress(ValueError):  # N/A before the first packet
                    self._values[key] = max(0, int(value))
            elif key == b"progress":
                self._sink(self._values[b"out_time_us"] / 1e6, self._values[b"total_size"])


def find_ffmpeg(setting: str = "") -> Path | None:
    """The program: the one set, else the one on PATH, else the one of the package imageio-ffmpeg; None without any."""
    found = shutil.which(setting or "ffmpeg")
    if found:
        return Path(found).resolve()
    spec = None if setting else find_spec("imageio_ffmpeg")
    if spec is None or spec.origin is None:
        return None
    # Its own get_ffmpeg_exe() starts the program once just to see that it runs.
    binaries = sorted((Path(spec.origin).parent / "binaries").glob("ffmpeg-*"))
    return binaries[-1].resolve() if binaries else None


def run_gate(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    deadline_seconds: float,
    clock: Callable[[], float],
    on_progress: MediaProgress | None = None,
) -> tuple[int, Output]:
    """Run ffmpeg in the caller's process group; its exit code and what it said.

    Raises DeadlineExceeded after killing it, MediaTool where it can't be started. Whatever ends this call, the process
    is gone afterwards.
    """
    asked = ["-nostats", "-progress", "pipe:1"] if on_progress else []
    try:
        process = subprocess.Popen(
            [GATE, "-hide_banner", "-nostdin", *asked, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            bufsize=0,
        )
    except OSError as error:
        raise MediaTool(f"ffmpeg can't be started: {error}") from None
    output = Output()
    lines = _ProgressLines(on_progress) if on_progress else None
    end = clock() + deadline_seconds
    with process:
        try:
            _drain(process, output.add, lines.add if lines else output.add, lambda: end - clock())
            code = process.wait(max(0.0, end - clock()))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise DeadlineExceeded(f"ffmpeg ran for {deadline_seconds:g} s") from None
        finally:
            process.kill()  # does nothing to one that has been waited for
    return code, output


def _drain(
    process: subprocess.Popen[bytes],
    on_error: Callable[[bytes], None],
    on_output: Callable[[bytes], None],
    left: Callable[[], float],
) -> None:
    """Feed both pipes to their readers until both have ended. Raises TimeoutError."""
    assert process.stdout is not None
    assert process.stderr is not None
    with selectors.DefaultSelector() as selector:
        pipes: tuple[tuple[IO[bytes], Callable[[bytes], None]], ...] = (
            (process.stdout, on_output),
            (process.stderr, on_error),
        )
        for pipe, reader in pipes:
            selector.register(pipe, selectors.EVENT_READ, reader)
        while selector.get_map():
            seconds = left()
            if seconds <= 0:
                raise TimeoutError
            for key, _ in selector.select(seconds):
                chunk = os.read(key.fd, _CHUNK_BYTES)
                if chunk:
                    key.data(chunk)
                else:
                    selector.unregister(key.fileobj)


def failure(code: int, output: Output) -> GoldcrestError:
    """The error that a failed run stands for; the detail is what ffmpeg said last."""
    if code == -signal.SIGKILL:  # not ours, that one has another end: the kernel is out of memory
        return MemoryShort("ffmpeg ended by the kernel, SIGKILL")
    said = output.last_lines
    if code == CAUGHT and not said:
        return DeadlineExceeded("ffmpeg has used up its processor time")
    meaning = next((error for words, error in _MEANINGS if words in said), MediaTool)
    return meaning(f"ffmpeg ended with {code}: {said[-500:]}")
