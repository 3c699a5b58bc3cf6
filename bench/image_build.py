"""Build an image without a container engine: the Dockerfile's own steps, each stage in a folder of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench import chroot
from bench.dockerfile import Stage, context_files, variables

#: where an engine looks for programs before a Dockerfile says anything
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: seen inside as /mnt during a build and a trial: certificates of this machine and of the test sites
SHARED: Final = "shared"


class Builder:
    """Builds stages into `work`, each into a folder named by what went into it."""

    def __init__(self, context: Path, work: Path, mirror: str) -> None:
        self._context = context
        self._work = work
        self._mirror = mirror
        self._files = list(context_files(context))
        self._built: dict[str, Path] = {}

    def build(self, stages: list[Stage]) -> Path:
        """The root folder of the last stage."""
        for stage in stages:
            self._built[stage.name] = self._stage(stage)
        for stale in set(self._work.glob("*-????????????")) - set(self._built.values()):
            shutil.rmtree(stale)
        return self._built[stages[-1].name]

    def _stage(self, stage: Stage) -> Path:
        target = self._work / f"{stage.name}-{self._digest(stage)}"
        if not target.exists():
            partial = target.with_suffix(".partial")
            chroot.copy_tree(self._base(stage.base), partial)
            self._steps(stage, partial)
            partial.rename(target)
        return target

    def _base(self, image: str) -> Path:
        if image in self._built:
            return self._built[image]
        name, _, tag = image.partition(":")
        if name != "debian" or not tag.endswith("-slim"):
            raise ValueError(f"only debian:<suite>-slim can be made here, not {image}")
        target = self._work / f"base-{tag}"
        if not target.exists():
            chroot.make_base(target, tag.removesuffix("-slim"), self._mirror)
        return target

    def _digest(self, stage: Stage) -> str:
        digest = hashlib.sha256(repr((stage.base, stage.steps)).encode())
        for step in stage.steps:
            if step.name == "COPY" and "from" in step.options:
                digest.update(self._built[step.options["from"]].name.encode())
            elif step.name == "COPY":
                for path in self._chosen(step.words.split()[:-1]):
                    digest.update(path.as_posix().encode() + (self._context / path).read_bytes())
        return digest.hexdigest()[:12]

    def _steps(self, stage: Stage, root: Path) -> None:
        environment, folder, user = {"PATH": PATH}, "/", ""
        for step in stage.steps:
            print(f"{stage.name}: {step.name} {step.words[:100]}", file=sys.stderr)
            if step.name == "ENV":
                environment |= variables(step.words)
            elif step.name == "WORKDIR":
                folder = step.words
                (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif step.name == "USER":
                user = step.words
            elif step.name == "COPY":
                self._copy(step.options.get("from"), step.words.split(), root)
            elif step.name == "RUN":
                inside = {**_installer(), **environment}
                argv = ["/bin/sh", "-c", step.words]
                shared = str(self._work / SHARED)
                entered = chroot.entered(root, argv, environment=inside, folder=folder, user=user, shared=shared)
                subprocess.run(entered, check=True, stdout=sys.stderr)

    def _copy(self, stage: str | None, words: list[str], root: Path) -> None:
        *sources, target = words
        place = root / target.lstrip("/")
        if stage is not None:
            (source,) = sources
            place.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", str(self._built[stage] / source.lstrip("/")), str(place)], check=True)
            return
        for path in self._chosen(sources):
            file = place / path
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self._context / path, file)

    def _chosen(self, sources: list[str]) -> list[Path]:
        return [path for path in self._files if "." in sources or path.as_posix() in sources]


def _installer() -> dict[str, str]:
    """How this machine's pip reaches its registry, as far as it is set by variables."""
    given = {name: value for name, value in os.environ.items() if name.lower() in {"http_proxy", "https_proxy"}}
    return {
        **given,
        "PIP_CERT": "/mnt/machine.pem",
        "PIP_ROOT_USER_ACTION": "ignore",
        "DEBIAN_FRONTEND": "noninteractive",
    }
