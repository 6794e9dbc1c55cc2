"""Three kinds of units in one stream: nothing is lost, nothing grows, chunking never matters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.dny.framing import FRAME_MAX, FRAMING
from chargecloud.protocols.wire.stream import NEED_MORE, NO_FRAME, StreamCutter, Unit, UnitKind
from tests.support import dny
from tests.support.golden import golden_entries
from tests.support.wire_strategies import chunked

ICCID = b"898604D9162390488297"
BEAT = dny.heartbeat()
DAMAGED = BEAT[:-1] + bytes((BEAT[-1] ^ 1,))
PIECES = [BEAT, DAMAGED, ICCID, b"link", b"DNY", b"D", b"8", b"89", b"li", b"DNY\x05\x00", b"DNY\xff\xff"]
streams = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=30), dny.any_frame()), max_size=8).map(
    b"".join
)


def cut(chunks: list[bytes]) -> tuple[StreamCutter, list[Unit]]:
    cutter = StreamCutter(FRAMING)
    return cutter, [unit for chunk in chunks for unit in cutter.feed(chunk)]


def good(units: list[Unit]) -> list[bytes]:
    return [unit.data for unit in units if unit.kind is UnitKind.FRAME]


@pytest.mark.parametrize("name", ["P079", "P080", "P081"])
def test_published_streams(name: str) -> None:
    entry = dict(golden_entries("dny"))[f"stream-{name}"]
    _, units = cut([bytes.fromhex(entry["hex"])])
    named = {b"link": "LINK", ICCID: "ICCID"}
    assert [named.get(data, f"0x{data[11]:02X}" if len(data) > 11 else "") for data in good(units)] == entry["units"]


@pytest.mark.parametrize("unit", [ICCID, b"link", BEAT, ICCID.lower()])
def test_each_kind_alone_glued_and_split(unit: bytes) -> None:
    assert good(cut([unit])[1]) == [unit]
    assert good(cut([unit * 3])[1]) == [unit] * 3
    for place in range(len(unit) + 1):
        assert good(cut([unit[:place], unit[place:]])[1]) == [unit]


def test_an_order_number_may_hold_any_bytes() -> None:
    for order in (b"DNYlink89860000", b"8986" * 4, b"linklinklinklink"):
        frame = dny.settlement(order=order.ljust(16, b"\0"))
        assert good(cut([frame + b"link"])[1]) == [frame, b"link"]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("444E59", NEED_MORE), ("444E", NEED_MORE), ("44", NEED_MORE), ("444E58", NO_FRAME), ("4458", NO_FRAME),
        ("444E590800", NO_FRAME), ("444E590900", 14), ("444E59FB03", FRAME_MAX), ("444E59FC03", NO_FRAME),
        ("6C696E6B", 4), ("6C696E", NEED_MORE), ("6C696F", NO_FRAME), ("38", NEED_MORE), ("3838", NO_FRAME),
        ("3839", NEED_MORE), ("383947", NO_FRAME), (ICCID.hex(), 20), (ICCID[:19].hex() + "20", NO_FRAME),
    ],
)  # fmt: skip
def test_sizes(text: str, size: int) -> None:
    assert FRAMING.measure(bytes.fromhex(text), 0) == size


def test_the_vendors_example_sum() -> None:
    frame = bytes.fromhex("444E5909003B37AB04B90022F002")
    assert FRAMING.seal_order(frame) is not None
    for wrong in ("F102", "02F0", "0503"):  # off by one, swapped, without DNY
        assert FRAMING.seal_order(frame[:-2] + bytes.fromhex(wrong)) is None


def test_a_real_frame_inside_a_lying_one_is_found() -> None:
    lying = b"DNY\x40\x00" + BEAT + BEAT
    cutter, units = cut([lying])
    while cutter.pending:
        units += cutter.expire()
    assert good(units) == [BEAT, BEAT]


@given(streams.flatmap(lambda stream: st.tuples(st.just(stream), chunked(stream))))
def test_chunking_never_matters(case: tuple[bytes, list[bytes]]) -> None:
    stream, chunks = case
    whole, pieces = cut([stream]), cut(chunks)
    assert good(whole[1]) == good(pieces[1])
    assert whole[0].pending == pieces[0].pending
    assert whole[0].garbage_bytes == pieces[0].garbage_bytes


@given(streams)
def test_little_is_kept_and_every_time_out_makes_progress(stream: bytes) -> None:
    cutter, _ = cut([stream])
    assert len(cutter.pending) < FRAME_MAX
    while cutter.pending:
        before = len(cutter.pending)
        cutter.expire()
        assert len(cutter.pending) < before


@given(st.lists(dny.any_frame(), max_size=4), st.binary(max_size=30))
def test_good_units_get_through_clean_garbage(frames: list[bytes], noise: bytes) -> None:
    clean = bytes(byte for byte in noise if byte not in b"Dl8")
    assert good(cut([clean.join([b"", *frames, b""])])[1]) == frames
