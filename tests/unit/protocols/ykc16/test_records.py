"""0x3B and 0x40: nothing is confirmed that is not durable, nothing durable stays unconfirmed."""

from __future__ import annotations

from chargecloud.device.commands import ConfirmRecord
from chargecloud.device.events import CommandOutcome, RecordUploaded
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.records import SETTLING_S, UPLOADS_MAX
from chargecloud.testing.commands import session_no
from chargecloud.testing.harness import Harness
from tests.support import ykc
from tests.support.ykc_harness import admitted, expiry

TRADE = session_no(ykc.CODE)


def confirm(harness: Harness, *, command_id: str = "confirm", accepted: bool = True, connector_no: int = 1) -> None:
    harness.submit(
        ConfirmRecord(
            command_id=command_id,
            charge_point_code=ykc.CODE,
            expires_at_ms=expiry(harness),
            connector_no=connector_no,
            session_no=TRADE,
            accepted=accepted,
        )
    )


def test_the_answer_uses_the_number_of_the_last_upload() -> None:
    """YKC16 resends under a new sequence number (文档 §4.7)."""
    harness = admitted()
    harness.receive(ykc.up(ykc.record(TRADE), 0x0010))
    harness.pass_time(30.0)
    harness.receive(ykc.up(ykc.record(TRADE), 0x0011))
    confirm(harness)
    (raw,) = harness.take_sent()
    assert raw[2:4] == b"\x11\x00"
    assert ykc.down(raw) == frames.TransactionRecordConfirm(trade_no=TRADE, confirm_result=0)


def test_the_same_record_on_its_way_is_told_once() -> None:
    harness = admitted()
    for sequence in (1, 2, 3):
        harness.receive(ykc.up(ykc.record(TRADE), sequence))
        harness.pass_time(1.0)
    assert len(harness.told(RecordUploaded)) == 1
    harness.pass_time(SETTLING_S)
    harness.receive(ykc.up(ykc.record(TRADE), 4))
    assert len(harness.told(RecordUploaded)) == 2, "the first may have been lost on its way to the business"
    confirm(harness)
    assert harness.take_sent()[0][2:4] == b"\x04\x00"


def test_an_upload_on_its_way_is_answered_under_its_last_number() -> None:
    harness = admitted()
    for sequence in (1, 2):
        harness.receive(ykc.up(ykc.record(TRADE), sequence))
    confirm(harness)
    (raw,) = harness.take_sent()
    assert raw[2:4] == b"\x02\x00"


def test_another_content_under_the_same_number_is_told_at_once() -> None:
    harness = admitted()
    harness.receive(ykc.up(ykc.record(TRADE)))
    harness.receive(ykc.up(ykc.record(TRADE, total_amount=1)))
    first, second = harness.told(RecordUploaded)
    assert first.raw != second.raw and first.session_no == second.session_no


def test_a_record_is_confirmed_once() -> None:
    harness = admitted()
    harness.receive(ykc.up(ykc.record(TRADE)))
    confirm(harness)
    confirm(harness, command_id="twice")
    assert ykc.downs(harness.take_sent()) == [0x40]
    assert [(end.outcome, end.reason) for end in harness.ends("twice")] == [(CommandOutcome.REFUSED, "not_waiting")]


def test_a_confirmation_for_the_other_connector_is_not_ours() -> None:
    harness = admitted()
    harness.receive(ykc.up(ykc.record(TRADE)))
    confirm(harness, connector_no=2)
    assert harness.take_sent() == []


def test_d24_one_is_said_only_of_a_record_that_can_never_be_stored() -> None:
    harness = admitted()
    harness.receive(ykc.up(ykc.record(TRADE)))
    confirm(harness, accepted=False)
    (raw,) = harness.take_sent()
    assert ykc.down(raw) == frames.TransactionRecordConfirm(trade_no=TRADE, confirm_result=1)


def test_a_record_of_an_order_nobody_knows_is_told_like_any_other() -> None:
    """Offline charges make their own numbers (文档 §4.8)."""
    harness = admitted()
    harness.receive(ykc.up(ykc.record("F" * 32, trade_mark=4)))
    (event,) = harness.told(RecordUploaded)
    assert event.session_no == "F" * 32


def test_what_waits_for_confirmation_is_bounded() -> None:
    harness = admitted()
    for counter in range(UPLOADS_MAX + 50):
        harness.receive(ykc.up(ykc.record(session_no(ykc.CODE, 1, counter))))
    assert len(harness.told(RecordUploaded)) == UPLOADS_MAX + 50
    assert len(harness.connection.uploads) == UPLOADS_MAX  # type: ignore[attr-defined]
