"""The worker's side of JavaScript: yt-dlp's solver scripts, run fenced in by the runtime that the parent allows."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from yt_dlp.extractor.youtube.jsc._builtin.ejs import EJSBaseJCP
from yt_dlp.extractor.youtube.jsc.provider import (
    JsChallengeProvider,
    JsChallengeProviderError,
    JsChallengeProviderRejectedRequest,
    JsChallengeRequest,
    register_preference,
    register_provider,
)

from utils import sandbox

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]

#: yt-dlp's switch for keeping prepared scripts; private, so it may be renamed: then every run is one from scratch.
PREPARED_FLAG: Final = "_ENABLE_PREPROCESSED_PLAYER_CACHE"
RUN_SECONDS: Final = 60.0
#: What a runtime may allocate; a runaway dies alone.
RUN_BYTES: Final = 640 << 20
MESSAGE_CHARACTERS: Final = 300
_KIBIBYTE: Final = 1024
#: Reads its script from standard input, loads nothing else, asks nobody. QuickJS takes a file, which is put behind.
ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "deno": (
        *("run", "--ext=js", "--no-code-cache", "--no-prompt", "--no-remote", "--no-lock", "--no-npm"),
        *("--node-modules-dir=none", "--no-config", "--cached-only", "-"),
    ),
    "node": ("--permission", "--max-old-space-size=512", "-"),
    "bun": ("--no-install", "run", "-"),
    "quickjs": ("--script",),
}
#: Before 23.5 the fence of Node.js had another name.
_OLD_NODE: Final = ("--experimental-permission", "--no-warnings")


def provide(ask: Ask, name: str, command: tuple[str, ...], folder: Path) -> type[JsChallengeProvider]:
    """Register the provider in this process.

    `ask` puts a question to the parent and waits for the answer; `name`, `command`: of the runtime; `folder`: where
    yt-dlp keeps prepared scripts.
    """

    @register_provider
    class GoldcrestJCP(EJSBaseJCP):
        """Solves a site's challenges in a process of its own that may touch nothing."""

        PROVIDER_NAME = "goldcrest"
        PROVIDER_VERSION = "1"
        BUG_REPORT_LOCATION = "the operator of this bot"
        JS_RUNTIME_NAME = name

        def is_available(self) -> bool:
            """Whether yt-dlp's scripts were found."""
            return bool(self._available)

        def _construct_stdin(self, player: str, preprocessed: bool, requests: list[JsChallengeRequest], /) -> str:
            self._prepared = preprocessed
            return str(super()._construct_stdin(player, preprocessed, requests))

        def _run_js_runtime(self, stdin: str, /) -> str:
            if not ask({"about": "javascript", "prepared": self._prepared}).get("granted"):
                raise JsChallengeProviderRejectedRequest("no memory for JavaScript now")
            try:
                return run(name, command, stdin, folder)
            finally:
                peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _KIBIBYTE
                ask({"about": "javascript_done", "peak_bytes": peak})

    if hasattr(EJSBaseJCP, PREPARED_FLAG):
        setattr(GoldcrestJCP, PREPARED_FLAG, True)

    @register_preference(GoldcrestJCP)
    def before_others(_provider: JsChallengeProvider, _requests: list[JsChallengeRequest]) -> int:
        return 10_000

    return GoldcrestJCP


def run(name: str, command: tuple[str, ...], script: str, folder: Path) -> str:
    """What the script writes. Raises JsChallengeProviderError.

    The runtime gets no environment but a path, no network, no file but its own program and, for QuickJS, the script.
    """
    file = folder / f"{os.getpid()}.js"
    arguments, given = [*command, *ARGUMENTS[name]], script
    try:
        if name == "quickjs":
            file.write_text(script, "utf-8")
            arguments, given = [*arguments, str(file)], ""
        done = _run(arguments, given, folder)
        if name == "node" and done.returncode and "--permission" in done.stderr:
            done = _run([*command, *_OLD_NODE, *ARGUMENTS[name][1:]], given, folder)
    except (OSError, subprocess.SubprocessError) as error:
        raise JsChallengeProviderError(f"the runtime can't be run: {type(error).__name__}") from None
    finally:
        file.unlink(missing_ok=True)
    if done.returncode:
        raise JsChallengeProviderError(f"the runtime ended with {done.returncode}: {done.stderr[-MESSAGE_CHARACTERS:]}")
    return done.stdout


def _run(arguments: list[str], given: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments,
        input=given,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=RUN_SECONDS,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"},
        cwd="/",
        preexec_fn=lambda: fence([Path(word) for word in arguments if word.startswith("/")], folder),
    )


def fence(programs: list[Path], folder: Path) -> None:
    """For the process that becomes the runtime: read itself and the scripts, write nothing, reach nobody."""
    sandbox.limit(cpu_seconds=int(RUN_SECONDS), data_bytes=RUN_BYTES)
    if sandbox.landlock_state().files:
        places = [program.resolve().parent for program in programs]
        sandbox.confine(sandbox.runtime_paths(*places, folder), [], [])
