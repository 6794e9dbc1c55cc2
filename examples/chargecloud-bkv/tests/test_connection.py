"""A gateway from its first heartbeat to its settlement."""

from __future__ import annotations

from typing import TypeVar

import pytest

from chargecloud.device.commands import (
    AnswerBalance,
    AnswerStart,
    ChargeLimit,
    ChargeMode,
    ConfirmRecord,
    DeviceCommand,
    PowerTier,
    ReadParameters,
    ReadSample,
    ReplyRefusal,
    WriteParameters,
)
from chargecloud.device.events import (
    BalanceAsked,
    Booted,
    CommandOutcome,
    ConnectorStatus,
    HazardReported,
    MeterSampled,
    RecordUploaded,
    StartAnswered,
    StartMethod,
    StartRequested,
    StopAnswered,
    StopClass,
    TierUsage,
    WireFaulted,
)
from chargecloud.device.profile import Profile
from chargecloud.protocols.wire.schema import Frame
from chargecloud.testing.commands import session_no, start, stop
from chargecloud.testing.harness import Harness, admit
from chargecloud_bkv import frames, tlv, virtual
from chargecloud_bkv.codec import decode
from chargecloud_bkv.plugin import Plugin
from chargecloud_bkv.virtual import GATEWAY, up

SESSION = session_no(GATEWAY)
TIERS = (PowerTier(200_000, 25, 3600), PowerTier(400_000, 50, 3600), PowerTier(600_000, 100, 3600))
C = TypeVar("C", bound=DeviceCommand)


def admitted(plugin: Plugin | None = None) -> Harness:
    harness = Harness((plugin or Plugin()).connect(0.0))
    admit(harness, virtual.heartbeat(), GATEWAY)
    harness.take_sent()
    return harness


def said(harness: Harness) -> list[Frame]:
    decoded = [decode(raw) for raw in harness.take_sent()]
    assert all(each.frame is not None and each.parcel.gateway_id == GATEWAY for each in decoded)
    return [each.frame for each in decoded if each.frame is not None]


def serial_of(raw: bytes) -> int:
    return decode(raw).parcel.serial


def ask(harness: Harness, kind: type[C], command_id: str = "c", **fields: object) -> CommandOutcome | None:
    base = {"command_id": command_id, "charge_point_code": GATEWAY, "expires_at_ms": harness.wall_ms + 30_000}
    harness.submit(kind(**base, **fields))  # type: ignore[arg-type]
    ends = harness.ends(command_id)
    return ends[0].outcome if ends else None


def confirm(harness: Harness, event: RecordUploaded, command_id: str = "confirm") -> CommandOutcome | None:
    return ask(harness, ConfirmRecord, command_id, connector_no=event.connector_no, session_no=event.session_no)


def charge(harness: Harness, business_no: int = 9, **changes: object) -> None:
    """Connector 1 charges for SESSION under this number."""
    harness.submit(start(GATEWAY, harness.wall_ms + 30_000, **changes))
    (sent,) = harness.take_sent()
    frame = decode(sent).frame
    reply = frames.TierControlReply if isinstance(frame, frames.TierControl) else frames.ControlReply
    harness.receive(up(reply(result=1, socket=1, hole=0, business_no=business_no), serial_of(sent)))
    assert harness.told(StartAnswered)[-1].accepted


# -- introduction


def test_the_first_heartbeat_introduces_and_is_answered_with_the_time() -> None:
    harness = Harness(Plugin().connect(0.0))
    (boot,) = harness.receive(virtual.heartbeat())
    assert isinstance(boot, Booted)
    assert (boot.firmware_version, boot.sim_iccid, boot.connector_count) == ("200.1.17", "898608551024D1988196", 16)
    admit(harness, b"", GATEWAY)
    assert said(harness) == [frames.HeartbeatAnswer(server_time="20260101080000")]


def test_frames_of_another_gateway_on_the_line_are_counted_and_ignored() -> None:
    harness = admitted()
    assert harness.receive(virtual.heartbeat("82241218000999")) == []
    harness.pass_time(1.0)
    assert harness.told(WireFaulted)[0].counts == {"changed_identity": 1}


@pytest.mark.parametrize(("heartbeat_s", "closing"), [(60, False), (20, True)])
def test_a_profile_says_how_long_silence_may_last(heartbeat_s: int, closing: bool) -> None:
    profile = Profile(name="quick", firmware_prefix="200.", changes={"heartbeat_s": heartbeat_s, "sockets": 2})
    harness = admitted(Plugin().adapt((profile,)))
    assert harness.told(Booted)[0].connector_count == 4
    harness.pass_time(60.0)
    assert harness.connection.closing is closing


