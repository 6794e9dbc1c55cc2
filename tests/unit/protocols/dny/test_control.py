"""Starts, stops and new limits: what is sent, what the answers mean, what happens without any."""

from __future__ import annotations

import msgspec
import pytest

from chargecloud.device.commands import ChangeLimit, ChargeLimit, ChargeMode, DeviceCommand
from chargecloud.device.events import ChargeFaulted, CommandOutcome, StartAnswered, StartRefusal, StopAnswered
from chargecloud.protocols.dny.frames import answers, commands
from chargecloud.protocols.dny.frames.commands import ChargeControl
from chargecloud.testing.commands import session_no, start, stop
from chargecloud.testing.harness import Harness
from tests.support import dny
from tests.support.dny_harness import SESSION, admitted, expiry, said


def begin(harness: Harness, **changes: object) -> ChargeControl:
    """Submit a start and give what was sent."""
    harness.submit(start(dny.CODE, expiry(harness), **changes))
    (frame,) = said(harness)
    assert isinstance(frame, ChargeControl)
    return frame


def outcome(harness: Harness, command_id: str) -> tuple[CommandOutcome, str]:
    (end,) = harness.ends(command_id)
    return end.outcome, end.reason


def keep_alive(harness: Harness, seconds: float) -> None:
    for _ in range(int(seconds // 15)):
        harness.receive(b"link")
        harness.pass_time(15.0)


def test_a_start_without_limit_is_until_full() -> None:
    frame = begin(admitted())
    assert (frame.action, frame.rate_mode, frame.amount, frame.port_no) == (1, 0, 0, 0)
    assert frame.order_no.hex().upper() == SESSION and frame.balance_or_expiry == 100_000


@pytest.mark.parametrize(
    ("limit", "rate_mode", "amount", "full_stop"),
    [
        (ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=14_400), 0, 14_400, 0),
        (ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=60, stop_when_full=True), 0, 60, 1),
        (ChargeLimit(mode=ChargeMode.BY_ENERGY, energy_mwh=1_009_999), 2, 100, 0),
        (ChargeLimit(mode=ChargeMode.UNTIL_FULL, stop_when_full=True), 0, 0, 0),
        (ChargeLimit(mode=ChargeMode.SUBSCRIPTION), 1, 0, 0),
        (ChargeLimit(mode=ChargeMode.PER_USE), 3, 0, 0),
    ],
)
def test_every_mode(limit: ChargeLimit, rate_mode: int, amount: int, full_stop: int) -> None:
    frame = begin(admitted(), limit=limit)
    assert (frame.rate_mode, frame.amount, frame.force_full_stop) == (rate_mode, amount, full_stop)


def test_limits_of_time_and_power_go_along() -> None:
    frame = begin(admitted(), limit=ChargeLimit(max_duration_s=36_000, max_power_mw=600_000))
    assert (frame.max_duration_s, frame.overload_power_dw) == (36_000, 6_000)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"limit": ChargeLimit(mode=ChargeMode.BY_TIME)}, "needs more than nothing"),
        ({"limit": ChargeLimit(mode=ChargeMode.BY_ENERGY, energy_mwh=9_999)}, "needs more than nothing"),
        ({"limit": ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=65_536)}, "65536 is not within"),
        ({"limit": ChargeLimit(max_power_mw=6_553_600)}, "max_power_mw"),
        ({"session_no": "12345678901234567"}, "does not have 32 hex digits"),
        ({"session_no": "0" * 32}, "other than zero"),
        ({"session_no": "G" * 32}, "non-hexadecimal"),
        ({"connector_no": 255}, "connector 255"),
    ],
)
def test_what_the_wire_cannot_carry_is_refused_by_name(changes: dict[str, object], what: str) -> None:
    harness = admitted()
    harness.submit(start(dny.CODE, expiry(harness), **changes))
    assert harness.take_sent() == []
    result, reason = outcome(harness, "start")
    assert result is CommandOutcome.REFUSED and what in reason


def test_a_done_start() -> None:
    harness = admitted()
    begin(harness)
    harness.receive(dny.control_reply(SESSION))
    (answer,) = harness.told(StartAnswered)
    assert answer.accepted and answer.refusal is StartRefusal.NONE and answer.session_no == SESSION
    assert outcome(harness, "start")[0] is CommandOutcome.DONE
    harness.pass_time(60.0)
    assert harness.take_sent() == [], "an answer is never answered"


