"""The commands in this process, over an App whose downloads are scripted."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from cli.main import run
from platforms.links import Refused
from platforms.registry import Detected
from platforms.shapes import Fetched, FetchedFile, Link, Media, Progress, Quality
from services.app import App
from services.jobs import JobEvent, Order
from utils.errors import GoldcrestError
from utils.texts import Texts

if TYPE_CHECKING:
    from utils.config import Settings

MEDIA = Media(
    "vimeo",
    "1",
    "video",
    "vimeo:1",
    "https://vimeo.com/1",
    "A/B: título",
    (Quality("best", "Best", 360, "h264", 5, True, "1"),),
)
LINK = Link("https://vimeo.com/1", "vimeo:1", "vimeo", "video", "1")


@dataclass
class Job:
    id: str
    link: Link
    batch: str = ""
    batch_position: int = 0


class Downloads:
    """What Downloads offers to a command. `content` becomes the file; `error` fails the job; `gate` holds it back."""

    def __init__(self) -> None:
        self.content = b"film"
        self.error: BaseException | None = None
        self.gate: Callable[[], Any] | None = None
        self.delivery: Any = None
        self.orders: list[Order] = []
        self.folder = Path()

    def detect(self, text: str) -> Detected:
        if "10.0.0.1" in text:
            return Detected((), (Refused("http://10.0.0.1/", "private_address"),))
        return Detected((LINK,) if "://" in text else (), ())

    async def probe(self, link: Link) -> Media:
        if self.error:
            raise self.error
        return MEDIA

    def deliver_to(self, front: str, delivery: Any) -> None:
        assert front == "cli"
        self.delivery = delivery

    async def submit(self, order: Order) -> Job:
        self.orders.append(order)
        return Job("01J", order.link)

    async def watch(self, job_id: str) -> AsyncIterator[JobEvent]:
        yield JobEvent(job_id, "queued", position=0)
        yield JobEvent(job_id, "downloading", Progress("downloading", 1, 4))
        if self.gate:
            await self.gate()
        if isinstance(self.error, GoldcrestError):
            yield JobEvent(job_id, "failed", error=self.error)
            return
        if self.error:
            raise self.error
        path = self.folder / "x.mp4"
        path.write_bytes(self.content)
        file = FetchedFile(path, len(self.content), "video", "video/mp4", 640, 360, 2.0)
        await self.delivery.send(Job(job_id, LINK), Fetched(MEDIA, (file,)), lambda _progress: None)
        yield JobEvent(job_id, "done")


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Terminal:
    """Runs a command and keeps what it was given."""

    capture: pytest.CaptureFixture[str]
    downloads: Downloads = field(default_factory=Downloads)
    settings: list[Settings] = field(default_factory=list)
    served: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str) -> Done:
        code = run(arguments, self.open_app, self.serve)
        captured = self.capture.readouterr()
        return Done(code, captured.out, captured.err)

    def serve(self) -> int:
        self.served.append("served")
        return 7

    @asynccontextmanager
    async def open_app(self, settings: Settings) -> AsyncIterator[App]:
        self.settings.append(settings)
        self.downloads.folder = settings.data_dir
        assert settings.data_dir.is_dir()
        yield App(settings=settings, texts=Texts(), state=dict, up_downloads=self.downloads)  # type: ignore[arg-type]

    @property
    def data_dir(self) -> Path:
        return self.settings[-1].data_dir


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Commands without a terminal: nothing of theirs is left in logging afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    monkeypatch.setenv("TERM", "dumb")
    yield Terminal(capsys)
    structlog.reset_defaults()
    root.handlers[:], level = before
    root.setLevel(level)
