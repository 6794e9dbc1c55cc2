"""Tables of stations, charge points, connectors and the log of commands, and the statements that change them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    bindparam,
    insert,
    select,
    text,
    update,
)

from chargecloud.device.events import Booted
from chargecloud.features.stations import model
from chargecloud.features.stations.messages import ChargePoint, Connector, ConnectorState, Station
from chargecloud.features.stations.model_codes import new_sticker
from chargecloud.infra.sql.bulk import insert_many
from chargecloud.infra.sql.types import big_id, code, epoch_ms, json_text, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import NotFound

CODE = 32
"""Room for codes of vendors still to come; the ones we know have 14 digits."""

stations = Table(
    "stations",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", epoch_ms(), nullable=False),
    Column("name", String(100), nullable=False),
    Column("address", String(300), nullable=False),
    Column("latitude_udeg", Integer),
    Column("longitude_udeg", Integer),
    Column("phone", String(32), nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Index("ix_stations_operator_id_id", "operator_id", "id"),
)

charge_points = Table(
    "charge_points",
    metadata,
    Column("code", code(CODE), primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("operator_id", epoch_ms(), nullable=False),
    Column("name", String(100), nullable=False),
    Column("power_type", code(8), nullable=False),
    Column("connector_count", Integer, nullable=False),
    Column("rated_power_w", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("in_service", Boolean, nullable=False),
    Column("power_limit_pct", Integer, nullable=False),
    Column("protocol", code(32), nullable=False),
    Column("protocol_version", String(32), nullable=False),
    Column("firmware_version", String(64), nullable=False),
    Column("sim_iccid", String(64), nullable=False),
    Column("network_type", Integer, nullable=False),
    Column("carrier_no", Integer, nullable=False),
    Column("source", String(64), nullable=False),
    Column("online", Boolean, nullable=False),
    Column("gateway_id", code(64), nullable=False),
    Column("epoch", epoch_ms(), nullable=False),
    Column("presence_since_ms", epoch_ms(), nullable=False),
    Column("booted_at_ms", epoch_ms()),
    Column("tariff_no", code(16), nullable=False),
    Column("tariff_matches", Boolean),
    Column("tariff_reported_at_ms", epoch_ms()),
    Column("clock_skew_ms", epoch_ms()),
    Column("clock_reported_at_ms", epoch_ms()),
    Column("capabilities", String(1000)),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Column("screen_alias", code(16)),
    Column("hub_code", code(CODE)),
    Index("ix_charge_points_hub_code", "hub_code"),
    Index("ix_charge_points_station_id_code", "station_id", "code"),
    Index("ix_charge_points_operator_id_code", "operator_id", "code"),
    Index("ix_charge_points_gateway_id_online", "gateway_id", "online"),
)

connectors = Table(
    "connectors",
    metadata,
    Column("charge_point_code", ForeignKey("charge_points.code"), primary_key=True),
    Column("connector_no", Integer, primary_key=True, autoincrement=False),
    Column("qr_code", code(32), nullable=False, unique=True),
    Column("reported", code(16), nullable=False),
    Column("plugged", Boolean, nullable=False),
    Column("holstered", Boolean),
    Column("fault_bits", Integer, nullable=False),
    Column("session_no", code(64), nullable=False),
    Column("since_ms", epoch_ms(), nullable=False),
    Column("lock_state", code(16), nullable=False),
    Column("lock_occupied", Boolean),
    Column("lock_battery_pct", Integer),
    Column("lock_alarm", code(16), nullable=False),
    Column("lock_reported_at_ms", epoch_ms()),
    Column("name", String(50), nullable=False, server_default=text("''")),
    Column("parking_bay", String(32), nullable=False, server_default=text("''")),
    Column("enabled", Boolean, nullable=False, server_default=text("1")),
    Column("disabled_reason", String(200), nullable=False, server_default=text("''")),
    Column("rated_power_w", Integer, nullable=False, server_default="0"),
    Column("retired", Boolean, nullable=False, server_default=text("0")),
)

device_commands = Table(
    "device_commands",
    metadata,
    Column("command_id", code(96), primary_key=True),
    Column("charge_point_code", code(CODE), nullable=False),
    Column("kind", code(32), nullable=False),
    Column("body", json_text(), nullable=False),
    Column("requested_by", String(100), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    Column("expires_at_ms", epoch_ms(), nullable=False),
    Column("outcome", code(16), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("detail", json_text(), nullable=False),
    Column("ended_at_ms", epoch_ms()),
    Index("ix_device_commands_charge_point_code_at_ms", "charge_point_code", "at_ms"),
    Index("ix_device_commands_outcome_expires_at_ms", "outcome", "expires_at_ms"),
    Index("ix_device_commands_at_ms", "at_ms"),
)

CHARGE_POINT_COLUMNS = tuple(charge_points.c)
CONNECTOR_COLUMNS = tuple(column for column in connectors.c if column.name != "charge_point_code")


def station_of(row: Row[*tuple[Any, ...]]) -> Station:
    """A station from its row."""
    return Station(**row._mapping)


def charge_point_of(row: Row[*tuple[Any, ...]]) -> ChargePoint:
    """A charge point from a row that starts with its columns."""
    return ChargePoint(**{column.name: value for column, value in zip(CHARGE_POINT_COLUMNS, row, strict=False)})


def connector_of(row: Row[*tuple[Any, ...]]) -> Connector:
    """A connector from a row of its charge point's columns and its own."""
    own = row[len(CHARGE_POINT_COLUMNS) :]
    values = {column.name: value for column, value in zip(CONNECTOR_COLUMNS, own, strict=True)}
    return Connector(charge_point=charge_point_of(row), **values | {"reported": ConnectorState(values["reported"])})


