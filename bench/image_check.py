"""`python -m bench.image_check`: build the image without a container engine and try it under a limit of 200 MB.

The Dockerfile's own steps run in folders made by debootstrap; then its entry point runs there as its user: /health
answers, a 100 MB job goes through without an OOM kill, SIGTERM ends it in time. Needs root, debootstrap and the package
registries; prints JSON, exit code 1 where a check fails. Stages are kept in build/image and reused while nothing of
theirs has changed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from bench import chroot
from bench.cgroup import Group, why_not
from bench.dockerfile import Stage, command, read_dockerfile, variables
from bench.image_build import PATH, SHARED, Builder
from bench.server import ROOT, Server, answers, free_port, is_ready
from bench.tree import Sampler
from tests.sites.harness import spawned_sites

MEBIBYTE: Final = 1 << 20
MEMORY_MB: Final = 200
SIZE_MB: Final = 220
STOP_SECONDS: Final = 5.0
#: what the image's own ffmpeg must cope with: site, sample, quality
FORMATS: Final = (
    *(("origin_through_proxy", name, "best") for name in ("tail.mp4", "vp9_360.webm", "av1_360.mp4", "photo.webp")),
    *(("origin_through_proxy", name, "best") for name in ("rotated.mp4", "hls/master.m3u8", "dash/manifest.mpd")),
    *(("youtube", "clip", quality) for quality in ("1080p", "mp3", "m4a", "opus")),
    *(("tiktok", "clip", "best"), ("instagram", "reel", "best")),
)


def trial(root: Path, stage: Stage, work: Path) -> list[dict[str, Any]]:
    """Start what the image starts and measure it; one row per check."""
    said: dict[str, str] = {step.name: step.words for step in stage.steps}
    environment = {"PATH": PATH}
    for step in stage.steps:
        if step.name == "ENV":
            environment |= variables(step.words)
    rows = [
        _row("size_mb", chroot.tree_bytes(root) / MEBIBYTE, SIZE_MB),
        _row("modules_not_compiled", len(_uncompiled(root)), 0),
        _row("runs_as_root", float(said.get("USER", "root") == "root"), 0),
    ]
    scratch = work / "trial"
    chroot.copy_tree(root, scratch)  # what the trial writes must not end up in the image
    port = free_port()
    with spawned_sites(bulk=True) as sites, Group(memory_mb=MEMORY_MB) as group:
        shutil.copyfile(sites.env()["EGRESS_TRUST"], work / SHARED / "sites.pem")
        inside = {**environment, **sites.env(), "EGRESS_TRUST": "/mnt/sites.pem", "PORT": str(port)}
        argv = chroot.entered(
            scratch,
            [*command(said["ENTRYPOINT"]), *command(said["CMD"])],
            environment=inside,
            folder=said["WORKDIR"],
            user=said["USER"],
            shared=str(work / SHARED),
        )
        log = work / "trial.log"
        log.unlink(missing_ok=True)
        with Server(group.command(argv), dict(os.environ), port, log=log) as server:
            rows.append(_row("health_seconds", server.until(answers), None))
            rows.append(_row("ready_seconds", server.until(is_ready), None))
            samples = sites.greeting["samples"]
            sampler = Sampler(server.process.pid)
            with sampler:
                rows.append(_row("job_mb", _job(server, samples["youtube"]["bulk"], "best") / MEBIBYTE, None))
            rows.append(_row("job_tree_pss_mb", sampler.peak_bytes / MEBIBYTE, MEMORY_MB))
            failed = [what for what in FORMATS if not _works(server, samples[what[0]][what[1]], what[2])]
            rows.append(_row("formats_failed", len(failed), 0) | {"failed": failed})
            rows.append(_row("oom_kills", group.counted().oom_kills, 0))
            rows.append(_row("stop_seconds", _stop(server), STOP_SECONDS))
            rows.append(_row("left_over_files", len(_left_overs(scratch)), 0))
    shutil.rmtree(scratch)
    return rows


def main() -> int:
    """Build and try; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.image_check", description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "image", help="where stages are kept")
    parser.add_argument("--mirror", default="http://deb.debian.org", help="Debian's packages")
    options = parser.parse_args()
    if problem := _missing():
        print(f"image check: {problem}", file=sys.stderr)
        return 2
    work: Path = options.work.resolve()
    (work / SHARED).mkdir(parents=True, exist_ok=True)
    bundle = Path(os.environ.get("SSL_CERT_FILE") or "/etc/ssl/certs/ca-certificates.crt")
    shutil.copyfile(bundle, work / SHARED / "machine.pem")
    stages = read_dockerfile((ROOT / "Dockerfile").read_text("utf-8"))
    root = Builder(ROOT, work, options.mirror).build(stages)
    rows = trial(root, stages[-1], work)
    passed = all(row["pass"] for row in rows)
    print(json.dumps({"ok": passed, "image": str(root), "checks": rows}, indent=2))
    return 0 if passed else 1


def _missing() -> str:
    if os.geteuid() != 0:
        return "needs root for chroot and control groups"
    for tool in ("debootstrap", "unshare"):
        if shutil.which(tool) is None:
            return f"needs {tool}: apt-get install {'util-linux' if tool == 'unshare' else tool}"
    reason = why_not()
    return f"no control groups here, {reason}" if reason else ""


def _row(name: str, value: float, limit: float | None) -> dict[str, Any]:
    return {"check": name, "value": round(value, 3), "limit": limit, "pass": limit is None or value <= limit}


def _uncompiled(root: Path) -> list[Path]:
    """Our modules and those of the environment that have no compiled twin for this interpreter."""
    sources = [path for path in (root / "opt/goldcrest").rglob("*.py") if path.parent.name != "__pycache__"]
    return [path for path in sources if not list((path.parent / "__pycache__").glob(f"{path.stem}.cpython-*.pyc"))]


def _works(server: Server, link: str, quality: str) -> bool:
    try:
        return _job(server, link, quality) > 0
    except RuntimeError as error:
        print(f"{link} as {quality}: {error}", file=sys.stderr)
        return False


def _job(server: Server, link: str, quality: str) -> int:
    """Order a download from the page's API, wait for it and fetch the file; its size."""
    status, answer = server.ask("/api/v1/downloads", {"url": link, "quality": quality})
    if status != 202:
        raise RuntimeError(f"the order was not accepted: {status} {answer}")
    address = f"/api/v1/downloads/{answer['job']['id']}"
    server.until(lambda server: bool(server.ask(address)[1]["job"]["final"]), poll_seconds=0.2, wait_seconds=300)
    job = server.ask(address)[1]["job"]
    if job["phase"] != "done":
        raise RuntimeError(f"the job ended as {job['phase']}, {job['error']}: {server.log[-1500:]}")
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", job["files"][0]["url"])
    answer_file = connection.getresponse()
    size = 0
    while chunk := answer_file.read(MEBIBYTE):
        size += len(chunk)
    connection.close()
    return size


def _stop(server: Server) -> float:
    """Seconds from SIGTERM, as an engine sends it to process 1, to its end."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text("ascii").split()
    began = time.perf_counter()
    os.kill(int(children[0]), signal.SIGTERM)
    server.process.wait(30)
    return time.perf_counter() - began


def _left_overs(root: Path) -> list[Path]:
    """Working files that nobody needs after the stop."""
    work = root / "var/lib/goldcrest/work"
    return list(work.iterdir()) if work.exists() else []


if __name__ == "__main__":
    sys.exit(main())
