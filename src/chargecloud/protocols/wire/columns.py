"""What a frame declaration is written with: one function a kind of column, typed as the value it gives.

A typed frame keeps exactly what was on the wire, so that decoding and encoding are inverse and the hot path makes
nothing it may not need:

- `uint` → `int`, raw (2251 for 225.1 V); scale and offset are applied by `shown`
- `bcd` → `str`, upper-case hex digits, never a number
- `raw`, `cp56time2a`, `numbers` → `bytes`; `values.read_cp56` and `values.hex_text` read them
- `ascii_text`, `ascii_rest` → `bytes` without trailing NUL; `values.text_or_none` reads it (it is untrusted text)
- `counted_numbers`, `counted_raw`, `raw_rest` → `bytes`; `counted_words` → a tuple of integers
- `repeat` → a tuple of records; `count` is computed from it
- any column with `optional=True` → None when the body ends before it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from chargecloud.protocols.wire.kinds import (
    UINT_FORMATS,
    WORD,
    AsciiColumn,
    BcdColumn,
    CountColumn,
    NumbersColumn,
    RawColumn,
    TimeColumn,
    UintColumn,
    WordsColumn,
)
from chargecloud.protocols.wire.parts import Choices, Part
from chargecloud.protocols.wire.tails import AsciiTail, RawTail, RepeatColumn
from chargecloud.protocols.wire.values import TIME_SIZE

if TYPE_CHECKING:
    from chargecloud.protocols.wire.schema import Record

R = TypeVar("R", bound="Record")


def uint(  # noqa: PLR0913 - one line of a vendor's table
    size: int,
    label: str,
    *,
    unit: str = "",
    scale: int = 0,
    offset: int = 0,
    values: Choices | None = None,
    parts: tuple[Part, ...] = (),
    note: str = "",
    optional: bool = False,
) -> int:
    """Declare an unsigned integer in the byte order of its record; the typed frame keeps the raw number."""
    column: Any = UintColumn(
        size=size,
        label=label,
        unit=unit,
        scale=scale,
        offset=offset,
        values=values,
        parts=parts,
        note=note,
        optional=optional,
    )
    if size not in UINT_FORMATS:
        raise TypeError(f"an integer column has 1 to 5 bytes, not {size}")
    return column  # type: ignore[no-any-return]


def bcd(size: int, label: str, *, note: str = "") -> str:
    """Declare packed decimal digits, two a byte, kept as hex text."""
    column: Any = BcdColumn(size=size, label=label, note=note)
    return column  # type: ignore[no-any-return]


def ascii_text(size: int, label: str, *, note: str = "", optional: bool = False) -> bytes:
    """Declare NUL-padded text, kept as bytes; read it with `values.text_or_none`."""
    column: Any = AsciiColumn(size=size, label=label, note=note, optional=optional)
    return column  # type: ignore[no-any-return]


def raw(
    size: int,
    label: str,
    *,
    values: Choices | None = None,
    parts: tuple[Part, ...] = (),
    note: str = "",
    optional: bool = False,
) -> bytes:
    """Declare opaque bytes."""
    column: Any = RawColumn(size=size, label=label, values=values, parts=parts, note=note, optional=optional)
    return column  # type: ignore[no-any-return]


def numbers(size: int, label: str, *, values: Choices | None = None, note: str = "") -> bytes:
    """Declare a row of one-byte numbers; indexing the bytes gives them."""
    column: Any = NumbersColumn(size=size, label=label, values=values, note=note)
    return column  # type: ignore[no-any-return]


def cp56time2a(label: str, *, note: str = "") -> bytes:
    """Declare a time of seven bytes; read it with `values.read_cp56`, make it with `values.write_cp56`."""
    column: Any = TimeColumn(size=TIME_SIZE, label=label, note=note)
    return column  # type: ignore[no-any-return]


def count(label: str, *, of: str, note: str = "", optional: bool = False, init: Literal[False] = False) -> int:
    """Declare the byte that counts the column `of`; it is computed, never passed to the constructor."""
    column: Any = CountColumn(size=1, label=label, of=of, note=note, optional=optional)
    return column  # type: ignore[no-any-return]


def counted_numbers(label: str, *, values: Choices | None = None, note: str = "") -> bytes:
    """Declare a row of one-byte numbers, as many as the `count` column says; more columns may follow."""
    column: Any = NumbersColumn(size=1, label=label, values=values, note=note, counted=True)
    return column  # type: ignore[no-any-return]


def counted_words(label: str, *, unit: str = "", note: str = "") -> tuple[int, ...]:
    """Declare a row of two-byte numbers, as many as the `count` column says; more columns may follow."""
    column: Any = WordsColumn(size=WORD, label=label, unit=unit, note=note, counted=True)
    return column  # type: ignore[no-any-return]


def counted_raw(label: str, *, note: str = "", optional: bool = False) -> bytes:
    """Declare opaque bytes, as many as the `count` column says; more columns may follow."""
    column: Any = RawColumn(size=1, label=label, note=note, optional=optional, counted=True)
    return column  # type: ignore[no-any-return]


def repeat(of: type[R], label: str, *, note: str = "") -> tuple[R, ...]:
    """Declare groups up to the end of the body, or as many as a `count` column says."""
    column: Any = RepeatColumn(size=of.layout.size, label=label, of=of, note=note)
    return column  # type: ignore[no-any-return]


def ascii_rest(label: str, *, note: str = "") -> bytes:
    """Declare text of the length a `count` column says."""
    column: Any = AsciiTail(size=1, label=label, note=note)
    return column  # type: ignore[no-any-return]


def raw_rest(label: str, *, note: str = "") -> bytes:
    """Declare opaque bytes up to the end of the body."""
    column: Any = RawTail(size=1, label=label, note=note)
    return column  # type: ignore[no-any-return]
