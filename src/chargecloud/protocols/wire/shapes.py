"""Bodies that grew over the years and rows that a byte counts: one compiled layout for each form that comes along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chargecloud.protocols.wire.kinds import Column, CountColumn
from chargecloud.protocols.wire.layout import Layout

if TYPE_CHECKING:
    from chargecloud.protocols.wire.schema import Record


class Shapes:
    """The layouts of a record with optional or counted columns, longest first for each count."""

    __slots__ = ("_by_count", "_columns", "_counter_at", "_cuts", "_fields", "_record", "_row")

    def __init__(self, record: type[Record], columns: Sequence[Column], fields: Sequence[Column]) -> None:
        self._record = record
        self._columns = tuple(columns)
        self._fields = tuple(fields)
        cuts = [place for place, column in enumerate(columns) if column.optional]
        self._cuts = (len(columns), *reversed(cuts))
        """How many columns each form has."""
        self._row = next((column.name for column in columns if column.counted), "")
        self._counter_at = self._find_counter()
        self._by_count: dict[int, tuple[Layout, ...]] = {}

    def choose(self, data: bytes, start: int, end: int) -> Layout | None:
        """The longest form that the body `data[start:end]` fills; None when it is shorter than the shortest."""
        place = start + self._counter_at
        forms = self.forms(data[place] if self._row and place < end else 0)
        length = end - start
        for layout in forms:
            if layout.size <= length:
                return layout
        return None

    def fitting(self, record: Record) -> Layout:
        """The form that holds the values of a record: everything up to the last column that has one."""
        row = getattr(record, self._row) if self._row else None
        forms = self.forms(len(row) if row is not None else 0)
        present = len(self._columns)
        while present and getattr(record, self._columns[present - 1].name) is None:
            present -= 1
        return next((forms[place] for place, count in enumerate(self._cuts) if count <= present), forms[-1])

    def shown_form(self, data: bytes) -> Layout:
        """The newest form, with its rows as long as the body says: to read a body that is cut off."""
        place = self._counter_at
        return self.forms(data[place] if self._row and place < len(data) else 0)[0]

    def forms(self, count: int) -> tuple[Layout, ...]:
        """Every form with so many entries in its rows, longest first."""
        known = self._by_count.get(count)
        if known is None:
            columns = [column.times(count) for column in self._columns]
            known = tuple(Layout(self._record, columns[:cut], self._fields) for cut in self._cuts)
            self._by_count[count] = known
        return known

    def _find_counter(self) -> int:
        at = 0
        for column in self._columns:
            if isinstance(column, CountColumn):
                return at
            if column.counted:
                break
            at += column.size
        if self._row:
            raise TypeError(f"{self._record.__name__}: no column counts the entries of {self._row}")
        return 0


def needs_shapes(columns: Sequence[Column]) -> bool:
    """Whether one layout is not enough for these columns."""
    return any(column.optional or column.counted for column in columns)
