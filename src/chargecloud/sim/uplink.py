"""The frames a charge point makes of its state (文档 §6); the vendor's words are at home here."""

from chargecloud.device.events import PowerType
from chargecloud.kernel.clock import local_time
from chargecloud.protocols.wire.values import write_cp56
from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.battery import Battery
from chargecloud.sim.board import Board
from chargecloud.sim.car import NO_DRAW, Car
from chargecloud.sim.connector import Phase, Session, VirtualConnector
from chargecloud.sim.tariff import BANDS

NO_TRADE = "0" * 32
LARGEST = 0xFFFF_FFFF
"""What four bytes can carry."""
FIRST_MS = 946_656_000_000
"""2000-01-01 00:00 Beijing."""
LAST_MS = 4_985_942_399_999
"""2127-12-31 23:59:59.999 Beijing."""
_IDLE, _FAULT, _CHARGING = 2, 1, 3
_ZERO_CURRENT = 4000
_BATTERY_TYPE = {"lfp": 3, "ncm": 6}
_ALL_NORMAL_CHARGE_ALLOWED = 1 << 12
_SOFTWARE_VERSION = bytes((1, 15, 6, 0xE8, 0x07, 0xFF, 0xFF, 0xFF))


def gun(connector: VirtualConnector) -> str:
    """The connector's number on the wire."""
    return f"{connector.number:02d}"


def wire_time(local_ms: int) -> bytes:
    """A time of the charge point's own clock; one that is wrong by decades stops at the years the wire can carry."""
    return write_cp56(local_time(min(max(local_ms, FIRST_MS), LAST_MS)).replace(tzinfo=None))


def login(board: Board) -> frames.LoginRequest:
    """0x01."""
    return frames.LoginRequest(
        pile_code=board.code,
        pile_type=1 if board.spec.power_type is PowerType.AC else 0,
        gun_count=len(board.connectors),
        protocol_version=board.temper.version_byte,
        program_version=board.memory.program or board.temper.program,
        network_type=0,
        sim_card="898600" + board.code,
        operator=0,
    )


def realtime(
    board: Board, connector: VirtualConnector, now: float, *, plugged: bool | None = None
) -> frames.RealtimeData:
    """0x13. `plugged` overrides what the cable says, for the first report of one firmware."""
    running = connector.session
    charging = connector.phase in (Phase.CHARGING, Phase.STOPPING)
    shown = running or (connector.last if board.temper.idle_keeps_session else None)
    draw = connector.draw
    status = _CHARGING if charging else _FAULT if connector.fault and connector.fault.bit else _IDLE
    dc_car = shown.car if shown and board.spec.power_type is PowerType.DC else None
    units = sum(shown.units) if shown else 0
    return frames.RealtimeData(
        trade_no=shown.order.session_no if shown else NO_TRADE,
        pile_code=board.code,
        gun_no=gun(connector),
        status=status,
        gun_homed=2 if board.spec.power_type is PowerType.AC else int(not connector.plugged),
        gun_plugged=int(connector.plugged if plugged is None else plugged),
        output_voltage=draw.voltage_mv // 100,
        output_current=draw.current_ma // 100,
        gun_cable_temp=75 + draw.current_ma * draw.current_ma * 30 // 250_000**2 if charging else 0,
        gun_cable_code=bytes(8),
        soc=dc_car.soc_pct if dc_car else 0,
        battery_max_temp=_temperature(dc_car.battery) if dc_car else 0,
        charged_minutes=shown.charged_minutes(now) if shown else 0,
        remaining_minutes=dc_car.remaining_minutes(draw.power_w) if dc_car else 0,
        charged_energy=units,
        loss_charged_energy=_loss_units(shown) if shown and board.temper.loss_in_samples else 0,
        charged_amount=sum(amounts(board, shown)) if shown else 0,
        hardware_fault=1 << connector.fault.bit if connector.fault and connector.fault.bit else 0,
    )


