"""A finished charge: frame 0x3B as a charge detail record."""

from __future__ import annotations

from chargecloud.device.events import BandRecord, RecordUploaded, StartMethod
from chargecloud.kernel.energy import MWH_PER_WIRE_UNIT
from chargecloud.protocols.wire.values import hex_text
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.mapping.values import CONNECTOR_NO, epoch_ms, text
from chargecloud.protocols.ykc16.stop_reasons import STOP_REASON, stop_class

METHODS = {
    1: StartMethod.APP,
    2: StartMethod.CARD,
    4: StartMethod.OFFLINE_CARD,
    5: StartMethod.VIN,
}
"""The table of 交易标识; 0x09 was seen on the wire and counts as other, like anything else (D26)."""


def record_uploaded(frame: frames.TransactionRecord, body: bytes) -> RecordUploaded:
    """0x3B as it came: no figure is corrected here, the business computes its own and compares (D17, D18, D27)."""
    energy = frame.total_energy * MWH_PER_WIRE_UNIT
    return RecordUploaded(
        charge_point_code=frame.pile_code,
        connector_no=CONNECTOR_NO[frame.gun_no],
        session_no=frame.trade_no,
        started_at_ms=epoch_ms(frame.start_time),
        ended_at_ms=epoch_ms(frame.end_time),
        bands=_bands(frame),
        meter_start_mwh=frame.meter_start * MWH_PER_WIRE_UNIT,
        meter_end_mwh=frame.meter_end * MWH_PER_WIRE_UNIT,
        energy_mwh=energy,
        billed_energy_mwh=frame.total_loss_energy * MWH_PER_WIRE_UNIT or energy,
        amount_hao=frame.total_amount,
        vin=text(frame.vin),
        method=METHODS.get(frame.trade_mark, StartMethod.OTHER),
        method_raw=frame.trade_mark,
        closed_at_ms=epoch_ms(frame.trade_time),
        stop_class=stop_class(frame.stop_reason),
        stop_reason=STOP_REASON.identifier(frame.stop_reason),
        stop_raw=frame.stop_reason,
        card_id=hex_text(frame.physical_card_no),
        raw=body,
    )


def _bands(frame: frames.TransactionRecord) -> tuple[BandRecord, BandRecord, BandRecord, BandRecord]:
    return (
        _band(frame.sharp_price, frame.sharp_energy, frame.sharp_loss_energy, frame.sharp_amount),
        _band(frame.peak_price, frame.peak_energy, frame.peak_loss_energy, frame.peak_amount),
        _band(frame.flat_price, frame.flat_energy, frame.flat_loss_energy, frame.flat_amount),
        _band(frame.valley_price, frame.valley_energy, frame.valley_loss_energy, frame.valley_amount),
    )


def _band(price: int, energy: int, loss_energy: int, amount: int) -> BandRecord:
    return BandRecord(
        rate_si_per_kwh=price,
        energy_mwh=energy * MWH_PER_WIRE_UNIT,
        billed_energy_mwh=(loss_energy or energy) * MWH_PER_WIRE_UNIT,
        amount_hao=amount,
    )
