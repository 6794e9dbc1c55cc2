"""The verbs every conversation shares."""

from __future__ import annotations

from math import inf

from chargecloud.device.commands import Reboot
from chargecloud.device.events import CommandEnded, CommandOutcome, WireFaulted
from chargecloud.protocols.common.conversation import OUTPUT_MAX, BaseConversation
from chargecloud.protocols.common.faults import BAD_MAX, REPORT_EVERY_S
from chargecloud.protocols.dny.framing import FRAMING


def conversation() -> BaseConversation:
    return BaseConversation(FRAMING, 0.0, silence_s=60.0)


def test_an_end_names_its_command_and_carries_facts_as_json() -> None:
    talk = conversation()
    talk.end(Reboot(command_id="r", charge_point_code="c", expires_at_ms=0), CommandOutcome.DONE, "why", {"a": 1})
    assert talk.events == [
        CommandEnded(
            charge_point_code="c",
            command_id="r",
            command="Reboot",
            outcome=CommandOutcome.DONE,
            reason="why",
            detail='{"a":1}',
        )
    ]


def test_output_and_log_are_bounded_and_the_loss_is_counted() -> None:
    talk = conversation()
    for _ in range(OUTPUT_MAX + 3):
        talk.say_bytes(b"x")
    assert len(talk.output) == OUTPUT_MAX and len(talk.log) == 2 * OUTPUT_MAX
    assert talk.faults is not None and talk.faults.counts == {"output_full": 3}


def test_the_earliest_wish_to_be_woken_counts() -> None:
    talk = conversation()
    assert talk.wake == inf
    for when in (5.0, 3.0, 9.0):
        talk.wake_at(when)
    assert talk.wake == 3.0


def test_faults_are_told_once_we_know_who_and_then_keep_their_distance() -> None:
    talk = conversation()
    talk.fault("crc")
    talk.report_faults(force=True)
    assert talk.events == [] and talk.wake == 0.0
    talk.charge_point_code = "c"
    talk.report_faults(force=False)
    assert talk.events == [WireFaulted(charge_point_code="c", counts={"crc": 1})]
    talk.wake = inf
    talk.fault("crc")
    talk.report_faults(force=False)
    assert len(talk.events) == 1 and talk.wake == REPORT_EVERY_S


def test_too_much_damage_closes_and_the_first_reason_stays() -> None:
    talk = conversation()
    talk.charge_point_code = "c"
    for _ in range(BAD_MAX):
        talk.fault("crc")
    talk.close("later")
    assert talk.closing and talk.close_reason == "bad_frames"
    assert talk.events == [WireFaulted(charge_point_code="c", counts={"crc": BAD_MAX})]
