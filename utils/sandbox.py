"""What a worker may touch: kernel fence, resource limits, a clean environment, and one secret folder per job."""

from __future__ import annotations

import math
import os
import resource
import secrets
import shutil
import stat
import sys
import sysconfig
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from utils.landlock import LandlockState, landlock_state, restrict

__all__ = [
    "LandlockState",
    "confine",
    "job_folder",
    "landlock_state",
    "limit",
    "remove_folder",
    "runtime_paths",
    "scrubbed_environment",
    "sweep",
]

#: Nothing else of the environment reaches a worker: no token, no proxy, no preload.
KEPT_VARIABLES: Final = frozenset({"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"})
#: From the signal that tells of a used-up processor limit to the one that nobody outlives.
CPU_GRACE_SECONDS: Final = 5
#: Devices every program expects.
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
#: Programs and libraries of the system, its certificates, its time zone and its resolver's settings.
_SYSTEM: Final = (
    "/usr",
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/gai.conf",
    "/sys/devices/system/cpu",
)
STATM: Final = Path("/proc/self/statm")
#: 128 bits: nobody finds another job's folder by trying.
_NAME_BYTES: Final = 16
_REMOVE_TRIES: Final = 5


def runtime_paths(*more: Path) -> tuple[Path, ...]:
    """What a Python worker must be able to read, besides `more` (its code, ffmpeg's folder, a CA file)."""
    python = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}
    places = [*_SYSTEM, *_DEVICES, *sorted(python), f"/proc/{os.getpid()}", *map(str, more)]
    return tuple(dict.fromkeys(Path(place) for place in places))


def confine(read: Sequence[Path], write: Sequence[Path], tcp_ports: Sequence[int]) -> LandlockState:
    """Confine this process and all it starts; what is in force afterwards.

    Files under `read` may be read and run, those under `write` also written but not run; TCP connections go to
    `tcp_ports` only, and nothing listens. /dev/null may always be written. Raises OSError where the kernel has Landlock
    and yet refuses.
    """
    return restrict(read, (*write, Path("/dev/null")), tcp_ports)


def limit(
    *,
    address_space_bytes: int | None = None,
    open_files: int | None = None,
    processes: int | None = None,
    cpu_seconds: int | None = None,
    file_bytes: int | None = None,
    data_bytes: int | None = None,
) -> None:
    """Set resource limits of this process and all it starts; None leaves one as it is, none is ever raised.

    `address_space_bytes`: beyond what is mapped now. `processes` counts all of this user, the kernel ignores it for
    root. `data_bytes`: of memory that can be written, whatever is only reserved besides (JavaScript engines reserve
    many times what they use). `cpu_seconds`: then SIGXCPU, and SIGKILL some seconds later. A core file is never
    written.
    """
    wanted = {
        resource.RLIMIT_AS: None if address_space_bytes is None else address_space_bytes + _mapped_bytes(),
        resource.RLIMIT_NOFILE: open_files,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_DATA: data_bytes,
        resource.RLIMIT_CORE: 0,
    }
    for which, value in wanted.items():
        if value is not None:
            grace = CPU_GRACE_SECONDS if which == resource.RLIMIT_CPU else 0
            soft, hard = (math.inf if bound == resource.RLIM_INFINITY else bound for bound in resource.getrlimit(which))
            lowest = min(value, soft, hard)
            resource.setrlimit(which, (int(lowest), int(min(lowest + grace, hard))))


def _mapped_bytes() -> int:
    try:
        pages = int(STATM.read_text("ascii").split()[0])
    except OSError:  # no /proc
        return 0
    return pages * resource.getpagesize()


def scrubbed_environment(
    keep: Collection[str] = (), environment: Mapping[str, str] | None = None, **values: str
) -> dict[str, str]:
    """The variables a worker gets: KEPT_VARIABLES and those of `keep`, then `values`."""
    environment = os.environ if environment is None else environment
    kept = {name: text for name, text in environment.items() if name in KEPT_VARIABLES or name in keep}
    return {**kept, **values}


def job_folder(root: Path) -> Path:
    """A new folder for one job: unguessable name, mode 0700 like its root."""
    root.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    folder = root / secrets.token_hex(_NAME_BYTES)
    folder.mkdir(mode=stat.S_IRWXU)
    return folder


def remove_folder(path: Path) -> bool:
    """Remove a job's folder and all in it; whether it is gone.

    Symbolic links are removed, never followed. A file that appears meanwhile (a killed worker's last breath) is
    removed by the next of a few tries.
    """
    for _ in range(_REMOVE_TRIES):
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
            return True
        shutil.rmtree(path, ignore_errors=True)
        _open_folders(path)
    return not path.exists()


def _open_folders(path: Path) -> None:
    """A worker may have closed a folder to us (mode 000); its owner opens it again."""
    for parent, folders, _ in os.walk(path):
        for folder in (Path(parent), *(Path(parent, name) for name in folders)):
            if not folder.is_symlink():
                with suppress(OSError):
                    folder.chmod(stat.S_IRWXU)


def sweep(root: Path) -> int:
    """Remove everything a previous run has left in `root`; how many folders and files are gone."""
    try:
        left = list(root.iterdir())
    except FileNotFoundError:
        return 0
    return sum(remove_folder(path) for path in left)
