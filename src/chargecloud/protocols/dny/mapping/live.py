"""What boards and hosts say of themselves: boot, heartbeats, progress, alarms, the host's own reports."""

from __future__ import annotations

from functools import lru_cache

from chargecloud.device.events import (
    Beat,
    Booted,
    ConnectorReport,
    ConnectorStatus,
    FullyCharged,
    HazardReported,
    HubReported,
    HubSampled,
    MeterSampled,
    PowerReading,
    PowerType,
)
from chargecloud.protocols.dny import tables
from chargecloud.protocols.dny.frames import uplinks
from chargecloud.protocols.dny.mapping.values import (
    CELSIUS_OF,
    MA_PER_001A,
    MV_PER_DV,
    MW_PER_DW,
    MWH_PER_001KWH,
    PROTOCOL,
    code_of,
    connector_no_of,
    firmware_text,
    scaled,
    session_no_of,
    text,
)

Introduction = uplinks.Register | uplinks.LegacyHeartbeat | uplinks.Heartbeat
"""Frames that tell enough of a board to admit it."""

_CARRIER_UNKNOWN = 4
_FLOATING = 0x05
_SAMPLED = {
    0x01: ConnectorStatus.CHARGING,
    0x02: ConnectorStatus.AVAILABLE,
    0x03: ConnectorStatus.AVAILABLE,
    0x05: ConnectorStatus.CHARGING,
}
"""The only states that mean something in 0x06; a last one with state 0 was seen while the order was still open."""
_LOOKS = tuple(
    (_SAMPLED.get(state, ConnectorStatus.OTHER), state in tables.PLUGGED_STATES, state == _FLOATING)
    for state in range(256)
)
"""What a port's state in 0x06 says: status, plugged, floating."""


def booted(code: str, frame: Introduction, iccid: str) -> Booted:
    """0x20, or the heartbeats of a board that does not register; 0x21 alone does not tell the firmware."""
    firmware = "" if isinstance(frame, uplinks.Heartbeat) else firmware_text(frame.firmware_version)
    return Booted(
        charge_point_code=code,
        protocol=PROTOCOL,
        power_type=PowerType.AC,
        connector_count=frame.port_count,
        protocol_version="",
        firmware_version=firmware,
        network_type=0,
        sim_iccid=iccid,
        carrier_no=_CARRIER_UNKNOWN,
    )


def beat(code: str, frame: uplinks.Heartbeat | uplinks.LegacyHeartbeat) -> Beat:
    """0x21 and 0x01: all ports at once."""
    return beat_of(code, frame.port_states, frame.voltage_dv, frame.temperature_raw)


def beat_of(code: str, states: bytes, voltage_dv: int, temperature_raw: int | None) -> Beat:
    """The same from the columns that mean something."""
    connectors, faulted = _ports(states)
    return Beat(
        charge_point_code=code,
        connector_no=0,
        faulted=faulted,
        connectors=connectors,
        voltage_mv=voltage_dv * MV_PER_DV,
        ambient_temp_c=CELSIUS_OF[temperature_raw or 0],
    )


def connectors_of(states: bytes) -> tuple[ConnectorReport, ...]:
    """The ports of a heartbeat."""
    return _ports(states)[0]


@lru_cache(maxsize=1024)
def _ports(states: bytes) -> tuple[tuple[ConnectorReport, ...], bool]:
    """The ports, and whether one is faulty; boards stay in the same few states for hours."""
    connectors = tuple(_connector(place, state) for place, state in enumerate(states))
    return connectors, any(connector.fault for connector in connectors)


def _connector(port_no: int, state: int) -> ConnectorReport:
    healthy = state in tables.HEALTHY_STATES
    if not healthy:
        status = ConnectorStatus.FAULTED
    elif state in tables.CHARGING_STATES:
        status = ConnectorStatus.CHARGING
    else:
        status = ConnectorStatus.AVAILABLE
    return ConnectorReport(
        connector_no=connector_no_of(port_no),
        status=status,
        status_raw=state,
        plugged=state in tables.PLUGGED_STATES,
        fault="" if healthy else tables.PORT_STATE.identifier(state),
    )