@pytest.mark.parametrize(
    ("result", "refusal"),
    [
        (0x01, StartRefusal.NOT_PLUGGED), (0x02, StartRefusal.ALREADY_CHARGING), (0x04, StartRefusal.OTHER),
        (0x07, StartRefusal.FAULTED), (0x0B, StartRefusal.FAULTED), (0x0E, StartRefusal.OFFLINE),
        (0x77, StartRefusal.FAULTED),
    ],
)  # fmt: skip
def test_a_start_that_was_not_done(result: int, refusal: StartRefusal) -> None:
    harness = admitted()
    begin(harness)
    harness.receive(dny.control_reply(SESSION, result=result))
    (answer,) = harness.told(StartAnswered)
    assert not answer.accepted and (answer.refusal, answer.refusal_raw) == (refusal, result)
    assert outcome(harness, "start")[0] is CommandOutcome.REFUSED


@pytest.mark.parametrize(("result", "error"), [(3, "port_fault"), (9, "precheck_relay_welded")])
def test_executed_with_a_fault_is_a_start_and_a_fault(result: int, error: str) -> None:
    harness = admitted()
    begin(harness)
    harness.receive(dny.control_reply(SESSION, result=result))
    (fault,) = harness.told(ChargeFaulted)
    assert harness.told(StartAnswered)[0].accepted and fault.errors == (error,) and fault.session_no == SESSION
    assert outcome(harness, "start")[0] is CommandOutcome.DONE


def test_the_board_chooses_the_connector() -> None:
    harness = admitted()
    assert begin(harness, connector_no=0).port_no == 0xFF
    harness.receive(dny.control_reply(SESSION, port=1))
    assert harness.told(StartAnswered)[0].connector_no == 2


def test_the_board_cannot_choose() -> None:
    harness = admitted()
    begin(harness, connector_no=0)
    harness.receive(dny.control_reply(SESSION, result=5, port=0xFF, ports=0b11))
    (answer,) = harness.told(StartAnswered)
    assert answer.refusal is StartRefusal.CHOOSE_CONNECTOR and answer.waiting_connectors == (1, 2)


def test_a_short_answer_is_never_a_success() -> None:
    harness = admitted()
    begin(harness)
    short = answers.ChargeControlReply(result=0, order_no=None, port_no=None, pending_ports=None)
    harness.receive(dny.up(short, message_id=1))
    assert not harness.told(StartAnswered)[0].accepted
    assert outcome(harness, "start") == (CommandOutcome.REFUSED, "short_answer")


def test_silence_is_repeated_once_under_the_same_id_and_then_unknown() -> None:
    harness = admitted()
    harness.submit(start(dny.CODE, expiry(harness)))
    harness.pass_time(14.9)
    (first,) = harness.take_sent()
    harness.pass_time(0.2)
    assert harness.take_sent() == [first], "byte for byte, message id included"
    harness.pass_time(15.0)
    assert outcome(harness, "start") == (CommandOutcome.UNANSWERED, "no_answer")
    assert harness.told(StartAnswered) == [], "unknown is not failed"
    harness.pass_time(1.0)
    assert said(harness) == [commands.QueryStatus()]


def test_a_late_answer_is_told_without_a_command() -> None:
    harness = admitted()
    begin(harness)
    keep_alive(harness, 45.0)
    harness.receive(dny.control_reply(SESSION))
    (answer,) = harness.told(StartAnswered)
    assert answer.accepted and answer.command_id == "" and answer.session_no == SESSION
    harness.receive(dny.control_reply(SESSION))
    assert len(harness.told(StartAnswered)) == 1


def test_shorter_forms_are_tried_when_nothing_answers() -> None:
    harness = admitted()  # firmware 6.40 of type 0x31 begins with 37 bytes
    sizes = []
    for number in range(4):
        harness.submit(start(dny.CODE, expiry(harness), command_id=f"s{number}"))
        keep_alive(harness, 45.0)
        sizes.append(next(len(raw) - 14 for raw in harness.take_sent() if raw[11] == 0x82))
    assert sizes == [37, 29, 29, 29]


def test_the_newest_form_comes_first_for_unknown_models() -> None:
    harness = admitted(firmware=900)
    harness.submit(start(dny.CODE, expiry(harness)))
    (raw,) = harness.take_sent()
    assert len(raw) - 14 == 38


