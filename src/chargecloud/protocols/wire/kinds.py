"""Kinds of columns of fixed size: how many bytes, how they become a Python value and back, how people see them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from chargecloud.protocols.wire.parts import Choices, Part, Shown
from chargecloud.protocols.wire.values import decimal_text, hex_text, read_cp56, text_or_none

WORD = 2
UINT_FORMATS = {1: "B", 2: "H", 3: "HB", 4: "I", 5: "IB"}
ENDIAN = {"little": "<", "big": ">"}
"""Byte order of a record's integers, as `int` names it, and as `struct` does."""


def digits(text: str, size: int) -> bytes:
    """Pack hex digits into exactly `size` bytes."""
    if len(text) != 2 * size:
        raise ValueError(f"needs {2 * size} hex digits")
    packed = bytes.fromhex(text)
    if len(packed) != size:  # fromhex skips blanks
        raise ValueError(f"needs {2 * size} hex digits without blanks")
    return packed


def exactly(raw: bytes, size: int) -> bytes:
    """Return `raw` when it has `size` bytes."""
    if len(raw) != size:
        raise ValueError(f"needs {size} bytes, has {len(raw)}")
    return raw


def at_most(raw: bytes, size: int) -> bytes:
    """Return `raw` when it fits into `size` bytes; the packer pads with NUL."""
    if len(raw) > size:
        raise ValueError(f"has {len(raw)} bytes, room for {size}")
    return raw


@dataclass(frozen=True, kw_only=True)
class Column:
    """One line of a vendor's frame table."""

    size: int
    label: str
    name: str = ""
    unit: str = ""
    scale: int = 0
    offset: int = 0
    values: Choices | None = None
    parts: tuple[Part, ...] = ()
    note: str = ""
    optional: bool = False
    """Old firmware ends its bodies before this column; the typed frame holds None then."""
    counted: bool = False
    """As many entries of `size` bytes as the record's count column says."""
    order: Literal["little", "big"] = "little"
    """Byte order of its integers; given once for all columns of a record."""

    type_text: ClassVar[str]
    blank: ClassVar[object] = b""
    """What a frame holds for a column that its form leaves out."""

    @property
    def absent(self) -> object:
        """What a frame holds when the column did not come."""
        return None if self.optional else self.blank

    def times(self, count: int) -> Column:
        """This column with so many entries, when it is counted."""
        return replace(self, size=self.size * count) if self.counted else self

    @property
    def format(self) -> str:
        """The `struct` format of this column."""
        return f"{self.size}s"

    def reader(self, slots: list[str]) -> str:
        """Python source that makes the value from the unpacked slots."""
        return slots[0]

    def writer(self, value: str) -> str:
        """Python source of the pack arguments for the value."""
        return f"exactly({value}, {self.size})"

    def parse(self, data: bytes) -> object:
        """Make the value from exactly the bytes of this column; the slow twin of `reader`."""
        return data

    def pack(self, value: Any) -> bytes:
        """Make the bytes of one value; the slow twin of `writer`, raising ValueError with the reason."""
        return exactly(value, self.size)

    def shown(self, value: Any) -> Shown:
        """Present a value as the vector files do."""
        return hex_text(value)

    def number(self, value: Any) -> int:
        """Return the value as the integer the parts are cut from."""
        return int.from_bytes(value, self.order)

    def shown_parts(self, value: Any) -> dict[str, Shown]:
        """Present the named pieces of a packed value."""
        raw = self.number(value) if self.parts else 0
        return {part.name: part.read(raw) for part in self.parts}


class BcdColumn(Column):
    """Packed decimal digits, kept as upper-case hex text: real charge points put A–F into them."""

    type_text = "BCD"
    blank = ""

    def writer(self, value: str) -> str:
        """Python source of the pack arguments for the value."""
        return f"digits({value}, {self.size})"

    def parse(self, data: bytes) -> str:
        """Make the digits."""
        return hex_text(data)

    def pack(self, value: str) -> bytes:
        """Make the bytes of the digits."""
        return digits(value, self.size)

    def shown(self, value: str) -> Shown:
        """Present the digits as they are."""
        return value


