"""Every frame of a board is taken by somebody: nothing is forgotten."""

from __future__ import annotations

from chargecloud.protocols.dny import host
from chargecloud.protocols.dny.codec import decode
from chargecloud.protocols.dny.frames import UPLINKS, answers
from chargecloud.protocols.dny.frames.acks import HeartbeatAck
from chargecloud.protocols.dny.uplinks import HANDLERS, RESULTS, one_byte_ack
from chargecloud.protocols.dny.vendor import HOST_COMMANDS
from chargecloud.protocols.wire.schema import Direction
from tests.support import dny

PACKETS = {
    answers.OtaReply, answers.PowerBoardOtaReply, answers.HostWideOtaReply, answers.OldOtaReply,
    answers.OldHostOtaReply, answers.HostOtaReply,
}  # fmt: skip
"""Answers to firmware packets, which this platform does not send yet; see NOTES.md."""


def test_every_uplink_is_taken_by_a_handler_or_the_host() -> None:
    taken = set(HANDLERS) | host.HOST_REPORTS | PACKETS
    assert {f"0x{kind.code:02X} {kind.__name__}" for kind in UPLINKS.values() if kind not in taken} == set()
    assert not set(HANDLERS) & host.HOST_REPORTS


def test_every_plain_result_has_its_byte() -> None:
    assert all(kind.columns[0].name == "result" for kind in RESULTS)
    assert {code for code in HOST_COMMANDS if UPLINKS[code] not in RESULTS} == set()


def test_the_fast_answer_is_the_typed_one() -> None:
    raw = one_byte_ack(dny.heartbeat(message_id=0x1234))
    decoded = decode(raw, Direction.DOWN)
    assert decoded.frame == HeartbeatAck(result=0)
    assert (decoded.physical_id, decoded.message_id) == (dny.PHYSICAL_ID, 0x1234)
    assert sum(raw[:-2]) & 0xFFFF == int.from_bytes(raw[-2:], "little")