# -- starting and stopping


@pytest.mark.parametrize(
    ("limit", "mode", "minutes", "energy_wh"),
    [
        (None, 1, 900, 0),
        (ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=14_400), 1, 240, 0),
        (ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=30), 1, 1, 0),
        (ChargeLimit(mode=ChargeMode.BY_ENERGY, energy_mwh=1_500_000), 0, 0, 1500),
        (ChargeLimit(max_duration_s=36_000), 1, 600, 0),
    ],
)
def test_a_start_by_time_or_energy(limit: ChargeLimit | None, mode: int, minutes: int, energy_wh: int) -> None:
    harness = admitted()
    harness.submit(start(GATEWAY, harness.wall_ms + 30_000, connector_no=4, limit=limit))
    assert said(harness) == [
        frames.Control(socket=2, hole=1, switch=1, mode=mode, minutes=minutes, energy_wh=energy_wh)
    ]


@pytest.mark.parametrize("command", [0x0015, 0x0005])
def test_a_start_by_tiers_goes_under_the_command_the_profile_says(command: int) -> None:
    profile = Profile(name="as-printed", code_prefix="8224", changes={"tier_command": command})
    harness = admitted(Plugin().adapt((profile,)))
    limit = ChargeLimit(tiers=TIERS)
    harness.submit(start(GATEWAY, harness.wall_ms + 30_000, balance_fen=100, limit=limit))
    (raw,) = harness.take_sent()
    decoded = decode(raw)
    assert decoded.parcel.command == command
    frame = decoded.frame
    assert isinstance(frame, frames.TierControl) and frame.amount_fen == 100
    assert [(tier.up_to_dw, tier.price_fen, tier.minutes) for tier in frame.tiers] == [
        (2000, 25, 60), (4000, 50, 60), (6000, 100, 60),
    ]  # fmt: skip


@pytest.mark.parametrize("limit", [ChargeLimit(tiers=TIERS * 2), ChargeLimit(tiers=(PowerTier(1, 1, 30),))])
def test_tiers_no_socket_knows_are_refused(limit: ChargeLimit) -> None:
    harness = admitted()
    harness.submit(start(GATEWAY, harness.wall_ms + 30_000, limit=limit))
    (end,) = harness.ends("start")
    assert end.outcome is CommandOutcome.REFUSED and end.reason.startswith("invalid") and not harness.sent


def test_a_failed_start_is_told() -> None:
    harness = admitted()
    harness.submit(start(GATEWAY, harness.wall_ms + 30_000))
    harness.receive(virtual.control_reply(1, 0, result=0))
    (answer,) = harness.told(StartAnswered)
    assert not answer.accepted and harness.ends("start")[0].outcome is CommandOutcome.REFUSED


def test_an_answer_for_another_hole_is_not_ours() -> None:
    harness = admitted()
    harness.submit(start(GATEWAY, harness.wall_ms + 30_000))
    harness.receive(virtual.control_reply(1, 9, hole=1))
    assert harness.told(StartAnswered) == [] and harness.ends("start") == []


def test_a_late_answer_still_tells_the_number_of_the_charge() -> None:
    harness = admitted()
    harness.submit(start(GATEWAY, harness.wall_ms + 30_000))
    harness.pass_time(11.0)
    assert harness.ends("start")[0].outcome is CommandOutcome.UNANSWERED
    harness.receive(virtual.control_reply(1, 9))
    (late,) = harness.told(StartAnswered)
    assert (late.command_id, late.session_no, late.accepted) == ("", SESSION, True)
    harness.receive(virtual.charge_end(9))
    assert harness.told(RecordUploaded)[0].session_no == SESSION


def test_a_stop_is_repeated_under_its_serial_until_answered() -> None:
    harness = admitted()
    harness.submit(stop(GATEWAY, harness.wall_ms + 60_000))
    harness.pass_time(11.0)
    sent = harness.take_sent()
    assert len(sent) == 2 and sent[0] == sent[1]
    frame = decode(sent[0]).frame
    assert isinstance(frame, frames.Control) and frame.switch == 0
    harness.receive(virtual.control_reply(serial_of(sent[0]), 9))
    assert harness.told(StopAnswered)[0].accepted
    assert harness.ends("stop")[0].outcome is CommandOutcome.DONE


# -- while it charges


