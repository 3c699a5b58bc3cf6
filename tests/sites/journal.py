"""What was asked of the replicas, so that a test can say "no request reached the site"."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sites.messages import Request


@dataclass(slots=True)
class Entry:
    """One request and what became of it; `bytes_sent` grows while the body runs, `done` when it has ended."""

    method: str
    host: str
    path: str
    url: str
    range: str = ""
    status: int = 0
    bytes_sent: int = 0
    done: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


class Journal:
    """Every request in order; safe to read from another thread than the server's."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def open(self, request: Request) -> Entry:
        """Note a request before it is answered."""
        entry = Entry(
            request.method,
            request.host,
            request.path,
            request.url,
            request.headers.get("range", ""),
            headers=dict(request.headers),
            body=request.body[:4096].decode("utf-8", "replace"),
        )
        with self._lock:
            self._entries.append(entry)
        return entry

    def all(self) -> list[Entry]:
        """Everything except the tunnels' CONNECT lines and questions about the journal itself."""
        with self._lock:
            return [
                entry for entry in self._entries if entry.method != "CONNECT" and not entry.path.startswith("/control/")
            ]

    def to(self, host: str, path: str = "") -> list[Entry]:
        """Requests to `host` or one of its subdomains whose path begins with `path`."""
        return [
            entry
            for entry in self.all()
            if (entry.host == host or entry.host.endswith(f".{host}")) and entry.path.startswith(path)
        ]

    def hosts(self) -> Counter[str]:
        """Requests per host."""
        return Counter(entry.host for entry in self.all())

    def tunnels(self) -> Counter[str]:
        """CONNECT lines per host."""
        with self._lock:
            return Counter(entry.host for entry in self._entries if entry.method == "CONNECT")

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()

    def dump(self) -> list[dict[str, Any]]:
        """Plain data for the control page."""
        return [asdict(entry) for entry in self.all()]

    def __len__(self) -> int:
        return len(self.all())
