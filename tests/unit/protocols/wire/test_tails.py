"""Columns of variable length."""

from __future__ import annotations

from hypothesis import given

from chargecloud.protocols.wire.schema import Record
from tests.support.wire_strategies import records
from tests.unit.protocols.wire.sample import Counted, Entry, Texted, Uncounted


def test_entries_are_presented_one_by_one() -> None:
    frame = Uncounted(head="01", entries=(Entry(key="00AB", size=1),))
    assert frame.shown() == {"head": "01", "entries": [{"key": "00AB", "size": 1}]}


def test_unprintable_text_is_presented_as_null() -> None:
    assert Texted(text=b"a\x01").shown() == {"text_length": 2, "text": None}


@given(records(Counted))
def test_lists_survive_the_wire(frame: Record) -> None:
    assert Counted.parse(frame.pack()) == frame
