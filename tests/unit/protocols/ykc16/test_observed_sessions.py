"""Two clients as they were seen on the wire (文档 §4.14): the pile firmware YKC16 and the openUC device kit."""

from __future__ import annotations

from chargecloud.device.commands import ApplyTariff, ConfirmRecord
from chargecloud.device.events import (
    BatteryDemand,
    BatteryIntroduced,
    BatteryLimits,
    BatteryStatus,
    Beat,
    Booted,
    ChargeAborted,
    ChargeEnded,
    ChargeFaulted,
    ClockReported,
    CommandEnded,
    CommandOutcome,
    ConnectorStatus,
    DeviceEvent,
    MeterSampled,
    RecordUploaded,
    StartAnswered,
    StartRefusal,
    StopAnswered,
    TariffReported,
    WireFaulted,
)
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.ykc16 import frames
from chargecloud.testing.commands import TARIFF, start, stop
from chargecloud.testing.harness import Harness, admit
from tests.support import ykc
from tests.support.golden import golden_entries
from tests.support.ykc_harness import connected, expiry

YKC16 = "32010600214533"
OPENUC = "99031210001031"
SESSION_END = "012511231015000001"
CAPTURES = {
    entry["id"]: bytes.fromhex(entry["hex"]) for _, entry in golden_entries("ykc16") if "capture" in entry["kind"]
}
BATTERY_BURST = [BatteryIntroduced, BatteryLimits, MeterSampled, BatteryDemand, BatteryStatus]


def kinds(events: list[DeviceEvent]) -> list[type[DeviceEvent]]:
    return [type(event) for event in events]


def said(frame: Frame, sequence: int = 0) -> bytes:
    return ykc.up(frame, sequence)


def apply_tariff(harness: Harness, code: str) -> None:
    harness.submit(
        ApplyTariff(command_id="tariff", charge_point_code=code, expires_at_ms=expiry(harness), tariff=TARIFF)
    )


def confirm(harness: Harness, code: str, trade: str, name: str) -> None:
    harness.submit(
        ConfirmRecord(
            command_id=name,
            charge_point_code=code,
            expires_at_ms=expiry(harness),
            connector_no=1,
            session_no=trade,
        )
    )


def ykc16_online() -> Harness:
    """01, 05, fifteen seconds of waiting for offline data, 09, one 13 a gun, heartbeats."""
    harness = connected()
    admit(harness, ykc.login(YKC16, sequence=0), YKC16)
    apply_tariff(harness, YKC16)
    harness.take_sent()
    harness.pass_time(0.02)
    harness.receive(CAPTURES["pub-021"])
    (verified,) = harness.take_sent()
    frame = ykc.down(verified)
    assert isinstance(frame, frames.BillingModelVerifyResponse) and frame.verify_result == 1
    assert verified[2:4] == CAPTURES["pub-021"][2:4]
    assert [event.matches for event in harness.told(TariffReported)] == [False]
    harness.pass_time(0.5)
    harness.receive(said(frames.TimeSyncReply(pile_code=YKC16, current_time=ykc.wire_time(0)), 0))
    assert [abs(event.skew_ms) < 1000 for event in harness.told(ClockReported)] == [True]
    harness.pass_time(14.5)
    assert ykc.downs(harness.take_sent()) == [0x56, 0x58]
    harness.receive(said(frames.BillingModelRequest(pile_code=YKC16), 2))
    assert ykc.downs(harness.take_sent()) == [0x0A]
    samples = [said(ykc.realtime(pile_code=YKC16, gun_no=gun, gun_plugged=1)) for gun in ("01", "02")]
    assert kinds(harness.receive(b"".join(samples))) == [MeterSampled, MeterSampled]
    for _ in range(3):
        harness.pass_time(10.0)
        assert kinds(harness.receive(CAPTURES["pub-014"])) == [Beat]
        assert ykc.downs(harness.take_sent()) == [0x04]
    return harness


