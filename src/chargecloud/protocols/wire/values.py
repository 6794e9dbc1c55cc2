"""What the raw bytes of a column mean: text, local time, decimal text. Nothing here raises on bytes from the wire."""

from __future__ import annotations

from datetime import datetime

_EPOCH_YEAR = 2000
_PADDING = b"\x00\xff"
TIME_SIZE = 7


def text_or_none(raw: bytes) -> str | None:
    """Strip NUL and 0xFF padding; None when anything but printable ASCII is left."""
    stripped = raw.strip(_PADDING)
    if all(0x20 <= byte <= 0x7E for byte in stripped):
        return stripped.decode("ascii")
    return None


def hex_text(raw: bytes) -> str:
    """Render bytes the way the vendor documents print them."""
    return raw.hex().upper()


def decimal_text(raw: int, scale: int) -> str:
    """Render an integer of 10^-scale units as a decimal with exactly `scale` digits, without floats."""
    sign = "-" if raw < 0 else ""
    whole, fraction = divmod(abs(raw), 10**scale)
    return f"{sign}{whole}.{fraction:0{scale}d}" if scale else f"{sign}{whole}"


def read_cp56(raw: bytes) -> datetime | None:
    """Read CP56Time2a as a naive local time, reserved bits masked; None for all zero and for impossible dates."""
    if len(raw) != TIME_SIZE:
        return None
    seconds, milliseconds = divmod(raw[0] | raw[1] << 8, 1000)
    try:
        return datetime(  # noqa: DTZ001 - the wire carries local time without a zone; mapping.py adds it
            _EPOCH_YEAR + (raw[6] & 0x7F),
            raw[5] & 0x0F,
            raw[4] & 0x1F,
            raw[3] & 0x1F,
            raw[2] & 0x3F,
            seconds,
            milliseconds * 1000,
        )
    except ValueError:
        return None


def write_cp56(moment: datetime | None) -> bytes:
    """Write a local time as CP56Time2a, day of week and reserved bits zero; None is seven zero bytes."""
    if moment is None:
        return bytes(TIME_SIZE)
    if not _EPOCH_YEAR <= moment.year < _EPOCH_YEAR + 0x80:
        raise ValueError(f"CP56Time2a holds the years 2000 to 2127, not {moment.year}")
    milliseconds = moment.second * 1000 + moment.microsecond // 1000
    parts = (moment.minute, moment.hour, moment.day, moment.month, moment.year - _EPOCH_YEAR)
    return milliseconds.to_bytes(2, "little") + bytes(parts)