def select_connectors() -> Select[Any]:
    """Connectors with their charge points, one statement."""
    return select(*CHARGE_POINT_COLUMNS, *CONNECTOR_COLUMNS).join(
        charge_points, charge_points.c.code == connectors.c.charge_point_code
    )


_CHARGE_POINT = select(*CHARGE_POINT_COLUMNS).where(charge_points.c.code == bindparam("code"))
_STATION_OF = select(charge_points.c.station_id).where(charge_points.c.code == bindparam("code"))
_CONNECTOR = select_connectors().where(
    connectors.c.charge_point_code == bindparam("code"), connectors.c.connector_no == bindparam("number")
)
_CHANGE_CHARGE_POINT = update(charge_points).where(charge_points.c.code == bindparam("this_code"))
_SET_PRESENCE = _CHANGE_CHARGE_POINT.where(charge_points.c.epoch <= bindparam("this_epoch"))
_CHANGE_CONNECTOR = update(connectors).where(
    connectors.c.charge_point_code == bindparam("this_code"), connectors.c.connector_no == bindparam("this_number")
)
"""Statements of hot paths are built once: building one costs more than SQLite needs to run it."""


async def find_charge_point(uow: UnitOfWork, charge_point_code: str) -> ChargePoint | None:
    """A charge point by its code."""
    row = (await uow.connection.execute(_CHARGE_POINT, {"code": charge_point_code})).first()
    return charge_point_of(row) if row else None


async def station_of_charge_point(uow: UnitOfWork, charge_point_code: str) -> int:
    """The id of the station where a charge point stands; 0 when there is no such charge point."""
    return await uow.connection.scalar(_STATION_OF, {"code": charge_point_code}) or 0


async def get_charge_point(uow: UnitOfWork, charge_point_code: str) -> ChargePoint:
    """A charge point by its code, or NotFound."""
    found = await find_charge_point(uow, charge_point_code)
    if found is None:
        raise NotFound(f"没有桩编号 {charge_point_code}", "charge_point_unknown", charge_point_code=charge_point_code)
    return found


async def find_connector(uow: UnitOfWork, charge_point_code: str, connector_no: int) -> Connector | None:
    """A connector with its charge point."""
    row = (await uow.connection.execute(_CONNECTOR, {"code": charge_point_code, "number": connector_no})).first()
    return connector_of(row) if row else None


async def find_station(uow: UnitOfWork, station_id: int) -> Station | None:
    """A station by its id."""
    row = (await uow.connection.execute(select(stations).where(stations.c.id == station_id))).first()
    return station_of(row) if row else None


async def station_named(uow: UnitOfWork, operator_id: int, name: str) -> Station | None:
    """An operator's station by its name; the oldest when names repeat."""
    statement = (
        select(stations)
        .where(stations.c.operator_id == operator_id, stations.c.name == name)
        .order_by(stations.c.id)
        .limit(1)
    )
    row = (await uow.connection.execute(statement)).first()
    return station_of(row) if row else None


