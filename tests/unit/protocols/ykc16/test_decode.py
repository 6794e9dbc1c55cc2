"""Decoding for people: golden frames, damaged bytes, several frames at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.wire.stream import StreamCutter, UnitKind
from chargecloud.protocols.ykc16.codec import decode, encode
from chargecloud.protocols.ykc16.decode import decode_bytes
from chargecloud.protocols.ykc16.framing import FRAMING
from tests.support.golden import golden_entries
from tests.support.wire_strategies import ykc_frames

BEAT = "680D0600000320231212000010010010C8"
KEYS = {
    "protocol", "frame_type", "name", "direction", "sequence", "verdict", "checksum", "fields", "extra_hex", "error",
}  # fmt: skip
ENTRIES = golden_entries("ykc16")


def verdicts(text: str) -> list[object]:
    return [frame["verdict"] for frame in decode_bytes(bytes.fromhex(text))]


@pytest.mark.parametrize("entry", [entry for _, entry in ENTRIES], ids=[name for name, _ in ENTRIES])
def test_golden(entry: dict[str, Any]) -> None:
    (frame,) = decode_bytes(bytes.fromhex(entry["hex"]))
    assert frame["verdict"] == entry["expect"]
    for key in ("frame_type", "name", "direction", "sequence", "checksum"):
        assert frame[key] == entry[key]
    if entry["kind"] != "bad_input":  # those files leave the fields open
        assert frame["fields"] == entry["fields"]
    assert frame["extra_hex"] == entry["fields"].get("_extra", frame["extra_hex"])
    assert (frame["error"] is None) == (entry["expect"] in {"decode", "decode_tolerant"})


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES if entry["expect"].startswith("decode")])
def test_golden_frames_are_encoded_as_they_came(name: str) -> None:
    wire = bytes.fromhex(dict(ENTRIES)[name]["hex"])
    decoded = decode(wire)
    assert decoded.frame is not None
    assert decoded.frame.pack() + decoded.extra == wire[6:-2]


def test_every_golden_file_tells_its_origin_and_is_in_its_layout() -> None:
    assert len(ENTRIES) >= 138
    for name, entry in ENTRIES:
        assert entry["source"] and entry["kind"], name
        assert name.startswith(f"{entry['frame_type'] or 'none'}-{entry['name'] or 'unknown'}-"), name


def test_the_keys_are_the_contract() -> None:
    for text in (BEAT, BEAT[:-2], "00", "68", "680D"):
        (frame,) = decode_bytes(bytes.fromhex(text))
        assert set(frame) == KEYS
        assert json.loads(json.dumps(frame)) == frame


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("00112233", "no frame starts with 00; the start byte is 68"),
        ("6803", "length byte 3 is below 4"),
    ],
)
def test_garbage_is_named(text: str, error: str) -> None:
    (frame,) = decode_bytes(bytes.fromhex(text))
    assert (frame["verdict"], frame["error"]) == ("garbage", error)


@pytest.mark.parametrize("length", range(1, len(BEAT) // 2))
def test_a_cut_frame_is_incomplete(length: int) -> None:
    (frame,) = decode_bytes(bytes.fromhex(BEAT[: 2 * length]))
    assert frame["verdict"] == "incomplete"


def test_frames_and_garbage_in_one_line_come_out_in_order() -> None:
    damaged = BEAT[:-1] + "9"
    assert verdicts(BEAT + BEAT) == ["decode", "decode"]
    assert verdicts("FFFF" + BEAT + "00" + damaged + BEAT) == ["garbage", "decode", "garbage", "reject_crc", "decode"]
    assert verdicts(damaged + damaged) == ["reject_crc", "reject_crc"]
    assert verdicts(BEAT + BEAT[:8]) == ["decode", "incomplete"]


def test_a_length_byte_that_lies_rejects_the_whole() -> None:
    for length in (0, 2, 5, 12):
        (frame,) = decode_bytes(bytes.fromhex(f"68{length:02X}" + BEAT[4:]))
        assert frame["verdict"] == "reject_crc"
        assert frame["error"] == f"the length byte cuts the frame after {length + 4} of 17 bytes"
        assert frame["fields"] == {"pile_code": "20231212000010", "gun_no": "01", "gun_status": 0}


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    for frame in decode_bytes(data):
        assert set(frame) == KEYS
        json.dumps(frame)


@given(st.lists(st.one_of(st.binary(max_size=40), st.builds(encode, ykc_frames(), st.just(b"\1\0"))), max_size=4))
def test_the_good_frames_are_those_the_cutter_finds(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    cutter = StreamCutter(FRAMING)
    units = cutter.feed(data)
    while cutter.pending:
        units += cutter.expire()
    cut = [unit.data[2:4].hex().upper() for unit in units if unit.kind is UnitKind.FRAME]
    sound = {"decode", "decode_tolerant", "reject_body_length", "reject_encrypted", "unknown_type"}
    assert [frame["sequence"] for frame in decode_bytes(data) if frame["verdict"] in sound] == cut


@given(ykc_frames(), st.binary(min_size=2, max_size=2))
def test_the_fields_are_those_of_the_typed_frame(frame: Frame, sequence: bytes) -> None:
    (shown,) = decode_bytes(encode(frame, sequence, limit=255))
    assert shown["fields"] == frame.shown()
    assert (shown["name"], shown["sequence"]) == (frame.identifier, sequence.hex().upper())
