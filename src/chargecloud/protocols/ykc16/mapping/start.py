"""Starting and stopping: requests at the charge point (0x31, 0xA1), the word on our commands (0x33, 0x35, 0xA3)."""

from __future__ import annotations

from chargecloud.device.events import StartAnswered, StartMethod, StartRefusal, StartRequested, StopAnswered
from chargecloud.protocols.wire.values import hex_text
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.mapping.values import CONNECTOR_NO, hex_or_empty, session_no_of, text

_METHODS = {1: StartMethod.CARD, 2: StartMethod.ACCOUNT, 3: StartMethod.VIN}
_REFUSALS = {
    1: StartRefusal.WRONG_CHARGE_POINT,
    2: StartRefusal.ALREADY_CHARGING,
    3: StartRefusal.FAULTED,
    4: StartRefusal.OFFLINE,
    5: StartRefusal.NOT_PLUGGED,
}
_STOP_REASONS = {1: "wrong_charge_point", 2: "not_charging"}


def start_requested(frame: frames.StartChargeRequest, request_id: str) -> StartRequested:
    """0x31."""
    return StartRequested(
        charge_point_code=frame.pile_code,
        request_id=request_id,
        connector_no=CONNECTOR_NO[frame.gun_no],
        method=_METHODS.get(frame.start_mode, StartMethod.OTHER),
        card_id=hex_text(frame.account_or_card),
        password_hash=hex_or_empty(frame.password_md5),
        vin=reversed_vin(frame.vin),
    )


def parallel_start_requested(frame: frames.ParallelStartRequest, request_id: str) -> StartRequested:
    """0xA1."""
    return StartRequested(
        charge_point_code=frame.pile_code,
        request_id=request_id,
        connector_no=CONNECTOR_NO[frame.gun_no],
        method=_METHODS.get(frame.start_mode, StartMethod.OTHER),
        card_id=hex_text(frame.account_or_card),
        password_hash=hex_or_empty(frame.password_md5),
        vin=reversed_vin(frame.vin),
        parallel_main=frame.gun_role == 0,
        parallel_no=frame.parallel_seq,
    )


def reversed_vin(raw: bytes) -> str:
    """The VIN of a start request travels last character first (文档 §0x31, VIN码)."""
    return text(raw)[::-1]


def start_answered(
    frame: frames.RemoteStartReply | frames.ParallelRemoteStartReply, command_id: str, parallel_no: str
) -> StartAnswered:
    """0x33 and 0xA3."""
    accepted = frame.start_result == 1
    code = 0 if accepted else refusal_code(frame.start_result, frame.start_fail_reason)
    return StartAnswered(
        charge_point_code=frame.pile_code,
        command_id=command_id,
        connector_no=CONNECTOR_NO[frame.gun_no],
        session_no=session_no_of(frame.trade_no),
        accepted=accepted,
        refusal=StartRefusal.NONE if accepted else _REFUSALS.get(code, StartRefusal.OTHER),
        refusal_raw=code,
        parallel_no=parallel_no,
    )


def refusal_code(result: int, reason: int) -> int:
    """Why a start was refused: openUC puts the reason into the result byte and leaves the reason 0 (D21)."""
    return reason or result


def stop_answered(
    frame: frames.RemoteStopReply, *, charge_point_code: str, connector_no: int, command_id: str
) -> StopAnswered:
    """0x35; identity comes from the conversation because the short form carries none (D20)."""
    accepted = frame.stop_result == 1
    return StopAnswered(
        charge_point_code=charge_point_code,
        command_id=command_id,
        connector_no=connector_no,
        accepted=accepted,
        reason="none" if accepted else _STOP_REASONS.get(frame.stop_fail_reason, "other"),
    )
