"""The read side of stations: lists for people and snapshots for live topics, as plain rows."""

from typing import Any

import msgspec
from sqlalchemy import Row, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.stations.messages import ChargePoint, Connector, Place, Station
from chargecloud.features.stations.model import UNASSIGNED
from chargecloud.features.stations.sql import (
    CHARGE_POINT_COLUMNS,
    charge_point_of,
    charge_points,
    connector_of,
    connectors,
    device_commands,
    select_connectors,
    station_of,
    stations,
)
from chargecloud.features.stations.sql_gateways import gateways
from chargecloud.infra.sql.reach import EVERYWHERE, Reach
from chargecloud.kernel.errors import Invalid


class StationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A station as lists show it."""

    id: int
    operator_id: int
    name: str
    address: str
    latitude_udeg: int | None
    longitude_udeg: int | None
    phone: str
    created_at_ms: int
    charge_points: int
    online: int


class CommandRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the command log."""

    command_id: str
    charge_point_code: str
    kind: str
    body: str
    requested_by: str
    at_ms: int
    expires_at_ms: int
    outcome: str
    reason: str
    detail: str
    ended_at_ms: int | None


class GatewayOverview(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway as lists show it."""

    gateway_id: str
    started_at_ms: int
    seen_at_ms: int
    online: int
    silent_since_ms: int | None


class BehindHub(msgspec.Struct, frozen=True):
    """A charge point behind a hub."""

    code: str
    name: str
    station_id: int
    online: bool
    connector_count: int


class ChargePointFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of charge points may be narrowed by."""

    reach: Reach = EVERYWHERE
    station_id: int | None = None
    online: bool | None = None
    enabled: bool | None = None
    code_starts: str = ""

    def within(self, reach: Reach) -> "ChargePointFilter":
        """The same for what somebody may see only."""
        return msgspec.structs.replace(self, reach=reach)


async def list_gateways(connection: AsyncConnection) -> list[GatewayOverview]:
    """All gateways that were heard of lately, by name."""
    columns = [gateways.c[name] for name in GatewayOverview.__struct_fields__]
    rows = await connection.execute(select(*columns).order_by(gateways.c.gateway_id))
    return [GatewayOverview(**row._mapping) for row in rows]


def _like_prefix(text: str) -> str:
    """A LIKE pattern for texts that start so; wildcards in the text mean themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def _select_stations() -> Select[Any]:
    """Stations with how many charge points stand there and how many are online."""
    counts = (
        select(
            charge_points.c.station_id,
            func.count().label("charge_points"),
            func.sum(case((charge_points.c.online, 1), else_=0)).label("online"),
        )
        .group_by(charge_points.c.station_id)
        .subquery()
    )
    return select(stations, func.coalesce(counts.c.charge_points, 0), func.coalesce(counts.c.online, 0)).outerjoin(
        counts, counts.c.station_id == stations.c.id
    )


async def list_stations(
    connection: AsyncConnection, *, reach: Reach, name: str, after_id: int, limit: int
) -> list[StationRow]:
    """Stations by id."""
    own = reach.within(stations.c.operator_id, stations.c.id)
    statement = _select_stations().where(stations.c.id > after_id, *own).order_by(stations.c.id).limit(limit)
    if name:
        statement = statement.where(stations.c.name.icontains(name, autoescape=True))
    return [_station_row(row) for row in await connection.execute(statement)]


async def station(connection: AsyncConnection, station_id: int) -> StationRow | None:
    """One station."""
    row = (await connection.execute(_select_stations().where(stations.c.id == station_id))).first()
    return _station_row(row) if row else None


def _station_row(row: Row[*tuple[Any, ...]]) -> StationRow:
    *values, count, online = row
    named = {str(column.name): value for column, value in zip(stations.c, values, strict=True)}
    return msgspec.convert(named | {"charge_points": int(count), "online": int(online)}, StationRow)


async def list_charge_points(
    connection: AsyncConnection, wanted: ChargePointFilter, *, after_code: str, limit: int
) -> list[ChargePoint]:
    """Charge points by code."""
    statement = (
        select(*CHARGE_POINT_COLUMNS)
        .where(charge_points.c.code > after_code)
        .order_by(charge_points.c.code)
        .limit(limit)
    )
    return [charge_point_of(row) for row in await connection.execute(_narrowed(statement, wanted))]


def _narrowed(statement: Select[Any], wanted: ChargePointFilter) -> Select[Any]:
    equal = {
        charge_points.c.station_id: wanted.station_id,
        charge_points.c.online: wanted.online,
        charge_points.c.enabled: wanted.enabled,
    }
    conditions = wanted.reach.within(charge_points.c.operator_id, charge_points.c.station_id)
    conditions += [column == value for column, value in equal.items() if value is not None]
    if wanted.code_starts:
        conditions.append(charge_points.c.code.like(_like_prefix(wanted.code_starts), escape="\\"))
    return statement.where(and_(True, *conditions))


async def charge_points_at(connection: AsyncConnection, station_id: int) -> list[ChargePoint]:
    """All charge points of a station, by code."""
    statement = (
        select(*CHARGE_POINT_COLUMNS).where(charge_points.c.station_id == station_id).order_by(charge_points.c.code)
    )
    return [charge_point_of(row) for row in await connection.execute(statement)]


async def online_codes(connection: AsyncConnection, *, after_code: str, limit: int) -> list[str]:
    """Codes of charge points that are online, by code."""
    statement = (
        select(charge_points.c.code)
        .where(charge_points.c.online.is_(True), charge_points.c.code > after_code)
        .order_by(charge_points.c.code)
        .limit(limit)
    )
    return list((await connection.execute(statement)).scalars())


async def charge_point(connection: AsyncConnection, charge_point_code: str) -> ChargePoint | None:
    """A charge point by its code."""
    statement = select(*CHARGE_POINT_COLUMNS).where(charge_points.c.code == charge_point_code)
    row = (await connection.execute(statement)).first()
    return charge_point_of(row) if row else None


async def connectors_of(connection: AsyncConnection, charge_point_code: str) -> list[Connector]:
    """The connectors of a charge point, by number."""
    statement = (
        select_connectors()
        .where(connectors.c.charge_point_code == charge_point_code)
        .order_by(connectors.c.connector_no)
    )
    return [connector_of(row) for row in await connection.execute(statement)]


async def connectors_at(connection: AsyncConnection, station_id: int) -> list[Connector]:
    """All connectors of a station, by charge point and number."""
    statement = (
        select_connectors()
        .where(charge_points.c.station_id == station_id)
        .order_by(charge_points.c.code, connectors.c.connector_no)
    )
    return [connector_of(row) for row in await connection.execute(statement)]


async def places(
    connection: AsyncConnection, *, operator_id: int | None, name: str, after_id: int, limit: int
) -> list[Place]:
    """Stations drivers may come to, by id, each with the connectors of its charge points that are not turned away."""
    statement = (
        select(stations)
        .where(stations.c.id > after_id, stations.c.name != UNASSIGNED)
        .order_by(stations.c.id)
        .limit(limit)
    )
    if operator_id is not None:
        statement = statement.where(stations.c.operator_id == operator_id)
    if name:
        statement = statement.where(stations.c.name.icontains(name, autoescape=True))
    found = [station_of(row) for row in await connection.execute(statement)]
    return await _with_connectors(connection, found)


async def _with_connectors(connection: AsyncConnection, found: list[Station]) -> list[Place]:
    by_station: dict[int, list[Connector]] = {station.id: [] for station in found}
    if by_station:
        statement = (
            select_connectors()
            .where(
                charge_points.c.station_id.in_(by_station),
                charge_points.c.enabled.is_(True),
                connectors.c.retired.is_(False),
            )
            .order_by(charge_points.c.code, connectors.c.connector_no)
        )
        for row in await connection.execute(statement):
            connector = connector_of(row)
            by_station[connector.charge_point.station_id].append(connector)
    return [Place(station=station, connectors=tuple(by_station[station.id])) for station in found]


async def place(connection: AsyncConnection, station_id: int) -> Place | None:
    """One station as drivers see it."""
    rows = await connection.execute(select(stations).where(stations.c.id == station_id))
    found = await _with_connectors(connection, [station_of(row) for row in rows])
    return found[0] if found else None


async def behind_hubs(connection: AsyncConnection, hub_codes: list[str], reach: Reach) -> dict[str, list[BehindHub]]:
    """The charge points behind some hubs that somebody may see, by code."""
    c = charge_points.c
    columns = (c.hub_code, c.code, c.name, c.station_id, c.online, c.connector_count)
    statement = select(*columns).where(c.hub_code.in_(hub_codes), *reach.within(c.operator_id, c.station_id))
    found: dict[str, list[BehindHub]] = {}
    for hub_code, *values in await connection.execute(statement.order_by(c.code)):
        found.setdefault(hub_code, []).append(BehindHub(*values))
    return found


async def station_names(connection: AsyncConnection, station_ids: list[int]) -> dict[int, str]:
    """Names of some stations; one that has been removed is missing."""
    statement = select(stations.c.id, stations.c.name).where(stations.c.id.in_(station_ids))
    return {row.id: row.name for row in await connection.execute(statement)}


async def list_commands(
    connection: AsyncConnection, charge_point_code: str, *, before: tuple[int | str, ...] | None, limit: int
) -> list[CommandRow]:
    """The command log of a charge point, newest first, from behind (moment, command id) on."""
    at_ms, command_id = device_commands.c.at_ms, device_commands.c.command_id
    statement = (
        select(device_commands)
        .where(device_commands.c.charge_point_code == charge_point_code)
        .order_by(at_ms.desc(), command_id.desc())
        .limit(limit)
    )
    match before:
        case None:
            pass
        case (int(moment), str(last)):
            statement = statement.where(or_(at_ms < moment, and_(at_ms == moment, command_id < last)))
        case _:
            raise Invalid("`before` is not a cursor of this list", "invalid_cursor")
    return [CommandRow(**row._mapping) for row in await connection.execute(statement)]


async def command(connection: AsyncConnection, command_id: str) -> CommandRow | None:
    """One line of the command log."""
    row = (await connection.execute(select(device_commands).where(device_commands.c.command_id == command_id))).first()
    return CommandRow(**row._mapping) if row else None


def connector_snapshot(connector: Connector) -> dict[str, object]:
    """A connector as live topics show it; patches have the same shape."""
    return {
        "state": connector.state.value,
        "plugged": connector.plugged,
        "holstered": connector.holstered,
        "fault_bits": connector.fault_bits,
        "session_no": connector.session_no,
        "since_ms": connector.since_ms,
        "lock_state": connector.lock_state,
    }


def charge_point_snapshot(charge_point: ChargePoint, of_it: list[Connector]) -> dict[str, object]:
    """A charge point as live topics show it."""
    return {
        "code": charge_point.code,
        "name": charge_point.name,
        "online": charge_point.online,
        "presence_since_ms": charge_point.presence_since_ms,
        "connectors": {str(connector.connector_no): connector_snapshot(connector) for connector in of_it},
    }


async def station_snapshot(connection: AsyncConnection, station: StationRow) -> dict[str, object]:
    """A station as live topics show it."""
    by_code: dict[str, list[Connector]] = {}
    for connector in await connectors_at(connection, station.id):
        by_code.setdefault(connector.charge_point.code, []).append(connector)
    return {
        "id": station.id,
        "name": station.name,
        "charge_points": {code: charge_point_snapshot(of_it[0].charge_point, of_it) for code, of_it in by_code.items()},
    }
