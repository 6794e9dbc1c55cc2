"""The first heartbeat introduces a gateway; the platform decides; the answer is the time."""

from __future__ import annotations

from math import inf

from chargecloud.device.commands import AnswerBoot
from chargecloud.device.events import CommandOutcome
from chargecloud.protocols.common.profiles import dialect_of
from chargecloud_bkv.conversation import Conversation
from chargecloud_bkv.frames import Heartbeat, HeartbeatAnswer
from chargecloud_bkv.mapping import uplink
from chargecloud_bkv.mapping.values import time_digits
from chargecloud_bkv.quirks import PLAIN

BOOT_LIMIT_S = 10.0


def on_heartbeat(talk: Conversation, frame: Heartbeat, gateway_id: str, serial: int) -> None:
    """0000. One that comes again while the platform decides is answered with the decision."""
    if talk.admitted:
        _answer(talk, serial)
        talk.tell(uplink.beat(talk.charge_point_code))
    elif not talk.charge_point_code:
        talk.charge_point_code = gateway_id
        firmware = uplink.firmware(frame)
        talk.adopt(dialect_of(PLAIN, talk.profiles, code=gateway_id, firmware=firmware))
        talk.boot_due = talk.now + BOOT_LIMIT_S
        talk.wake_at(talk.now if talk.faults else talk.boot_due)
        talk.tell(uplink.booted(gateway_id, frame, talk.dialect))


def answer_boot(talk: Conversation, command: AnswerBoot) -> None:
    """The platform's decision. BKV has no word for no: the connection ends unanswered."""
    if talk.boot_due == inf:
        talk.end(command, CommandOutcome.REFUSED, "not_waiting")
        return
    talk.boot_due = inf
    talk.admitted = command.accepted
    if command.accepted:
        _answer(talk, 0)
    else:
        talk.close("refused")
    talk.end(command, CommandOutcome.DONE)


def sweep(talk: Conversation) -> None:
    """Part from a gateway the platform has said nothing about."""
    if talk.now >= talk.boot_due:
        talk.close("boot_unanswered")
    elif talk.boot_due < inf:
        talk.wake_at(talk.boot_due)


def _answer(talk: Conversation, serial: int) -> None:
    talk.reply(HeartbeatAnswer(server_time=time_digits(talk.wall_ms)), serial)
