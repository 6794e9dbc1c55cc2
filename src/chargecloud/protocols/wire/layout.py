"""Columns compiled once: a `struct.Struct` and two generated functions, so that no frame loops over its columns."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from chargecloud.protocols.wire.kinds import ENDIAN, BcdColumn, Column, CountColumn, at_most, digits, exactly
from chargecloud.protocols.wire.tails import Tail

if TYPE_CHECKING:
    from chargecloud.protocols.wire.schema import Record

Decode = Callable[[bytes, int, int], Any]
Encode = Callable[[Any], bytes]


@dataclass(frozen=True, slots=True)
class Variant:
    """Another body length a frame is accepted with: only these columns, or these columns with another size."""

    only: tuple[str, ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()

    def apply(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """Return the columns of this variant."""
        sizes = dict(self.sizes)
        named = {*self.only, *sizes}
        unknown = named - {column.name for column in columns}
        if unknown:
            raise TypeError(f"no such columns: {sorted(unknown)}")
        kept = [column for column in columns if not self.only or column.name in self.only]
        if any(column not in kept and column.blank != "" for column in columns):
            raise TypeError("only columns of digits can be left out: their empty text tells that they were")
        return tuple(replace(column, size=sizes.get(column.name, column.size)) for column in kept)


class Layout:
    """One arrangement of columns: fixed columns, then at most one tail of variable length."""

    __slots__ = ("columns", "counter", "decode", "encode", "size", "tail")

    def __init__(self, record: type[Record], columns: Sequence[Column], fields: Sequence[Column]) -> None:
        """Compile `columns` as a layout of `record`, whose constructor takes `fields` in this order."""
        self.columns = tuple(column for column in columns if not isinstance(column, Tail))
        self.tail = next((column for column in columns if isinstance(column, Tail)), None)
        self.counter = next((column for column in self.columns if isinstance(column, CountColumn)), None)
        if self.tail is not None and columns[-1] is not self.tail:
            raise TypeError(f"{record.__name__}: the column of variable length must be the last")
        self.size = sum(column.size for column in self.columns)
        self.decode: Decode = _decoder(record, self, fields)
        self.encode: Encode = _encoder(record, self)

    @property
    def every_column(self) -> tuple[Column, ...]:
        """The fixed columns and the tail."""
        return self.columns if self.tail is None else (*self.columns, self.tail)

    def tail_size(self, data: bytes, start: int, end: int) -> int:
        """Return how many bytes the tail of the body `data[start:end]` claims; without counter, all whole entries."""
        if self.tail is None:
            return 0
        room = end - start - self.size
        if self.counter is None:
            return room - room % self.tail.size
        return data[start + self.offset(self.counter.name)] * self.tail.size

    def offset(self, name: str) -> int:
        """Return where the named fixed column starts in the body."""
        at = 0
        for column in self.columns:
            if column.name == name:
                return at
            at += column.size
        raise KeyError(name)


def _decoder(record: type[Record], layout: Layout, fields: Sequence[Column]) -> Decode:
    """Generate `decode(data, start, end)`: unpack at `start`, then call the constructor positionally."""
    names: list[str] = []
    formats: list[str] = []
    before: list[str] = []
    values: dict[str, str] = {}
    for is_bcd, group in groupby(layout.columns, lambda column: isinstance(column, BcdColumn)):
        if is_bcd:
            run = list(group)
            joined = f"b{len(names)}"
            names.append(joined)
            formats.append(f"{sum(column.size for column in run)}s")
            before.append(f"{joined} = {joined}.hex().upper()")
            values.update(_hex_slices(joined, run))
            continue
        for column in group:
            slots = [f"s{len(names) + index}" for index in range(_slot_count(column))]
            names += slots
            formats.append(column.format)
            values[column.name] = column.reader(slots)
    if layout.tail is not None:
        values[layout.tail.name] = f"tail(data, start + {layout.size}, end)"
    arguments = ", ".join(values.get(field.name, repr(field.absent)) for field in fields)
    unpacked = [f"{', '.join(names)}, = unpack(data, start)"] if names else []
    source = "\n    ".join(["def decode(data, start, end):", *unpacked, *before, f"return record({arguments})"])
    namespace = {
        "unpack": struct.Struct(_endian(layout) + "".join(formats)).unpack_from,
        "record": record,
        "tail": layout.tail.parse_many if layout.tail is not None else None,
    }
    decode: Decode = _compiled(source, "decode", namespace)
    return decode


def _endian(layout: Layout) -> str:
    """One byte order for all integers of a record."""
    return ENDIAN[layout.columns[0].order] if layout.columns else "<"


def _hex_slices(joined: str, run: Sequence[Column]) -> dict[str, str]:
    """Split neighbouring BCD columns out of one hex text: half the cost of converting each alone."""
    if len(run) == 1:
        return {run[0].name: joined}
    slices, at = {}, 0
    for column in run:
        slices[column.name] = f"{joined}[{at}:{at + 2 * column.size}]"
        at += 2 * column.size
    return slices


def _slot_count(column: Column) -> int:
    return sum(character.isalpha() for character in column.format)


def _encoder(record: type[Record], layout: Layout) -> Encode:
    """Generate `encode(self)`: one pack call with every column's check inlined."""
    arguments = ", ".join(column.writer(f"self.{column.name}") for column in layout.columns)
    result = f"pack({arguments})"
    if layout.tail is not None:
        result += f" + tail(self.{layout.tail.name})"
    namespace = {
        "pack": struct.Struct(_endian(layout) + "".join(column.format for column in layout.columns)).pack,
        "tail": layout.tail.pack if layout.tail is not None else None,
        "digits": digits,
        "exactly": exactly,
        "at_most": at_most,
    }
    encode: Encode = _compiled(f"def encode(self):\n    return {result}", "encode", namespace)
    return encode


def _compiled(source: str, name: str, namespace: dict[str, Any]) -> Any:
    exec(compile(source, f"<{name} generated from columns>", "exec"), namespace)  # our own declaration, never input
    return namespace[name]
