"""The gateway against a raw echo on the same cores: frames per CPU second, CPU per frame, memory per connection.

Each function gives one dict; `python -m tests.bench.bench_gateway` prints them as JSON lines. Rounds are
interleaved and the best counts, because noise here only ever slows down.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.load import Load, Server, heartbeat, login, sample, write_script

ROUNDS = 12
LAUNCHES, ROUNDS_A_LAUNCH = 5, 4
"""Where its memory came to lie makes one process up to a tenth slower than the next."""
SECONDS = 0.6
SETTLE_S = 1.5
"""After the logins, until what is pushed after them has gone out."""
MEMORY_BASE, MEMORY_FULL = 500, 10_500


def cpu_per_second(server: Server, load: Load, order: str) -> float:
    """Frames (writes) per CPU second of the server during one order."""
    before = server.cpu_s()
    sent, _ = load.run(order)
    return sent / (server.cpu_s() - before)


@contextmanager
def pair(
    calls: list[tuple[bytes, bytes, bytes]], protocol: str = "ykc16"
) -> Iterator[tuple[tuple[Server, Load], tuple[Server, Load]]]:
    """(echo, its load) and (gateway, its load), all logged in."""
    with tempfile.TemporaryDirectory() as directory:
        workspace = Path(directory)
        script = workspace / "calls"
        write_script(script, calls)
        echo, gateway = Server("tests.bench.echo_server"), Server("tests.bench.gateway_server", "--protocol", protocol)
        loads = [Load(workspace, script, echo.port, echo=True), Load(workspace, script, gateway.port)]
        time.sleep(SETTLE_S)
        gateway.ask("freeze")
        yield (echo, loads[0]), (gateway, loads[1])
        for load in loads:
            load.close()
        for server in (echo, gateway):
            server.close()


def answered_frames(connections: int) -> dict[str, object]:
    """One 0x03 a wake-up, each answered, decoded, logged and handed to the bus."""
    calls = [(login(number), heartbeat(number), b"") for number in range(connections)]
    return compare("0x03 ping-pong", "pingpong", calls)


def mixed_frames(connections: int) -> dict[str, object]:
    """As many 0x13 as 0x03, each read on its own."""
    calls = [(login(number), sample(number), heartbeat(number)) for number in range(connections)]
    return compare("0x13 and 0x03 in turn", "pairs", calls)


def cpu_per_frame(connections: int = 1_000, rounds: int = ROUNDS) -> dict[str, object]:
    """CPU of the server for a frame, one 0x03 and one 0x13 in each write."""
    calls = [(login(number), heartbeat(number) + sample(number), b"") for number in range(connections)]
    with pair(calls) as (_, (server, load)):
        best = max(cpu_per_second(server, load, f"pingpong {SECONDS}") for _ in range(rounds))
        return {
            "bench": "gateway.cpu_per_frame",
            "connections": connections,
            "us_per_frame": round(1e6 / (2 * best), 2),
            "must_us": 16,
            "aim_us": 11,
            "stats": server.ask("stats"),
        }


def memory_per_connection() -> dict[str, object]:
    """Resident memory an idle logged-in connection adds, between few and many of them."""
    with tempfile.TemporaryDirectory() as directory:
        workspace = Path(directory)
        server = Server("tests.bench.gateway_server")
        held: list[tuple[int, Load]] = []
        for name, numbers in (("few", range(MEMORY_BASE)), ("many", range(MEMORY_BASE, MEMORY_FULL))):
            script = workspace / name
            write_script(script, [(login(number), b"", b"") for number in numbers])
            load = Load(workspace, script, server.port)
            time.sleep(12)  # until what was pushed after the login has been given up
            held.append((int(server.ask("memory")[1]), load))
        grown = held[1][0] - held[0][0]
        stats = server.ask("stats")
        for _, load in held:
            load.close()
        server.close()
        return {
            "bench": "gateway.memory_per_connection",
            "connections": MEMORY_FULL - MEMORY_BASE,
            "kib_per_connection": round(grown / (MEMORY_FULL - MEMORY_BASE), 2),
            "rss_mib": held[1][0] // 1024,
            "must_kib": 8,
            "aim_kib": 4,
            "stats": stats,
        }


def compare(
    what: str, order: str, calls: list[tuple[bytes, bytes, bytes]], *, protocol: str = "ykc16"
) -> dict[str, object]:
    """Best of interleaved rounds of echo and gateway, each launched several times."""
    echo_best = gateway_best = 0.0
    for _ in range(LAUNCHES):
        with pair(calls, protocol) as (limit, gateway):
            for _ in range(ROUNDS_A_LAUNCH):
                echo_best = max(echo_best, cpu_per_second(*limit, f"{order} {SECONDS}"))
                gateway_best = max(gateway_best, cpu_per_second(*gateway, f"{order} {SECONDS}"))
    return {
        "bench": "gateway.frames_per_cpu_second",
        "load": what,
        "connections": len(calls),
        "echo": int(echo_best),
        "gateway": int(gateway_best),
        "share_pct": round(100 * gateway_best / echo_best, 1),
        "must_pct": 60,
        "aim_pct": 75,
    }


def main() -> None:
    benches = {
        "answered200": lambda: answered_frames(200),
        "answered1000": lambda: answered_frames(1_000),
        "mixed200": lambda: mixed_frames(200),
        "mixed1000": lambda: mixed_frames(1_000),
        "cpu": cpu_per_frame,
        "memory": memory_per_connection,
    }
    for name in sys.argv[1:] or benches:
        print(json.dumps(benches[name](), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
