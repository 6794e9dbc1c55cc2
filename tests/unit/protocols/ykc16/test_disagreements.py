"""Where the document, the makers and real charge points disagree about bytes: one test a disagreement, by its number.

The numbers are those of the register in the protocol's NOTES.md; the ones about behaviour are with the connection.
"""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from chargecloud.protocols.wire.checksums import ByteOrder, crc16_modbus
from chargecloud.protocols.wire.parts import Shown
from chargecloud.protocols.wire.schema import Direction, FieldError, Frame
from chargecloud.protocols.wire.stream import StreamCutter
from chargecloud.protocols.wire.values import read_cp56
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.codec import Decoded, Verdict, decode, encode
from chargecloud.protocols.ykc16.decode import decode_bytes
from chargecloud.protocols.ykc16.framing import FRAMING
from chargecloud.protocols.ykc16.mapping.live import booted, meter_sampled
from chargecloud.protocols.ykc16.mapping.values import celsius_or_none, magnitude_ma
from chargecloud.protocols.ykc16.quirks import TOLERANT, Dialect
from chargecloud.protocols.ykc16.tables import HARDWARE_FAULT, PILE_MODEL, PILE_TYPE
from tests.support.golden import golden_entries

PILE = "32010600019236"
TRADE = "32010600019236012001061803423060"
BEAT = encode(frames.Heartbeat(pile_code=PILE, gun_no="01", gun_status=0), b"\x01\x00")
GOLDEN: dict[str, dict[str, Any]] = {entry.get("id", name): entry for name, entry in golden_entries("ykc16")}


def sealed(code: int, body: bytes, flag: int = 0) -> bytes:
    covered = bytes((1, 0, flag, code)) + body
    return bytes((0x68, len(covered))) + covered + crc16_modbus(covered).to_bytes(2, "little")


def shown(wire: bytes) -> dict[str, Shown]:
    (frame,) = decode_bytes(wire)
    fields = frame["fields"]
    assert isinstance(fields, dict)
    return fields


def realtime(**changes: Any) -> frames.RealtimeData:
    parsed = frames.RealtimeData.parse(bytes.fromhex(TRADE + PILE + "01") + bytes(36))
    assert parsed is not None
    return frames.RealtimeData(**{name: getattr(parsed, name) for name in parsed.__struct_fields__} | changes)


def login(body_tail: bytes) -> Decoded:
    return decode(sealed(0x01, bytes.fromhex(PILE) + b"\x00\x02\x10" + body_tail))


def test_d01_checksum_is_taken_in_either_order_and_sent_low_byte_first() -> None:
    swapped = BEAT[:-2] + BEAT[:-3:-1]
    units = StreamCutter(FRAMING).feed(BEAT + swapped)
    assert [unit.order for unit in units] == [ByteOrder.LOW_FIRST, ByteOrder.HIGH_FIRST]
    assert decode(units[0].data) == decode(units[1].data)
    assert BEAT[-2:] == crc16_modbus(BEAT[2:-2]).to_bytes(2, "little")


def test_d03_long_card_lists_are_received_but_never_sent() -> None:
    card = frames.OfflineCard(logical_card_no="0" * 16, physical_card_no=bytes(8))
    full = frames.OfflineCardSync(pile_code=PILE, cards=(card,) * 15)
    assert decode(encode(full, b"\0\0", limit=255)).frame == full
    with pytest.raises(FieldError, match="length byte 252 is above 200"):
        encode(full, b"\0\0")
    number = frames.CardNo(physical_card_no=bytes(8))
    for most in (
        frames.OfflineCardSync(pile_code=PILE, cards=(card,) * 11),
        frames.OfflineCardClear(pile_code=PILE, cards=(number,) * 18),
        frames.OfflineCardQuery(pile_code=PILE, cards=(number,) * 21),
    ):
        assert encode(most, b"\0\0")[1] <= 200


@pytest.mark.parametrize("flag", [1, 2, 255])
def test_d04_encrypted_frames_are_rejected_unread(flag: int) -> None:
    wire = sealed(0x03, bytes(9), flag)
    assert decode(wire).verdict is Verdict.REJECT_ENCRYPTED
    (frame,) = decode_bytes(wire)
    assert (frame["verdict"], frame["fields"], frame["extra_hex"]) == ("reject_encrypted", {}, "00" * 9)
    assert f"encryption flag {flag}" in str(frame["error"])


def test_d05_seconds_live_in_the_milliseconds_and_reserved_bits_are_masked() -> None:
    moment = read_cp56(bytes.fromhex("98B70E11100314"))
    assert moment == read_cp56(bytes.fromhex("98B74E71F0F394"))
    assert moment is not None and (moment.second, moment.microsecond) == (47, 0)


