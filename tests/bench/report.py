"""The page docs/performance.md from what was measured: each figure beside what it must and what it should be."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Figures = dict[str, Any]


class Run(NamedTuple):
    """One bench: what it found, on which machine, at which commit, when."""

    figures: Figures
    machine: str
    commit: str
    when: str


Measured = Mapping[str, Run]


class Row(NamedTuple):
    """One figure: its limits, where it is found, how to repeat it."""

    figure: str
    must: float
    aim: float
    unit: str
    bench: str
    read: Callable[[Figures], float]
    at_least: bool = False
    limited_by: str = ""
    """What would have to become cheaper, where it was looked for."""


def _key(name: str) -> Callable[[Figures], float]:
    return lambda figures: float(figures[name])


SETTLE = (
    "one core of Python, spread thin: a fifth in SQLite itself (some fifteen rows written a record), a sixth in "
    "weighing the record against samples and tariff, a seventh in turning rows into sessions and orders and back, a "
    "tenth in the relay's JSON; fsyncs overlap with the work of other partitions"
)
SETTLE_ON_A_SERVER = (
    "the same Python, a fifth of it in writing rows as SQL text (the driver has no cheaper way that MySQL shares), "
    "and the server, which takes the second core for as long"
)

FRAMES = (
    "half of it the kernel's part of reading and writing, as in the echo; our Python costs 1.75 µs a frame in process, "
    "and more between two system calls. The processor counts: on an Intel Xeon single processes of the gateway lay "
    "between 52 and 63 % and missed the must, on an AMD EPYC of the same size between 60 and 77 %"
)
BUS = (
    "one core of Python at both ends: packing and unpacking each event; the broker, on the other core, would be the "
    "limit if each message carried one event"
)

SOCKET = (
    "one core of Python, the publisher's share included: a third in the frameworks around each text, a third in the "
    "kernel (one write for each message and connection), the rest in decoding a change, telling it in the API's names "
    "and encoding it; a change that many watch costs half as much each"
)

ROWS = (
    Row("frames a server CPU-second against a raw echo, each answered, 200 connections", 60, 75, "%", "answered200",
        _key("share_pct"), at_least=True),
    Row("the same, 1,000 connections", 60, 75, "%", "answered1000", _key("share_pct"), at_least=True),
    Row("0x13 and 0x03 in turn, 200 connections", 60, 75, "%", "mixed200", _key("share_pct"), at_least=True),
    Row("0x13 and 0x03 in turn, 1,000 connections", 60, 75, "%", "mixed1000", _key("share_pct"), at_least=True,
        limited_by=FRAMES),
    Row("DNY 0x21 of ten ports, each answered, against the raw echo, 200 boards", 60, 75, "%", "dny_answered",
        _key("share_pct"), at_least=True),
    Row("DNY 0x06 and 0x21 in turn, 200 boards", 60, 75, "%", "dny_mixed", _key("share_pct"), at_least=True),
    Row("CPU a frame, one 0x03 and one 0x13 a write, 1,000 charge points", 16, 11, "µs", "cpu", _key("us_per_frame")),
    Row("0x13, bytes to typed frame, checksum included", 3, 1.5, "µs", "codec", _key("0x13 checksum and typed frame")),
    Row("0x3B, bytes to typed frame, checksum included", 6, 4, "µs", "codec", _key("0x3B checksum and typed frame")),
    Row("DNY 0x21 of two ports, bytes to typed frame, sum included", 3, 1.5, "µs", "dny",
        _key("0x21 sum and typed frame")),
    Row("DNY 0x06, bytes to typed frame, sum included", 3, 2, "µs", "dny", _key("0x06 sum and typed frame")),
    Row("memory a DNY host with 50 boards", 40, 30, "KiB", "dny", _key("host with 50 boards, KiB")),
    Row("memory an idle logged-in connection, 10,000 connections", 8, 4, "KiB", "memory", _key("kib_per_connection")),
    Row("2,000 charge points log in while 200 work", 15, 5, "s", "storm", _key("seconds")),
    Row("of the 200, disturbed", 0, 0, "", "storm", _key("established_disturbed")),
    Row("500 charge points at their own pace, everything stored: CPU", 50, 25, "% of a core", "pace", _key("cpu_pct")),
    Row("record 0x3B → 0x40 in that run, p99", 200, 50, "ms", "pace", _key("record_confirm_p99_ms")),
    Row("order start over the API → 0x34 in that run, p99", 50, 25, "ms", "pace", _key("start_p99_ms")),
    Row("10,000 boards of 1,000 hosts at their own pace, one e-bike at each, everything stored: CPU", 50, 25,
        "% of a core", "dny_pace", _key("cpu_pct")),
    Row("settlement 0x03 → answer in that run, p99", 200, 50, "ms", "dny_pace", _key("settlement_p99_ms")),
    Row("two gateways against one, frames a CPU second of the servers", 1.6, 1.9, "×", "gateways", _key("ratio_by_cpu"),
        at_least=True),
    Row("record 0x3B → 0x40 under 500 charge points on the cluster, p50", 50, 25, "ms", "cluster",
        _key("record_confirm_p50_ms")),
    Row("the same, p99", 200, 100, "ms", "cluster", _key("record_confirm_p99_ms")),
    Row("events a second through RabbitMQ's quorum queues: confirmed, handled, acknowledged", 20_000, 50_000, "/s",
        "bus", _key("events_per_s"), at_least=True,
        limited_by=BUS),
    Row("commit in another process → mailbox of the gateway, p99", 50, 25, "ms", "mailbox", _key("p99_ms")),
    Row("transaction records settled a second into SQLite, each durable", 2_000, 5_000, "/s", "settle",
        _key("records_per_s"), at_least=True,
        limited_by=SETTLE),
    Row("the same into MariaDB, on the other core of this machine", 1_000, 2_000, "/s", "settle_mariadb",
        _key("records_per_s"), at_least=True,
        limited_by=SETTLE_ON_A_SERVER),
    Row("messages a server CPU-second to 5,000 connected drivers, each its own", 20_000, 50_000, "/s", "socket",
        _key("own_messages_per_cpu_second"), at_least=True,
        limited_by=SOCKET),
    Row("memory a connected driver", 40, 25, "KiB", "socket", _key("kib_per_connection")),
    Row("live change → phone at 1,000 changes a second, p99", 200, 50, "ms", "socket", _key("p99_ms")),
    Row("`chargecloud up` to ready, 1,000,000 orders", 5, 2, "s", "ready", _key("seconds")),
    Row("orders list over the API with 1,000,000 orders, the slowest of its filters and combinations, p95", 300, 100,
        "ms", "orders", _key("slowest_list_p95_ms")),
    Row("workbench, trend and ranking over the API there, the slowest, p95", 300, 100, "ms", "orders",
        _key("slowest_statistics_p95_ms")),
    Row("console, sign-in page, first contentful paint, empty cache", 1_500, 800, "ms", "console",
        _key("sign_in_first_paint_ms")),
    Row("console, first page after the sign-in, first contentful paint, empty cache", 1_500, 800, "ms", "console",
        _key("first_page_first_paint_ms")),
    Row("script the console loads before anything is clicked, gzip", 350, 300, "kB", "console",
        _key("initial_script_kb")),
)  # fmt: skip

INTRODUCTION = """\
# Performance

