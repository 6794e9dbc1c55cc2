"""The rules of the wire: who is heard, what is counted, when the conversation ends."""

from __future__ import annotations

from math import inf

import pytest

from chargecloud.device.events import Beat, MeterSampled, RecordUploaded, WireFaulted
from chargecloud.protocols.wire.checksums import crc16_modbus
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.connection import Connection
from chargecloud.testing.commands import session_no
from chargecloud.testing.harness import Harness, admit
from tests.support import ykc
from tests.support.golden import golden_entries
from tests.support.ykc_harness import admitted, connected

TRADE = session_no(ykc.CODE)


def counts(harness: Harness) -> dict[str, int]:
    """Everything told about the wire so far, summed."""
    harness.pass_time(0.0)
    total: dict[str, int] = {}
    for event in harness.told(WireFaulted):
        for kind, amount in event.counts.items():
            total[kind] = total.get(kind, 0) + amount
    return total


def resealed(covered: bytes) -> bytes:
    return bytes((0x68, len(covered))) + covered + crc16_modbus(covered).to_bytes(2, "little")


def test_d1_both_checksum_orders_are_heard() -> None:
    low = ykc.heartbeat()
    high = low[:-2] + low[-1:] + low[-2:-1]
    harness = admitted()
    harness.receive(low + high)
    assert len(harness.told(Beat)) == 2
    assert all(crc16_modbus(raw[2:]) == 0 for raw in harness.take_sent()), "we always send the low byte first"


def test_d4_an_encrypted_frame_is_counted_and_not_answered() -> None:
    harness = admitted()
    plain = ykc.heartbeat()
    harness.receive(resealed(plain[2:4] + b"\x01" + plain[5:-2]))
    assert harness.take_sent() == []
    assert counts(harness) == {"encrypted": 1}


def test_d11_any_gun_keeps_the_connection_alive() -> None:
    harness = admitted()
    for gun in ("01", "02", "01", "02"):
        harness.receive(ykc.heartbeat(gun=gun))
        harness.pass_time(40.0)
    assert not harness.connection.closing
    assert {event.connector_no for event in harness.told(Beat)} == {1, 2}


def test_d30_older_records_are_unknown_types() -> None:
    harness = admitted()
    for code in (0x39, 0x3D, 0x3F):
        harness.receive(resealed(b"\x01\x00\x00" + bytes((code,)) + bytes(100)))
    assert counts(harness) == {"unknown_type": 3}
    assert harness.take_sent() == []


def test_a_frame_of_another_charge_point_is_ignored() -> None:
    harness = admitted()
    before = len(harness.events)
    harness.receive(ykc.heartbeat(ykc.OTHER_CODE))
    harness.receive(ykc.up(ykc.realtime(TRADE, pile_code=ykc.OTHER_CODE)))
    harness.receive(ykc.login(ykc.OTHER_CODE))
    assert [event for event in harness.events[before:] if not isinstance(event, WireFaulted)] == []
    assert harness.take_sent() == [] and counts(harness) == {"foreign": 3}


def test_a05_a_record_of_another_charge_point_gets_no_answer() -> None:
    harness = admitted()
    harness.receive(ykc.up(ykc.record(TRADE, pile_code=ykc.OTHER_CODE)))
    assert harness.told(RecordUploaded) == [] and harness.take_sent() == []


def test_a_platform_frame_from_a_charge_point_is_counted() -> None:
    harness = admitted()
    harness.receive(ykc.up(frames.HeartbeatAck(pile_code=ykc.CODE, gun_no="01", heartbeat_result=0)))
    assert counts(harness) == {"wrong_direction": 1}


def test_a_short_body_is_counted_and_does_not_part_us() -> None:
    harness = admitted()
    whole = ykc.up(ykc.realtime(TRADE))
    for _ in range(40):
        harness.receive(resealed(whole[2:40]))
    assert counts(harness)["short_body"] >= 1
    assert harness.told(MeterSampled) == [] and not harness.connection.closing


def test_d25_trailing_bytes_are_ignored() -> None:
    harness = admitted()
    whole = ykc.up(ykc.record(TRADE))
    harness.receive(resealed(whole[2:-2] + b"\x00\x00"))
    (event,) = harness.told(RecordUploaded)
    assert event.session_no == TRADE


def test_strangers_are_counted_then_closed() -> None:
    harness = connected()
    for _ in range(4):
        harness.receive(ykc.heartbeat())
    assert not harness.connection.closing
    harness.receive(ykc.heartbeat())
    assert harness.connection.closing and harness.connection.close_reason == "no_login"
    assert harness.sent == [] and harness.told(WireFaulted) == [], "there is nobody to tell it about yet"


def test_what_went_wrong_before_the_login_is_told_after_it() -> None:
    harness = connected()
    harness.receive(ykc.heartbeat() + b"noise")
    harness.pass_time(1.0)
    admit(harness, ykc.login(), ykc.CODE)
    assert counts(harness) == {"before_login": 1, "garbage": 5}


def test_nothing_is_heard_while_the_platform_decides() -> None:
    harness = connected()
    harness.receive(ykc.login())
    for _ in range(10):
        harness.receive(ykc.heartbeat())
    assert harness.told(Beat) == [] and not harness.connection.closing