def amounts(board: Board, session: Session) -> list[int]:
    """What each band costs, in 0.0001 yuan, as this firmware computes it; an absurd price stops at the column's end."""
    rounding = board.temper.rounding
    return [
        min(LARGEST // BANDS, session.tariff.amount_hao(band, session.units[band], rounding)) for band in range(BANDS)
    ]


def _loss_units(session: Session) -> int:
    return sum(session.tariff.loss_units(units) for units in session.units)


def _temperature(battery: Battery) -> int:
    return min(250, max(1, int(battery.temp_c) + 50))


def _current(board: Board, current_ma: int) -> int:
    return min(0xFFFF, max(0, _ZERO_CURRENT + board.temper.current_sign * (current_ma // 100)))


def handshake(board: Board, connector: VirtualConnector, session: Session, car: Car) -> frames.BmsHandshake:
    """0x15."""
    battery = car.battery
    return frames.BmsHandshake(
        trade_no=session.order.session_no,
        pile_code=board.code,
        gun_no=gun(connector),
        bms_protocol_version=bytes((1, 1, 0)),
        battery_type=_BATTERY_TYPE[battery.chemistry.name],
        battery_rated_capacity=int(battery.capacity_ah * 10),
        battery_rated_voltage=int(battery.cells * battery.chemistry.nominal_cell_v * 10),
        battery_manufacturer=b"SIMU",
        battery_pack_serial=sum(car.vin.encode()),
        battery_prod_year=38,
        battery_prod_month=6,
        battery_prod_day=15,
        battery_charge_count=210,
        battery_ownership=1,
        reserved=0,
        vin=car.vin.encode("ascii"),
        bms_software_version=_SOFTWARE_VERSION,
    )


def parameters(board: Board, connector: VirtualConnector, session: Session, car: Car) -> frames.BmsParamConfig:
    """0x17."""
    battery, spec = car.battery, board.spec
    return frames.BmsParamConfig(
        trade_no=session.order.session_no,
        pile_code=board.code,
        gun_no=gun(connector),
        cell_max_voltage=int(battery.chemistry.full_cell_v * 100),
        bms_max_current=_current(board, int(battery.max_current * 1000)),
        battery_nominal_energy=int(battery.nominal_wh / 100),
        bms_max_voltage=int(battery.max_voltage * 10),
        bms_max_temp=105,
        battery_soc=int(battery.soc * 1000),
        battery_voltage=int(battery.terminal_voltage(0) * 10),
        pile_max_voltage=spec.max_voltage_mv // 100,
        pile_min_voltage=spec.min_voltage_mv // 100,
        pile_max_current=_current(board, spec.max_current_ma),
        pile_min_current=_current(board, 0),
    )


def demand(board: Board, connector: VirtualConnector, session: Session, now: float) -> frames.BmsDemandChargerOutput:
    """0x23."""
    car, draw = _car(session), connector.draw
    battery = car.battery
    cell_cv = int(battery.terminal_voltage(draw.current_ma / 1000) / battery.cells * 100)
    return frames.BmsDemandChargerOutput(
        trade_no=session.order.session_no,
        pile_code=board.code,
        gun_no=gun(connector),
        bms_voltage_demand=int(battery.max_voltage * 10),
        bms_current_demand=_current(board, int(battery.demand_current() * 1000)),
        bms_charge_mode=1 if battery.soc > 0.97 else 2,
        bms_measured_voltage=draw.voltage_mv // 100,
        bms_measured_current=_current(board, draw.current_ma),
        cell_max_voltage_and_group=1 << 12 | min(cell_cv, 0x0FFF),
        soc=car.soc_pct,
        remaining_minutes=car.remaining_minutes(draw.power_w),
        pile_output_voltage=draw.voltage_mv // 100,
        pile_output_current=_current(board, draw.current_ma),
        charged_minutes=min(600, session.charged_minutes(now)),
    )


def battery_info(board: Board, connector: VirtualConnector, session: Session) -> frames.BmsChargingInfo:
    """0x25."""
    hottest = _temperature(_car(session).battery)
    return frames.BmsChargingInfo(
        trade_no=session.order.session_no,
        pile_code=board.code,
        gun_no=gun(connector),
        cell_max_voltage_no=11,
        battery_max_temp=hottest,
        max_temp_point_no=2,
        battery_min_temp=max(0, hottest - 3),
        min_temp_point_no=6,
        bms_status_bits=_ALL_NORMAL_CHARGE_ALLOWED,
    )


def charge_end(board: Board, connector: VirtualConnector, session: Session, now: float) -> frames.ChargeEnd:
    """0x19."""
    car = _car(session)
    cell_cv = int(car.battery.terminal_voltage(NO_DRAW.current_ma) / car.battery.cells * 100)
    return frames.ChargeEnd(
        trade_no=session.order.session_no,
        pile_code=board.code,
        gun_no=gun(connector),
        end_soc=car.soc_pct,
        cell_min_voltage=cell_cv - 2,
        cell_max_voltage=cell_cv,
        battery_min_temp=max(0, _temperature(car.battery) - 3),
        battery_max_temp=_temperature(car.battery),
        charged_minutes=min(600, session.charged_minutes(now)),
        output_energy=min(10_000, sum(session.units) // 1000),
        charger_no=connector.number,
    )


def charge_error(board: Board, connector: VirtualConnector, session: Session, errors: bytes) -> frames.ChargeError:
    """0x1B."""
    return frames.ChargeError(
        trade_no=session.order.session_no, pile_code=board.code, gun_no=gun(connector), error_bytes=errors
    )


def bms_abort(board: Board, connector: VirtualConnector, session: Session, reason: int) -> frames.BmsAbort:
    """0x1D."""
    return frames.BmsAbort(
        trade_no=session.order.session_no,
        pile_code=board.code,
        gun_no=gun(connector),
        bms_abort_reason=reason,
        bms_abort_fault=0,
        bms_abort_error=0,
    )


def charger_abort(board: Board, connector: VirtualConnector, session: Session) -> frames.ChargerAbort:
    """0x21."""
    return frames.ChargerAbort(
        trade_no=session.order.session_no,
        pile_code=board.code,
        gun_no=gun(connector),
        charger_abort_reason=session.stop.reason if session.stop else 0,
        charger_abort_fault=session.stop.fault if session.stop else 0,
        charger_abort_error=0,
    )


def record(board: Board, connector: VirtualConnector, session: Session) -> frames.TransactionRecord:
    """0x3B."""
    temper, tariff, units = board.temper, session.tariff, session.units
    used = [count > 0 or temper.prices_of_unused_bands for count in units]
    prices = [min(LARGEST, tariff.rate_si(band)) if used[band] else 0 for band in range(BANDS)]
    losses = [tariff.loss_units(count) for count in units]
    costs = amounts(board, session)
    known_vin = session.car and (board.spec.power_type is PowerType.DC or session.order.mark == VIN_START)
    return frames.TransactionRecord(
        trade_no=session.order.session_no,
        pile_code=board.code,
        gun_no=gun(connector),
        start_time=wire_time(session.started_ms),
        end_time=wire_time(session.ended_ms),
        sharp_price=prices[0],
        sharp_energy=units[0],
        sharp_loss_energy=losses[0],
        sharp_amount=costs[0],
        peak_price=prices[1],
        peak_energy=units[1],
        peak_loss_energy=losses[1],
        peak_amount=costs[1],
        flat_price=prices[2],
        flat_energy=units[2],
        flat_loss_energy=losses[2],
        flat_amount=costs[2],
        valley_price=prices[3],
        valley_energy=units[3],
        valley_loss_energy=losses[3],
        valley_amount=costs[3],
        meter_start=session.meter_start if temper.reports_meter else 0,
        meter_end=session.meter_end if temper.reports_meter else 0,
        total_energy=sum(units),
        total_loss_energy=sum(losses),
        total_amount=sum(costs),
        vin=session.car.vin.encode("ascii") if session.car and known_vin else b"",
        trade_mark=session.order.mark,
        trade_time=wire_time(session.ended_ms),
        stop_reason=session.stop.code if session.stop else UNKNOWN_STOP,
        physical_card_no=session.order.card,
    )


APP_START, CARD_START, OFFLINE_CARD_START, VIN_START = 1, 2, 4, 5
"""0x3B trade_mark."""
UNKNOWN_STOP = 0x90


def _car(session: Session) -> Car:
    if session.car is None:
        raise RuntimeError(f"session {session.order.session_no} has no car: nothing to tell about its battery")
    return session.car
