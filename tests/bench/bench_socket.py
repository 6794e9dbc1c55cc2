"""The drivers' socket of one API process: messages a CPU second, memory a connection, how late a change arrives.

`python -m tests.bench.bench_socket` prints one JSON line.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.load import LOAD_CORE, Server, pinned

DRIVERS = 5_000
FEW = 500
ROUNDS = 6
SECONDS = 2.0
PACE_S = 10
UPDATES_A_SECOND = 1_000
SETTLED_WITHIN_S = 20.0


class PhonesProcess:
    """The load, in a process on the other core."""

    def __init__(self, tokens: Path, port: int) -> None:
        self._process = subprocess.Popen(
            [*pinned(LOAD_CORE), sys.executable, "-m", "tests.bench.socket_load", str(tokens), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._read()

    def ask(self, order: str) -> list[str]:
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def _read(self) -> list[str]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the phones ended with {self._process.wait()}")
        return line.split()


def fan_out(drivers: int = DRIVERS, rounds: int = ROUNDS) -> dict[str, object]:
    """Everything about `drivers` connected drivers."""
    with tempfile.TemporaryDirectory() as directory:
        tokens = Path(directory) / "tokens"
        server = Server("tests.bench.socket_server", str(drivers), str(tokens))
        phones = PhonesProcess(tokens, server.port)
        phones.ask(f"connect {FEW}")
        few_kib = int(server.ask("memory")[1])
        began = time.monotonic()
        welcomed = int(phones.ask(f"connect {drivers}")[1])
        connected_s = time.monotonic() - began
        many_kib = int(server.ask("memory")[1])
        server.ask("freeze")
        own = max(_a_cpu_second(server, phones, f"flood {SECONDS}") for _ in range(rounds))
        shared = max(_a_cpu_second(server, phones, f"spread {SECONDS}") for _ in range(rounds))
        delays = _delays(server, phones)
        watching = int(server.ask("watchers")[1])
        phones.close()
        server.close()
    return {
        "bench": "socket.fan_out",
        "drivers": drivers,
        "welcomed": welcomed,
        "still_connected": watching,
        "connected_s": round(connected_s, 2),
        "own_messages_per_cpu_second": int(own),
        "shared_messages_per_cpu_second": int(shared),
        "kib_per_connection": round((many_kib - few_kib) / (drivers - FEW), 2),
        **delays,
    }


def _a_cpu_second(server: Server, phones: PhonesProcess, order: str) -> float:
    """Messages that arrived for each CPU second of the server; none may be missing."""
    phones.ask("forget")
    before = server.cpu_s()
    sent = int(server.ask(order)[1])
    spent_s = server.cpu_s() - before
    _expect(phones, sent)
    return sent / spent_s


def _delays(server: Server, phones: PhonesProcess) -> dict[str, object]:
    """From a change to the phone, at a steady pace."""
    phones.ask("forget")
    sent = int(server.ask(f"pace {PACE_S} {UPDATES_A_SECOND}")[1])
    _expect(phones, sent)
    _, p50, p99, worst = phones.ask("delays")
    return {
        "updates_per_s": sent // PACE_S,
        "p50_ms": round(float(p50), 2),
        "p99_ms": round(float(p99), 2),
        "worst_ms": round(float(worst), 1),
    }


def _expect(phones: PhonesProcess, sent: int) -> None:
    give_up = time.monotonic() + SETTLED_WITHIN_S
    while (arrived := int(phones.ask("count")[1])) < sent:
        if time.monotonic() > give_up:
            raise RuntimeError(f"{sent - arrived} of {sent} messages never arrived")
        time.sleep(0.05)


if __name__ == "__main__":
    print(json.dumps(fan_out(), ensure_ascii=False), flush=True)
