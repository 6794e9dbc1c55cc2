"""How YKC frames lie in the stream: start byte 0x68, length byte, CRC-16/MODBUS in either byte order (D1)."""

from __future__ import annotations

from chargecloud.protocols.wire.checksums import ByteOrder, crc16_modbus, crc_order
from chargecloud.protocols.wire.stream import NEED_MORE, NO_FRAME

START = 0x68
HEADER_SIZE = 6
CRC_SIZE = 2
LENGTH_BASE = 4
"""The length byte counts sequence, encryption flag, type and body; the same four are what it does not count."""


_LOW_FIRST = ByteOrder.LOW_FIRST


class YkcFraming:
    """Marks, measures and seals of the YKC protocol."""

    def find(self, data: bytes, at: int) -> int:
        """Where the next start byte is; -1 for nowhere."""
        return data.find(START, at)

    def measure(self, data: bytes, at: int) -> int:
        """Total size of the frame starting at `at`, by its length byte."""
        if data[at] != START:
            return NO_FRAME
        if len(data) - at < 2:
            return NEED_MORE
        length = data[at + 1]
        return length + LENGTH_BASE if length >= LENGTH_BASE else NO_FRAME

    def seal_order(self, frame: bytes) -> ByteOrder | None:
        """In which byte order the CRC is right."""
        if crc16_modbus(frame[2:]) == 0:  # a CRC over data and its own low-first CRC is zero
            return _LOW_FIRST
        return crc_order(frame[2:-CRC_SIZE], frame[-CRC_SIZE:])


FRAMING = YkcFraming()
