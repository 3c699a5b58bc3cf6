"""GET /metrics: our own figures as Prometheus reads them, in its text form or OpenMetrics, as the scraper asks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response
from starlette.routing import Route

from api.status import status
from utils.monitoring_histogram import Histogram

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric
    from starlette.requests import Request

    from services.app import App
    from utils.monitoring import Counter, Gauge
    from utils.monitoring_series import Labels

PREFIX: Final = "goldcrest_"
#: a breaker's state as a number
STATES: Final = {"closed": 0, "half_open": 1, "open": 2}
#: name without prefix, kind, text, and where it stands in /status
NUMBERS: Final = (
    ("uptime_seconds", "gauge", "Since the start of the process.", ("system", "uptime_seconds")),
    ("ready", "gauge", "Whether every vital part is up.", ("system", "ready")),
    (
        "memory_bytes",
        "gauge",
        "Of the whole process tree, shared pages counted once (PSS).",
        ("system", "memory_bytes"),
    ),
    ("tasks", "gauge", "Of asyncio, the one that tells this included.", ("system", "tasks")),
    ("threads", "gauge", "Of the resident process.", ("system", "threads")),
    ("memory_share_percent", "gauge", "Of the cap or of the container's limit.", ("memory", "share_percent")),
    ("memory_waiting", "gauge", "Workers that wait for room.", ("memory", "waiting")),
    ("egress_tickets", "gauge", "Pieces of work that may use the network.", ("egress", "tickets")),
    ("egress_connections", "gauge", "Open connections to the outside.", ("egress", "open")),
    ("egress_received_bytes", "counter", "From the outside.", ("egress", "bytes_down")),
    ("egress_sent_bytes", "counter", "To the outside, Telegram left out.", ("egress", "bytes_up")),
    ("extractor_workers", "gauge", "Workers that run.", ("extractor", "running")),
    ("dead_letters", "gauge", "Jobs given up for good, kept for a replay.", ("queue", "dead_letters")),
    ("reports", "gauge", "Kept of failures with an unknown cause.", ("reports", "count")),
    ("reminders", "gauge", "Later tries and streams that somebody waits for.", ("reminders", "waiting")),
    ("shelf_files", "gauge", "Files that wait for their download from the page.", ("shelf", "files")),
    ("shelf_bytes", "gauge", "Their size.", ("shelf", "bytes")),
    ("alerts_waiting", "gauge", "Alerts that the owner has yet to hear of.", ("alerts", "waiting")),
    ("alert_messages", "counter", "Messages to the owner.", ("alerts", "messages")),
)
#: name, kind, text, label, section of /status with an entry for each of its values, key there
SERIES: Final = (
    ("breaker_opened", "counter", "How often it opened.", "breaker", "breakers", "opened"),
    ("breaker_refused", "counter", "Calls that it turned away.", "breaker", "breakers", "refused"),
    ("retry_attempts", "counter", "Tries, by site and operation.", "operation", "retries", "attempts"),
    ("retry_recovered", "counter", "Calls that succeeded after a failure.", "operation", "retries", "recovered"),
    ("retry_given_up", "counter", "Calls that ended with a failure that may pass.", "operation", "retries", "given_up"),
)


class Figures:
    """A collector over one snapshot; each scrape has its own, so that scrapes side by side share nothing."""

    def __init__(self, snapshot: Mapping[str, Any], metrics: tuple[Counter | Gauge | Histogram, ...]) -> None:
        self._snapshot = snapshot
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """As prometheus_client wants it; what isn't known now is left out."""
        for name, kind, text, path in NUMBERS:
            if (number := number_at(self._snapshot, *path)) is not None:
                yield family(kind, name, text, (), {(): number})
        for name, kind, text, label, section, key in SERIES:
            entries = self._snapshot.get(section, {})
            values: dict[Labels, float] = {
                (each,): number for each in entries if (number := number_at(entries, each, key)) is not None
            }
            yield family(kind, name, text, (label,), values)
        yield from self._states()
        for metric in self._metrics:
            if isinstance(metric, Histogram):
                yield spread(metric)
            else:
                yield family(metric.kind, metric.name, metric.text, metric.labels, metric.values())

    def _states(self) -> Iterator[Metric]:
        snapshot = self._snapshot
        parts: dict[Labels, float] = {(name,): float(part["ok"]) for name, part in snapshot["system"]["parts"].items()}
        yield family("gauge", "part_ok", "Whether a part is well.", ("part",), parts)
        breakers: dict[Labels, float] = {
            (name,): float(STATES.get(each["state"], 2)) for name, each in snapshot["breakers"].items()
        }
        text = "0 closed, 1 half open, 2 open."
        yield family("gauge", "breaker_state", text, ("breaker",), breakers)
        queue = snapshot["queue"]
        waiting: dict[Labels, float] = {
            (state,): float(queue[state]) for state in ("accepted", "running", "sending") if state in queue
        }
        yield family("gauge", "queue_jobs", "Open jobs by state.", ("state",), waiting)
        rules: dict[Labels, float] = {
            (rule["name"], rule["level"]): float(rule["state"] == "active")
            for rule in snapshot["alerts"].get("rules", ())
        }
        yield family("gauge", "alert_active", "Whether a rule is active.", ("rule", "level"), rules)


class MetricsApi:
    """The address for scrapers; who may read it stands in api/access.py, as for /status."""

    def __init__(self, app: App) -> None:
        self._app = app

    def routes(self) -> list[Route]:
        """One."""
        return [Route("/metrics", self.show)]

    async def show(self, request: Request) -> Response:
        """One scrape. prometheus_client (3 MB) is loaded by the first one, its global registry is never used."""
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import choose_encoder

        monitor = self._app.up_monitor
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Figures(await status(self._app), monitor.metrics.all() if monitor else ()))
        encode, mime = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"cache-control": "no-store", "content-type": mime})


def number_at(tree: Any, *path: str) -> float | None:
    """The number at that place; None where there is none."""
    for key in path:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return float(tree) if isinstance(tree, int | float) else None


def family(kind: str, name: str, text: str, labels: Labels, values: Mapping[Labels, float]) -> Metric:
    """A counter or gauge with its series."""
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    made = (CounterMetricFamily if kind == "counter" else GaugeMetricFamily)(PREFIX + name, text, labels=labels)
    for series, value in values.items():
        made.add_metric(series, value)
    return made


def spread(histogram: Histogram) -> Metric:
    """A histogram with its series."""
    from prometheus_client.metrics_core import HistogramMetricFamily

    made = HistogramMetricFamily(PREFIX + histogram.name, histogram.text, labels=histogram.labels)
    for series, each in histogram.spreads().items():
        buckets = [
            ("+Inf" if math.isinf(bound) else str(bound), float(count))
            for bound, count in zip(each.bounds, each.cumulative, strict=True)
        ]
        made.add_metric(series, buckets, each.total)
    return made
