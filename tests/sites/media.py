"""The media of the test sites: made once by ffmpeg, kept in a build folder, shared by all processes of a test run."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.sites.recipes import EXACT, Recipe, bulk_recipes, small_recipes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER: Final = Path(__file__).resolve().parents[2] / "build" / "media"
MAKE_SECONDS: Final = 120
WORKERS: Final = 2


def find_ffmpeg() -> str:
    """The ffmpeg on PATH, else the one that imageio-ffmpeg brings."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


@dataclass(frozen=True, slots=True)
class Medium:
    """A file that the replicas serve."""

    name: str
    path: Path
    size_bytes: int
    sha256: str


class Shelf:
    """Makes a medium when it is first asked for.

    The key of a recipe covers its inputs and the ffmpeg that runs it, so a changed recipe never meets an old file;
    files appear by rename only, so no reader sees half of one.
    """

    def __init__(self, folder: Path = FOLDER, ffmpeg: str | None = None) -> None:
        self._folder = folder
        self.ffmpeg = ffmpeg or find_ffmpeg()
        self._recipes: Mapping[str, Recipe] = {**small_recipes(), **bulk_recipes()}

    @functools.cached_property
    def encoders(self) -> frozenset[str]:
        """Names of the encoders that this ffmpeg has."""
        run = subprocess.run([self.ffmpeg, "-hide_banner", "-encoders"], capture_output=True, text=True, check=True)
        return frozenset(line.split()[1] for line in run.stdout.splitlines() if len(line.split()) > 1)

    @functools.cached_property
    def _tool(self) -> str:
        """What identifies the ffmpeg without running it."""
        real = Path(self.ffmpeg).resolve()
        state = real.stat()
        return f"{real} {state.st_size} {int(state.st_mtime)}"

    def has(self, name: str) -> bool:
        """Whether it can be made here."""
        recipe = self._recipes.get(name)
        return recipe is not None and (not recipe.encoder or recipe.encoder in self.encoders)

    def prepare(self, *, bulk: bool = False) -> None:
        """Make everything that is missing; the first time takes some seconds."""
        names = [*small_recipes(), *(bulk_recipes() if bulk else ())]
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(self.medium, [name for name in names if self.has(name)]))

    def medium(self, name: str) -> Medium:
        """The file, made if needed; a segment beside a stream's manifest is known too. Raises KeyError for others."""
        folder, facts = self._made(self._recipe_of(name))
        inside = name.rpartition("/")[2]
        size, digest = facts[inside]
        return Medium(name, folder / inside, int(size), str(digest))

    def path(self, name: str) -> Path:
        """Where it lies."""
        return self.medium(name).path

    def _recipe_of(self, name: str) -> str:
        if name in self._recipes:
            return name
        folder = name.rpartition("/")[0]
        for key, recipe in self._recipes.items():
            if folder and recipe.folder == folder:
                return key
        raise KeyError(name)

    @functools.cache  # noqa: B019 - a shelf lives as long as its test run
    def _key(self, name: str) -> str:
        recipe = self._recipes[name]
        inputs = [self._key(arg[1:]) for arg in recipe.args if arg.startswith("@")]
        facts = [name, recipe.args, recipe.texts, inputs, EXACT, self._tool]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]

    @functools.cache  # noqa: B019 - as above
    def _made(self, name: str) -> tuple[Path, dict[str, tuple[int, str]]]:
        target = self._folder / self._key(name)
        listing = target / "facts.json"
        if not listing.exists():
            with self._alone(target.name):
                if not listing.exists():
                    self._make(name, target)
        return target, json.loads(listing.read_text("utf-8"))

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """One process makes, the others wait."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{key}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make(self, name: str, target: Path) -> None:
        recipe = self._recipes[name]
        work = Path(tempfile.mkdtemp(prefix="making-", dir=self._folder))
        try:
            args = [str(self.path(arg[1:])) if arg.startswith("@") else arg for arg in recipe.args]
            own = [] if recipe.folder else [*EXACT, recipe.name]
            command = [self.ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *args, *own]
            subprocess.run(command, cwd=work, check=True, timeout=MAKE_SECONDS, stderr=subprocess.DEVNULL)
            for inside, content in recipe.texts:
                (work / inside).write_text(content, "utf-8")
            facts = {made.name: (made.stat().st_size, _digest(made)) for made in sorted(work.iterdir())}
            (work / "facts.json").write_text(json.dumps(facts), "utf-8")
            work.rename(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
