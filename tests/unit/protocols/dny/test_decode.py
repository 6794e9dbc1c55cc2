"""Decoding for people: the published vectors, damaged bytes, several units at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.dny.codec import Verdict, decode, encode, seal
from chargecloud.protocols.dny.decode import decode_bytes
from chargecloud.protocols.dny.framing import FRAMING, HEADER_SIZE
from chargecloud.protocols.wire.schema import Direction, Frame
from chargecloud.protocols.wire.stream import StreamCutter, UnitKind
from tests.support import dny
from tests.support.golden import golden_entries

KEYS = {
    "protocol", "unit", "frame_type", "name", "direction", "sequence", "verdict", "checksum", "fields", "extra_hex",
    "error",
}  # fmt: skip
ENTRIES = golden_entries("dny")
SINGLE = [(name, entry) for name, entry in ENTRIES if entry["expect"] != "stream"]
PUBLISHED = {f"P{number:03d}" for number in range(1, 82)}


@pytest.mark.parametrize("entry", [entry for _, entry in SINGLE], ids=[name for name, _ in SINGLE])
def test_golden(entry: dict[str, Any]) -> None:
    (unit,) = decode_bytes(bytes.fromhex(entry["hex"]))
    assert unit["verdict"] == entry["expect"]
    for key in ("unit", "frame_type", "name", "direction", "sequence", "checksum", "fields"):
        assert unit[key] == entry[key], key
    assert (unit["error"] is None) == (entry["expect"] in {"decode", "decode_tolerant"})


@pytest.mark.parametrize("entry", [entry for _, entry in ENTRIES if entry["expect"] == "stream"], ids=lambda e: e["id"])
def test_golden_streams(entry: dict[str, Any]) -> None:
    units = decode_bytes(bytes.fromhex(entry["hex"]))
    good = [unit for unit in units if unit["verdict"] in ("decode", "decode_tolerant")]
    assert [unit["frame_type"] or str(unit["unit"]).upper() for unit in good] == entry["units"]


@pytest.mark.parametrize("name", [name for name, entry in SINGLE if entry["expect"].startswith("decode")])
def test_golden_frames_are_encoded_as_they_came(name: str) -> None:
    entry = dict(ENTRIES)[name]
    wire = bytes.fromhex(entry["hex"])
    if entry["unit"] == "frame":
        decoded = decode(wire, Direction(entry["direction"]))
        assert decoded.frame is not None
        assert decoded.frame.pack() + decoded.extra == wire[HEADER_SIZE:-2]


def test_every_published_vector_is_here_with_its_source() -> None:
    assert {entry["id"] for _, entry in ENTRIES} >= PUBLISHED
    for name, entry in ENTRIES:
        assert entry["source"] and entry["kind"], name
        assert entry["kind"] != "negative" or not entry["expect"].startswith("decode"), name


def test_the_keys_are_the_contract() -> None:
    for text in ("444E5909003B37AB04B90022F002", "444E", "00", "6C696E6B", "444E590500", dny.heartbeat().hex()):
        for unit in decode_bytes(bytes.fromhex(text)):
            assert set(unit) == KEYS
            assert json.loads(json.dumps(unit)) == unit


@pytest.mark.parametrize(
    ("text", "verdict", "error"),
    [
        ("444E590800AABB", "garbage", "length 8 is below 9"),
        ("444E59FC03AABB", "garbage", "length 1020 is above 1019"),
        ("00112233", "garbage", "no unit starts like this: a frame with DNY, an ICCID with 89, or the word link"),
        ("444E5909003B", "incomplete", "the unit has not come whole: 6 bytes are there"),
        ("444E5909003B37AB04B90022F102", "reject_crc", "the sum is 02F0, the frame says 02F1"),
    ],
)
def test_what_is_wrong_is_named(text: str, verdict: str, error: str) -> None:
    (unit,) = decode_bytes(bytes.fromhex(text))
    assert (unit["verdict"], unit["error"]) == (verdict, error)


def test_an_unpublished_command_shows_its_bytes() -> None:
    (unit,) = decode_bytes(seal(0x23, b"\x01\x02", 0x04CEAA40, 9))
    assert (unit["verdict"], unit["name"], unit["direction"]) == (Verdict.UNKNOWN_TYPE.value, None, None)
    assert unit["extra_hex"] == "0102" and unit["error"] == "command 0x23 has no published body"


def test_no_sensor_is_no_temperature() -> None:
    (unit,) = decode_bytes(dny.heartbeat(temperature=0))
    fields = unit["fields"]
    assert isinstance(fields, dict) and fields["payload"]["temperature_c"] is None


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    for unit in decode_bytes(data):
        assert set(unit) == KEYS
        json.dumps(unit)


@given(st.lists(st.one_of(st.binary(max_size=40), dny.any_frame(), st.just(b"link")), max_size=4))
def test_the_good_units_are_those_the_cutter_finds(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    cutter = StreamCutter(FRAMING)
    units = cutter.feed(data)
    while cutter.pending:
        units += cutter.expire()
    cut = sum(unit.kind is UnitKind.FRAME for unit in units)
    damaged = {"garbage", "incomplete", "reject_crc"}
    assert sum(unit["verdict"] not in damaged for unit in decode_bytes(data)) == cut


@given(dny.frames_of_either_side())
def test_every_frame_is_shown_whole(frame: Frame) -> None:
    (unit,) = decode_bytes(encode(frame, 0x04CEAA40, 7))
    assert str(unit["verdict"]).startswith("decode")
    assert unit["name"] == frame.identifier
