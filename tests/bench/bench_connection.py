"""What a frame costs the conversation, bytes in to event and answer out: `python -m tests.bench.bench_connection`.

CPU time of this process, best of many short rounds; memory by tracemalloc over many idle connections.
"""

from __future__ import annotations

import time
import timeit
import tracemalloc
from collections.abc import Callable, Iterator

from chargecloud.device.commands import AnswerBoot
from chargecloud.protocols.ykc16.connection import Connection
from chargecloud.testing.commands import session_no, start
from chargecloud.testing.harness import START_MS
from tests.support import ykc

ROUNDS = 60
CALLS = 2_000
IDLE = 1_000


def best_us(function: Callable[[], object]) -> float:
    """Microseconds of CPU a call, in the best round."""
    rounds = timeit.repeat(function, number=CALLS, repeat=ROUNDS, timer=time.process_time)
    return min(rounds) / CALLS * 1e6


def admitted(code: str = ykc.CODE) -> Connection:
    """A connection after its login and the pushes."""
    connection = Connection(0.0)
    connection.receive(ykc.login(code), 0.0, START_MS)
    boot = AnswerBoot(
        command_id="boot", charge_point_code=code, expires_at_ms=START_MS + 9_000, link_id="link", accepted=True
    )
    connection.submit(boot, 0.0, START_MS)
    for now in (0.5, 12.0):
        connection.tick(now, START_MS)
    connection.take_output(), connection.take_frames()
    return connection


def receiving(data: bytes) -> Callable[[], object]:
    """One call of the gateway: receive, then everything that came of it."""
    connection = admitted()

    def receive() -> object:
        events = connection.receive(data, 13.0, START_MS)
        return events, connection.take_output(), connection.take_frames(), connection.deadline()

    return receive


def login() -> object:
    """A whole connection from its first byte to its admission."""
    return admitted()


def starting() -> Callable[[], object]:
    """A start command and its answer."""
    connection = admitted()
    command, answer = start(ykc.CODE, START_MS + 30_000), ykc.start_reply(session_no(ykc.CODE))

    def begin() -> object:
        connection.submit(command, 13.0, START_MS)
        connection.receive(answer, 13.0, START_MS)
        return connection.take_output(), connection.take_frames()

    return begin


def idle_bytes() -> float:
    """Memory of one admitted connection with nothing to do."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = [admitted(f"{number:014d}") for number in range(IDLE)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / len(kept)


def measure() -> Iterator[tuple[str, float]]:
    """Each figure by its name, in microseconds."""
    trade = session_no(ykc.CODE)
    beat, sample, record = ykc.heartbeat(), ykc.up(ykc.realtime(trade)), ykc.up(ykc.record(trade))
    yield "0x03 received and answered", best_us(receiving(beat))
    yield "0x13 received", best_us(receiving(sample))
    yield "0x03 and 0x13 in one write", best_us(receiving(beat + sample))
    yield "0x3B received", best_us(receiving(record))
    yield "0x34 said and 0x33 received", best_us(starting())
    yield "login to admission, pushes included", best_us(login)


def main() -> None:
    for name, cost in measure():
        print(f"{cost:6.2f} µs  {name}")
    print(f"{idle_bytes():6.0f} B   idle admitted connection")


if __name__ == "__main__":
    main()
