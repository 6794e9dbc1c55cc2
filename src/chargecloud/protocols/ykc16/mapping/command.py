"""What the platform asks, as frames. A value the wire cannot carry raises ValueError that names it."""

from __future__ import annotations

from collections.abc import Sequence

from chargecloud.device.commands import (
    AnswerStart,
    ConfirmRecord,
    DeviceTariff,
    MoveLock,
    OfflineCard,
    Reboot,
    ReplyRefusal,
    SetWorkParameters,
    StartCharging,
    UpdateBalance,
    UpdateFirmware,
)
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.mapping.values import NO_TRADE, card_bytes, card_label_digits, wire_time

REFUSAL_CODES = {
    ReplyRefusal.UNKNOWN_ACCOUNT: 0x01,
    ReplyRefusal.FROZEN: 0x02,
    ReplyRefusal.BALANCE_LOW: 0x03,
    ReplyRefusal.UNSETTLED: 0x04,
    ReplyRefusal.OUT_OF_SERVICE: 0x05,
    ReplyRefusal.NOT_ALLOWED_HERE: 0x06,
    ReplyRefusal.WRONG_PASSWORD: 0x07,
    ReplyRefusal.CAPACITY: 0x08,
    ReplyRefusal.UNKNOWN_VIN: 0x09,
    ReplyRefusal.CHARGE_POINT_UNSETTLED: 0x0A,
    ReplyRefusal.NO_CARDS_HERE: 0x0B,
}
_OUT_OF_SERVICE = 0x05
_NOW, _WHEN_IDLE = 1, 2
_RAISE, _LOWER = 0x55, 0xFF
_QR_PREFIX_MAX = 187
"""What fits a frame of at most 200 counted bytes: 4 for the header, 9 for the rest of the body (文档 §3, 数据长度)."""
_LEAST_POWER_PCT, _FULL_POWER_PCT = 30, 100
_BALANCE_MAX_FEN = 0xFFFF_FFFF


def refusal_code(answer: AnswerStart) -> int:
    """Why not, 0 for yes; a refusal without a reason is shown as 桩停用, because 0 belongs to yes."""
    return 0 if answer.accepted else REFUSAL_CODES.get(answer.refusal, _OUT_OF_SERVICE)


def balance_raw(balance_fen: int) -> int:
    """A balance as the wire carries it: debts are shown as nothing left, and the column has four bytes."""
    return min(max(balance_fen, 0), _BALANCE_MAX_FEN)


def remote_start(code: str, gun_no: str, command: StartCharging) -> frames.RemoteStart | frames.ParallelRemoteStart:
    """0x34, or 0xA4 for one connector of a parallel charge."""
    if command.parallel_no:
        return frames.ParallelRemoteStart(
            trade_no=command.session_no,
            pile_code=code,
            gun_no=gun_no,
            logical_card_no=card_label_digits(command.card_label),
            physical_card_no=card_bytes(command.card_id),
            account_balance=balance_raw(command.balance_fen),
            parallel_seq=command.parallel_no,
        )
    return frames.RemoteStart(
        trade_no=command.session_no,
        pile_code=code,
        gun_no=gun_no,
        logical_card_no=card_label_digits(command.card_label),
        physical_card_no=card_bytes(command.card_id),
        account_balance=balance_raw(command.balance_fen),
    )


def start_response(code: str, gun_no: str, answer: AnswerStart) -> frames.StartChargeResponse:
    """0x32."""
    return frames.StartChargeResponse(
        trade_no=answer.session_no or NO_TRADE,
        pile_code=code,
        gun_no=gun_no,
        logical_card_no=card_label_digits(answer.card_label),
        account_balance=balance_raw(answer.balance_fen),
        auth_result=int(answer.accepted),
        auth_fail_reason=refusal_code(answer),
    )


def parallel_start_response(
    code: str, gun_no: str, answer: AnswerStart, parallel_seq: str
) -> frames.ParallelStartResponse:
    """0xA2."""
    return frames.ParallelStartResponse(
        trade_no=answer.session_no or NO_TRADE,
        pile_code=code,
        gun_no=gun_no,
        logical_card_no=card_label_digits(answer.card_label),
        account_balance=balance_raw(answer.balance_fen),
        auth_result=int(answer.accepted),
        auth_fail_reason=refusal_code(answer),
        parallel_seq=parallel_seq,
    )


def half_hours(tariff: DeviceTariff) -> bytes:
    """The bands of the day; ValueError when one is none of the four."""
    if any(band >= len(tariff.bands) for band in tariff.half_hours):
        raise ValueError(f"tariff {tariff.tariff_no}: a half hour has a band that is none of 0…3")
    return tariff.half_hours


def tariff_response(code: str, tariff: DeviceTariff) -> frames.BillingModelResponse:
    """0x0A."""
    sharp, peak, flat, valley = tariff.bands
    return frames.BillingModelResponse(
        pile_code=code,
        billing_model_no=tariff.tariff_no,
        sharp_energy_price=sharp.energy_si_per_kwh,
        sharp_service_price=sharp.service_si_per_kwh,
        peak_energy_price=peak.energy_si_per_kwh,
        peak_service_price=peak.service_si_per_kwh,
        flat_energy_price=flat.energy_si_per_kwh,
        flat_service_price=flat.service_si_per_kwh,
        valley_energy_price=valley.energy_si_per_kwh,
        valley_service_price=valley.service_si_per_kwh,
        loss_ratio=0,
        period_rates=half_hours(tariff),
    )


