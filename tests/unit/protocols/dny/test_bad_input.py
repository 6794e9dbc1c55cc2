"""What real lines carry besides good frames; the other tests of this kind are listed in the protocol's NOTES."""

from __future__ import annotations

import pytest

from chargecloud.device.commands import ConfirmRecord
from chargecloud.device.events import CommandOutcome, RecordUploaded
from chargecloud.protocols.dny.codec import decode
from chargecloud.protocols.wire.schema import Direction
from tests.support import dny
from tests.support.dny_harness import admitted, expiry

ORDERS = (
    bytes(range(16)),
    b"DNY\x09\x00DNY\x1d\x00link89",
    b"\xff" * 16,
    b"\x00" * 15 + b"\x01",
    "充电订单一号".encode("gb18030").ljust(16, b"\xfe"),
    bytes(16),
)


@pytest.mark.parametrize("order", ORDERS, ids=bytes.hex)
def test_order_numbers_of_any_bytes_are_told_and_confirmed_as_they_came(order: bytes) -> None:
    harness = admitted()
    stream = dny.heartbeat() + dny.settlement(order=order, message_id=77) + dny.heartbeat()
    for at in range(0, len(stream), 5):
        harness.receive(stream[at : at + 5])
    (event,) = harness.told(RecordUploaded)
    assert event.session_no == order.hex().upper() and event.raw[13:29] == order
    harness.take_sent()
    command = ConfirmRecord(
        command_id="c",
        charge_point_code=dny.CODE,
        expires_at_ms=expiry(harness),
        connector_no=1,
        session_no=event.session_no,
    )
    harness.submit(command)
    assert [end.outcome for end in harness.ends("c")] == [CommandOutcome.DONE]
    assert dny.message_ids(harness.take_sent()) == [77]


@pytest.mark.parametrize("timestamp", [1, 7, 0x7FFFFFFF, 0xFFFFFFFF])
def test_any_clock_is_told_as_it_is_and_never_raises(timestamp: int) -> None:
    harness = admitted()
    harness.receive(dny.settlement(timestamp=timestamp) + dny.progress(dny.ORDER.hex(), timestamp=timestamp))
    (event,) = harness.told(RecordUploaded)
    assert event.ended_at_ms == timestamp * 1000


@pytest.mark.parametrize("length", [0, 1, 8, 9, 13, 15, 250, 1019, 1020, 0x7FFF, 0xFFFF])
def test_a_frame_whose_length_lies_swallows_nothing_for_good(length: int) -> None:
    """Too short or too long is garbage at once; a plausible lie is given up when its time is over."""
    harness = admitted()
    lying = b"DNY" + length.to_bytes(2, "little") + dny.heartbeat()[5:-2]
    harness.receive(lying + dny.heartbeat(message_id=9))
    for _ in range(4):
        harness.pass_time(11.0)
        harness.receive(b"link")
    answered = [decode(raw, Direction.DOWN).message_id for raw in harness.take_sent()]
    assert 9 in answered
