"""How the three kinds of units lie in the stream: the ICCID line, the word `link`, and frames that begin with `DNY`.

Units follow each other without separators. Where a frame ends is told by its length alone: order numbers may hold any
bytes, so nothing is ever searched for inside a frame.
"""

from __future__ import annotations

import re

from chargecloud.protocols.wire.checksums import ByteOrder, sum16
from chargecloud.protocols.wire.stream import NEED_MORE, NO_FRAME

MAGIC = b"DNY"
LINK = b"link"
ICCID_SIZE = 20
HEADER_SIZE = 12
SUM_SIZE = 2
LENGTH_SIZE = 2
LENGTH_BASE = 5
"""Magic and length, which the length field does not count."""
LENGTH_MIN = 9
"""Physical id, message id, command and checksum."""
FRAME_MAX = 1024
"""The document says 256, but the old firmware packets have 274."""

_UNIT = re.compile(rb"[Dl8]")
_ICCID_START = re.compile(rb"89[0-9A-Fa-f]{0,18}")
_FRAME_AT = MAGIC[0]
_LINK_AT = LINK[0]
_LOW_FIRST = ByteOrder.LOW_FIRST


class DnyFraming:
    """Marks, measures and seals of the DNY protocol."""

    def find(self, data: bytes, at: int) -> int:
        """Where the next unit may begin; -1 for nowhere."""
        found = _UNIT.search(data, at)
        return found.start() if found else -1

    def measure(self, data: bytes, at: int) -> int:
        """Total size of the unit starting at `at`."""
        first = data[at]
        if first == _FRAME_AT:
            if len(data) - at < LENGTH_BASE:
                return NEED_MORE if MAGIC.startswith(data[at : at + len(MAGIC)]) else NO_FRAME
            size = LENGTH_BASE + (data[at + 3] | data[at + 4] << 8)
            good = data.startswith(MAGIC, at) and LENGTH_BASE + LENGTH_MIN <= size <= FRAME_MAX
            return size if good else NO_FRAME
        if first == _LINK_AT:
            return _measure_fixed(data[at : at + len(LINK)], LINK)
        return _measure_iccid(data[at : at + ICCID_SIZE])

    def seal_order(self, frame: bytes) -> ByteOrder | None:
        """LOW_FIRST when the sum is right; only frames have one."""
        if frame[0] != _FRAME_AT or sum16(frame[:-SUM_SIZE]) == frame[-2] | frame[-1] << 8:
            return _LOW_FIRST
        return None


def _measure_fixed(piece: bytes, whole: bytes) -> int:
    if piece == whole:
        return len(whole)
    return NEED_MORE if whole.startswith(piece) else NO_FRAME


def _measure_iccid(piece: bytes) -> int:
    if len(piece) == 1:
        return NEED_MORE if piece == b"8" else NO_FRAME
    if _ICCID_START.fullmatch(piece) is None:
        return NO_FRAME
    return ICCID_SIZE if len(piece) == ICCID_SIZE else NEED_MORE


FRAMING = DnyFraming()