def test_samples_carry_our_session_while_the_gateway_says_its_number() -> None:
    harness = admitted()
    charge(harness)
    harness.receive(virtual.state(virtual.hole(status=virtual.BUSY, business_no=9, energy_wh=40), virtual.hole(1)))
    busy, idle = harness.told(MeterSampled)
    assert (busy.session_no, busy.status, busy.connector_no) == (SESSION, ConnectorStatus.CHARGING, 1)
    assert (busy.energy_mwh, busy.charged_s, busy.voltage_mv, busy.current_ma) == (40_000, 960, 229_700, 653)
    assert busy.power is not None and busy.power.now_mw == 150_000
    assert (idle.session_no, idle.status, idle.connector_no) == ("", ConnectorStatus.AVAILABLE, 2)


def test_a_report_on_the_gateways_own_account_is_acknowledged_once_and_tells_every_hole() -> None:
    harness = admitted()
    report = bytes.fromhex(
        "fcfe0091100000000000018224121800038204010110170a010200000000000000000901038224121800038265019403014a01"
        "04013effff0301071d0301961e28015b030108000301099004010a000904019508f704010b000404010c002a04010d00000401"
        "0e000028015b030108010301098004010a000004019508f704010b000104010c000104010d000004010e00005dfcee"
    )
    harness.receive(report)
    answers = said(harness)
    assert answers == [frames.StateAnswer(entries=tlv.build([(0x0F, b"\x01")]))]
    first, second = harness.told(MeterSampled)
    assert (first.status, first.current_ma, first.session_no) == (ConnectorStatus.CHARGING, 42, "")
    assert (second.connector_no, second.status) == (2, ConnectorStatus.AVAILABLE)


def test_asking_for_a_state_ends_with_the_state_of_that_socket() -> None:
    harness = admitted()
    assert ask(harness, ReadSample, connector_no=3) is None
    assert said(harness) == [frames.StateQuestion(socket=2)]
    harness.receive(virtual.state(virtual.hole(), socket=1))
    assert harness.ends("c") == []
    harness.receive(virtual.state(virtual.hole(), socket=2))
    assert harness.ends("c")[0].outcome is CommandOutcome.DONE


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0x00, "OFFLINE"),
        (0x80, "AVAILABLE"),
        (0x90, "CHARGING"),
        (0x84, "FAULTED"),
        (0xC0, "FAULTED"),
        (0x98, "CHARGING"),
    ],
)
def test_status_bits(status: int, expected: str) -> None:
    harness = admitted()
    harness.receive(virtual.state(virtual.hole(status=status)))
    assert harness.told(MeterSampled)[0].status is ConnectorStatus[expected]


def test_holes_and_sockets_that_do_not_exist_are_counted() -> None:
    harness = admitted()
    harness.receive(virtual.state(virtual.hole(2)) + virtual.state(virtual.hole(), socket=0))
    harness.receive(virtual.state(virtual.hole(), socket=251))
    harness.pass_time(61.0)
    assert harness.told(MeterSampled) == []
    assert sum(event.counts["short_body"] for event in harness.told(WireFaulted)) == 3


# -- settlement


def test_a_charge_by_time_is_settled_only_when_it_is_durable() -> None:
    harness = admitted()
    charge(harness)
    harness.receive(virtual.charge_end(9))
    (event,) = harness.told(RecordUploaded)
    assert (event.session_no, event.connector_no, event.energy_mwh) == (SESSION, 1, 80_000)
    assert (event.stop_class, event.stop_reason, event.stop_raw) == (StopClass.COMPLETED, "no_load", 0x98)
    assert event.usage is not None and (event.usage.charged_s, event.usage.tiers) == (2700, ())
    assert event.ended_at_ms is None and event.amount_hao == 0
    harness.pass_time(30.0)
    assert harness.take_sent() == []
    assert confirm(harness, event) is CommandOutcome.DONE
    assert said(harness) == [frames.EndAnswer(socket=1, result=1)]
    assert confirm(harness, event, "again") is CommandOutcome.REFUSED


def test_a_charge_by_tiers_tells_the_minutes_of_each() -> None:
    harness = admitted()
    charge(harness, limit=ChargeLimit(tiers=TIERS), balance_fen=100)
    harness.receive(virtual.tier_end(9))
    (event,) = harness.told(RecordUploaded)
    assert event.usage is not None and event.usage.max_power_mw == 300_000
    assert event.usage.tiers == (
        TierUsage(up_to_mw=200_000, charged_s=1020),
        TierUsage(up_to_mw=400_000, charged_s=1140),
        TierUsage(up_to_mw=600_000, charged_s=0),
        TierUsage(up_to_mw=None, charged_s=0),
        TierUsage(up_to_mw=None, charged_s=0),
    )
    assert (event.ended_at_ms, event.amount_hao) == (1_591_597_267_000, 1500)
    assert event.started_at_ms == 1_591_597_267_000 - 36 * 60_000


