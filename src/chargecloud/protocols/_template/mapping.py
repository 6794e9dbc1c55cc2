"""The template's words against the platform's: the only file where both appear."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chargecloud.device.events import (
    BandRecord,
    Beat,
    Booted,
    ConnectorStatus,
    DeviceEvent,
    MeterSampled,
    PowerType,
    RecordUploaded,
    StartAnswered,
    StartMethod,
    StartRefusal,
    StopAnswered,
    StopClass,
)

PROTOCOL = "template"
NO_SESSION = "-"
_STATUS = {status.value: status for status in ConnectorStatus}
_NO_BAND = BandRecord(rate_si_per_kwh=0, energy_mwh=0, billed_energy_mwh=0, amount_hao=0)


def booted(code: str, words: Sequence[str]) -> Booted:
    """BOOT code connectors firmware."""
    _, _, connectors, firmware = words
    return Booted(
        charge_point_code=code,
        protocol=PROTOCOL,
        power_type=PowerType.AC,
        connector_count=_number(connectors),
        protocol_version="1",
        firmware_version=firmware,
        network_type=0,
        sim_iccid="",
        carrier_no=0,
    )


def beat(code: str, words: Sequence[str]) -> Beat:
    """BEAT connector fault."""
    _, connector, fault = words
    return Beat(charge_point_code=code, connector_no=_number(connector), faulted=_number(fault) != 0)


def sampled(code: str, words: Sequence[str]) -> MeterSampled:
    """METER connector session status mwh hao."""
    _, connector, session, status, energy, amount = words
    raw = _number(status)
    return MeterSampled(
        charge_point_code=code,
        connector_no=_number(connector),
        session_no="" if session == NO_SESSION else session,
        status=_STATUS.get(raw, ConnectorStatus.OTHER),
        status_raw=raw,
        plugged=raw == ConnectorStatus.CHARGING,
        holstered=None,
        voltage_mv=0,
        current_ma=0,
        cable_temp_c=None,
        soc_pct=0,
        battery_temp_c=None,
        charged_s=0,
        remaining_s=0,
        energy_mwh=_number(energy),
        billed_energy_mwh=_number(energy),
        amount_hao=_number(amount),
        fault_bits=0,
    )


def record(code: str, words: Sequence[str]) -> RecordUploaded:
    """RECORD connector session mwh hao."""
    _, connector, session, energy, amount = words
    return RecordUploaded(
        charge_point_code=code,
        connector_no=_number(connector),
        session_no=session,
        started_at_ms=None,
        ended_at_ms=None,
        bands=(_NO_BAND, _NO_BAND, _NO_BAND, _NO_BAND),
        meter_start_mwh=0,
        meter_end_mwh=0,
        energy_mwh=_number(energy),
        billed_energy_mwh=_number(energy),
        amount_hao=_number(amount),
        vin="",
        method=StartMethod.APP,
        method_raw=0,
        closed_at_ms=None,
        stop_class=StopClass.UNKNOWN,
        stop_reason="unknown",
        stop_raw=0,
        card_id="",
        raw=" ".join(words).encode("ascii"),
    )


def started(code: str, words: Sequence[str]) -> StartAnswered:
    """STARTED connector session ok|no."""
    _, connector, session, result = words
    accepted = result == "ok"
    return StartAnswered(
        charge_point_code=code,
        command_id="",
        connector_no=_number(connector),
        session_no=session,
        accepted=accepted,
        refusal=StartRefusal.NONE if accepted else StartRefusal.OTHER,
        refusal_raw=0,
    )


def stopped(code: str, words: Sequence[str]) -> StopAnswered:
    """STOPPED connector ok|no."""
    _, connector, result = words
    accepted = result == "ok"
    return StopAnswered(
        charge_point_code=code,
        command_id="",
        connector_no=_number(connector),
        accepted=accepted,
        reason="none" if accepted else "other",
    )


EVENTS: dict[str, Callable[[str, Sequence[str]], DeviceEvent]] = {
    "BOOT": booted,
    "BEAT": beat,
    "METER": sampled,
    "RECORD": record,
    "STARTED": started,
    "STOPPED": stopped,
}
"""Every line a charge point may send."""


def read(code: str, words: Sequence[str]) -> DeviceEvent | None:
    """What a line says, or None when nothing can be made of it."""
    make = EVENTS.get(words[0]) if words else None
    try:
        return make(code, words) if make else None
    except ValueError:
        return None


def _number(word: str) -> int:
    if not word.isdecimal() or len(word) > 12:
        raise ValueError(f"{word!r} is not a number of at most 12 digits")
    return int(word)
