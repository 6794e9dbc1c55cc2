"""Hypothesis strategies made from the column declarations: any value a column can carry, and nothing else."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from chargecloud.protocols.wire.kinds import AsciiColumn, BcdColumn, Column, CountColumn, UintColumn
from chargecloud.protocols.wire.schema import Frame, Record
from chargecloud.protocols.wire.tails import AsciiTail, RepeatColumn
from chargecloud.protocols.wire.values import hex_text
from chargecloud.protocols.ykc16.frames import FRAMES

LONGEST_TAIL = 160


def column_values(column: Column) -> st.SearchStrategy[object]:
    """Every value of one column."""
    match column:
        case RepeatColumn(of=of, size=size):
            return st.lists(records(of), max_size=LONGEST_TAIL // size).map(tuple)
        case AsciiTail():
            return st.binary(max_size=LONGEST_TAIL)
        case BcdColumn(size=size):
            return st.binary(min_size=size, max_size=size).map(hex_text)
        case UintColumn(size=size):
            return st.integers(0, 256**size - 1)
        case AsciiColumn(size=size):
            return st.binary(max_size=size).map(lambda text: text.rstrip(b"\0"))
        case _:
            return st.binary(min_size=column.size, max_size=column.size)


def records(kind: type[Record]) -> st.SearchStrategy[Record]:
    """Every record of one kind."""
    columns = [column for column in kind.columns if not isinstance(column, CountColumn)]
    return st.builds(kind, **{column.name: column_values(column) for column in columns})


def ykc_frames() -> st.SearchStrategy[Frame]:
    """Every frame of the YKC protocol."""
    return st.sampled_from(sorted(FRAMES.values(), key=lambda kind: kind.code)).flatmap(records)  # type: ignore[arg-type]


def chunked(data: bytes) -> st.SearchStrategy[list[bytes]]:
    """Every way of cutting the bytes into pieces, empty ones included."""

    def cut(places: list[int]) -> list[bytes]:
        edges = [0, *sorted(places), len(data)]
        return [data[start:end] for start, end in pairwise(edges)]

    return st.lists(st.integers(0, len(data)), max_size=12).map(cut)