@pytest.mark.parametrize(("as_card", "kind"), [(True, frames.EndAnswer), (False, frames.ChargeEndAnswer)])
def test_how_an_end_is_answered_is_a_matter_of_the_profile(as_card: bool, kind: type[Frame]) -> None:
    profile = Profile(name="own", code_prefix="82", changes={"answers_end_as_card": as_card})
    harness = admitted(Plugin().adapt((profile,)))
    charge(harness)
    harness.receive(virtual.charge_end(9))
    confirm(harness, harness.told(RecordUploaded)[0])
    assert [type(frame) for frame in said(harness)] == [kind]


def test_numbers_are_remembered_beyond_the_connection() -> None:
    plugin = Plugin()
    harness = admitted(plugin)
    charge(harness)
    harness.abandon()
    later = admitted(plugin)
    later.receive(virtual.charge_end(9))
    assert later.told(RecordUploaded)[0].session_no == SESSION


def test_a_number_nobody_knows_is_never_taken_for_a_session() -> None:
    """After a restart of the process: the platform keeps the record, and nobody is billed for it by mistake."""
    harness = admitted()
    charge(harness)
    harness.receive(virtual.charge_end(10) + virtual.charge_end(0))
    assert [event.session_no for event in harness.told(RecordUploaded)] == ["", ""]
    for number, event in enumerate(harness.told(RecordUploaded)):
        assert confirm(harness, event, f"c{number}") is CommandOutcome.DONE


def test_a_number_that_comes_round_again_means_the_newer_charge() -> None:
    harness = admitted()
    charge(harness)
    second = session_no(GATEWAY, counter=2)
    charge(harness, session_no=second, command_id="second")
    harness.receive(virtual.charge_end(9))
    assert harness.told(RecordUploaded)[0].session_no == second


def test_a_fee_report_is_settled_in_its_own_words() -> None:
    harness = admitted()
    report = (
        "04010a0033" "03014a01" "03010800" "03010998" "04010b0000" "04010c0000" "04010d0000" "04010e0001"
        "09012e20240823101729" "0401850007" "0401860003"
    )  # fmt: skip
    harness.receive(up(frames.FeeEnd(entries=bytes.fromhex(report))))
    (event,) = harness.told(RecordUploaded)
    assert (event.amount_hao, event.connector_no) == (1000, 1)
    assert event.ended_at_ms == 1_724_379_449_000
    confirm(harness, event)
    assert said(harness) == [
        frames.FeeEndAnswer(entries=tlv.build([(0x0F, b"\x01"), (0x4A, b"\x01"), (0x08, b"\x00")]))
    ]


@pytest.mark.parametrize("year", ["07b2", "0000", "ffff"])
def test_clocks_that_were_never_set_tell_no_time(year: str) -> None:
    harness = admitted()
    raw = decode(virtual.tier_end(9)).frame
    assert isinstance(raw, frames.TierEnd)
    values = {column.name: getattr(raw, column.name) for column in raw.columns if column.name != "tier_count"}
    harness.receive(up(frames.TierEnd(**(values | {"ended_at": bytes.fromhex(year) + b"\x01\x01\x00\x00\x00"}))))
    (event,) = harness.told(RecordUploaded)
    assert (event.started_at_ms, event.ended_at_ms, event.closed_at_ms) == (None, None, None)


# -- cards


def test_a_card_is_asked_about_and_gets_its_order() -> None:
    harness = admitted()
    harness.receive(virtual.swipe(26))
    (question,) = harness.told(StartRequested)
    assert (question.card_id, question.method, question.connector_no) == ("0000000000298352", StartMethod.CARD, 1)
    outcome = ask(
        harness,
        AnswerStart,
        request_id=question.request_id,
        connector_no=1,
        accepted=True,
        refusal=ReplyRefusal.NONE,
        session_no=SESSION,
        card_label="1",
        balance_fen=500,
        limit=ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=7200),
    )
    assert outcome is None
    (raw,) = harness.take_sent()
    frame = decode(raw).frame
    assert isinstance(frame, frames.CardAnswer)
    assert (frame.business_no, frame.switch, frame.mode, frame.minutes) == (26, 1, 1, 120)
    harness.receive(up(frames.CardOrderReply(socket=1, hole=0, result=1), serial_of(raw)))
    assert harness.ends("c")[0].outcome is CommandOutcome.DONE
    assert harness.told(StartAnswered)[0].session_no == SESSION
    harness.receive(virtual.card_end(26))
    (record,) = harness.told(RecordUploaded)
    assert (record.session_no, record.method, record.card_id) == (SESSION, StartMethod.CARD, "0000000000298352")


