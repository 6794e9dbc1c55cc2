"""What passed over a connection, on its way to the frame log: one flat list, so that a frame costs two appends.

Before each unit stands its stamp: the wall clock in epoch milliseconds, negative for what we said. Packed, a log waits
for the disk in few bytes.
"""

from collections.abc import Iterator

import msgspec

UnitLog = list[int | bytes]
"""Stamp, raw bytes, stamp, raw bytes, …"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[int | bytes]).decode
_SMALL, _MIDDLE = 1 << 4, 1 << 16
_ARRAY_OF_32_BITS = b"\xdd"


def units_of(log: UnitLog) -> Iterator[tuple[int, bool, bytes]]:
    """(wall clock, uplink, raw bytes) of every unit, in order; ValueError for what is no log."""
    items = iter(log)
    for stamp, raw in zip(items, items, strict=True):
        if not isinstance(stamp, int) or not isinstance(raw, bytes):
            raise ValueError("a log of units is a stamp and bytes in turn")
        yield abs(stamp), stamp >= 0, raw


def pack_log(log: UnitLog) -> bytes:
    """A log as bytes that may be put one behind the other (MessagePack without the head of the array)."""
    size = len(log)
    return _encode(log)[1 if size < _SMALL else 3 if size < _MIDDLE else 5 :]


def join_logs(packed: bytes, units: int) -> bytes:
    """Packed logs, one behind the other, as something `unpack_logs` can read."""
    return _ARRAY_OF_32_BITS + (2 * units).to_bytes(4, "big") + packed


def unpack_logs(blob: bytes) -> Iterator[tuple[int, bool, bytes]]:
    """`units_of` what was joined; ValueError (msgspec.DecodeError is one) when the blob is damaged."""
    return units_of(_decode(blob))
