"""`make bench`: measure everything, or NAMES, and write docs/performance.md; without `--write` names are printed."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import (
    bench_bus,
    bench_cluster,
    bench_codec,
    bench_connection,
    bench_console,
    bench_database,
    bench_dny,
    bench_dny_pace,
    bench_gateway,
    bench_orders,
    bench_platform,
    bench_settle,
    bench_socket,
)
from tests.bench.report import Figures, Run, document

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "performance.md"
KEPT = ROOT / "docs" / "performance.json"
"""What the page was made of, by bench."""


def codec() -> Figures:
    """Bytes to typed frame and back, µs."""
    return {name: round(cost, 2) for name, cost in bench_codec.measure()}


def connection() -> Figures:
    """A conversation's costs, µs, and the bytes of an idle one."""
    figures: Figures = {name: round(cost, 2) for name, cost in bench_connection.measure()}
    return figures | {"idle admitted connection, bytes": round(bench_connection.idle_bytes())}


def dny() -> Figures:
    """The same for two-wheel boards, µs, and the bytes of a whole host."""
    figures: Figures = {name: round(cost, 2) for name, cost in bench_dny.measure()}
    return figures | {"host with 50 boards, KiB": round(bench_dny.host_bytes() / 1024, 1)}


BENCHES: dict[str, Callable[[], Figures]] = {
    "codec": codec,
    "connection": connection,
    "dny": dny,
    "database": lambda: dict(bench_database.bench()),
    "answered200": lambda: bench_gateway.answered_frames(200),
    "answered1000": lambda: bench_gateway.answered_frames(1_000),
    "mixed200": lambda: bench_gateway.mixed_frames(200),
    "mixed1000": lambda: bench_gateway.mixed_frames(1_000),
    "dny_answered": bench_dny.answered,
    "dny_mixed": bench_dny.mixed,
    "dny_pace": bench_dny_pace.pace,
    "cpu": bench_gateway.cpu_per_frame,
    "memory": bench_gateway.memory_per_connection,
    "storm": bench_platform.login_storm,
    "pace": bench_platform.own_pace,
    "gateways": bench_cluster.two_gateways,
    "cluster": bench_cluster.cluster_pace,
    "bus": bench_bus.bus,
    "mailbox": bench_bus.mailbox,
    "socket": bench_socket.fan_out,
    "settle": lambda: dict(bench_settle.bench("sqlite")),
    "settle_mariadb": lambda: dict(bench_settle.bench("mariadb")),
    "ready": bench_platform.ready_with_a_million_orders,
    "orders": bench_orders.orders_of_a_million,
    "console": bench_console.first_paint,
}

NEEDS = {
    "cluster": ("mariadbd", "redis-server", "epmd"),
    "bus": ("epmd",),
    "mailbox": ("epmd", "mariadbd", "mariadb-install-db"),
    "settle_mariadb": ("mariadbd", "mariadb-install-db"),
    "console": ("node", "chromium", str(ROOT / "web/console/node_modules/.bin/vite")),
}
"""Programs without which a bench is left out of `make bench`."""
APART = {"storm", "pace", "dny_pace", "ready", "orders"}
"""Benches whose load stays off the core of the server from the beginning."""


def machine() -> str:
    """What it was measured on, in a line."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = f"Linux {platform.release()}, Python {platform.python_version()} ({interpreter()})"
    return f"{os.cpu_count()} × {model}, {memory_gib:.0f} GiB, {versions}"


def interpreter() -> str:
    """How the interpreter was put together: calls into a shared library cost a busy gateway several hundredths."""
    shared = "/libpython" in Path("/proc/self/maps").read_text("utf-8")
    return f"{platform.python_compiler()}, {'in a shared library' if shared else 'in one piece'}"


def commit() -> str:
    """The commit that was measured, marked when the tree had changes."""
    revision = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True
    )
    changed = subprocess.run(
        ["git", "status", "--porcelain", "src"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True
    )
    return revision.stdout.strip() + (" with changes" if changed.stdout.strip() else "")


def kept() -> dict[str, Run]:
    """What was measured before."""
    if not KEPT.exists():
        return {}
    return {name: Run(**run) for name, run in json.loads(KEPT.read_text("utf-8")).items() if name in BENCHES}


def keep(runs: dict[str, Run]) -> None:
    """Write figures and page, in the order of the benches."""
    ordered = {name: runs[name] for name in BENCHES if name in runs}
    text = json.dumps({name: run._asdict() for name, run in ordered.items()}, ensure_ascii=False, indent=1)
    KEPT.write_text(text + "\n", "utf-8", newline="\n")
    TARGET.write_text(document(ordered), "utf-8", newline="\n")


def main() -> int:
    chosen = [word for word in sys.argv[1:] if word != "--write"]
    write = not chosen or "--write" in sys.argv
    unknown = [name for name in chosen if name not in BENCHES]
    if unknown:
        print(f"there is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    runs = kept() if chosen else {}
    where, revision = machine(), commit()
    every_core = os.sched_getaffinity(0)
    for name in chosen or BENCHES:
        missing = [program for program in NEEDS.get(name, ()) if not shutil.which(program)]
        if missing and not chosen:
            print(f"{name} is left out: {', '.join(missing)} is not installed", file=sys.stderr)
            continue
        print(f"{name} …", file=sys.stderr, flush=True)
        os.sched_setaffinity(0, {max(every_core)} if name in APART else every_core)
        figures = BENCHES[name]()
        print(json.dumps({name: figures}, ensure_ascii=False), flush=True)
        runs[name] = Run(figures, where, revision, datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))
        if write:
            keep(runs)
    if write:
        print(f"written to {TARGET.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
