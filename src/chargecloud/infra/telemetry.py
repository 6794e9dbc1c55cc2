"""Trace ids, the log, and metrics.

A log line is an event name and facts. Metrics live in one registry; whoever counts on a hot path keeps the child that
`labels()` gave it.
"""

import logging
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from io import BytesIO, TextIOWrapper
from typing import Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from structlog.typing import EventDict, Processor, WrappedLogger

from chargecloud.kernel.clock import Clock, rfc3339

trace_id: ContextVar[str] = ContextVar("trace_id", default="")
"""Follows one request from phone to charge point and back; carried on in outbox and envelope."""

MAX_TEXT = 500
"""Longest text a log line carries in one fact; what charge points send may be anything."""

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["json", "console"]


class _StandardError(TextIOWrapper):
    """Whatever standard error is when a line is written; a logger may outlive the stream it was made with."""

    def __init__(self) -> None:
        super().__init__(BytesIO())

    def write(self, text: str, /) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


_STANDARD_ERROR = _StandardError()


def set_up_log(level: Level, form: Format, clock: Clock) -> None:
    """Log to standard error; also what libraries write through `logging`."""

    def timestamp(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["at"] = rfc3339(clock.now_ms())
        return event

    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        timestamp,
        _add_trace_id,
        structlog.processors.format_exc_info,
        tame,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="at")
    )
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(_STANDARD_ERROR),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_STANDARD_ERROR)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(level=max(least, logging.WARNING), handlers=[handler], force=True)


def tame(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Cut long texts and take control characters out, so that nothing a stranger sent can forge a log line."""
    for name, value in event.items():
        if isinstance(value, str) and name != "exception":
            cut = value if len(value) <= MAX_TEXT else value[:MAX_TEXT] + "…"
            event[name] = cut if cut.isprintable() else "".join(each if each.isprintable() else "�" for each in cut)
    return event


def _add_trace_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    current = trace_id.get()
    if current:
        event.setdefault("trace_id", current)
    return event


Counts = Callable[[], Mapping[str, int]]


class _Watched(Collector):
    """Counts read from the parts themselves at the moment somebody asks."""

    def __init__(self) -> None:
        self.parts: dict[str, tuple[Counts, frozenset[str]]] = {}

    def collect(self) -> Iterator[Metric]:
        for part, (counts, states) in list(self.parts.items()):
            families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
            for key, value in counts().items():
                what, _, kind = key.partition(".")
                family = families.get(what)
                if family is None:
                    made = GaugeMetricFamily if what in states else CounterMetricFamily
                    about = f"{what.replace('_', ' ')} of the {part.replace('_', ' ')}"
                    family = families[what] = made(f"chargecloud_{part}_{what}", about, labels=["kind"] if kind else [])
                family.add_metric([kind] if kind else [], value)
            yield from families.values()


registry = CollectorRegistry()
_watched = _Watched()
registry.register(_watched)
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)
GCCollector(registry=registry)

http_requests = Counter(
    "chargecloud_http_requests", "Answered HTTP requests.", ["operation", "status"], registry=registry
)
http_seconds = Histogram(
    "chargecloud_http_seconds",
    "Time to answer an HTTP request.",
    ["operation"],
    registry=registry,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
unit_seconds = Histogram(
    "chargecloud_unit_seconds",
    "Time a unit of work held the database, commit included.",
    registry=registry,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
unit_failures = Counter("chargecloud_unit_failures", "Units of work that did not commit.", registry=registry)
payment_notices = Counter(
    "chargecloud_payment_notices", "Payment notices by what came of each.", ["channel", "verdict"], registry=registry
)
job_runs = Counter("chargecloud_job_runs", "Runs of scheduled jobs.", ["job", "outcome"], registry=registry)


loop_lag_seconds = Histogram(
    "chargecloud_loop_lag_seconds",
    "How late the event loop comes to what is due.",
    registry=registry,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
event_age_seconds = Histogram(
    "chargecloud_event_age_seconds",
    "Age of an event when a group had committed it; SessionRecorded: how long after its record an order was settled.",
    ["group", "event"],
    registry=registry,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
process_info = Gauge(
    "chargecloud_process_info", "Which process this is; 1.", ["role", "number", "version"], registry=registry
)


def watch(part: str, counts: Counts, *, states: Collection[str] = ()) -> None:
    """Show a part's counts; a later part of the same name takes its place.

    `frames` is `chargecloud_<part>_frames_total`, `closed.lost` is `chargecloud_<part>_closed_total{kind="lost"}`; what
    goes up and down is named in `states` and has no `_total`.
    """
    _watched.parts[part] = counts, frozenset(states)


def states() -> list[tuple[str, str, int]]:
    """What goes up and down now, as (part, what, value): depths of queues, connections, room."""
    found = []
    for part, (counts, named) in list(_watched.parts.items()):
        found += [(part, what, value) for what, value in counts().items() if what in named]
    return found


def exposition() -> bytes:
    """Everything in Prometheus' text format."""
    return generate_latest(registry)
