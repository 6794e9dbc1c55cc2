"""What gateways say, in the platform's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chargecloud.device.events import (
    BandRecord,
    Beat,
    Booted,
    ChargeUsage,
    HazardReported,
    MeterSampled,
    PowerReading,
    PowerType,
    RecordUploaded,
    StartMethod,
    TierUsage,
)
from chargecloud.protocols.wire.values import text_or_none
from chargecloud_bkv import tables, tlv
from chargecloud_bkv.decode import PROTOCOL
from chargecloud_bkv.frames import (
    CardEnd,
    ChargeEnd,
    FeeEnd,
    Heartbeat,
    HoleState,
    SocketState,
    StateReport,
    TierEnd,
    Trouble,
)
from chargecloud_bkv.mapping.values import (
    HAO_PER_FEN,
    HOLES,
    MV_PER_DV,
    MW_PER_DW,
    MWH_PER_WH,
    card_id_of,
    check_place,
    connector_no_of,
    from_digits,
    from_numbers,
    status_of,
    stop_of,
)
from chargecloud_bkv.quirks import Dialect

EndReport = ChargeEnd | TierEnd | CardEnd
_NO_BAND = BandRecord(rate_si_per_kwh=0, energy_mwh=0, billed_energy_mwh=0, amount_hao=0)


@dataclass(slots=True)
class Charge:
    """What is known of a charge a gateway has given a number."""

    session_no: str
    tiers_mw: tuple[int, ...] = ()
    """Where the tiers end that its start told."""
    peak_dw: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """An end report, whichever of its four forms it came in."""

    socket: int
    hole: int
    status: int
    business_no: int
    power_dw: int
    energy_wh: int
    minutes: int
    ended_at_ms: int | None = None
    cost_hao: int = 0
    settled_power_dw: int = 0
    tier_minutes: tuple[int, ...] = ()
    method: StartMethod = StartMethod.APP
    method_raw: int = 0
    card_id: str = ""


def booted(code: str, frame: Heartbeat, dialect: Dialect) -> Booted:
    """The first heartbeat."""
    return Booted(
        charge_point_code=code,
        protocol=PROTOCOL,
        power_type=PowerType.AC,
        connector_count=HOLES * dialect.sockets,
        protocol_version="1.7",
        firmware_version=firmware(frame),
        network_type=0,
        sim_iccid=text_or_none(frame.iccid) or "",
        carrier_no=0,
    )


def firmware(frame: Heartbeat) -> str:
    """Its firmware, when it is printable."""
    return text_or_none(frame.firmware) or ""


def beat(code: str) -> Beat:
    """Every other heartbeat: the gateway lives."""
    return Beat(charge_point_code=code, connector_no=0, faulted=False)


def sampled(code: str, socket: int, hole: HoleState, temperature_c: int, charge: Charge | None) -> MeterSampled:
    """One hole, now: a single reading of power, because nothing is told of what was between."""
    power_mw = hole.power_dw * MW_PER_DW
    status = status_of(hole.status)
    return MeterSampled(
        charge_point_code=code,
        connector_no=connector_no_of(socket, hole.hole),
        session_no=charge.session_no if charge else "",
        status=status,
        status_raw=hole.status,
        plugged=bool(hole.status & tables.CHARGING),
        holstered=None,
        voltage_mv=hole.voltage_dv * MV_PER_DV,
        current_ma=hole.current_ma,
        cable_temp_c=None,
        soc_pct=0,
        battery_temp_c=None,
        charged_s=hole.minutes * 60,
        remaining_s=0,
        energy_mwh=hole.energy_wh * MWH_PER_WH,
        billed_energy_mwh=hole.energy_wh * MWH_PER_WH,
        amount_hao=0,
        fault_bits=hole.status & tables.FAULTS,
        power=PowerReading(
            now_mw=power_mw, interval_max_mw=power_mw, interval_min_mw=power_mw, interval_avg_mw=power_mw, peak_mw=None
        ),
        ambient_temp_c=temperature_c,
    )


def holes_of(frame: SocketState | StateReport) -> list[tuple[int, int, HoleState]]:
    """(socket, temperature in °C, hole) of all holes of a report; ValueError when a value is missing."""
    if isinstance(frame, SocketState):
        found = [(frame.socket, frame.temperature_c, hole) for hole in frame.holes]
    else:
        reports = [value for tag, value in tlv.parse(frame.entries) if tag == _SOCKET_REPORT]
        found = [hole for value in reports for hole in _socket(value)]
    for socket, _, hole in found:
        check_place(socket, hole.hole)
    return found


_SOCKET_REPORT, _SOCKET, _TEMPERATURE, _HOLE_REPORT = 0x94, 0x4A, 0x07, 0x5B
_HOLE, _STATUS, _BUSINESS, _VOLTAGE, _POWER, _CURRENT, _ENERGY, _MINUTES = (
    0x08, 0x09, 0x0A, 0x95, 0x0B, 0x0C, 0x0D, 0x0E,
)  # fmt: skip
_ENDED_AT, _POWER_FEE, _SERVICE_FEE, _EVENT = 0x2E, 0x85, 0x86, 0x54


def _socket(data: bytes) -> Iterator[tuple[int, int, HoleState]]:
    entries = tlv.parse(data)
    values = dict(entries)
    socket, temperature = tlv.number(values, _SOCKET), tlv.number(values, _TEMPERATURE)
    for tag, value in entries:
        if tag == _HOLE_REPORT:
            inside = tlv.by_tag(value)
            yield (
                socket,
                temperature,
                HoleState(
                    hole=tlv.number(inside, _HOLE),
                    status=tlv.number(inside, _STATUS),
                    business_no=tlv.number(inside, _BUSINESS),
                    voltage_dv=tlv.number(inside, _VOLTAGE),
                    power_dw=tlv.number(inside, _POWER),
                    current_ma=tlv.number(inside, _CURRENT),
                    energy_wh=tlv.number(inside, _ENERGY),
                    minutes=tlv.number(inside, _MINUTES),
                ),
            )


def end_of(frame: EndReport | FeeEnd) -> End:
    """An end report in one form; ValueError when a value is missing or there is no such socket."""
    end = _fee_end(frame) if isinstance(frame, FeeEnd) else _plain_end(frame)
    check_place(end.socket, end.hole)
    return end


def _plain_end(frame: EndReport) -> End:
    end = End(
        socket=frame.socket,
        hole=frame.hole,
        status=frame.status,
        business_no=frame.business_no,
        power_dw=frame.power_dw,
        energy_wh=frame.energy_wh,
        minutes=frame.minutes,
    )
    if isinstance(frame, ChargeEnd):
        return end
    end = replace(
        end,
        cost_hao=frame.cost_fen * HAO_PER_FEN,
        settled_power_dw=frame.settled_power_dw,
        tier_minutes=frame.tier_minutes,
    )
    if isinstance(frame, TierEnd):
        return replace(end, ended_at_ms=from_numbers(frame.ended_at))
    method = StartMethod.OFFLINE_CARD if frame.offline_card else StartMethod.CARD
    return replace(end, method=method, method_raw=frame.offline_card, card_id=card_id_of(frame.card_id))


def _fee_end(frame: FeeEnd) -> End:
    values = tlv.by_tag(frame.entries)
    fees = [tlv.number(values, tag) for tag in (_POWER_FEE, _SERVICE_FEE) if tag in values]
    return End(
        socket=tlv.number(values, _SOCKET),
        hole=tlv.number(values, _HOLE),
        status=tlv.number(values, _STATUS),
        business_no=tlv.number(values, _BUSINESS),
        power_dw=tlv.number(values, _POWER),
        energy_wh=tlv.number(values, _ENERGY),
        minutes=tlv.number(values, _MINUTES),
        ended_at_ms=from_digits(values.get(_ENDED_AT, b"")),
        cost_hao=sum(fees) * HAO_PER_FEN,
    )


def record_uploaded(code: str, end: End, charge: Charge | None, raw: bytes) -> RecordUploaded:
    """An end report as a charge detail record; without number when we do not know whose charge it was."""
    energy = end.energy_wh * MWH_PER_WH
    charged_s = end.minutes * 60
    stop_class, stop_reason = stop_of(end.status)
    peak_dw = max(end.settled_power_dw, end.power_dw, charge.peak_dw if charge else 0)
    bounds = charge.tiers_mw if charge else ()
    return RecordUploaded(
        charge_point_code=code,
        connector_no=connector_no_of(end.socket, end.hole),
        session_no=charge.session_no if charge else "",
        started_at_ms=None if end.ended_at_ms is None else end.ended_at_ms - charged_s * 1000,
        ended_at_ms=end.ended_at_ms,
        bands=(_NO_BAND, _NO_BAND, _NO_BAND, _NO_BAND),
        meter_start_mwh=0,
        meter_end_mwh=0,
        energy_mwh=energy,
        billed_energy_mwh=energy,
        amount_hao=end.cost_hao,
        vin="",
        method=end.method,
        method_raw=end.method_raw,
        closed_at_ms=end.ended_at_ms,
        stop_class=stop_class,
        stop_reason=stop_reason,
        stop_raw=end.status,
        card_id=end.card_id,
        raw=raw,
        usage=ChargeUsage(
            charged_s=charged_s,
            max_power_mw=peak_dw * MW_PER_DW,
            early_max_power_mw=None,
            occupied_s=None,
            tiers=tuple(
                TierUsage(up_to_mw=bounds[number] if number < len(bounds) else None, charged_s=minutes * 60)
                for number, minutes in enumerate(end.tier_minutes)
            ),
        ),
    )


def trouble(code: str, frame: Trouble) -> HazardReported:
    """An exception; its number has no published table. ValueError when it names no socket."""
    values = tlv.by_tag(frame.entries)
    event = tlv.number(values, _EVENT)
    tlv.number(values, _SOCKET)
    return HazardReported(
        charge_point_code=code, connector_no=0, hazard=f"event_{event}", fire=False, detail_raw=event & 0xFFFF
    )