def meter_sampled(code: str, frame: uplinks.PowerHeartbeat) -> MeterSampled:
    """0x06."""
    energy = frame.energy_001kwh * MWH_PER_001KWH
    status, plugged, floating = _LOOKS[frame.port_state]
    return MeterSampled(
        connector_no_of(frame.port_no),  # connector_no
        session_no_of(frame.order_no),  # session_no
        status,  # status
        frame.port_state,  # status_raw
        plugged,  # plugged
        None,  # holstered
        (frame.voltage_dv or 0) * MV_PER_DV,  # voltage_mv
        frame.current_ma or 0,  # current_ma
        CELSIUS_OF[frame.port_temp_raw or 0],  # cable_temp_c
        0,  # soc_pct
        None,  # battery_temp_c
        frame.duration_s,  # charged_s
        0,  # remaining_s
        energy,  # energy_mwh
        energy,  # billed_energy_mwh
        0,  # amount_hao
        0,  # fault_bits
        PowerReading(  # power
            frame.power_dw * MW_PER_DW,
            frame.max_power_dw * MW_PER_DW,
            frame.min_power_dw * MW_PER_DW,
            frame.avg_power_dw * MW_PER_DW,
            scaled(frame.peak_power_dw, MW_PER_DW),
        ),
        CELSIUS_OF[frame.env_temp_raw or 0],  # ambient_temp_c
        floating,  # floating
        charge_point_code=code,
    )


def fully_charged(code: str, frame: uplinks.FullNotice) -> FullyCharged:
    """0x43."""
    return FullyCharged(
        charge_point_code=code,
        connector_no=connector_no_of(frame.port_no),
        session_no=session_no_of(frame.order_no),
        charged_s=frame.duration_s,
        energy_mwh=frame.energy_001kwh * MWH_PER_001KWH,
    )


def alarm_reported(code: str, frame: uplinks.Alarm) -> HazardReported:
    """0x42. Its second byte is a port or a sensor's address: neither names a connector for sure (文档 0x42)."""
    return HazardReported(
        charge_point_code=code,
        connector_no=0,
        hazard=tables.ALARM_TYPE.identifier(frame.alarm_type),
        fire=frame.alarm_type in tables.FIRE_ALARMS,
        detail_raw=frame.port_no,
    )


def notice_reported(code: str, frame: uplinks.PortNotice) -> HazardReported:
    """0x44."""
    return HazardReported(
        charge_point_code=code,
        connector_no=connector_no_of(frame.port_no),
        hazard=tables.NOTICE_TYPE.identifier(frame.notice_type),
        fire=False,
        detail_raw=frame.notice_type,
    )


def hub_reported(codes: tuple[str, ...], hub_id: int, frame: uplinks.HostHeartbeat, wall_ms: int) -> HubReported:
    """0x11, in the name of the first of `codes`; a host without a clock sends 0 for its time."""
    return HubReported(
        charge_point_code=codes[0],
        charge_point_codes=codes,
        hub_code=code_of(hub_id),
        firmware_version=firmware_text(frame.firmware_version),
        hub_type=frame.host_type,
        modem_type=frame.module_type,
        signal_raw=frame.signal,
        sim_iccid=text(frame.iccid),
        imei=text(frame.imei),
        modem_version=text(frame.module_version),
        clock_skew_ms=frame.host_time * 1000 - wall_ms if frame.host_time else None,
    )


def hub_sampled(code: str, hub_id: int, frame: uplinks.HostStatus) -> HubSampled:
    """0x17."""
    return HubSampled(
        charge_point_code=code,
        hub_code=code_of(hub_id),
        voltage_mv=frame.voltage_dv * MV_PER_DV,
        current_ma=frame.current_001a * MA_PER_001A,
        energy_mwh=frame.energy_001kwh * MWH_PER_001KWH,
        meter_current_ma=frame.meter_current_001a * MA_PER_001A,
        meter_energy_mwh=frame.meter_energy_001kwh * MWH_PER_001KWH,
        leakage_ma=frame.leakage_ma,
        temp_c=CELSIUS_OF[frame.temperature_raw or 0],
        smoke=frame.smoke != 0,
        breaker_closed=frame.breaker_closed != 0,
    )
