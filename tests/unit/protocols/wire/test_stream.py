"""The stream cutter: nothing is lost, nothing grows, and chunking never matters."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chargecloud.protocols.wire.checksums import ByteOrder, crc16_modbus
from chargecloud.protocols.wire.stream import StreamCutter, Unit, UnitKind
from chargecloud.protocols.ykc16.codec import encode
from chargecloud.protocols.ykc16.frames import Heartbeat
from chargecloud.protocols.ykc16.framing import FRAMING
from tests.support.wire_strategies import chunked, ykc_frames

LONGEST = 255 + 4
BEAT = encode(Heartbeat(pile_code="32010200000001", gun_no="01", gun_status=0), b"\x01\x00")
BEAT_HIGH_FIRST = BEAT[:-2] + BEAT[:-3:-1]
DAMAGED = BEAT[:-1] + bytes((BEAT[-1] ^ 1,))
CLEAN_GARBAGE = st.binary(max_size=30).map(lambda data: data.replace(b"\x68", b"\x00"))

encoded_frames = st.builds(encode, ykc_frames(), st.binary(min_size=2, max_size=2), limit=st.just(255))
streams = st.lists(
    st.one_of(encoded_frames, st.binary(max_size=40), st.sampled_from([BEAT, BEAT_HIGH_FIRST, DAMAGED, b"\x68"])),
    max_size=8,
).map(b"".join)


def cut(chunks: list[bytes]) -> tuple[StreamCutter, list[Unit]]:
    cutter = StreamCutter(FRAMING)
    return cutter, [unit for chunk in chunks for unit in cutter.feed(chunk)]


def settle(cutter: StreamCutter) -> list[Unit]:
    """Let the time-out strike until nothing is waited for."""
    units = []
    while cutter.pending:
        before = len(cutter.pending)
        units += cutter.expire()
        assert len(cutter.pending) < before, "every time-out makes progress"
    return units


def joined(units: list[Unit]) -> list[Unit]:
    """Garbage in one piece, however it was chunked."""
    result = []
    for kind, group in groupby(units, key=lambda unit: unit.kind):
        members = list(group)
        if kind is UnitKind.GARBAGE:
            members = [Unit(kind, b"".join(unit.data for unit in members))]
        result += members
    return result


def frames_of(units: list[Unit]) -> list[bytes]:
    return [unit.data for unit in units if unit.kind is UnitKind.FRAME]


def counts(cutter: StreamCutter) -> tuple[int, ...]:
    return cutter.frames, cutter.high_first, cutter.bad_checksums, cutter.incomplete, cutter.garbage_bytes


def test_one_chunk_of_one_frame_is_not_copied() -> None:
    _, units = cut([BEAT])
    assert units == [Unit(UnitKind.FRAME, BEAT, ByteOrder.LOW_FIRST)]
    assert units[0].data is BEAT


def test_glued_frames_come_out_one_by_one() -> None:
    cutter, units = cut([BEAT * 3])
    assert frames_of(units) == [BEAT] * 3
    assert counts(cutter) == (3, 0, 0, 0, 0)


@pytest.mark.parametrize("place", range(len(BEAT) + 1))
def test_a_frame_split_at_any_byte_is_received(place: int) -> None:
    cutter, units = cut([BEAT[:place], BEAT[place:]])
    assert frames_of(units) == [BEAT]
    assert cutter.pending == b""


def test_both_checksum_orders_are_counted() -> None:
    cutter, units = cut([BEAT + BEAT_HIGH_FIRST])
    assert [unit.order for unit in units] == [ByteOrder.LOW_FIRST, ByteOrder.HIGH_FIRST]
    assert (cutter.frames, cutter.high_first) == (2, 1)


def test_garbage_between_frames_is_reported_and_counted() -> None:
    cutter, units = cut([b"GET " + BEAT + b"\r\n" + BEAT])
    kinds = [unit.kind for unit in units]
    assert kinds == [UnitKind.GARBAGE, UnitKind.FRAME, UnitKind.GARBAGE, UnitKind.FRAME]
    assert cutter.garbage_bytes == 6


def test_a_damaged_frame_is_reported_once() -> None:
    cutter, units = cut([DAMAGED + BEAT])
    assert units == [Unit(UnitKind.BAD_CHECKSUM, DAMAGED), Unit(UnitKind.FRAME, BEAT, ByteOrder.LOW_FIRST)]
    assert counts(cutter) == (1, 0, 1, 0, 0)


def test_a_frame_inside_a_damaged_one_is_found() -> None:
    lying = b"\x68\x20" + bytes(6)
    cutter, units = cut([lying + BEAT + bytes(36 - len(lying) - len(BEAT))])
    assert frames_of(units) == [BEAT]
    assert cutter.bad_checksums == 1


@pytest.mark.parametrize("length", range(4))
def test_a_length_byte_below_four_costs_one_start_byte(length: int) -> None:
    _, units = cut([bytes((0x68, length)) + BEAT])
    assert joined(units) == [
        Unit(UnitKind.GARBAGE, bytes((0x68, length))),
        Unit(UnitKind.FRAME, BEAT, ByteOrder.LOW_FIRST),
    ]


def test_the_longest_frame_is_received() -> None:
    body = bytes(range(251))
    covered = b"\x00\x00\x00\x07" + body
    from_wire = b"\x68\xff" + covered + crc16_modbus(covered).to_bytes(2, "little")
    assert frames_of(cut([from_wire])[1]) == [from_wire]


def test_a_timeout_frees_what_hid_behind_a_partial_frame() -> None:
    cutter, units = cut([b"\x68\xff" + BEAT])
    assert units == []
    assert cutter.expire() == [
        Unit(UnitKind.INCOMPLETE, b"\x68\xff" + BEAT),
        Unit(UnitKind.FRAME, BEAT, ByteOrder.LOW_FIRST),
    ]
    assert counts(cutter) == (1, 0, 0, 1, 0)
    assert cutter.expire() == []


def test_nested_partial_frames_are_reported_once() -> None:
    cutter, _ = cut([b"\x68\xff\x68\xfe\x68\xfd"])
    assert settle(cutter) == [Unit(UnitKind.INCOMPLETE, b"\x68\xff\x68\xfe\x68\xfd")]
    assert counts(cutter) == (0, 0, 0, 1, 0)


@given(streams.flatmap(lambda data: st.tuples(st.just(data), chunked(data))))
@example((BEAT + DAMAGED + b"\x68\x68" + BEAT, [BEAT[:3], BEAT[3:] + DAMAGED[:5], DAMAGED[5:] + b"\x68\x68" + BEAT]))
def test_chunking_never_changes_what_is_received(case: tuple[bytes, list[bytes]]) -> None:
    data, chunks = case
    whole, units_of_whole = cut([data])
    pieces, units_of_pieces = cut(chunks)
    assert joined(units_of_pieces) == joined(units_of_whole)
    assert pieces.pending == whole.pending
    assert counts(pieces) == counts(whole)


@given(streams)
def test_byte_by_byte_is_the_same_as_at_once(data: bytes) -> None:
    whole, units_of_whole = cut([data])
    single, units_of_single = cut([bytes((byte,)) for byte in data])
    assert joined(units_of_single) == joined(units_of_whole)
    assert counts(single) == counts(whole)


@given(st.lists(st.tuples(CLEAN_GARBAGE, encoded_frames), max_size=6))
def test_good_frames_between_garbage_survive(pieces: list[tuple[bytes, bytes]]) -> None:
    cutter, units = cut([b"".join(garbage + frame for garbage, frame in pieces)])
    assert frames_of(units) == [frame for _, frame in pieces]
    assert cutter.garbage_bytes == sum(len(garbage) for garbage, _ in pieces)


@given(st.lists(st.binary(max_size=400), max_size=6))
def test_any_bytes_never_raise_and_memory_is_bounded(chunks: list[bytes]) -> None:
    cutter = StreamCutter(FRAMING)
    units = []
    for chunk in chunks:
        units += cutter.feed(chunk)
        assert len(cutter.pending) < LONGEST
    units += settle(cutter)
    assert len(cutter.feed(BEAT)) == 1, "a good frame after the worst is received"
    loose = [unit for unit in units if unit.kind is not UnitKind.FRAME]
    assert sum(len(unit.data) for unit in units) >= sum(map(len, chunks)), "every byte is accounted for"
    assert all(unit.order is None for unit in loose)


def test_a_flood_of_start_bytes_is_not_multiplied() -> None:
    cutter, units = cut([b"\x68" * 65536])
    assert sum(len(unit.data) for unit in units) <= 65536
    assert len(cutter.pending) < LONGEST
