"""What a board tells about its ports, as frames of the length its edition knows."""

from chargecloud.protocols.dny.frames import uplinks
from chargecloud.sim.dny.ebike import ChargerFault
from chargecloud.sim.dny.port import JOULES_A_MWH, JOULES_A_STEP, WORD_MAX, Session, VirtualPort
from chargecloud.sim.dny.temper import BoardTemper

MAINS_DV = 2_250
ENVIRONMENT_C = 24
_ZERO_CELSIUS = 65
_HEAD_OF_PROGRESS, _PROGRESS_OF_2022 = 31, 41
_HEAD_OF_SETTLEMENT, _SETTLEMENT_WITH_TIME = 29, 35
_EPSILON_J = 0.001


def heartbeat(ports: list[VirtualPort], temper: BoardTemper, now: float) -> uplinks.Heartbeat:
    """0x21."""
    return uplinks.Heartbeat(
        voltage_dv=MAINS_DV,
        port_states=bytes(port.state(now) for port in ports),
        signal=0,
        temperature_raw=ENVIRONMENT_C + _ZERO_CELSIUS if temper.temperature else None,
    )


def legacy_heartbeat(
    ports: list[VirtualPort], temper: BoardTemper, virtual_id: int, now: float
) -> uplinks.LegacyHeartbeat:
    """0x01."""
    powers = [port.session.power_w(port.session.flow_s(now)) if port.session else 0.0 for port in ports]
    peaks = [port.session.highest_w(0, port.session.flow_s(now)) if port.session else 0.0 for port in ports]
    return uplinks.LegacyHeartbeat(
        firmware_version=temper.firmware_version,
        voltage_dv=MAINS_DV,
        port_states=bytes(port.state(now) for port in ports),
        port_powers_dw=tuple(_dw(power) for power in powers),
        port_peak_powers_dw=tuple(_dw(power) for power in peaks),
        virtual_id=virtual_id,
        signal=0,
        device_type=temper.device_type,
        temperature_raw=ENVIRONMENT_C + _ZERO_CELSIUS,
        work_mode=0,
    )


def register(port_count: int, temper: BoardTemper, virtual_id: int) -> uplinks.Register:
    """0x20."""
    return uplinks.Register(
        firmware_version=temper.firmware_version,
        port_count=port_count,
        virtual_id=virtual_id,
        device_type=temper.device_type,
        work_mode=0b0110,
        power_board_version=temper.power_board_version,
    )


def progress(
    port: VirtualPort, session: Session, temper: BoardTemper, *, now: float, at_s: int
) -> uplinks.PowerHeartbeat:
    """0x06 of a running order, or once at its end."""
    flow_s, told_s = session.flow_s(now), session.reported_s
    power_w = session.power_w(flow_s)
    newer = temper.progress_bytes > _HEAD_OF_PROGRESS
    newest = temper.progress_bytes > _PROGRESS_OF_2022
    period_j = session.energy_j(flow_s) - session.energy_j(told_s)
    return uplinks.PowerHeartbeat(
        port_no=port.port_no,
        port_state=port.state(now),
        duration_s=_word(flow_s),
        energy_001kwh=steps(session, flow_s),
        start_mode=session.start_mode,
        power_dw=_dw(power_w),
        max_power_dw=_dw(session.highest_w(told_s, flow_s)),
        min_power_dw=_dw(session.lowest_w(told_s, flow_s)),
        avg_power_dw=_dw(session.average_w(told_s, flow_s)),
        order_no=session.order_no,
        period_energy_raw=_word(period_j / JOULES_A_STEP * 48) if newer else None,
        peak_power_dw=_dw(session.highest_w(0, flow_s)) if newer else None,
        voltage_dv=MAINS_DV if newer else None,
        current_ma=_word(power_w / MAINS_DV * 10_000) if newer else None,
        env_temp_raw=ENVIRONMENT_C + _ZERO_CELSIUS if newer else None,
        port_temp_raw=port_temperature_c(session, flow_s) + _ZERO_CELSIUS if newer else None,
        timestamp=at_s if newest else None,
        occupy_min=None,
    )


def settlement(
    port: VirtualPort, session: Session, temper: BoardTemper, *, reason: int, now: float, at_s: int
) -> uplinks.Settlement:
    """0x03 of an order as it stands; `at_s` is the board's own idea of the time."""
    flow_s = session.flow_s(now)
    return uplinks.Settlement(
        duration_s=_word(flow_s),
        max_power_dw=_dw(session.highest_w(0, flow_s)),
        energy_001kwh=steps(session, flow_s),
        port_no=port.port_no,
        start_mode=session.start_mode,
        card_or_code=session.card if session.start_mode == 0 else bytes(4),
        stop_reason=reason,
        order_no=session.order_no,
        second_max_power_dw=(
            _dw(session.highest_w(0, min(flow_s, 300))) if temper.settlement_bytes > _HEAD_OF_SETTLEMENT else None
        ),
        timestamp=at_s if temper.settlement_bytes >= _SETTLEMENT_WITH_TIME else None,
        occupy_min=None,
    )


def full_notice(told: uplinks.Settlement) -> uplinks.FullNotice:
    """0x43: what 0x03 would say, without its tail."""
    return uplinks.FullNotice(
        duration_s=told.duration_s,
        max_power_dw=told.max_power_dw,
        energy_001kwh=told.energy_001kwh,
        port_no=told.port_no,
        start_mode=told.start_mode,
        card_or_code=told.card_or_code,
        stop_reason=told.stop_reason,
        order_no=told.order_no,
    )


def steps(session: Session, flow_s: float) -> int:
    """What the board's meter has counted of this order: whole steps of 0.01 kWh."""
    return min(WORD_MAX, int((session.energy_j(flow_s) + _EPSILON_J) / JOULES_A_STEP))


def flowed_mwh(session: Session, flow_s: float) -> int:
    """What really flowed."""
    return int(session.energy_j(flow_s) / JOULES_A_MWH)


def port_temperature_c(session: Session, flow_s: float) -> int:
    """The socket warms with its load; a bad contact makes it dangerous."""
    warm_c = ENVIRONMENT_C + session.power_w(flow_s) / 60
    charger = session.charger
    if charger.fault is ChargerFault.HOT_PORT:
        warm_c += min(90.0, max(0.0, session.used_s + flow_s * charger.speed - charger.fault_after_s) / 10)
    return min(180, int(warm_c))


def _dw(power_w: float) -> int:
    return _word(power_w * 10)


def _word(value: float) -> int:
    return min(WORD_MAX, int(value))
