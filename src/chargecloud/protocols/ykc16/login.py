"""Introduction and admission: 0x01, the platform's decision, and what is pushed after it."""

from __future__ import annotations

from math import inf

from chargecloud.device.commands import AnswerBoot, ApplyTariff, SetQrPrefix, SyncClock
from chargecloud.device.events import CommandOutcome
from chargecloud.protocols.common import pending
from chargecloud.protocols.common.profiles import dialect_of
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.conversation import Conversation
from chargecloud.protocols.ykc16.mapping import command as downlink
from chargecloud.protocols.ykc16.mapping.live import booted
from chargecloud.protocols.ykc16.mapping.values import text
from chargecloud.protocols.ykc16.quirks import TOLERANT
from chargecloud.protocols.ykc16.scripts import CLOCK, QR_PREFIX, TARIFF

BOOT_LIMIT_S = 10.0
"""How long the platform may think about a login before it is refused."""
PUSH_GAP_S = 0.3
"""Between two pushes after login: simple firmware handles one frame at a time (文档 §4.1; 200 to 500 ms)."""
_NEVER_MS = 1 << 62
_ADMITTED, _REFUSED = 0, 1


def on_login(talk: Conversation, frame: frames.LoginRequest, raw: bytes) -> None:
    """0x01: introduce once, answer every repetition, never introduce again (D12)."""
    talk.login_sequence = raw[2:4]
    if talk.admitted:
        _answer(talk, _ADMITTED)
        _push_again(talk)
    elif not talk.charge_point_code:
        talk.charge_point_code = frame.pile_code
        talk.code_on_wire = bytes.fromhex(frame.pile_code)
        talk.dialect = dialect_of(TOLERANT, talk.profiles, code=frame.pile_code, firmware=text(frame.program_version))
        talk.boot_due = talk.now + BOOT_LIMIT_S
        talk.wake_at(talk.now if talk.faults else talk.boot_due)
        talk.tell(booted(frame))


def answer_boot(talk: Conversation, command: AnswerBoot) -> None:
    """The platform's decision: 0x02, and the pushes when it is yes."""
    if talk.admitted or not talk.login_sequence:
        talk.end(command, CommandOutcome.REFUSED, "not_waiting")
        return
    talk.boot_due = inf
    if not command.accepted:
        _answer(talk, _REFUSED)
        talk.end(command, CommandOutcome.DONE)
        talk.close("refused")
        return
    talk.admitted = True
    _answer(talk, _ADMITTED)
    talk.end(command, CommandOutcome.DONE, _push(talk, command))


def sweep(talk: Conversation) -> None:
    """Refuse when the platform has not decided in time."""
    if talk.now >= talk.boot_due:
        talk.boot_due = inf
        _answer(talk, _REFUSED)
        talk.close("boot_unanswered")
    elif talk.boot_due < inf:
        talk.wake_at(talk.boot_due)


def _answer(talk: Conversation, result: int) -> None:
    talk.say(
        frames.LoginResponse(pile_code=talk.charge_point_code, login_result=result),
        talk.login_sequence,
    )


def _push(talk: Conversation, boot: AnswerBoot) -> str:
    """Clock, then the tariff's place, then the QR prefix; what is wrong with the prefix, if anything."""
    clock_at = talk.now + PUSH_GAP_S
    talk.tariff_slot = talk.tariff_after = clock_at + PUSH_GAP_S
    _push_clock(talk, clock_at)
    if not boot.qr_prefix:
        return ""
    try:
        downlink.qr_prefix(talk.charge_point_code, boot.qr_prefix, with_connector=boot.qr_with_connector)
    except ValueError as error:
        return f"qr_prefix invalid: {error}"
    qr_at = talk.tariff_slot + PUSH_GAP_S
    talk.tariff_after = qr_at + PUSH_GAP_S
    command = SetQrPrefix(
        command_id="",
        charge_point_code=talk.charge_point_code,
        expires_at_ms=_NEVER_MS,
        prefix=boot.qr_prefix,
        with_connector=boot.qr_with_connector,
    )
    pending.submit(talk, QR_PREFIX, command, not_before=qr_at, reported=False)
    return ""


def _push_clock(talk: Conversation, at: float) -> None:
    command = SyncClock(command_id="", charge_point_code=talk.charge_point_code, expires_at_ms=_NEVER_MS)
    pending.submit(talk, CLOCK, command, not_before=at, reported=False)


def _push_again(talk: Conversation) -> None:
    """Clock and tariff once more: openUC repeats its login until it has seen a tariff (D12)."""
    if not pending.is_busy(talk, CLOCK.lane):
        _push_clock(talk, talk.now + PUSH_GAP_S)
    if talk.tariff is not None and not pending.is_busy(talk, TARIFF.lane):
        command = ApplyTariff(
            command_id="",
            charge_point_code=talk.charge_point_code,
            expires_at_ms=_NEVER_MS,
            tariff=talk.tariff,
        )
        pending.submit(talk, TARIFF, command, not_before=talk.now + 2 * PUSH_GAP_S, reported=False)
