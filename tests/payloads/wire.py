"""Frames of charge points with a payload in each column that is no number, made from the frames' declarations."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chargecloud.protocols.dny.frames import UPLINKS as DNY_UPLINKS
from chargecloud.protocols.wire.kinds import (
    AsciiColumn,
    BcdColumn,
    Column,
    CountColumn,
    NumbersColumn,
    RawColumn,
    TimeColumn,
    UintColumn,
    WordsColumn,
)
from chargecloud.protocols.wire.schema import Direction, Frame, Record
from chargecloud.protocols.wire.tails import AsciiTail, RepeatColumn
from chargecloud.protocols.ykc16.frames import FRAMES
from tests.payloads.texts import fitting

TAIL_MAX = 120
LEAST_RAW = 4
"""Shorter raw columns are bits and codes."""
Named = Mapping[str, object]


def ykc_uplinks() -> list[type[Frame]]:
    """Everything a YKC charge point says, in the vendor's order."""
    return [kind for _, kind in sorted(FRAMES.items()) if kind.direction is Direction.UP]


def dny_uplinks() -> list[type[Frame]]:
    """Everything a DNY board says by itself."""
    return [kind for _, kind in sorted(DNY_UPLINKS.items())]


def texts_of(kind: type[Record]) -> list[Column]:
    """The columns of a record into which a stranger can put any bytes."""
    return [column for column in kind.columns if _room(column) is not None]


def _room(column: Column) -> int | None:
    """How many bytes of a stranger's choice a column takes; None when it takes none."""
    if isinstance(column, TimeColumn | NumbersColumn):
        return None
    if isinstance(column, AsciiTail):
        return TAIL_MAX
    if isinstance(column, AsciiColumn):
        return column.size
    if isinstance(column, RawColumn):
        return column.size if column.size >= LEAST_RAW and not column.counted else None
    return None


def payload_frames(kind: type[Frame], named: Named) -> Iterator[tuple[Frame, bytes]]:
    """A frame for each text column and each payload that fits there; `named` are values of other columns."""
    for column in texts_of(kind):
        for text in fitting(_room(column)):
            value = text if isinstance(column, AsciiColumn | AsciiTail) else text.ljust(column.size, b"\0")
            yield kind(**(blank(kind, named) | {column.name: value})), text


def blank(kind: type[Record], named: Named) -> dict[str, Any]:
    """Values of every column: the named ones, or nothing in it."""
    fields: Iterable[Column] = (column for column in kind.columns if not isinstance(column, CountColumn))
    return {column.name: _named(column, named) for column in fields}


def _named(column: Column, named: Named) -> object:
    """A named value where a column has it as digits; connector 1 where it has the connector as a number."""
    if isinstance(column, UintColumn) and column.name == "gun_no":
        return 1
    return named[column.name] if isinstance(column, BcdColumn) and column.name in named else _nothing(column)


def _nothing(column: Column) -> object:
    match column:
        case RepeatColumn():
            return ()
        case BcdColumn():
            return "0" * 2 * column.size
        case WordsColumn():
            return ()
        case UintColumn():
            return 0
        case AsciiColumn() | AsciiTail():
            return b""
    return b"" if column.counted else bytes(column.size)
