"""Tariffs: 0x05/0x06 compares, 0x09/0x0A hands over, 0x58 pushes. The tariff is the one the platform gave last."""

from __future__ import annotations

from chargecloud.device.commands import ApplyTariff
from chargecloud.device.events import CommandOutcome, TariffReported
from chargecloud.protocols.common import pending
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.conversation import Conversation
from chargecloud.protocols.ykc16.mapping import command as downlink
from chargecloud.protocols.ykc16.scripts import TARIFF

WAIT_LIMIT_S = 5.0
"""How long a question about the tariff waits for the platform to name one; charge points repeat after 10 s."""
_SAME, _DIFFERS = 0, 1


class TariffWait:
    """Questions that came before any tariff."""

    __slots__ = ("due", "request_sequence", "verify_no", "verify_sequence")

    def __init__(self, due: float) -> None:
        self.due = due
        self.verify_sequence = b""
        self.verify_no = ""
        self.request_sequence = b""


def on_verify(talk: Conversation, frame: frames.BillingModelVerifyRequest, raw: bytes) -> None:
    """0x05."""
    if talk.tariff is not None:
        _answer_verify(talk, frame.billing_model_no, raw[2:4])
        return
    wait = _wait(talk)
    wait.verify_sequence, wait.verify_no = raw[2:4], frame.billing_model_no


def on_request(talk: Conversation, frame: frames.BillingModelRequest, raw: bytes) -> None:
    """0x09."""
    if talk.tariff is not None:
        talk.say(downlink.tariff_response(talk.charge_point_code, talk.tariff), raw[2:4])
        return
    _wait(talk).request_sequence = raw[2:4]


def apply(talk: Conversation, command: ApplyTariff) -> None:
    """A tariff from the platform: answer who waits for it, and push it at its place after login or at once."""
    try:
        downlink.tariff_set(talk.charge_point_code, command.tariff).pack()
    except ValueError as error:
        talk.end(command, CommandOutcome.REFUSED, f"invalid: {error}")
        return
    talk.tariff = command.tariff
    _answer_waiting(talk)
    slot = talk.tariff_slot if talk.now <= talk.tariff_slot else talk.tariff_after
    pending.submit(talk, TARIFF, command, not_before=slot)


def sweep(talk: Conversation) -> None:
    """Say that the tariff differs when none was named in time; a 0x09 stays unanswered and will be repeated."""
    wait = talk.tariff_wait
    if wait is None:
        return
    if wait.due > talk.now:
        talk.wake_at(wait.due)
        return
    talk.tariff_wait = None
    if wait.verify_sequence:
        _answer_verify(talk, wait.verify_no, wait.verify_sequence)


def same_tariff(theirs: str, ours: str) -> bool:
    """Whether two numbers are the same; openUC returns ours with the bytes swapped (D15)."""
    return theirs in (ours, ours[2:] + ours[:2])


def _wait(talk: Conversation) -> TariffWait:
    if talk.tariff_wait is None:
        talk.tariff_wait = TariffWait(talk.now + WAIT_LIMIT_S)
        talk.wake_at(talk.tariff_wait.due)
    return talk.tariff_wait


def _answer_waiting(talk: Conversation) -> None:
    wait, talk.tariff_wait = talk.tariff_wait, None
    if wait is None or talk.tariff is None:
        return
    if wait.verify_sequence:
        _answer_verify(talk, wait.verify_no, wait.verify_sequence)
    if wait.request_sequence:
        talk.say(downlink.tariff_response(talk.charge_point_code, talk.tariff), wait.request_sequence)


def _answer_verify(talk: Conversation, tariff_no: str, sequence: bytes) -> None:
    matches = talk.tariff is not None and same_tariff(tariff_no, talk.tariff.tariff_no)
    talk.say(
        frames.BillingModelVerifyResponse(
            pile_code=talk.charge_point_code,
            billing_model_no=tariff_no,
            verify_result=_SAME if matches else _DIFFERS,
        ),
        sequence,
    )
    talk.tell(TariffReported(charge_point_code=talk.charge_point_code, tariff_no=tariff_no, matches=matches))