def test_a_record_is_told_while_the_platform_decides_but_not_before_the_login() -> None:
    harness = connected()
    harness.receive(ykc.up(ykc.record(TRADE)))
    assert harness.told(RecordUploaded) == []
    harness.receive(ykc.login())
    harness.receive(ykc.up(ykc.record(TRADE)))
    (event,) = harness.told(RecordUploaded)
    assert event.session_no == TRADE
    assert [raw[5] for raw in harness.sent] == [], "it is confirmed by a command only, and commands need the admission"


def test_twenty_damaged_frames_in_a_minute_close() -> None:
    harness = admitted()
    broken = ykc.heartbeat()[:-1] + b"\x00"
    for _ in range(19):
        harness.receive(broken)
    assert not harness.connection.closing
    harness.receive(broken)
    assert harness.connection.closing and harness.connection.close_reason == "bad_frames"
    assert counts(harness) == {"crc": 20}, "told before the end"


def test_a_slow_trickle_of_damage_does_not_close() -> None:
    harness = admitted()
    broken = ykc.heartbeat()[:-1] + b"\x00"
    for _ in range(60):
        harness.receive(broken + ykc.heartbeat())
        harness.pass_time(5.0)
    assert not harness.connection.closing
    assert counts(harness)["crc"] >= 48


def test_silence_is_broken_by_valid_frames_only() -> None:
    harness = admitted()
    harness.receive(ykc.heartbeat())
    harness.pass_time(30.0)
    harness.receive(ykc.heartbeat()[:-1] + b"\x00")
    harness.pass_time(14.9)
    assert not harness.connection.closing
    harness.pass_time(0.2)
    assert harness.connection.closing and harness.connection.close_reason == "silent"


def test_the_silence_is_a_parameter() -> None:
    harness = Harness(Connection(0.0, silence_s=5.0))
    harness.pass_time(5.0)
    assert harness.connection.close_reason == "silent"


def test_a_stale_partial_frame_gives_way_to_what_lies_in_it() -> None:
    """A length byte that lies swallows the next frame until the time is up."""
    harness = admitted()
    harness.receive(b"\x68\xff" + ykc.heartbeat())
    assert harness.told(Beat) == []
    harness.pass_time(9.0)
    assert harness.told(Beat) == []
    harness.pass_time(1.5)
    assert len(harness.told(Beat)) == 1
    assert counts(harness)["incomplete"] == 1


def test_a_frame_that_trickles_in_has_ten_seconds_from_its_first_byte() -> None:
    """A09: bytes that keep coming do not buy more time."""
    harness = admitted()
    harness.receive(ykc.heartbeat())
    for byte in ykc.up(ykc.realtime(TRADE))[:12]:
        harness.receive(bytes((byte,)))
        harness.pass_time(1.0)
    assert counts(harness)["incomplete"] == 1


def test_time_for_a_frame_begins_anew_behind_a_good_one() -> None:
    harness = admitted()
    beat = ykc.heartbeat()
    harness.receive(beat + beat[:5])
    for _ in range(3):
        harness.pass_time(6.0)
        harness.receive(beat[5:] + beat[:5])
    assert len(harness.told(Beat)) == 4 and counts(harness) == {}


def test_a_report_that_is_not_due_yet_is_not_forgotten_when_something_else_is() -> None:
    harness = admitted()
    harness.receive(ykc.heartbeat() + b"noise")
    harness.pass_time(1.0)
    assert counts(harness) == {"garbage": 5}
    harness.receive(b"noise")
    harness.receive(ykc.up(frames.BillingModelRequest(pile_code=ykc.CODE)))
    for _ in range(8):
        harness.pass_time(8.0)
        harness.receive(ykc.heartbeat())
    assert counts(harness) == {"garbage": 10}


def test_every_good_golden_uplink_is_told_or_answered() -> None:
    """Each captured or documented frame that should decode is used by somebody: nothing is counted as unusable."""
    used = 0
    for name, entry in golden_entries("ykc16"):
        if entry["direction"] != "up" or entry["expect"] not in ("decode", "decode_tolerant"):
            continue
        raw = bytes.fromhex(entry["hex"])
        code = entry["fields"].get("pile_code") or ykc.CODE
        harness = admitted(code=code)
        harness.receive(raw)
        faults = set(counts(harness))
        assert faults <= {"unmatched"}, name
        used += 1
    assert used > 50


def test_a_closed_conversation_is_over() -> None:
    harness = admitted()
    harness.abandon("socket_closed")
    assert harness.connection.deadline() == inf
    assert harness.receive(ykc.heartbeat()) == []
    assert list(harness.connection.tick(1e6, 0)) == [] and harness.take_sent() == []
    assert harness.abandon("again") == []
    assert harness.connection.close_reason == "socket_closed"


def test_the_deadline_is_the_silence_when_nothing_else_is_due() -> None:
    harness = admitted()
    harness.receive(ykc.heartbeat())
    assert harness.connection.deadline() == pytest.approx(harness.now + 45.0)


def test_the_probe_reads_connector_one() -> None:
    harness = admitted()
    harness.connection.probe(harness.now, harness.wall_ms)
    (raw,) = harness.connection.take_output()
    assert ykc.down(raw) == frames.ReadRealtimeData(pile_code=ykc.CODE, gun_no="01")
