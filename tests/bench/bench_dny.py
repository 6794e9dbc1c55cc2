"""What DNY frames cost, bytes to typed frame and bytes in to answer out: `python -m tests.bench.bench_dny`.

CPU time of this process, best of many short rounds; memory counts every object reachable from a whole host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chargecloud.protocols.dny.codec import decode
from chargecloud.protocols.dny.connection import Connection
from chargecloud.protocols.dny.framing import FRAMING
from chargecloud.protocols.wire.stream import StreamCutter
from chargecloud.testing.harness import START_MS
from chargecloud.testing.protocol import size_of
from tests.bench.bench_connection import best_us
from tests.bench.bench_gateway import compare
from tests.support import dny
from tests.support.dny_harness import admitted
from tests.support.golden import golden_entries

SAMPLES = {"0x21": "P035", "0x06": "P078", "0x03": "P077", "0x01": "P034"}
SLAVES = 50
TEN_PORTS = bytes((0, 1, 2, 3, 0, 1, 2, 3, 0, 1))


def measure() -> Iterator[tuple[str, float]]:
    """Each figure by its name, µs."""
    golden = {entry["id"]: bytes.fromhex(entry["hex"]) for _, entry in golden_entries("dny")}
    cutter = StreamCutter(FRAMING)
    frames = {code: golden[name] for code, name in SAMPLES.items()}
    frames["0x21, ten ports"] = dny.heartbeat(states=TEN_PORTS)
    for name, wire in frames.items():
        assert decode(wire).frame is not None

        def sealed(wire: bytes = wire) -> object:
            return FRAMING.seal_order(wire) and decode(wire)

        def cut(wire: bytes = wire) -> object:
            return [decode(unit.data) for unit in cutter.feed(wire)]

        yield f"{name} sum and typed frame", best_us(sealed)
        yield f"{name} cut out of the stream, sum and typed frame", best_us(cut)
    yield "0x21, ten ports, received, told and answered", best_us(receiving(dny.heartbeat(states=TEN_PORTS)))
    yield "0x06 received and told", best_us(receiving(dny.progress(dny.ORDER.hex())))


def receiving(data: bytes) -> Callable[[], object]:
    """One call of the gateway: receive, then everything that came of it."""
    connection = admitted().connection

    def receive() -> object:
        events = connection.receive(data, 13.0, START_MS)
        return events, connection.take_output(), connection.take_frames(), connection.deadline()

    return receive


def host_bytes() -> int:
    """Memory of a host with fifty boards that charge nothing."""

    def host() -> Connection:
        ids = [dny.PHYSICAL_ID + number for number in range(SLAVES)]
        connection = admitted(*ids).connection
        assert isinstance(connection, Connection)
        for physical_id in ids:
            connection.receive(dny.heartbeat(physical_id=physical_id, states=TEN_PORTS), 13.0, START_MS)
        connection.take_output(), connection.take_frames()
        return connection

    first, second = host(), host()
    return size_of(first, second) - size_of(first)


def answered(connections: int = 200) -> dict[str, object]:
    """One 0x21 of ten ports a wake-up, each answered, every field decoded, logged and handed to the bus."""
    calls = [(_introduction(number), _beat(number), b"") for number in range(connections)]
    return compare("DNY 0x21 ping-pong", "pingpong", calls, protocol="dny")


def mixed(connections: int = 200) -> dict[str, object]:
    """As many 0x06 as 0x21, each read on its own."""
    calls = [(_introduction(number), _progress(number), _beat(number)) for number in range(connections)]
    return compare("DNY 0x06 and 0x21 in turn", "pairs", calls, protocol="dny")


def _introduction(number: int) -> bytes:
    return dny.ICCID + dny.register(physical_id=dny.PHYSICAL_ID + number, ports=10)


def _beat(number: int) -> bytes:
    return dny.heartbeat(physical_id=dny.PHYSICAL_ID + number, states=TEN_PORTS)


def _progress(number: int) -> bytes:
    return dny.progress(dny.ORDER.hex(), physical_id=dny.PHYSICAL_ID + number)


def main() -> None:
    for name, cost in measure():
        print(f"{cost:6.2f} µs  {name}")
    print(f"{host_bytes() / 1024:6.1f} KiB a host with {SLAVES} boards")


if __name__ == "__main__":
    main()