def tariff_set(code: str, tariff: DeviceTariff) -> frames.BillingModelSet:
    """0x58: the body of 0x0A."""
    sharp, peak, flat, valley = tariff.bands
    return frames.BillingModelSet(
        pile_code=code,
        billing_model_no=tariff.tariff_no,
        sharp_energy_price=sharp.energy_si_per_kwh,
        sharp_service_price=sharp.service_si_per_kwh,
        peak_energy_price=peak.energy_si_per_kwh,
        peak_service_price=peak.service_si_per_kwh,
        flat_energy_price=flat.energy_si_per_kwh,
        flat_service_price=flat.service_si_per_kwh,
        valley_energy_price=valley.energy_si_per_kwh,
        valley_service_price=valley.service_si_per_kwh,
        loss_ratio=0,
        period_rates=half_hours(tariff),
    )


def record_confirm(command: ConfirmRecord) -> frames.TransactionRecordConfirm:
    """0x40; result 1 only for a record that can never be stored (D24)."""
    return frames.TransactionRecordConfirm(trade_no=command.session_no, confirm_result=0 if command.accepted else 1)


def balance_update(code: str, gun_no: str, command: UpdateBalance) -> frames.BalanceUpdate:
    """0x42."""
    return frames.BalanceUpdate(
        pile_code=code,
        gun_no=gun_no,
        physical_card_no=card_bytes(command.card_id),
        account_balance=balance_raw(command.balance_fen),
    )


def cards_store(code: str, cards: Sequence[OfflineCard]) -> frames.OfflineCardSync:
    """0x44."""
    return frames.OfflineCardSync(
        pile_code=code,
        cards=tuple(
            frames.OfflineCard(
                logical_card_no=card_label_digits(card.card_label), physical_card_no=card_bytes(card.card_id)
            )
            for card in cards
        ),
    )


def cards_remove(code: str, card_ids: Sequence[str]) -> frames.OfflineCardClear:
    """0x46."""
    return frames.OfflineCardClear(
        pile_code=code,
        cards=tuple(frames.CardNo(physical_card_no=card_bytes(card_id)) for card_id in card_ids),
    )


def cards_query(code: str, card_ids: Sequence[str]) -> frames.OfflineCardQuery:
    """0x48."""
    return frames.OfflineCardQuery(
        pile_code=code,
        cards=tuple(frames.CardNo(physical_card_no=card_bytes(card_id)) for card_id in card_ids),
    )


def work_parameters(code: str, command: SetWorkParameters) -> frames.WorkParamSet:
    """0x52; the document allows 30 to 100 percent."""
    if not _LEAST_POWER_PCT <= command.power_limit_pct <= _FULL_POWER_PCT:
        raise ValueError(f"power limit {command.power_limit_pct} % is outside {_LEAST_POWER_PCT}…{_FULL_POWER_PCT} %")
    return frames.WorkParamSet(
        pile_code=code,
        work_disabled=0 if command.in_service else 1,
        max_power_percent=command.power_limit_pct,
    )


def clock_set(code: str, wall_ms: int) -> frames.TimeSync:
    """0x56."""
    return frames.TimeSync(pile_code=code, current_time=wire_time(wall_ms))


def lock_move(code: str, command: MoveLock) -> frames.GroundLockControl:
    """0x62."""
    return frames.GroundLockControl(
        pile_code=code,
        gun_no=command.connector_no,
        lock_action=bytes((_RAISE if command.up else _LOWER,)),
        reserved=bytes(4),
    )


def reboot(code: str, command: Reboot) -> frames.RemoteReboot:
    """0x92."""
    return frames.RemoteReboot(pile_code=code, execute_mode=_WHEN_IDLE if command.when_idle else _NOW)


def firmware_update(code: str, command: UpdateFirmware) -> frames.RemoteUpdate:
    """0x94; the kind of charge point is numbered from 1 here, from 0 at login (D29)."""
    return frames.RemoteUpdate(
        pile_code=code,
        pile_model=1 if command.is_dc else 2,
        pile_power=command.power_kw,
        server_host=ascii_bytes(command.host),
        server_port=command.port,
        username=ascii_bytes(command.username),
        password=ascii_bytes(command.password),
        file_path=ascii_bytes(command.path),
        execute_mode=_WHEN_IDLE if command.when_idle else _NOW,
        download_timeout=download_minutes(command),
    )


def download_minutes(command: UpdateFirmware) -> int:
    """The download limit in whole minutes, rounded up; at least one."""
    return max(1, -(-command.timeout_s // 60))


def qr_prefix(code: str, prefix: str, *, with_connector: bool) -> frames.QrPrefixSet:
    """0xF0, which the document of V1.6 does not have and its charge points do (D9)."""
    content = ascii_bytes(prefix)
    if len(content) > _QR_PREFIX_MAX:
        raise ValueError(f"QR prefix has {len(content)} characters, a frame has room for {_QR_PREFIX_MAX}")
    return frames.QrPrefixSet(pile_code=code, qr_format=int(with_connector), qr_prefix=content)


def ascii_bytes(words: str) -> bytes:
    """Text for an ASCII column; ValueError when it holds anything else."""
    if not words.isascii():
        raise ValueError(f"{words!r} is not ASCII, which is all the wire carries")
    return words.encode("ascii")
