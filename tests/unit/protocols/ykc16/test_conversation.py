"""The verbs the parts of a conversation share."""

from __future__ import annotations

from math import inf

from chargecloud.protocols.common.conversation import OUTPUT_MAX
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.conversation import Conversation
from tests.support import ykc

BEAT = frames.HeartbeatAck(pile_code=ykc.CODE, gun_no="01", heartbeat_result=0)


def test_sequence_numbers_count_low_byte_first_and_wrap() -> None:
    talk = Conversation(0.0, ())
    numbers = [talk.next_sequence() for _ in range(0x10001)]
    assert numbers[:2] == [b"\x00\x00", b"\x01\x00"] and numbers[256] == b"\x00\x01"
    assert numbers[0xFFFF] == b"\xff\xff" and numbers[0x10000] == b"\x00\x00"


def test_connectors_are_written_the_way_the_charge_point_writes_them() -> None:
    talk = Conversation(0.0, ())
    assert (talk.gun(1), talk.gun(10), talk.gun(12)) == ("01", "10", "12")
    talk.note_gun("01", 1)
    talk.note_gun("0A", 10)
    assert (talk.gun(1), talk.gun(10), talk.gun(12)) == ("01", "0A", "12")


def test_the_earliest_wake_stays() -> None:
    talk = Conversation(0.0, ())
    assert talk.wake == inf
    for when in (5.0, 3.0, 4.0):
        talk.wake_at(when)
    assert talk.wake == 3.0


def test_output_nobody_takes_is_bounded_and_counted() -> None:
    talk = Conversation(0.0, ())
    for _ in range(OUTPUT_MAX + 3):
        talk.say(BEAT, b"\x00\x00")
    assert len(talk.output) == OUTPUT_MAX and len(talk.log) == 2 * OUTPUT_MAX
    assert talk.faults is not None and talk.faults.counts == {"output_full": 3}


def test_the_first_reason_to_close_stays() -> None:
    talk = Conversation(0.0, ())
    talk.close("first")
    talk.close("second")
    assert talk.closing and talk.close_reason == "first"