@pytest.mark.parametrize("time", ["00" * 7, "0000000000FF00", "FFFF3F1F1F0F7F", "0000000B1F0219"])
def test_d05_no_time_and_impossible_times_are_null(time: str) -> None:
    wire = sealed(0x55, bytes.fromhex(PILE + time))
    assert decode(wire).verdict is Verdict.DECODE
    assert shown(wire)["current_time"] is None


def test_d06_directions_and_names_are_those_of_the_chapters() -> None:
    assert frames.RealtimeData.title == "上传实时监测数据"
    assert frames.ParallelRemoteStartReply.direction is Direction.UP
    assert frames.ParallelRemoteStart.direction is Direction.DOWN


@pytest.mark.parametrize(
    ("raw", "text", "amperes"), [(568, "-343.2", 343_200), (7432, "343.2", 343_200), (4000, "0.0", 0)]
)
def test_d07_shifted_currents_keep_their_sign_on_paper_and_lose_it_in_the_house(
    raw: int, text: str, amperes: int
) -> None:
    body = bytes.fromhex(TRADE + PILE + "01") + raw.to_bytes(2, "little") * 10
    fields = shown(sealed(0x23, body))
    assert fields["bms_current_demand"] == text
    assert magnitude_ma(raw) == amperes


def test_d08_fault_bit_n_is_mask_one_shifted_by_n_unless_the_dialect_says_otherwise() -> None:
    frame = realtime(hardware_fault=0x2002)
    assert frame.shown()["hardware_fault"] == 0x2002
    assert frame.shown()["hardware_fault_bits"] == ["emergency_stop", "door_open"]
    assert meter_sampled(frame, TOLERANT).fault_bits == 1 << 1 | 1 << 13
    assert meter_sampled(realtime(hardware_fault=1), Dialect(fault_shift=1)).fault_bits == 1 << 1
    assert HARDWARE_FAULT.identifier(1) == "emergency_stop"


@pytest.mark.parametrize("result", [0, 1, 7])
def test_d09_any_qr_answer_is_read_and_its_number_kept(result: int) -> None:
    decoded = decode(sealed(0xF1, bytes.fromhex(PILE) + bytes((result,))))
    assert decoded.frame == frames.QrPrefixSetReply(pile_code=PILE, set_result=result)
    assert frames.QrPrefixSet.answered_by == 0xF1


def test_d10_raw_zero_is_no_temperature() -> None:
    assert realtime(gun_cable_temp=0).shown()["gun_cable_temp"] == -50
    assert celsius_or_none(0) is None
    assert celsius_or_none(82) == 32


@pytest.mark.parametrize("version", [0x0A, 0x0D, 0x0F, 0x10, 0xFF])
def test_d13_the_version_byte_decides_nothing(version: int) -> None:
    decoded = decode(sealed(0x01, bytes.fromhex(PILE) + bytes((0, 2, version)) + bytes(20)))
    assert decoded.verdict is Verdict.DECODE
    assert isinstance(decoded.frame, frames.LoginRequest)
    assert booted(decoded.frame).charge_point_code == PILE


@pytest.mark.parametrize("card", ["00000000D14B0A54", "7805AF3703000000", "00000000E14C0A54", "FFFFFFFFFFFFFFFF"])
def test_d16_card_numbers_are_opaque_bytes_in_their_order(card: str) -> None:
    body = bytes.fromhex(PILE + "010100" + card) + bytes(33)
    decoded = decode(sealed(0x31, body))
    assert isinstance(decoded.frame, frames.StartChargeRequest)
    assert decoded.frame.account_or_card == bytes.fromhex(card)
    assert decoded.frame.shown()["account_or_card"] == card


def test_d19_missing_loss_energy_falls_back_to_the_plain_one() -> None:
    sample = meter_sampled(realtime(charged_energy=88_000, loss_charged_energy=0), TOLERANT)
    assert sample.billed_energy_mwh == sample.energy_mwh == 8_800_000
    sample = meter_sampled(realtime(charged_energy=88_000, loss_charged_energy=90_000), TOLERANT)
    assert sample.billed_energy_mwh == 9_000_000


def test_d20_a_stop_reply_of_two_bytes_is_read() -> None:
    wire = bytes.fromhex("680600000035000291D4")
    decoded = decode(wire)
    short = frames.RemoteStopReply(pile_code="", gun_no="", stop_result=0, stop_fail_reason=2)
    assert (decoded.verdict, decoded.frame) == (Verdict.DECODE_TOLERANT, short)
    assert shown(wire) == {"stop_result": 0, "stop_fail_reason": 2}
    assert encode(short, b"\0\0") == wire