class UintColumn(Column):
    """Unsigned integer of 1 to 5 bytes, little-endian unless told; value = raw / 10^scale + offset."""

    type_text = "BIN"
    blank = 0

    @property
    def format(self) -> str:
        """The `struct` format of this column: odd sizes are read as two slots, the high one first where that is so."""
        slots = UINT_FORMATS[self.size]
        return slots if self.order == "little" else slots[::-1]

    @property
    def low_bits(self) -> int:
        """How many bits the slot carries that holds the low end."""
        return 8 * struct.calcsize("<" + UINT_FORMATS[self.size][0])

    def reader(self, slots: list[str]) -> str:
        """Python source that makes the value from the unpacked slots."""
        if len(slots) == 1:
            return slots[0]
        low, high = slots if self.order == "little" else slots[::-1]
        return f"{low} | {high} << {self.low_bits}"

    def writer(self, value: str) -> str:
        """Python source of the pack arguments for the value."""
        if len(self.format) == 1:
            return value
        pieces = [f"{value} & {(1 << self.low_bits) - 1}", f"{value} >> {self.low_bits}"]
        return ", ".join(pieces if self.order == "little" else pieces[::-1])

    def parse(self, data: bytes) -> int:
        """Make the raw integer."""
        return int.from_bytes(data, self.order)

    def pack(self, value: int) -> bytes:
        """Make the bytes of the raw integer."""
        if not 0 <= value < 1 << 8 * self.size:
            raise ValueError(f"{value} does not fit {self.size} unsigned bytes")
        return value.to_bytes(self.size, self.order)

    def shown(self, value: int) -> Shown:
        """Apply scale and offset: decimal text when scaled, a number otherwise."""
        if self.scale:
            return decimal_text(value + self.offset * 10**self.scale, self.scale)
        return value + self.offset

    def number(self, value: int) -> int:
        """Return the raw integer."""
        return value


class AsciiColumn(Column):
    """Text, left-justified and padded with NUL; kept as bytes because it is untrusted."""

    type_text = "ASCII"

    def reader(self, slots: list[str]) -> str:
        """Python source that makes the value from the unpacked slots."""
        return rf"{slots[0]}.rstrip(b'\0')"

    def writer(self, value: str) -> str:
        """Python source of the pack arguments for the value."""
        return f"at_most({value}, {self.size})"

    def parse(self, data: bytes) -> bytes:
        """Drop the padding."""
        return data.rstrip(b"\0")

    def pack(self, value: bytes) -> bytes:
        """Pad the text."""
        return at_most(value, self.size).ljust(self.size, b"\0")

    def shown(self, value: bytes) -> Shown:
        """Present printable text, or null."""
        return text_or_none(value)


class RawColumn(Column):
    """Bytes in the order of transmission."""

    type_text = "BYTES"


class NumbersColumn(Column):
    """A fixed row of one-byte numbers."""

    type_text = "BYTES"

    def shown(self, value: bytes) -> Shown:
        """Present one number a byte."""
        return list(value)


class WordsColumn(Column):
    """A counted row of two-byte numbers."""

    type_text = "BIN"

    @property
    def format(self) -> str:
        """The `struct` format of this column: one slot a number."""
        return "H" * (self.size // WORD)

    def reader(self, slots: list[str]) -> str:
        """Python source that makes the value from the unpacked slots."""
        return f"({''.join(f'{slot}, ' for slot in slots)})"

    def writer(self, value: str) -> str:
        """Python source of the pack arguments for the value."""
        return f"*{value}"

    def parse(self, data: bytes) -> tuple[int, ...]:
        """Make the numbers."""
        return struct.unpack(f"{ENDIAN[self.order]}{self.format}", data)

    def pack(self, value: tuple[int, ...]) -> bytes:
        """Make the bytes of the numbers."""
        if WORD * len(value) != self.size:
            raise ValueError(f"needs {self.size // WORD} numbers, has {len(value)}")
        return struct.pack(f"{ENDIAN[self.order]}{self.format}", *value)

    def shown(self, value: tuple[int, ...]) -> Shown:
        """Present one number an entry."""
        return list(value)


class TimeColumn(Column):
    """CP56Time2a, seven bytes of local time; kept raw because most frames' times are never looked at."""

    type_text = "CP56Time2a"

    def shown(self, value: bytes) -> Shown:
        """Present ISO 8601 local time without zone, or null."""
        moment = read_cp56(value)
        return None if moment is None else moment.isoformat(timespec="milliseconds")


@dataclass(frozen=True, kw_only=True)
class CountColumn(UintColumn):
    """One byte that says how long the tail column is; the typed frame computes it instead of storing it."""

    of: str
