"""Hypothesis strategies made from the column declarations: any value a column can carry, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import strategies as st

from chargecloud.protocols.wire.kinds import AsciiColumn, BcdColumn, Column, CountColumn, UintColumn, WordsColumn
from chargecloud.protocols.wire.schema import Frame, Record
from chargecloud.protocols.wire.tails import AsciiTail, RepeatColumn
from chargecloud.protocols.wire.values import hex_text
from chargecloud.protocols.ykc16.frames import FRAMES

LONGEST_TAIL = 160
LONGEST_ROW = 20


def column_values(column: Column) -> st.SearchStrategy[object]:
    """Every value of one column."""
    match column:
        case RepeatColumn(of=of, size=size):
            return st.lists(records(of), max_size=LONGEST_TAIL // size).map(tuple)
        case AsciiTail():
            return st.binary(max_size=LONGEST_TAIL)
        case BcdColumn(size=size):
            return st.binary(min_size=size, max_size=size).map(hex_text)
        case WordsColumn(size=size):
            return st.lists(st.integers(0, 0xFFFF), min_size=size // 2, max_size=size // 2).map(tuple)
        case UintColumn(size=size):
            return st.integers(0, 256**size - 1)
        case AsciiColumn(size=size):
            return st.binary(max_size=size).map(lambda text: text.rstrip(b"\0"))
        case _:
            return st.binary(min_size=column.size, max_size=column.size)


def records(kind: type[Record]) -> st.SearchStrategy[Record]:
    """Every record of one kind."""
    if kind.shapes is None:
        return _records(kind, kind.columns, 0)
    cuts = [len(kind.columns), *(place for place, column in enumerate(kind.columns) if column.optional)]
    forms = st.tuples(st.sampled_from(cuts), st.integers(0, LONGEST_ROW))
    return forms.flatmap(lambda form: _records(kind, kind.columns[: form[0]], form[1]))


def _records(kind: type[Record], present: Sequence[Column], entries: int) -> st.SearchStrategy[Record]:
    """Every record that has these columns, with so many entries in its counted rows."""
    fields = [column for column in kind.columns if not isinstance(column, CountColumn)]
    values = {c.name: column_values(c.times(entries)) if c in present else st.none() for c in fields}
    return st.builds(kind, **values)


def ykc_frames() -> st.SearchStrategy[Frame]:
    """Every frame of the YKC protocol."""
    return st.sampled_from(sorted(FRAMES.values(), key=lambda kind: kind.code)).flatmap(records)  # type: ignore[arg-type]


def chunked(data: bytes) -> st.SearchStrategy[list[bytes]]:
    """Every way of cutting the bytes into pieces, empty ones included."""

    def cut(places: list[int]) -> list[bytes]:
        edges = [0, *sorted(places), len(data)]
        return [data[start:end] for start, end in pairwise(edges)]

    return st.lists(st.integers(0, len(data)), max_size=12).map(cut)
