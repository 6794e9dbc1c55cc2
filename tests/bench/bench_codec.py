"""What a frame costs between its bytes and its typed form: `python -m tests.bench.bench_codec`.

CPU time of this process, best of many short rounds, because the wall clock of a shared machine says little.
"""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable, Iterator

from chargecloud.protocols.wire.stream import StreamCutter
from chargecloud.protocols.ykc16.codec import decode, encode
from chargecloud.protocols.ykc16.framing import FRAMING
from tests.support.golden import golden_entries

ROUNDS = 200
CALLS = 2000
SAMPLES = {"0x03": "heartbeat", "0x13": "realtime_data", "0x3B": "transaction_record"}


def best_us(function: Callable[[], object]) -> float:
    """Microseconds of CPU a call, in the best round."""
    rounds = timeit.repeat(function, number=CALLS, repeat=ROUNDS, timer=time.process_time)
    return min(rounds) / CALLS * 1e6


def sample(name: str) -> bytes:
    """The first golden frame of this name that is plainly good, low byte first."""
    for _, entry in golden_entries("ykc16"):
        if entry["name"] == name and entry["expect"] == "decode" and entry["checksum"]["order"] == "low_byte_first":
            return bytes.fromhex(entry["hex"])
    raise LookupError(f"no golden frame of {name}")


def measure() -> Iterator[tuple[str, float]]:
    """Each figure by its name."""
    cutter = StreamCutter(FRAMING)
    for frame_type, name in SAMPLES.items():
        wire = sample(name)
        frame = decode(wire).frame
        assert frame is not None

        def receive(wire: bytes = wire) -> object:
            return [decode(unit.data) for unit in cutter.feed(wire)]

        def sealed(wire: bytes = wire) -> object:
            return FRAMING.seal_order(wire) and decode(wire)

        yield f"{frame_type} checksum and typed frame", best_us(sealed)
        yield f"{frame_type} cut out of the stream, checksum and typed frame", best_us(receive)
        yield f"{frame_type} typed frame to bytes", best_us(lambda frame=frame: encode(frame, b"\x01\x00"))  # type: ignore[misc]


def main() -> None:
    for name, cost in measure():
        print(f"{cost:6.2f} µs  {name}")


if __name__ == "__main__":
    main()
