"""A framing that is only declared."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.wire.checksums import ByteOrder
from chargecloud.protocols.wire.measured import MeasuredFraming
from chargecloud.protocols.wire.stream import NEED_MORE, NO_FRAME, StreamCutter, UnitKind


def seal(frame: bytes) -> ByteOrder | None:
    return ByteOrder.LOW_FIRST if sum(frame[2:-3]) & 0xFF == frame[-3] else None


FRAMING = MeasuredFraming(
    marks=(b"\xaa\x01", b"\xab\x02"),
    length_at=2,
    length_size=2,
    length_order="big",
    length_adds=4,
    size_min=7,
    size_max=64,
    seal=seal,
    tail=b"\xaa\xee",
)


def frame(body: bytes, mark: bytes = b"\xaa\x01") -> bytes:
    covered = (len(body) + 3).to_bytes(2, "big") + body
    return mark + covered + bytes((sum(covered) & 0xFF,)) + b"\xaa\xee"


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b"\xaa", NEED_MORE),
        (b"\xab\x02\x00", NEED_MORE),
        (b"\xaa\x02", NO_FRAME),
        (b"\xac\x01\x00\x08", NO_FRAME),
        (b"\xaa\x01\x00\x02", NO_FRAME),
        (b"\xaa\x01\x00\x3d", NO_FRAME),
        (b"\xaa\x01\x00\x3c", 64),
        (frame(b"abc"), len(frame(b"abc"))),
    ],
)
def test_sizes(data: bytes, size: int) -> None:
    assert FRAMING.measure(data, 0) == size


def test_any_mark_is_found_wherever_it_begins() -> None:
    assert FRAMING.find(b"\x00\xab\xaa", 0) == 1 and FRAMING.find(b"\x00\xab\xaa", 2) == 2
    assert FRAMING.find(b"\x00\x01", 0) == -1


def test_a_wrong_tail_is_a_wrong_seal() -> None:
    good = frame(b"abc")
    assert FRAMING.seal_order(good) is ByteOrder.LOW_FIRST
    assert FRAMING.seal_order(good[:-1] + b"\x00") is None
    assert FRAMING.seal_order(good[:4] + b"x" + good[5:]) is None


@given(cuts=st.lists(st.integers(0, 40), max_size=8))
def test_frames_are_cut_however_they_come(cuts: list[int]) -> None:
    stream = b"\x00" + frame(b"abc") + frame(b"", b"\xab\x02")[:5] + frame(b"de") + frame(b"", b"\xab\x02")
    edges = [0, *sorted(cuts), len(stream)]
    cutter = StreamCutter(FRAMING)
    units = [unit for a, b in itertools.pairwise(edges) for unit in cutter.feed(stream[a:b])]
    assert [unit.data for unit in units if unit.kind is UnitKind.FRAME][-1] == frame(b"", b"\xab\x02")
