"""A finished charge: frame 0x03 as a charge detail record."""

from __future__ import annotations

from chargecloud.device.events import BandRecord, ChargeUsage, RecordUploaded, StartMethod, StopClass
from chargecloud.protocols.dny import tables
from chargecloud.protocols.dny.frames import uplinks
from chargecloud.protocols.dny.mapping.values import (
    MW_PER_DW,
    MWH_PER_001KWH,
    card_id_of,
    connector_no_of,
    scaled,
)
from chargecloud.protocols.wire.values import hex_text

SERVER, OFFLINE_CARD, CODE = 1, 0, 3
METHODS = {SERVER: StartMethod.APP, OFFLINE_CARD: StartMethod.OFFLINE_CARD, CODE: StartMethod.CODE}
"""A start by an online card is a start by the server: whose card it was, the platform remembers."""

COMPLETED = frozenset({0x01, 0x02, 0x03, 0x04, 0x05, 0x07, 0x09, 0x13, 0x15, 0x16, 0x17, 0x1C})
"""Stops that somebody wanted or expected; every other known reason is a fault or a danger."""

_NO_BAND = BandRecord(rate_si_per_kwh=0, energy_mwh=0, billed_energy_mwh=0, amount_hao=0)


def record_uploaded(code: str, frame: uplinks.Settlement, body: bytes) -> RecordUploaded:
    """0x03 as it came. There is no money in it, and its only time is a debug column that may say 1970."""
    ended_ms = frame.timestamp * 1000 if frame.timestamp else None
    energy = frame.energy_001kwh * MWH_PER_001KWH
    by_code = frame.start_mode == CODE
    return RecordUploaded(
        charge_point_code=code,
        connector_no=connector_no_of(frame.port_no),
        session_no=hex_text(frame.order_no),
        started_at_ms=None if ended_ms is None else ended_ms - frame.duration_s * 1000,
        ended_at_ms=ended_ms,
        bands=(_NO_BAND, _NO_BAND, _NO_BAND, _NO_BAND),
        meter_start_mwh=0,
        meter_end_mwh=0,
        energy_mwh=energy,
        billed_energy_mwh=energy,
        amount_hao=0,
        vin="",
        method=METHODS.get(frame.start_mode, StartMethod.OTHER),
        method_raw=frame.start_mode,
        closed_at_ms=ended_ms,
        stop_class=stop_class(frame.stop_reason),
        stop_reason=tables.STOP_REASON.identifier(frame.stop_reason),
        stop_raw=frame.stop_reason,
        card_id="" if by_code or not any(frame.card_or_code) else card_id_of(frame.card_or_code),
        raw=body,
        usage=ChargeUsage(
            charged_s=frame.duration_s,
            max_power_mw=frame.max_power_dw * MW_PER_DW,
            early_max_power_mw=scaled(frame.second_max_power_dw, MW_PER_DW),
            occupied_s=scaled(frame.occupy_min, 60),
        ),
        start_code=hex_text(frame.card_or_code) if by_code else "",
    )


def stop_class(reason: int) -> StopClass:
    """Completed, aborted, or unknown for a number the vendor has not listed."""
    if reason in COMPLETED:
        return StopClass.COMPLETED
    return StopClass.ABORTED if reason in tables.STOP_REASON else StopClass.UNKNOWN