@pytest.mark.parametrize("size", [0, 1, 3, 7, 8, 9])
def test_d20_no_other_short_stop_reply_is_accepted(size: int) -> None:
    assert decode(sealed(0x35, bytes(size))).verdict is Verdict.REJECT_BODY_LENGTH


@pytest.mark.parametrize("trade_no", ["20231212000010000000001005713600", "FFFFFFFF" * 4, "0A1B" * 8])
def test_d22_trade_numbers_are_opaque_digits(trade_no: str) -> None:
    frame = realtime(trade_no=trade_no)
    assert decode(encode(frame, b"\0\0")).frame == frame
    assert frame.shown()["pile_code"] == PILE


def test_d23_a_password_is_sixteen_bytes_in_either_form() -> None:
    digest = hashlib.md5(b"123456", usedforsecurity=False)
    for password in (digest.hexdigest()[8:24].encode(), digest.digest()):
        body = bytes.fromhex(PILE + "010101") + bytes(8) + password + bytes(17)
        decoded = decode(sealed(0x31, body))
        assert isinstance(decoded.frame, frames.StartChargeRequest)
        assert decoded.frame.password_md5 == password


def test_d25_bytes_behind_a_record_are_tolerated_and_kept() -> None:
    record = bytes.fromhex(GOLDEN["pub-079"]["hex"])[6:-2]
    longer, plain = decode(sealed(0x3B, record + b"\0\0")), decode(sealed(0x3B, record))
    assert longer.frame == plain.frame
    assert (longer.verdict, longer.extra, plain.verdict) == (Verdict.DECODE_TOLERANT, b"\0\0", Verdict.DECODE)
    (described,) = decode_bytes(sealed(0x3B, record + b"\0\0"))
    assert (described["verdict"], described["extra_hex"]) == ("decode_tolerant", "0000")


def test_a_login_of_31_bytes_has_its_sim_and_operator_at_the_end() -> None:
    decoded = login(b"LuatOS1.2" + b"\x00" + bytes.fromhex("898604D11722D0348606") + b"\x02")
    assert decoded.verdict is Verdict.DECODE_TOLERANT
    assert decoded.extra == b""
    assert isinstance(decoded.frame, frames.LoginRequest)
    assert decoded.frame.shown() == {
        "pile_code": PILE,
        "pile_type": 0,
        "gun_count": 2,
        "protocol_version": "1.6",
        "program_version": "LuatOS1.2",
        "network_type": 0,
        "sim_card": "898604D11722D0348606",
        "operator": 2,
    }
    assert decode(encode(decoded.frame, b"\1\0")) == decoded


def test_longer_logins_are_read_by_the_table() -> None:
    decoded = login(b"V4.1.50\0" + b"\x01" + bytes(10) + b"\x04" + b"key")
    assert (decoded.verdict, decoded.extra) == (Verdict.DECODE_TOLERANT, b"key")
    assert isinstance(decoded.frame, frames.LoginRequest)
    assert decoded.frame.program_version == b"V4.1.50"


def test_d28_printed_examples_that_cannot_be_right_are_rejected() -> None:
    printed = {
        name: [entry["expect"] for entry in GOLDEN.values() if entry["kind"] == "pdf_example" and entry["name"] == name]
        for name in ("ground_lock_status", "offline_card_sync", "offline_card_clear_reply", "ground_lock_control")
    }
    assert printed == {
        "ground_lock_status": ["incomplete"],  # lacks the lock_status byte
        "offline_card_sync": ["incomplete"],
        "offline_card_clear_reply": ["reject_crc"],
        "ground_lock_control": ["reject_crc"],
    }


def test_d29_the_two_numberings_of_dc_and_ac_are_kept_apart() -> None:
    assert (PILE_TYPE.identifier(0), PILE_TYPE.identifier(1)) == ("dc", "ac")
    assert (PILE_MODEL.identifier(1), PILE_MODEL.identifier(2)) == ("dc", "ac")
    columns: dict[type[Frame], str] = {frames.LoginRequest: "pile_type", frames.RemoteUpdate: "pile_model"}
    tables = [column.values for kind, name in columns.items() for column in kind.columns if column.name == name]
    assert tables == [PILE_TYPE, PILE_MODEL]


@pytest.mark.parametrize("code", [0x07, 0x08, 0x39, 0x3A, 0x3D, 0x3F])
def test_d30_records_of_other_versions_are_unknown_types(code: int) -> None:
    wire = sealed(code, bytes(20))
    assert decode(wire) == Decoded(Verdict.UNKNOWN_TYPE, None, code, b"\1\0")
    (frame,) = decode_bytes(wire)
    assert (frame["verdict"], frame["name"], frame["fields"]) == ("unknown_type", None, {})
    assert frame["direction"] == ("up" if code % 2 else "down")
    assert frame["error"] == f"type 0x{code:02X} is not in YKC V1.6"
