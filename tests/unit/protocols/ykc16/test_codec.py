"""One whole frame between bytes and its typed form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.wire.checksums import crc16_modbus
from chargecloud.protocols.wire.schema import FieldError, Frame
from chargecloud.protocols.ykc16.codec import Decoded, Verdict, decode, encode
from chargecloud.protocols.ykc16.frames import FRAMES, Heartbeat, LoginResponse, OfflineCard, OfflineCardSync
from chargecloud.protocols.ykc16.framing import FRAMING
from tests.support.wire_strategies import ykc_frames

SEQUENCES = st.binary(min_size=2, max_size=2)
BEAT = Heartbeat(pile_code="32010200000001", gun_no="01", gun_status=0)


def sealed(covered: bytes) -> bytes:
    return bytes((0x68, len(covered))) + covered + crc16_modbus(covered).to_bytes(2, "little")


def cards(amount: int) -> OfflineCardSync:
    card = OfflineCard(logical_card_no="0000000010000001", physical_card_no=bytes.fromhex("00000000D14B0A54"))
    return OfflineCardSync(pile_code="32010200000001", cards=(card,) * amount)


def test_the_worked_example_of_the_document() -> None:
    frame = LoginResponse(pile_code="55031412782305", login_result=0)
    assert encode(frame, b"\x00\x00").hex().upper() == "680C000000025503141278230500DA4C"


@given(ykc_frames(), SEQUENCES)
def test_decoding_is_the_inverse_of_encoding(frame: Frame, sequence: bytes) -> None:
    wire = encode(frame, sequence, limit=255)
    decoded = decode(wire)
    assert decoded.frame == frame
    assert (decoded.frame_type, decoded.sequence, decoded.extra) == (frame.code, sequence, b"")
    assert FRAMING.seal_order(wire) is not None
    assert len(wire) == wire[1] + 4


@given(SEQUENCES, st.one_of(st.sampled_from(sorted(FRAMES)), st.integers(0, 255)), st.binary(max_size=251))
def test_any_sealed_frame_gets_a_verdict(sequence: bytes, code: int, body: bytes) -> None:
    decoded = decode(sealed(sequence + bytes((0, code)) + body))
    accepted = decoded.verdict in {Verdict.DECODE, Verdict.DECODE_TOLERANT}
    assert accepted == (decoded.frame is not None)
    assert body.endswith(decoded.extra)
    if code not in FRAMES:
        assert decoded.verdict is Verdict.UNKNOWN_TYPE


def test_an_exact_body_is_plain_and_a_longer_one_tolerated() -> None:
    body = BEAT.pack()
    head = b"\x07\x00\x00\x03"
    assert decode(sealed(head + body)) == Decoded(Verdict.DECODE, BEAT, 3, b"\x07\x00")
    assert decode(sealed(head + body + b"\x63")) == Decoded(Verdict.DECODE_TOLERANT, BEAT, 3, b"\x07\x00", b"\x63")


def test_a_shorter_body_is_rejected() -> None:
    assert decode(sealed(b"\x07\x00\x00\x03" + BEAT.pack()[:-1])) == Decoded(
        Verdict.REJECT_BODY_LENGTH, None, 3, b"\x07\x00"
    )


def test_a_list_that_promises_too_much_is_rejected() -> None:
    body = bytearray(cards(2).pack())
    body[7] = 3
    assert decode(sealed(b"\x00\x00\x00\x44" + bytes(body))).verdict is Verdict.REJECT_BODY_LENGTH
    body[7] = 1
    decoded = decode(sealed(b"\x00\x00\x00\x44" + bytes(body)))
    assert (decoded.verdict, decoded.frame, len(decoded.extra)) == (Verdict.DECODE_TOLERANT, cards(1), 16)


def test_a_sequence_of_other_than_two_bytes_is_refused() -> None:
    with pytest.raises(FieldError, match="two bytes, not 1"):
        encode(BEAT, b"\x01")