def test_ykc16_from_power_on_to_the_confirmed_record() -> None:
    harness = ykc16_online()
    trade = YKC16 + SESSION_END
    harness.submit(start(YKC16, expiry(harness), session_no=trade))
    (raw,) = harness.take_sent()
    reply = frames.RemoteStartReply(trade_no=trade, pile_code=YKC16, gun_no="01", start_result=0, start_fail_reason=5)
    harness.receive(said(reply, int.from_bytes(raw[2:4], "little")))
    harness.pass_time(3.0)
    late = frames.RemoteStartReply(trade_no=trade, pile_code=YKC16, gun_no="01", start_result=1, start_fail_reason=0)
    harness.receive(said(late, 0x0777))
    words = [(word.accepted, word.refusal) for word in harness.told(StartAnswered)]
    assert words == [(False, StartRefusal.NOT_PLUGGED), (True, StartRefusal.NONE)]
    assert [end.outcome for end in harness.ends("start")] == [CommandOutcome.DONE]
    assert kinds(harness.receive(CAPTURES["pub-038"])) == [MeterSampled]

    harness.submit(stop(YKC16, expiry(harness)))
    harness.take_sent()
    stopped = frames.RemoteStopReply(pile_code=YKC16, gun_no="01", stop_result=1, stop_fail_reason=0)
    assert kinds(harness.receive(said(stopped))) == [StopAnswered, CommandEnded]
    idle = harness.receive(said(ykc.realtime(pile_code=YKC16)))[0]
    assert isinstance(idle, MeterSampled) and idle.status is ConnectorStatus.AVAILABLE, "idle before the record: normal"

    record = ykc.record(trade, pile_code=YKC16)
    assert kinds(harness.receive(said(record, 0x20))) == [RecordUploaded]
    for _ in range(3):
        harness.pass_time(10.0)
        harness.receive(CAPTURES["pub-014"])
    harness.take_sent()
    assert kinds(harness.receive(said(record, 0x21))) == [RecordUploaded], "again after 30 s, under a new number"
    confirm(harness, YKC16, trade, "confirm")
    (raw,) = harness.take_sent()
    assert raw[5] == 0x40 and raw[2:4] == b"\x21\x00"
    assert harness.told(WireFaulted) == []


def openuc_online() -> Harness:
    """01 twice until a tariff has come; it never sends 05 or 09 and numbers everything 00 00."""
    harness = connected()
    admit(harness, CAPTURES["pub-005"], OPENUC)
    assert harness.connection.dialect.names == ("openuc",)  # type: ignore[attr-defined]
    apply_tariff(harness, OPENUC)
    harness.pass_time(0.2)
    harness.receive(CAPTURES["pub-005"])
    harness.pass_time(2.0)
    assert ykc.downs(harness.take_sent()) == [0x02, 0x02, 0x56, 0x58]
    harness.receive(CAPTURES["pub-104"] + CAPTURES["pub-109"] + ykc.heartbeat(OPENUC, sequence=0))
    assert len(harness.told(Booted)) == 1 and harness.told(ClockReported) == [], "its clock answer is seven zero bytes"
    assert [end.outcome for end in harness.ends("tariff")] == [CommandOutcome.DONE]
    for turn in range(4):
        harness.pass_time(10.0)
        harness.receive(ykc.heartbeat(OPENUC, gun=f"{turn % 2 + 1:02d}", sequence=0))
    assert {event.connector_no for event in harness.told(Beat)} == {1, 2}
    harness.take_sent()
    return harness


def test_openuc_from_power_on_to_the_confirmed_record() -> None:
    harness = openuc_online()
    trade = OPENUC + SESSION_END
    harness.submit(start(OPENUC, expiry(harness), session_no=trade))
    harness.take_sent()
    reply = frames.RemoteStartReply(trade_no=trade, pile_code=OPENUC, gun_no="01", start_result=1, start_fail_reason=0)
    burst = said(reply) + b"".join(CAPTURES[f"pub-0{number}"] for number in (46, 48, 43, 55, 57))
    assert kinds(harness.receive(burst)) == [StartAnswered, CommandEnded, *BATTERY_BURST]

    harness.submit(stop(OPENUC, expiry(harness)))
    harness.take_sent()
    burst = b"".join(CAPTURES[f"pub-0{number}"] for number in (71, 49, 53, 54, 51, 80, 42))
    assert kinds(harness.receive(burst)) == [
        StopAnswered,
        CommandEnded,
        ChargeEnded,
        ChargeAborted,
        ChargeAborted,
        ChargeFaulted,
        RecordUploaded,
        MeterSampled,
    ]
    (word,) = harness.told(StopAnswered)
    assert (word.connector_no, word.reason, word.command_id) == (1, "not_charging", "stop"), "two bytes say it (D20)"

    harness.pass_time(10.0)
    assert kinds(harness.receive(CAPTURES["pub-080"])) == [RecordUploaded], "identical bytes after 10 s"
    confirm(harness, OPENUC, trade, "confirm")
    assert ykc.downs(harness.take_sent()) == [0x40]
    assert harness.told(WireFaulted) == []


def test_openuc_answers_of_the_kit_end_their_commands() -> None:
    from chargecloud.testing.commands import one_of_each

    answers = {
        "UpdateBalance": "pub-084",
        "SetWorkParameters": "pub-100",
        "Reboot": "pub-121",
        "SetQrPrefix": "pub-138",
        "SyncClock": "pub-104",
    }
    harness = openuc_online()
    for command in one_of_each(OPENUC, expiry(harness)):
        if command.command_id in answers:
            harness.submit(command)
            harness.receive(CAPTURES[answers[command.command_id]])
            assert [end.outcome for end in harness.ends(command.command_id)] == [CommandOutcome.DONE]
