"""How BKV frames lie in the stream: FC FE up or FC FF down, a big-endian length, a sum, FC EE at the end."""

from __future__ import annotations

from chargecloud.protocols.wire.checksums import ByteOrder
from chargecloud.protocols.wire.measured import MeasuredFraming

UP, DOWN, TAIL = b"\xfc\xfe", b"\xfc\xff", b"\xfc\xee"
HEADER_SIZE = 18
"""Mark, length, command, serial, direction, gateway id."""
END_SIZE = 3
"""Sum and tail."""
LENGTH_ADDS = 4
SIZE_MAX = 2048
"""A list of 250 sockets takes 1,775 bytes."""


def sum8(frame: bytes) -> int:
    """The sum a frame should have: from the length to the end of the body."""
    return sum(frame[2:-END_SIZE]) & 0xFF


def _seal(frame: bytes) -> ByteOrder | None:
    return ByteOrder.LOW_FIRST if sum8(frame) == frame[-END_SIZE] else None


FRAMING = MeasuredFraming(
    marks=(UP, DOWN),
    length_at=2,
    length_size=2,
    length_order="big",
    length_adds=LENGTH_ADDS,
    size_min=HEADER_SIZE + END_SIZE,
    size_max=SIZE_MAX,
    seal=_seal,
    tail=TAIL,
)