def test_a_card_nobody_answers_for_hears_no_after_a_while() -> None:
    harness = admitted()
    harness.receive(virtual.swipe(26))
    harness.pass_time(11.0)
    (frame,) = said(harness)
    assert isinstance(frame, frames.CardAnswer) and (frame.switch, frame.business_no) == (0, 26)


def test_a_balance_is_told() -> None:
    harness = admitted()
    harness.receive(virtual.balance_question())
    (question,) = harness.told(BalanceAsked)
    outcome = ask(harness, AnswerBalance, request_id=question.request_id, refusal=ReplyRefusal.NONE, balance_fen=5001)
    assert outcome is CommandOutcome.DONE
    assert said(harness) == [frames.BalanceAnswer(socket=2, hole=0, card_id=virtual.CARD, balance_fen=5001)]


# -- settings


def test_settings_of_a_socket_are_written_and_read_back() -> None:
    harness = admitted()
    assert ask(harness, WriteParameters, group="socket:2", values={"full_power_dw": 100, "too_hot_c": 85}) is None
    (raw,) = harness.take_sent()
    assert tlv.parse(decode(raw).parcel.content) == [(0x4A, b"\x02"), (0x23, b"\x00\x64"), (0x25, b"\x55")]
    yes = tlv.build([(0x4A, b"\x02"), (0x0F, b"\x01")])
    harness.receive(up(frames.WriteReply(entries=yes), serial_of(raw)))
    (raw,) = harness.take_sent()
    assert isinstance(decode(raw).frame, frames.ReadParameters)
    harness.receive(up(frames.ReadReply(entries=yes + tlv.build([(0x23, b"\x00\x64")])), serial_of(raw)))
    (end,) = harness.ends("c")
    assert end.outcome is CommandOutcome.DONE and '"full_power_dw":100' in end.detail


def test_the_list_of_sockets_is_pushed_in_order() -> None:
    harness = admitted()
    values = {"channel": 4, "2": "450030700743", "1": "450030700247"}
    assert ask(harness, WriteParameters, group="sockets", values=values) is None
    (raw,) = harness.take_sent()
    frame = decode(raw).frame
    assert isinstance(frame, frames.SocketList) and frame.channel == 4
    assert [(each.socket, each.mac) for each in frame.sockets] == [(1, "450030700247"), (2, "450030700743")]
    harness.receive(up(frames.SocketListReply(result=1), serial_of(raw)))
    assert harness.ends("c")[0].outcome is CommandOutcome.DONE


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("socket:0", {"too_hot_c": 1}),
        ("socket:251", {"too_hot_c": 1}),
        ("socket:x", {"too_hot_c": 1}),
        ("charging", {"too_hot_c": 1}),
        ("socket:1", {}),
        ("socket:1", {"colour": 1}),
        ("socket:1", {"too_hot_c": 256}),
        ("socket:1", {"too_hot_c": "85"}),
        ("sockets", {"channel": 16}),
        ("sockets", {"1": "45"}),
        ("sockets", {"1": "zz0030700743"}),
        ("sockets", {"1": "450030700743", "01": "450030700743"}),
    ],
)
def test_settings_that_cannot_be_are_refused_before_the_wire(group: str, values: dict[str, int | str]) -> None:
    harness = admitted()
    assert ask(harness, WriteParameters, group=group, values=values) is CommandOutcome.REFUSED
    assert harness.ends("c")[0].reason.startswith("invalid") and not harness.sent


def test_a_group_nobody_has_cannot_be_read() -> None:
    harness = admitted()
    assert ask(harness, ReadParameters, group="sockets") is CommandOutcome.REFUSED


def test_trouble_is_told_and_acknowledged() -> None:
    harness = admitted()
    harness.receive(up(frames.Trouble(entries=tlv.build([(0x4A, b"\x02"), (0x54, b"\x08")]))))
    (event,) = harness.told(HazardReported)
    assert (event.hazard, event.fire, event.detail_raw) == ("event_8", False, 8)
    assert said(harness) == [frames.TroubleAnswer(entries=tlv.build([(0x4A, b"\x02"), (0x0F, b"\x01")]))]