async def add_station(uow: UnitOfWork, station: Station) -> Station:
    """Write a new station; its id is given by the database."""
    values = {name: value for name, value in msgspec.structs.asdict(station).items() if name != "id"}
    result = await uow.connection.execute(insert(stations).values(values))
    key = result.inserted_primary_key
    return msgspec.structs.replace(station, id=int(key[0]) if key else 0)


async def add_charge_point(uow: UnitOfWork, charge_point: ChargePoint) -> None:
    """Write a new charge point with its connectors."""
    await uow.connection.execute(insert(charge_points).values(msgspec.structs.asdict(charge_point)))
    await add_connectors(uow, charge_point.code, range(1, charge_point.connector_count + 1))


async def add_charge_points(uow: UnitOfWork, new: Sequence[ChargePoint]) -> None:
    """Write many new charge points with their connectors."""
    rows = [
        _blank_connector(each.code, number, uow.now_ms) for each in new for number in range(1, each.connector_count + 1)
    ]
    await insert_many(uow.connection, charge_points, [msgspec.structs.asdict(each) for each in new])
    await insert_many(uow.connection, connectors, rows)


async def add_connectors(uow: UnitOfWork, charge_point_code: str, numbers: range) -> None:
    """Write connectors that have said nothing yet."""
    if numbers:
        rows = [_blank_connector(charge_point_code, number, uow.now_ms) for number in numbers]
        await uow.connection.execute(insert(connectors), rows)


def _blank_connector(charge_point_code: str, connector_no: int, now_ms: int) -> dict[str, object]:
    return {
        "charge_point_code": charge_point_code,
        "connector_no": connector_no,
        "qr_code": new_sticker(),
        "reported": ConnectorState.AVAILABLE.value,
        "plugged": False,
        "holstered": None,
        "fault_bits": 0,
        "session_no": "",
        "since_ms": now_ms,
        "lock_state": "",
        "lock_occupied": None,
        "lock_battery_pct": None,
        "lock_alarm": "",
        "lock_reported_at_ms": None,
    }


async def note_boot(uow: UnitOfWork, charge_point: ChargePoint, event: Booted) -> None:
    """What a charge point says of itself when it introduces itself."""
    values = {
        "protocol": event.protocol,
        "protocol_version": event.protocol_version[:32],
        "firmware_version": event.firmware_version[:64],
        "sim_iccid": event.sim_iccid[:64],
        "network_type": event.network_type,
        "carrier_no": event.carrier_no,
        "capabilities": model.listed(event.capabilities),
        "source": event.source[:64],
        "booted_at_ms": uow.now_ms,
    }
    await uow.connection.execute(_CHANGE_CHARGE_POINT, values | {"this_code": charge_point.code})


async def set_presence(uow: UnitOfWork, *, charge_point_code: str, gateway_id: str, epoch: int, online: bool) -> bool:
    """Online under an epoch, or offline unless a later epoch is online; False when the word came too late."""
    values = {"online": online, "gateway_id": gateway_id, "epoch": epoch, "presence_since_ms": uow.now_ms}
    this = {"this_code": charge_point_code, "this_epoch": epoch}
    return (await uow.connection.execute(_SET_PRESENCE, values | this)).rowcount == 1


async def forget_gateway(uow: UnitOfWork, gateway_id: str) -> int:
    """Everything this gateway held is offline; how many that were."""
    statement = (
        update(charge_points)
        .where(charge_points.c.gateway_id == gateway_id, charge_points.c.online.is_(True))
        .values(online=False, presence_since_ms=uow.now_ms)
    )
    return (await uow.connection.execute(statement)).rowcount


async def set_charge_point(uow: UnitOfWork, charge_point_code: str, **values: object) -> bool:
    """Change columns of one charge point; False when there is none."""
    result = await uow.connection.execute(_CHANGE_CHARGE_POINT, values | {"this_code": charge_point_code})
    return result.rowcount == 1


async def set_connector(uow: UnitOfWork, charge_point_code: str, connector_no: int, **values: object) -> bool:
    """Change columns of one connector; False when there is none."""
    this = {"this_code": charge_point_code, "this_number": connector_no}
    return (await uow.connection.execute(_CHANGE_CONNECTOR, values | this)).rowcount == 1