Written by `make bench`, which takes half an hour; `make bench NAMES="pace settle"` measures only these anew and
keeps the rest, `python -m tests.bench NAME` prints one. The server runs on core 0, the load on core 1.
Where a figure is a share, its limit (a raw uvloop echo with the same load generator) was measured in the same run, in
alternating rounds of several processes of each, and the best round of each counts: noise only ever slows down. CPU is
user and system time of the server process. The machine is shared; other work during a run shows in the seconds, less
in the CPU figures.
The interpreter counts: a distribution's, built with profile-guided optimisation, spends about a tenth less on a frame
than one built without (`make clean bench PYTHON=/usr/bin/python3`).

{runs}

| figure | must | aim | measured | verdict | bench |
|---|---:|---:|---:|---|---|
"""


def document(measured: Measured) -> str:
    """The whole page."""
    lines = [_line(row, measured[row.bench].figures) for row in ROWS if row.bench in measured]
    return (
        INTRODUCTION.format(runs=_runs(measured))
        + "\n".join(lines)
        + _limits(measured)
        + "\n\n## Everything that was measured\n"
        + "".join(_details(name, run.figures) for name, run in measured.items())
    )


def _runs(measured: Measured) -> str:
    """Where and when; what was measured apart is named."""
    occasions: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for name, run in measured.items():
        occasions.setdefault((run.machine, run.commit), []).append((name, run.when))
    lines = []
    for (machine, commit), benches in sorted(occasions.items(), key=lambda occasion: -len(occasion[1])):
        names = "" if not lines else ", ".join(f"`{name}`" for name, _ in benches) + ": "
        lines.append(f"- {names}commit {commit}, {max(when for _, when in benches)}, {machine}")
    return "\n".join(lines)


def _limits(measured: Measured) -> str:
    rows = [row for row in ROWS if row.limited_by and row.bench in measured]
    if not rows:
        return ""
    return "\n\n## What limits them\n" + "".join(f"\n- `{row.bench}`: {row.limited_by}." for row in rows)


def verdict(row: Row, value: float) -> str:
    """How a value stands to its limits."""
    if row.at_least:
        return "aim met" if value >= row.aim else "must met" if value >= row.must else "**missed**"
    return "aim met" if value <= row.aim else "must met" if value <= row.must else "**missed**"


def _line(row: Row, figures: Figures) -> str:
    value, sign = row.read(figures), "≥" if row.at_least else "≤"
    unit = f" {row.unit}" if row.unit else ""
    limits = f"{sign} {row.must:g}{unit} | {sign} {row.aim:g}{unit}"
    return f"| {row.figure} | {limits} | {value:g}{unit} | {verdict(row, value)} | `{row.bench}` |"


def _details(name: str, figures: Figures) -> str:
    rows = "".join(f"| {key} | {_shown(value)} |\n" for key, value in figures.items())
    return f"\n### `{name}`\n\n| | |\n|---|---|\n{rows}"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(entry)}" for key, entry in value.items())
    if isinstance(value, list):
        return ", ".join(_shown(entry) for entry in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
