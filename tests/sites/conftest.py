"""Fixtures for the tests of the test sites: the sites in a thread, and the real yt-dlp pointed at them."""

from __future__ import annotations

import gc
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yt_dlp

from tests.sites.harness import Sites, threaded_sites

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What yt-dlp made of a link: its info, or its error and warnings; `files` by name.

    `message` is empty where there was no error; `headers` are those of the response behind one.
    """

    info: dict[str, Any]
    message: str
    headers: dict[str, str]
    warnings: list[str]
    files: dict[str, Path]

    @property
    def formats(self) -> dict[str, dict[str, Any]]:
        return {entry["format_id"]: entry for entry in self.info["formats"]}


class Downloader:
    """The real yt-dlp, everything through the proxy, verifying its certificates."""

    def __init__(self, sites: Sites, folder: Path) -> None:
        self._sites = sites
        self._folder = folder

    def __call__(self, url: str, *, download: bool = False, **options: Any) -> Outcome:
        log = _Log()
        known = set(self._folder.iterdir())
        settings = {
            "proxy": self._sites.proxy_url,
            "compat_opts": ["no-certifi"],
            "outtmpl": f"{self._folder}/%(id)s.%(format_id)s.%(ext)s",
            "logger": log,
            "noprogress": True,
            "cachedir": False,
            "socket_timeout": 20,
            "retries": 0,
            "fragment_retries": 0,
            "extractor_retries": 0,
            "ffmpeg_location": self._sites.media.ffmpeg,
            **options,
        }
        info: dict[str, Any] = {}
        message, headers = "", {}
        with warnings.catch_warnings():
            # yt-dlp leaves the sockets of broken transfers to the garbage collector, which complains about each.
            warnings.simplefilter("ignore", ResourceWarning)
            try:
                with yt_dlp.YoutubeDL(settings) as client:
                    info = client.sanitize_info(client.extract_info(url, download=download))
            except Exception as error:  # noqa: BLE001 - the error is what the test is about
                message, headers = str(error), _headers(error)
            gc.collect()
        files = {path.name: path for path in self._folder.iterdir() if path not in known}
        return Outcome(info, message, headers, log.warnings, files)


def _headers(error: BaseException) -> dict[str, str]:
    """Of the HTTP response that is somewhere behind an error of yt-dlp."""
    inner = getattr(error, "exc_info", (None, None))[1]
    for behind in (inner, getattr(inner, "cause", None)):
        response = getattr(behind, "response", None)
        if response is not None:
            return dict(response.headers)
    return {}


class _Log:
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def debug(self, message: str) -> None:
        pass

    info = error = debug

    def warning(self, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture(scope="package")
def all_sites() -> Iterator[Sites]:
    gc.freeze()  # yt-dlp's thousands of classes need not be looked at after every download
    with threaded_sites() as sites:
        yield sites
    gc.unfreeze()


@pytest.fixture
def sites(all_sites: Sites) -> Sites:
    """The sites with an empty journal."""
    all_sites.requests.clear()
    all_sites.canary.knocks.clear()
    all_sites.origin.faults.clear()
    return all_sites


@pytest.fixture
def ytdl(sites: Sites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Downloader:
    monkeypatch.setenv("SSL_CERT_FILE", str(sites.ca_file))
    return Downloader(sites, tmp_path)
