"""Checksums of the charge-point protocols; pure functions of bytes."""

from __future__ import annotations

from enum import StrEnum
from zlib import adler32

from fastcrc.crc16 import modbus as crc16_modbus

__all__ = ["ByteOrder", "crc16_modbus", "crc_order", "sum16"]

_SUM_PLAIN = 65_521 // 255
"""So many bytes, whatever they are, stay below Adler-32's modulus."""


class ByteOrder(StrEnum):
    """In which order the two bytes of a checksum stood on the wire."""

    LOW_FIRST = "low_byte_first"
    HIGH_FIRST = "high_byte_first"


def crc_order(covered: bytes, on_wire: bytes) -> ByteOrder | None:
    """Return the byte order in which `on_wire` is the CRC-16/MODBUS of `covered`, or None when it is in neither."""
    value = crc16_modbus(covered)
    if on_wire == value.to_bytes(2, "little"):
        return ByteOrder.LOW_FIRST
    if on_wire == value.to_bytes(2, "big"):
        return ByteOrder.HIGH_FIRST
    return None


def sum16(covered: bytes) -> int:
    """Return the sum of all bytes, cut to 16 bits.

    From 0 on, the lower half of Adler-32 is the sum of the bytes as long as that stays below its modulus, and it costs
    a third of `sum`.
    """
    return adler32(covered, 0) & 0xFFFF if len(covered) <= _SUM_PLAIN else sum(covered) & 0xFFFF
