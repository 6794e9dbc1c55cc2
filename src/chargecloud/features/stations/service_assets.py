"""Entering, changing and retiring stations and charge points."""

import msgspec
from sqlalchemy import delete, update

from chargecloud.device.events import Booted
from chargecloud.features.operators import service as operators
from chargecloud.features.stations import model, model_codes, sql, sql_strangers, views
from chargecloud.features.stations.messages import ChargePoint, Connector, ConnectorState, Station
from chargecloud.infra.sql.reach import EVERYWHERE, Reach
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, Invalid, NotFound, Refused

DEFAULT_OPERATOR_ID = 1


class NewStation(msgspec.Struct, frozen=True, kw_only=True):
    """What a station is entered with."""

    name: str
    address: str = ""
    latitude_udeg: int | None = None
    longitude_udeg: int | None = None
    phone: str = ""


class NewChargePoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a charge point is entered with."""

    code: str
    station_id: int
    name: str
    power_type: str
    connector_count: int
    rated_power_w: int = 0
    enabled: bool = True


async def station(uow: UnitOfWork, station_id: int, reach: Reach = EVERYWHERE) -> Station:
    """A station, or NotFound, also when it is out of reach."""
    found = await sql.find_station(uow, station_id)
    if found is None or not reach.covers(found.operator_id, found.id):
        raise NotFound(f"没有编号为 {station_id} 的充电站", "station_unknown", station_id=station_id)
    return found


async def charge_point(uow: UnitOfWork, charge_point_code: str, reach: Reach = EVERYWHERE) -> ChargePoint:
    """A charge point, or NotFound, also when it is out of reach."""
    found = await sql.get_charge_point(uow, charge_point_code)
    if not reach.covers(found.operator_id, found.station_id):
        raise NotFound(f"没有桩编号 {charge_point_code}", "charge_point_unknown", charge_point_code=charge_point_code)
    return found


async def create_station(uow: UnitOfWork, operator_id: int, new: NewStation) -> Station:
    """Enter a station."""
    return await sql.add_station(
        uow, Station(id=0, operator_id=operator_id, created_at_ms=uow.now_ms, **msgspec.structs.asdict(new))
    )


async def change_station(uow: UnitOfWork, station_id: int, changes: dict[str, object], *, reach: Reach) -> Station:
    """Change what a station is described by."""
    await station(uow, station_id, reach)
    if changes:
        await uow.connection.execute(update(sql.stations).where(sql.stations.c.id == station_id).values(**changes))
    return await station(uow, station_id)


async def remove_station(uow: UnitOfWork, station_id: int, *, reach: Reach) -> None:
    """Remove a station that has no charge points."""
    from_station = await station(uow, station_id, reach)
    standing = await uow.connection.execute(
        sql.charge_points.select().where(sql.charge_points.c.station_id == from_station.id).limit(1)
    )
    if standing.first() is not None:
        raise Conflict("充电站还有充电桩，请先移走或删除", "station_in_use", station_id=station_id)
    await uow.connection.execute(delete(sql.stations).where(sql.stations.c.id == station_id))
    await operators.forget_station(uow, station_id)


async def create_charge_point(uow: UnitOfWork, new: NewChargePoint, *, reach: Reach) -> ChargePoint:
    """Enter a charge point; from then on it may log in."""
    model.check_code(new.code)
    if not 1 <= new.connector_count <= model.MAX_CONNECTORS:
        raise Invalid(f"枪数须在 1 到 {model.MAX_CONNECTORS} 之间", "connector_count", given=new.connector_count)
    at = await station(uow, new.station_id, reach)
    if await sql.find_charge_point(uow, new.code) is not None:
        raise Conflict(f"桩编号 {new.code} 已存在", "charge_point_exists", charge_point_code=new.code)
    charge_point = blank_charge_point(uow, new, at.operator_id)
    await sql.add_charge_point(uow, charge_point)
    await sql_strangers.forget(uow, [new.code])
    return charge_point


async def change_charge_point(
    uow: UnitOfWork, charge_point_code: str, changes: dict[str, object], *, reach: Reach
) -> ChargePoint:
    """Change what a charge point is described by; a disabled one is turned away at its next log-in."""
    before = await charge_point(uow, charge_point_code, reach)
    if "station_id" in changes:
        target = await station(uow, int(str(changes["station_id"])), reach)
        changes = changes | {"operator_id": target.operator_id}
        if target.id != before.station_id:
            await _nobody_charges(uow, before)
    if changes:
        await sql.set_charge_point(uow, before.code, **changes)
    return await sql.get_charge_point(uow, before.code)


async def _nobody_charges(uow: UnitOfWork, found: ChargePoint) -> None:
    """What is charged at a place is billed and counted there: a charge point is moved between two charges."""
    for each in await views.connectors_of(uow.connection, found.code):
        if each.reported is ConnectorState.CHARGING or each.session_no:
            raise Refused(
                f"{each.connector_no} 号枪正在充电，结束后再移到其他充电站",
                "charge_point_charging",
                charge_point_code=found.code,
                connector_no=each.connector_no,
            )


async def remove_charge_point(uow: UnitOfWork, charge_point_code: str, *, reach: Reach) -> None:
    """Remove a charge point that was entered by mistake; one that has been used is disabled instead."""
    found = await charge_point(uow, charge_point_code, reach)
    if found.booted_at_ms is not None:
        raise Refused("充电桩已上过线，请改为停用", "charge_point_used", charge_point_code=charge_point_code)
    for table, column in (
        (sql.connectors, sql.connectors.c.charge_point_code),
        (sql.charge_points, sql.charge_points.c.code),
    ):
        await uow.connection.execute(delete(table).where(column == found.code))


async def renew_qr_code(uow: UnitOfWork, charge_point_code: str, connector_no: int, *, reach: Reach) -> Connector:
    """Give a connector a new alias: the old sticker leads nowhere from now on."""
    at = await charge_point(uow, charge_point_code, reach)
    await sql.set_connector(uow, charge_point_code, connector_no, qr_code=model_codes.new_sticker())
    return await _connector(uow, at, connector_no)


async def change_connector(
    uow: UnitOfWork, charge_point_code: str, connector_no: int, changes: dict[str, object], *, reach: Reach
) -> Connector:
    """Change what a connector is described by; one out of use begins no charge, what runs there goes on.

    `changes` are columns. Taking a connector out of use needs a reason (Invalid), which goes when it is used again.
    """
    at = await charge_point(uow, charge_point_code, reach)
    before = await _connector(uow, at, connector_no)
    enabled = changes.get("enabled", before.enabled)
    if enabled:
        changes = changes | {"disabled_reason": ""}
    elif not changes.get("disabled_reason", before.disabled_reason):
        raise Invalid("停用须填写原因", "disabled_reason_missing", field="disabled_reason")
    await sql.set_connector(uow, at.code, connector_no, **changes)
    found = await _connector(uow, at, connector_no)
    patch = {"connectors": {str(connector_no): {"state": found.state.value}}}
    uow.live(f"charge_point:{at.code}", patch)
    uow.live(f"station:{at.station_id}", {"charge_points": {at.code: patch}})
    return found


async def _connector(uow: UnitOfWork, at: ChargePoint, connector_no: int) -> Connector:
    found = await sql.find_connector(uow, at.code, connector_no)
    if found is None:
        raise NotFound(f"没有 {connector_no} 号枪", "connector_unknown", connector_no=connector_no)
    return found


async def enrol(uow: UnitOfWork, event: Booted) -> ChargePoint:
    """Register a charge point nobody had entered, under the station for such."""
    at = await sql.station_named(uow, DEFAULT_OPERATOR_ID, model.UNASSIGNED)
    if at is None:
        at = await create_station(uow, DEFAULT_OPERATOR_ID, NewStation(name=model.UNASSIGNED))
    new = NewChargePoint(
        code=event.charge_point_code,
        station_id=at.id,
        name=event.charge_point_code,
        power_type=event.power_type.value,
        connector_count=max(1, min(event.connector_count, model.MAX_CONNECTORS)),
    )
    charge_point = msgspec.structs.replace(
        blank_charge_point(uow, new, at.operator_id),
        protocol=event.protocol,
        protocol_version=event.protocol_version[:32],
        firmware_version=event.firmware_version[:64],
        sim_iccid=event.sim_iccid[:64],
        network_type=event.network_type,
        carrier_no=event.carrier_no,
        capabilities=model.listed(event.capabilities),
        source=event.source[:64],
        booted_at_ms=uow.now_ms,
    )
    await sql.add_charge_point(uow, charge_point)
    return charge_point


def blank_charge_point(uow: UnitOfWork, new: NewChargePoint, operator_id: int) -> ChargePoint:
    """A charge point that has never said anything."""
    return ChargePoint(
        **msgspec.structs.asdict(new),
        operator_id=operator_id,
        in_service=True,
        power_limit_pct=100,
        protocol="",
        protocol_version="",
        firmware_version="",
        sim_iccid="",
        network_type=0,
        carrier_no=0,
        source="",
        online=False,
        gateway_id="",
        epoch=0,
        presence_since_ms=uow.now_ms,
        booted_at_ms=None,
        tariff_no="",
        tariff_matches=None,
        tariff_reported_at_ms=None,
        clock_skew_ms=None,
        clock_reported_at_ms=None,
        capabilities=None,
        created_at_ms=uow.now_ms,
    )
