"""`make bench`: measure everything and write docs/performance.md; `python -m tests.bench NAME …` prints some only."""

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
    bench_database,
    bench_dny,
    bench_dny_pace,
    bench_gateway,
    bench_platform,
    bench_settle,
    bench_socket,
)
from tests.bench.report import Figures, document

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "performance.md"


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
}

NEEDS = {
    "cluster": ("mariadbd", "redis-server", "epmd"),
    "bus": ("epmd",),
    "mailbox": ("epmd", "mariadbd", "mariadb-install-db"),
    "settle_mariadb": ("mariadbd", "mariadb-install-db"),
}
"""Programs without which a bench is left out of `make bench`."""


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


def main() -> int:
    chosen = sys.argv[1:]
    unknown = [name for name in chosen if name not in BENCHES]
    if unknown:
        print(f"there is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    measured: dict[str, Figures] = {}
    every_core = os.sched_getaffinity(0)
    for name in chosen or BENCHES:
        missing = [program for program in NEEDS.get(name, ()) if not shutil.which(program)]
        if missing and not chosen:
            print(f"{name} is left out: {', '.join(missing)} is not installed", file=sys.stderr)
            continue
        print(f"{name} …", file=sys.stderr, flush=True)
        os.sched_setaffinity(0, {max(every_core)} if name in {"storm", "pace", "dny_pace", "ready"} else every_core)
        measured[name] = BENCHES[name]()
        print(json.dumps({name: measured[name]}, ensure_ascii=False), flush=True)
    if not chosen:
        when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        TARGET.write_text(document(measured, machine=machine(), commit=commit(), when=when), "utf-8")
        print(f"written to {TARGET.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
