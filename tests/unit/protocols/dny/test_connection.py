"""The whole line: units of three kinds, several boards, damage, silence, the traps of the published code."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chargecloud.device.commands import ReadSample
from chargecloud.device.contract import LineConnection
from chargecloud.device.events import (
    Beat,
    CommandOutcome,
    DeviceEvent,
    FullyCharged,
    HazardReported,
    MeterSampled,
    RecordUploaded,
    StartAnswered,
    WireFaulted,
)
from chargecloud.protocols.dny.codec import seal
from chargecloud.protocols.dny.connection import HONOURED, SILENCE_S, Connection
from chargecloud.protocols.dny.frames import acks, uplinks
from chargecloud.testing.commands import ALL_COMMANDS, session_no, start
from chargecloud.testing.harness import Harness
from chargecloud.testing.sizes import size_of
from tests.support import dny
from tests.support.dny_harness import admitted, connected, expiry, said
from tests.support.golden import golden_entries

SLAVES = 50
HOST_BYTES_MAX = 40 * 1024
UNSUPPORTED = {
    "UpdateBalance", "StoreCards", "RemoveCards", "QueryCards", "SetWorkParameters", "SyncClock", "ApplyTariff",
    "MoveLock", "UpdateFirmware",
}  # fmt: skip


def faults(harness: Harness) -> dict[str, int]:
    harness.pass_time(0.0 if not harness.told(WireFaulted) else 61.0)
    counts: dict[str, int] = {}
    for event in harness.told(WireFaulted):
        for kind, amount in event.counts.items():
            counts[kind] = counts.get(kind, 0) + amount
    return counts


def by_code(events: Sequence[DeviceEvent], kind: type[DeviceEvent]) -> list[str]:
    return [event.charge_point_code for event in events if isinstance(event, kind)]


def test_what_is_honoured_and_what_is_not() -> None:
    assert {command.__name__ for command in ALL_COMMANDS} - {command.__name__ for command in HONOURED} == UNSUPPORTED


def test_boards_of_one_line_are_kept_apart() -> None:
    harness = admitted(dny.PHYSICAL_ID, dny.OTHER_ID)
    harness.receive(dny.heartbeat(physical_id=dny.OTHER_ID, message_id=7) + dny.heartbeat(message_id=7))
    assert by_code(harness.events, Beat) == [dny.OTHER_CODE, dny.CODE]
    assert [int.from_bytes(raw[5:9], "little") for raw in harness.take_sent()] == [dny.OTHER_ID, dny.PHYSICAL_ID]
    harness.receive(dny.progress(dny.ORDER.hex(), physical_id=dny.OTHER_ID))
    assert by_code(harness.events, MeterSampled) == [dny.OTHER_CODE]


def test_commands_go_to_the_board_they_name_and_answers_come_from_it() -> None:
    harness = admitted(dny.PHYSICAL_ID, dny.OTHER_ID)
    session = session_no(dny.OTHER_CODE)
    harness.submit(start(dny.OTHER_CODE, expiry(harness), session_no=session))
    (raw,) = harness.take_sent()
    assert int.from_bytes(raw[5:9], "little") == dny.OTHER_ID
    harness.receive(dny.control_reply(session))
    assert harness.told(StartAnswered) == [], "another board says so"
    harness.receive(dny.control_reply(session, physical_id=dny.OTHER_ID))
    assert by_code(harness.events, StartAnswered) == [dny.OTHER_CODE]


def test_a_command_to_a_board_that_is_not_here_is_offline() -> None:
    harness = admitted()
    for code in (dny.OTHER_CODE, "32010600019236", ""):
        harness.submit(
            ReadSample(command_id=code, charge_point_code=code, expires_at_ms=expiry(harness), connector_no=1)
        )
        assert [end.outcome for end in harness.ends(code)] == [CommandOutcome.OFFLINE]


def test_the_modems_sign_of_life_keeps_the_line_and_wants_no_answer() -> None:
    harness = admitted()
    for _ in range(12):
        harness.pass_time(30.0)
        harness.receive(b"link")
    assert harness.take_sent() == [] and not harness.connection.closing
    harness.pass_time(SILENCE_S)
    assert harness.connection.closing and harness.connection.close_reason == "silent"


def test_the_iccid_in_the_middle_of_things_is_harmless() -> None:
    harness = admitted()
    harness.receive(dny.heartbeat() + dny.ICCID + dny.heartbeat())
    assert len(harness.told(Beat)) == 2 and faults(harness) == {}


def test_units_split_anywhere_and_glued_together() -> None:
    stream = dny.ICCID + b"link" + dny.heartbeat() + b"link" + dny.progress("") + dny.settlement()
    whole = admitted()
    whole.receive(stream)
    for step in (1, 2, 3, 7, 20):
        pieces = admitted()
        for at in range(0, len(stream), step):
            pieces.receive(stream[at : at + step])
        assert pieces.events == whole.events and pieces.sent == whole.sent


def test_wrong_sums_and_lying_lengths_cost_no_good_unit() -> None:
    harness = admitted()
    damaged = dny.heartbeat()[:-1] + b"\x00"
    lying = b"DNY\x00\x03"
    harness.receive(damaged + dny.heartbeat() + b"DNY\x05\x00" + dny.heartbeat() + damaged + b"link" + dny.heartbeat())
    assert len(harness.told(Beat)) == 3
    harness.receive(lying + dny.heartbeat())
    assert len(harness.told(Beat)) == 3, "it may still be a long frame"
    harness.pass_time(10.0)
    assert len(harness.told(Beat)) == 4
    assert faults(harness) == {"crc": 2, "garbage": 5, "incomplete": 1}


@pytest.mark.parametrize("command", [0x00, 0x18, 0x23, 0x26, 0xA1, 0xFE])
def test_an_unknown_command_is_counted_and_never_answered(command: int) -> None:
    """An answer might delete what the board keeps."""
    harness = admitted()
    harness.receive(seal(command, bytes(40), dny.PHYSICAL_ID, 9))
    assert harness.take_sent() == [] and faults(harness) == {"unknown_type": 1}


def test_the_two_heartbeats_alternate_and_only_the_new_one_is_answered() -> None:
    harness = admitted()
    harness.receive(dny.legacy_heartbeat() + dny.heartbeat() + dny.legacy_heartbeat(states=b"\x01\x00"))
    assert dny.downs(harness.take_sent()) == [0x21]
    assert [beat.connectors[0].status_raw for beat in harness.told(Beat)] == [0, 0, 1]


def test_answers_that_are_due_at_once() -> None:
    harness = admitted()
    confirm = uplinks.OrderConfirm(port_no=1, start_mode=1, card_id=bytes(4), duration_s=9, order_no=dny.ORDER)
    harness.receive(dny.register() + dny.up(uplinks.TimeSync()) + dny.up(confirm))
    assert said(harness) == [
        acks.RegisterAck(result=0),
        acks.TimeAnswer(timestamp=harness.wall_ms // 1000),
        acks.OrderConfirmAck(port_no=1, result=0),
    ]


def test_an_answer_to_a_heartbeat_is_the_published_one() -> None:
    golden = {entry["id"]: bytes.fromhex(entry["hex"]) for _, entry in golden_entries("dny")}
    harness = admitted(0x04AB373B)
    harness.receive(golden["P007"])
    assert harness.take_sent() == [golden["P008"]]
    harness.receive(golden["P003"])
    assert harness.take_sent() == [golden["P004"]]


def test_news_is_told_without_an_answer() -> None:
    harness = admitted()
    full = uplinks.FullNotice(
        duration_s=1, max_power_dw=1, energy_001kwh=1, port_no=0, start_mode=1, card_or_code=bytes(4), stop_reason=1,
        order_no=dny.ORDER,
    )  # fmt: skip
    alarm = uplinks.Alarm(alarm_type=4, port_no=0, trigger_bits=1)
    notice = uplinks.PortNotice(notice_type=1, port_no=0, order_no=dny.ORDER)
    cabinet = uplinks.CabinetHeartbeat(port_count=8, door_bits=1, fan_bits=0)
    upgrade = uplinks.UpgradeRequest(device_type=1, firmware_version=1, package_kind=bytes(4))
    harness.receive(b"".join(dny.up(frame) for frame in (full, alarm, notice, cabinet, upgrade)))
    assert [type(event) for event in harness.events] == [FullyCharged, HazardReported, HazardReported]
    assert harness.take_sent() == []


def test_a_firmware_packet_request_nobody_waits_for_is_counted() -> None:
    harness = admitted()
    harness.receive(seal(0xE0, b"\x01\x02\x00", dny.PHYSICAL_ID, 9))
    assert harness.take_sent() == [] and faults(harness) == {"unmatched": 1}


def test_a_probe_asks_the_first_board_or_another_that_is_here() -> None:
    harness = admitted(dny.PHYSICAL_ID, dny.OTHER_ID)
    connection = harness.connection
    assert isinstance(connection, Connection)
    connection.probe(harness.now, harness.wall_ms)
    del connection.boards[dny.PHYSICAL_ID]
    connection.probe(harness.now, harness.wall_ms)
    targets = [int.from_bytes(raw[5:9], "little") for raw in connection.take_output()]
    assert targets == [dny.PHYSICAL_ID, dny.OTHER_ID]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (dny.heartbeat(physical_id=dny.OTHER_ID), dny.OTHER_CODE),
        (b"link", ""),
        (dny.ICCID, ""),
        (b"DNY\x09", ""),
        (b"", ""),
    ],
)
def test_whose_a_unit_is(raw: bytes, code: str) -> None:
    connection: LineConnection = Connection(0.0)
    assert connection.charge_point_of(raw) == code


def test_our_message_ids_are_never_zero() -> None:
    connection = connected().connection
    assert isinstance(connection, Connection)
    ids = [connection.next_message_id() for _ in range(0x10001)]
    assert ids[0] == 1 and ids[0xFFFE] == 0xFFFF and ids[0xFFFF] == 1 and 0 not in ids


def test_everything_of_a_lost_line_ends_for_every_board() -> None:
    harness = admitted(dny.PHYSICAL_ID, dny.OTHER_ID)
    for code in (dny.CODE, dny.OTHER_CODE):
        harness.submit(start(code, expiry(harness), command_id=code, session_no=session_no(code)))
    harness.abandon()
    for code in (dny.CODE, dny.OTHER_CODE):
        assert [(end.outcome, end.reason) for end in harness.ends(code)] == [
            (CommandOutcome.UNANSWERED, "socket_closed")
        ]


def test_a_host_with_fifty_slaves_is_small() -> None:
    def host() -> Connection:
        ids = [dny.PHYSICAL_ID + number for number in range(SLAVES)]
        harness = admitted(*ids)
        for physical_id in ids:
            harness.receive(dny.heartbeat(physical_id=physical_id) + dny.progress("", physical_id=physical_id))
        connection = harness.connection
        assert isinstance(connection, Connection) and len(connection.charge_point_codes) == SLAVES
        return connection

    first, second = host(), host()
    assert size_of(first, second) - size_of(first) <= HOST_BYTES_MAX


def test_a_charge_from_start_to_settlement() -> None:
    harness = admitted()
    session = session_no(dny.CODE)
    harness.receive(dny.heartbeat(states=b"\x02\x00"))
    harness.pass_time(1.0)
    harness.submit(start(dny.CODE, expiry(harness)))
    harness.receive(dny.control_reply(session))
    for minutes in (5, 10, 15):
        harness.pass_time(280.0)
        harness.receive(dny.progress(session, duration_s=minutes * 60, energy_001kwh=minutes // 5))
    harness.receive(dny.settlement(order=bytes.fromhex(session), duration_s=900, energy_001kwh=3))
    samples = [(event.charged_s, event.energy_mwh) for event in harness.told(MeterSampled)]
    assert samples == [(300, 10_000), (600, 20_000), (900, 30_000)]
    (record,) = harness.told(RecordUploaded)
    assert (record.session_no, record.energy_mwh) == (session, 30_000)
    assert {event.session_no for event in harness.told(MeterSampled)} == {session}
    assert [answer.accepted for answer in harness.told(StartAnswered)] == [True]
    assert dny.downs(harness.take_sent()) == [0x21, 0x82], "the settlement waits for the platform"