def test_a_form_that_was_answered_is_kept() -> None:
    harness = admitted()
    begin(harness)
    harness.receive(dny.control_reply(SESSION))
    for number in range(2):
        harness.submit(start(dny.CODE, expiry(harness), command_id=f"s{number}"))
        keep_alive(harness, 45.0)
    assert {len(raw) - 14 for raw in harness.take_sent() if raw[11] == 0x82} == {37}


def test_a_stop_names_port_and_order_and_does_not_wait_for_a_start() -> None:
    harness = admitted()
    begin(harness)
    harness.submit(stop(dny.CODE, expiry(harness)))
    assert harness.take_sent() == [], "half a second between two commands"
    harness.pass_time(0.5)
    (frame,) = said(harness)
    assert isinstance(frame, ChargeControl)
    assert (frame.action, frame.port_no, frame.order_no.hex().upper()) == (0, 0, SESSION)
    assert (frame.rate_mode, frame.amount, frame.max_duration_s) == (0, 0, 0)


@pytest.mark.parametrize(
    ("result", "accepted", "reason"),
    [(0, True, "none"), (3, True, "none"), (2, False, "not_charging"), (4, False, "other")],
)
def test_answers_to_a_stop(result: int, accepted: bool, reason: str) -> None:
    harness = admitted()
    harness.submit(stop(dny.CODE, expiry(harness)))
    harness.receive(dny.control_reply(SESSION, result=result))
    (answer,) = harness.told(StopAnswered)
    assert (answer.command_id, answer.accepted, answer.reason) == ("stop", accepted, reason)
    assert outcome(harness, "stop")[0] is (CommandOutcome.DONE if accepted else CommandOutcome.REFUSED)


def test_a_late_answer_to_a_stop_is_no_start() -> None:
    harness = admitted()
    harness.submit(stop(dny.CODE, expiry(harness)))
    keep_alive(harness, 45.0)
    harness.receive(dny.control_reply(SESSION))
    assert harness.told(StartAnswered) == [] and harness.told(StopAnswered)[0].command_id == ""


def test_a_refusal_without_an_order_belongs_to_its_message_id() -> None:
    """Captured: answers with code 2 and an order of zeros."""
    harness = admitted()
    begin(harness)
    harness.receive(dny.control_reply("0" * 32, result=2))
    assert outcome(harness, "start")[0] is CommandOutcome.REFUSED


def test_an_answer_about_another_order_is_nobodys() -> None:
    harness = admitted()
    begin(harness)
    harness.receive(dny.control_reply(session_no(dny.CODE, counter=99)))
    assert harness.ends("start") == [] and harness.told(StartAnswered) == []


def limit_of(harness: Harness, limit: ChargeLimit) -> DeviceCommand:
    return ChangeLimit(
        command_id="limit",
        charge_point_code=dny.CODE,
        expires_at_ms=expiry(harness),
        connector_no=2,
        session_no=SESSION,
        limit=limit,
    )


@pytest.mark.parametrize(
    ("limit", "mode", "amount"),
    [
        (ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=28_800), 0, 28_800),
        (ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=28_800, stop_when_full=True), 1, 28_800),
        (ChargeLimit(mode=ChargeMode.BY_ENERGY, energy_mwh=500_000), 2, 50),
    ],
)
def test_a_new_limit_is_a_new_total(limit: ChargeLimit, mode: int, amount: int) -> None:
    harness = admitted()
    harness.submit(limit_of(harness, limit))
    assert said(harness) == [commands.ModifyCharge(rate_mode=mode, port_no=1, amount=amount)]
    harness.receive(dny.up(answers.ModifyChargeReply(result=0), message_id=1))
    assert outcome(harness, "limit")[0] is CommandOutcome.DONE


def test_a_new_limit_can_be_refused() -> None:
    harness = admitted()
    harness.submit(limit_of(harness, ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=60)))
    harness.receive(dny.up(answers.ModifyChargeReply(result=2), message_id=1))
    assert outcome(harness, "limit") == (CommandOutcome.REFUSED, "below_current")
    harness.pass_time(1.0)
    harness.submit(limit_of(harness, ChargeLimit()))
    assert "by time or by energy" in harness.ends("limit")[-1].reason
    nowhere = msgspec.structs.replace(
        limit_of(harness, ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=60)), connector_no=0, command_id="nowhere"
    )
    harness.submit(nowhere)
    assert "names its connector" in outcome(harness, "nowhere")[1]
