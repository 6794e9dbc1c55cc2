"""Frames as classes: the vendor's table, typed, compiled at class creation."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, cast, dataclass_transform

import msgspec

from chargecloud.protocols.wire.columns import (
    ascii_rest,
    ascii_text,
    bcd,
    count,
    counted_numbers,
    counted_raw,
    counted_words,
    cp56time2a,
    numbers,
    raw,
    raw_rest,
    repeat,
    uint,
)
from chargecloud.protocols.wire.kinds import Column, CountColumn
from chargecloud.protocols.wire.layout import Layout, Variant
from chargecloud.protocols.wire.parts import Shown
from chargecloud.protocols.wire.shapes import Shapes, needs_shapes

__all__ = ["Direction", "FieldError", "Frame", "Record", "Reply", "Variant"]


_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


class Direction(StrEnum):
    """Who sends a frame."""

    UP = "up"
    DOWN = "down"


class Reply(StrEnum):
    """What the receiver of a frame owes its sender."""

    NONE = "none"
    """No answer exists."""
    AUTO = "auto"
    """The platform's connection answers by itself, at once."""
    ASK = "ask"
    """The platform answers when the business has decided."""
    AFTER_COMMIT = "after_commit"
    """The platform answers when the content is stored durably."""
    AWAIT = "await"
    """A platform command that the charge point answers."""


class FieldError(ValueError):
    """A typed frame holds a value that its column cannot carry."""


class RecordMeta(msgspec.StructMeta):
    """Collects the columns of a class body, makes the class a struct of their values and compiles the codec.

    `byte_order="big"` on a class is the byte order of its integers and of all that inherit from it.
    """

    byte_order: Literal["little", "big"]

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        frozen: bool = True,
        variants: tuple[Variant, ...] = (),
        byte_order: Literal["little", "big"] | None = None,
        **facts: object,
    ) -> RecordMeta:
        parent = next((base for base in bases if isinstance(base, RecordMeta)), None)
        order = byte_order or (parent.byte_order if parent else "little")
        columns = _collect(namespace, order)
        for column in columns:
            del namespace[column.name]
            if isinstance(column, CountColumn):
                del namespace["__annotations__"][column.name]
                namespace[column.name] = property(_counter(column.of))
        cls = super().__new__(mcs, name, bases, namespace, frozen=frozen, gc=False)
        cls.byte_order = order
        if columns or "code" in facts:
            record = cast("type[Record]", cls)
            fields = [column for column in columns if not isinstance(column, CountColumn)]
            record.columns = columns
            record.shapes = Shapes(record, columns, fields) if needs_shapes(columns) else None
            record.layout = record.shapes.forms(0)[0] if record.shapes else Layout(record, columns, fields)
            record.variants = tuple(Layout(record, variant.apply(columns), fields) for variant in variants)
        if "code" in facts:
            facts.setdefault("identifier", _WORD_START.sub("_", name).lower())
        for fact, value in facts.items():
            setattr(cls, fact, value)
        return cls


def _collect(namespace: dict[str, Any], order: Literal["little", "big"]) -> tuple[Column, ...]:
    found = [(name, value) for name, value in namespace.items() if isinstance(value, Column)]
    columns = [replace(value, name=name, order=order) for name, value in found]
    for column in columns:
        if not column.label:
            raise TypeError(f"column {column.name} has no label")
    return tuple(columns)


def _counter(tail: str) -> Any:
    def count_tail(self: Record) -> int | None:
        entries = getattr(self, tail)
        return None if entries is None else len(entries)

    return count_tail


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(
        uint,
        bcd,
        ascii_text,
        raw,
        numbers,
        cp56time2a,
        count,
        repeat,
        ascii_rest,
        raw_rest,
        counted_numbers,
        counted_raw,
        counted_words,
    ),
)
class Record(msgspec.Struct, metaclass=RecordMeta, frozen=True):
    """A group of columns: a frame's body, or one entry of a list in it."""

    columns: ClassVar[tuple[Column, ...]] = ()
    layout: ClassVar[Layout]
    """The layout of the vendor's newest table, without the entries of counted rows."""
    variants: ClassVar[tuple[Layout, ...]] = ()
    shapes: ClassVar[Shapes | None] = None

    if TYPE_CHECKING:

        def __init_subclass__(cls, **facts: object) -> None: ...

    def pack(self) -> bytes:
        """Return the body bytes; FieldError names the column that cannot carry its value."""
        layout = self.layout if self.shapes is None else self.shapes.fitting(self)
        try:
            return layout.encode(self)
        except (ValueError, TypeError, struct.error):
            return self._pack_variant(layout)

    def _pack_variant(self, first: Layout) -> bytes:
        for layout in self.variants:
            try:
                return layout.encode(self)
            except (ValueError, TypeError, struct.error):
                continue
        raise self._complaint(first)

    def _complaint(self, layout: Layout) -> FieldError:
        for column in layout.every_column:
            value = getattr(self, column.name)
            try:
                if value is None:
                    raise ValueError("is missing, so nothing may follow it")
                column.pack(value)
            except (ValueError, TypeError, AttributeError, struct.error) as error:
                return FieldError(f"{type(self).__name__}.{column.name} ({column.label}) = {value!r}: {error}")
        return FieldError(f"{type(self).__name__}: the columns fit one by one but no layout takes them together")

    def shown(self) -> dict[str, Shown]:
        """Present every column as the vector files do, packed values also by their named parts."""
        shown: dict[str, Shown] = {}
        parts: dict[str, Shown] = {}
        for column in self.columns:
            value = getattr(self, column.name)
            if value is None or value == "":
                continue  # digits are never empty: this column is left out of the form the frame came in
            shown[column.name] = column.shown(value)
            parts.update(column.shown_parts(value))
        return shown | parts

    @classmethod
    def parse(cls, body: bytes) -> Self | None:
        """Read a whole body of any accepted length, extra bytes ignored; None when it is too short."""
        layout = cls.layout_for(body, 0, len(body))
        if layout is None:
            return None
        end = layout.size + layout.tail_size(body, 0, len(body))
        return cast("Self", layout.decode(body, 0, end))

    @classmethod
    def layouts(cls) -> tuple[Layout, ...]:
        """Return every layout a body without counted rows may have."""
        return cls.shapes.forms(0) if cls.shapes is not None else (cls.layout, *cls.variants)

    @classmethod
    def layout_for(cls, data: bytes, start: int, end: int) -> Layout | None:
        """Choose the layout the body `data[start:end]` has: a variant of exactly this length, or the table's."""
        if cls.shapes is not None:
            return cls.shapes.choose(data, start, end)
        length = end - start
        for variant in cls.variants:
            if variant.size == length:
                return variant
        if length < cls.layout.size or length < cls.layout.size + cls.layout.tail_size(data, start, end):
            return None
        return cls.layout


class Frame(Record):
    """One frame type of a protocol."""

    code: ClassVar[int]
    identifier: ClassVar[str]
    """The class name in the spelling of the documents: `RealtimeData` is `realtime_data`."""
    title: ClassVar[str]
    direction: ClassVar[Direction]
    reply: ClassVar[Reply] = Reply.NONE
    answered_by: ClassVar[int | None] = None
