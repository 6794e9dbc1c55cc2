"""Starts, stops and limits: commands as frames 0x82 and 0x8A, and what their answers mean."""

from __future__ import annotations

from chargecloud.device.commands import ChargeLimit, ChargeMode, ReplyRefusal
from chargecloud.device.events import StartRefusal
from chargecloud.protocols.dny.frames import acks, commands
from chargecloud.protocols.dny.mapping.values import (
    MW_PER_DW,
    MWH_PER_001KWH,
    WORD_MAX,
    connector_no_of,
    order_no_of,
    port_no_of,
)
from chargecloud.protocols.dny.quirks import StartForm

SPOKEN_FEN_MAX = 100_000_000
"""A larger balance would be spoken as a date."""
NORMAL_SHORT_CHECK = 2
SAME_STATE, NO_CHARGER, SEVERAL_WAITING = 2, 1, 5
EXECUTED = frozenset({0, 3, 9})
"""Answers of a board that did what it was told, the last two with a fault."""
FAULTY_SUCCESS = EXECUTED - {0}

_START, _STOP = 1, 0
_RATE_MODES = {
    ChargeMode.UNTIL_FULL: 0,
    ChargeMode.BY_TIME: 0,
    ChargeMode.BY_ENERGY: 2,
    ChargeMode.PER_USE: 3,
    ChargeMode.SUBSCRIPTION: 1,
}
_MODIFY_TIME, _MODIFY_TIME_FULL_STOP, _MODIFY_ENERGY = 0, 1, 2
_REFUSALS = {
    0x01: StartRefusal.NOT_PLUGGED,
    0x02: StartRefusal.ALREADY_CHARGING,
    0x04: StartRefusal.OTHER,
    0x05: StartRefusal.CHOOSE_CONNECTOR,
    0x06: StartRefusal.OTHER,
    0x0E: StartRefusal.OFFLINE,
}
_ACCOUNT_STATUS = {
    ReplyRefusal.NONE: 0x00,
    ReplyRefusal.UNKNOWN_ACCOUNT: 0x01,
    ReplyRefusal.FROZEN: 0x01,
    ReplyRefusal.BALANCE_LOW: 0x06,
    ReplyRefusal.UNSETTLED: 0x06,
    ReplyRefusal.OUT_OF_SERVICE: 0x08,
    ReplyRefusal.NOT_ALLOWED_HERE: 0x0B,
    ReplyRefusal.WRONG_PASSWORD: 0x01,
    ReplyRefusal.CAPACITY: 0x08,
    ReplyRefusal.UNKNOWN_VIN: 0x01,
    ReplyRefusal.CHARGE_POINT_UNSETTLED: 0x08,
    ReplyRefusal.NO_CARDS_HERE: 0x0C,
}
"""What the board says to the driver; where the vendor has no such word, the nearest one."""


def start(
    session_no: str, connector_no: int, balance_fen: int, limit: ChargeLimit | None, form: StartForm
) -> commands.ChargeControl:
    """0x82 that starts."""
    limit = limit or ChargeLimit()
    return commands.ChargeControl(
        rate_mode=_RATE_MODES[limit.mode],
        balance_or_expiry=spoken_fen(balance_fen),
        port_no=port_no_of(connector_no),
        action=_START,
        amount=_amount(limit),
        order_no=order_no_of(session_no),
        max_duration_s=_word("max_duration_s", limit.max_duration_s),
        overload_power_dw=_word("max_power_mw", limit.max_power_mw // MW_PER_DW),
        qr_light=form.keep(30, 0),
        long_charge_mode=form.keep(31, 0),
        extra_float_s=form.keep(33, 0),
        skip_short_check=form.keep(34, NORMAL_SHORT_CHECK),
        ignore_unplug=form.keep(35, 0),
        force_full_stop=form.keep(36, int(limit.mode is ChargeMode.BY_TIME and limit.stop_when_full)),
        full_power_w=form.keep(37, 0),
        full_power_judge_min=form.keep(38, 0),
    )


def stop(session_no: str, connector_no: int, form: StartForm) -> commands.ChargeControl:
    """0x82 that stops; only port and order count, so the rest is zero."""
    if not connector_no:
        raise ValueError("a stop names its connector")
    return commands.ChargeControl(
        rate_mode=0,
        balance_or_expiry=0,
        port_no=port_no_of(connector_no),
        action=_STOP,
        amount=0,
        order_no=order_no_of(session_no),
        max_duration_s=0,
        overload_power_dw=0,
        qr_light=form.keep(30, 0),
        long_charge_mode=form.keep(31, 0),
        extra_float_s=form.keep(33, 0),
        skip_short_check=form.keep(34, 0),
        ignore_unplug=form.keep(35, 0),
        force_full_stop=form.keep(36, 0),
        full_power_w=form.keep(37, 0),
        full_power_judge_min=form.keep(38, 0),
    )


def modify(connector_no: int, limit: ChargeLimit) -> commands.ModifyCharge:
    """0x8A: a new total."""
    if limit.mode is ChargeMode.BY_ENERGY:
        mode = _MODIFY_ENERGY
    elif limit.mode is ChargeMode.BY_TIME:
        mode = _MODIFY_TIME_FULL_STOP if limit.stop_when_full else _MODIFY_TIME
    else:
        raise ValueError(f"a running charge can be limited by time or by energy, not {limit.mode.value}")
    if not connector_no:
        raise ValueError("a new limit names its connector")
    return commands.ModifyCharge(rate_mode=mode, port_no=port_no_of(connector_no), amount=_amount(limit))


def card_answer(
    card_id: bytes, port_no: int, *, refusal: ReplyRefusal, balance_fen: int, limit: ChargeLimit | None
) -> acks.CardSwipeAnswer:
    """0x02: what the board tells the driver."""
    return acks.CardSwipeAnswer(
        card_id=card_id,
        account_status=_ACCOUNT_STATUS[refusal],
        rate_mode=_RATE_MODES[(limit or ChargeLimit()).mode],
        balance_or_expiry=spoken_fen(balance_fen),
        port_no=port_no,
    )


def spoken_fen(balance_fen: int) -> int:
    """A balance as the board may speak it: debts are nothing, fortunes end where dates begin."""
    return min(max(balance_fen, 0), SPOKEN_FEN_MAX)


def refusal_of(result: int) -> StartRefusal:
    """Why a start was not done; everything else is a fault of the port or the board."""
    return _REFUSALS.get(result, StartRefusal.FAULTED)


def waiting_connectors(pending_ports: int | None) -> tuple[int, ...]:
    """Which connectors are plugged and wait: a bit each."""
    bits = pending_ports or 0
    return tuple(connector_no_of(port_no) for port_no in range(16) if bits >> port_no & 1)


def _amount(limit: ChargeLimit) -> int:
    """Seconds or hundredths of a kWh; 0 is until full, so a limit must not become it."""
    if limit.mode is ChargeMode.BY_TIME:
        amount = limit.duration_s
    elif limit.mode is ChargeMode.BY_ENERGY:
        amount = limit.energy_mwh // MWH_PER_001KWH
    else:
        return 0
    if not amount:
        raise ValueError(f"a charge {limit.mode.value} needs more than nothing: 1 s, or 10000 mWh")
    return _word(limit.mode.value, amount)


def _word(name: str, value: int) -> int:
    if not 0 <= value <= WORD_MAX:
        raise ValueError(f"{name}: {value} is not within 0…{WORD_MAX} of the wire")
    return value
