"""Settlements: told, answered when durable, told again when they come again."""

from __future__ import annotations

from chargecloud.device.commands import ConfirmRecord
from chargecloud.device.events import CommandOutcome, RecordUploaded
from chargecloud.protocols.dny.frames import acks
from chargecloud.protocols.dny.records import SETTLING_S, UPLOADS_MAX
from chargecloud.testing.harness import Harness
from tests.support import dny
from tests.support.dny_harness import admitted, expiry, said

SESSION = dny.ORDER.hex().upper()


def confirm(harness: Harness, session: str = SESSION, *, code: str = dny.CODE, accepted: bool = True) -> CommandOutcome:
    command = ConfirmRecord(
        command_id=f"confirm {len(harness.events)}",
        charge_point_code=code,
        expires_at_ms=expiry(harness),
        connector_no=1,
        session_no=session,
        accepted=accepted,
    )
    harness.submit(command)
    (end,) = harness.ends(command.command_id)
    return end.outcome


def test_nothing_is_answered_before_the_platform_says_so() -> None:
    harness = admitted()
    harness.receive(dny.settlement(message_id=0x43))
    harness.pass_time(60.0)
    assert harness.take_sent() == []
    assert confirm(harness) is CommandOutcome.DONE
    assert dny.message_ids(harness.sent) == [0x43] and said(harness) == [acks.SettlementAck(result=0)]


def test_a_record_the_platform_disputes_is_answered_too() -> None:
    """Durable is all the board has to hear; anything but 0 would make it repeat for ever."""
    harness = admitted()
    harness.receive(dny.settlement())
    assert confirm(harness, accepted=False) is CommandOutcome.DONE
    assert said(harness) == [acks.SettlementAck(result=0)]


def test_repetitions_of_half_an_hour_are_told_and_answered_each() -> None:
    harness = admitted()
    for message_id in (3, 4, 5):
        harness.receive(dny.settlement(message_id=message_id))
        assert confirm(harness) is CommandOutcome.DONE
        assert dny.message_ids(harness.take_sent()) == [message_id]
        for _ in range(60):
            harness.receive(b"link")
            harness.pass_time(30.0)
            harness.receive(dny.heartbeat())
        harness.take_sent()
    assert len(harness.told(RecordUploaded)) == 3


def test_a_retransmission_is_one_upload_answered_under_the_newest_id() -> None:
    harness = admitted()
    harness.receive(dny.settlement(message_id=3))
    harness.pass_time(SETTLING_S - 1)
    harness.receive(dny.settlement(message_id=4))
    assert len(harness.told(RecordUploaded)) == 1
    confirm(harness)
    assert dny.message_ids(harness.take_sent()) == [4]
    assert confirm(harness) is CommandOutcome.REFUSED, "answered once"


def test_another_content_under_the_same_order_is_told_at_once() -> None:
    harness = admitted()
    harness.receive(dny.settlement() + dny.settlement(energy_001kwh=62))
    assert [event.energy_mwh for event in harness.told(RecordUploaded)] == [610_000, 620_000]


def test_boards_settle_apart() -> None:
    harness = admitted(dny.PHYSICAL_ID, dny.OTHER_ID)
    harness.receive(dny.settlement(message_id=3) + dny.settlement(physical_id=dny.OTHER_ID, message_id=9))
    assert [event.charge_point_code for event in harness.told(RecordUploaded)] == [dny.CODE, dny.OTHER_CODE]
    confirm(harness, code=dny.OTHER_CODE)
    (raw,) = harness.take_sent()
    assert int.from_bytes(raw[5:9], "little") == dny.OTHER_ID and dny.message_ids([raw]) == [9]


def test_an_order_of_zeros_can_be_confirmed_as_well() -> None:
    harness = admitted()
    harness.receive(dny.settlement(order=bytes(16)))
    assert harness.told(RecordUploaded)[0].session_no == "0" * 32
    assert confirm(harness, "0" * 32) is CommandOutcome.DONE


def test_what_waits_for_confirmation_is_bounded() -> None:
    harness = admitted()
    for number in range(UPLOADS_MAX + 1):
        harness.receive(dny.settlement(order=number.to_bytes(16, "big")))
    assert confirm(harness, "0" * 32) is CommandOutcome.REFUSED, "forgotten, it will come again"
    assert confirm(harness, f"{UPLOADS_MAX:032X}") is CommandOutcome.DONE
