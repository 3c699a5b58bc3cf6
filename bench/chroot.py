"""Folders as root file systems: made by debootstrap, entered in namespaces of their own with the mounts of a build."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

#: what the slim images of Docker leave out, https://github.com/debuerreotype/debuerreotype
SLIM: Final = """path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
"""
SLIM_FOLDERS: Final = ("doc", "man", "info", "locale", "lintian")
SOURCES: Final = """Types: deb
URIs: {mirror}/debian
Suites: {suite} {suite}-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: {mirror}/debian-security
Suites: {suite}-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
#: mounts live in a namespace of their own and are gone with the command
ENTER: Final = """set -e
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
touch "$ROOT/etc/resolv.conf"
mount --bind /etc/resolv.conf "$ROOT/etc/resolv.conf"
if [ -n "$SHARED" ]; then
  mount --bind "$SHARED" "$ROOT/mnt"
  mount -o remount,bind,ro "$ROOT/mnt"
fi
root=$ROOT folder=$FOLDER user=$USERSPEC
unset ROOT FOLDER USERSPEC SHARED
exec /usr/sbin/chroot $user "$root" /bin/sh -c 'cd "$0" && exec "$@"' "$folder" "$@"
"""


def make_base(target: Path, suite: str, mirror: str) -> None:
    """What `debian:<suite>-slim` holds, as near as debootstrap comes to it."""
    partial = target.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    # Hooks of packages must not find variables of this machine.
    clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
    argv = ["debootstrap", "--variant=minbase", suite, str(partial), f"{mirror}/debian"]
    subprocess.run(argv, check=True, env=clean, stdout=sys.stderr)
    (partial / "etc/dpkg/dpkg.cfg.d/slim").write_text(SLIM)
    for name in SLIM_FOLDERS:
        shutil.rmtree(partial / "usr/share" / name, ignore_errors=True)
    (partial / "etc/apt/sources.list").unlink(missing_ok=True)
    (partial / "etc/apt/sources.list.d/debian.sources").write_text(SOURCES.format(mirror=mirror, suite=suite))
    for place in ("var/lib/apt/lists", "var/cache/apt/archives"):
        shutil.rmtree(partial / place, ignore_errors=True)
        (partial / place / "partial").mkdir(parents=True)
    partial.rename(target)


def copy_tree(source: Path, target: Path) -> None:
    """An exact copy, sharing blocks where the file system can."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(target)], check=True)


def entered(
    root: Path,
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: str = "/",
    user: str = "",
    shared: str = "",
) -> list[str]:
    """The argv that runs another one inside `root`, as `user` (a name there; empty is root).

    `shared`: a folder that is seen inside as /mnt, not to be written.
    """
    setting = {
        "ROOT": str(root),
        "FOLDER": folder,
        "SHARED": shared,
        "USERSPEC": f"--userspec={user}:{user}" if user else "",
    }
    given = [f"{name}={value}" for name, value in {**environment, **setting}.items()]
    inside = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "sh", *argv]
    return ["env", "-i", *given, *inside]


def tree_bytes(root: Path) -> int:
    """Sum of its files' sizes, as image sizes are told; hard links count once."""
    argv = ["du", "--summarize", "--apparent-size", "--block-size=1", "--one-file-system", str(root)]
    return int(subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()[0])
