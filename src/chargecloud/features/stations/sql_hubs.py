"""The table of hubs: boxes that carry the connection of several charge points, and what they say of themselves."""

from typing import Any

import msgspec
from sqlalchemy import Boolean, Column, Index, Integer, Row, String, Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.stations.sql import charge_points
from chargecloud.infra.sql.reach import Reach
from chargecloud.infra.sql.types import big_int, code, epoch_ms, metadata
from chargecloud.infra.sql.uow import UnitOfWork

hubs = Table(
    "hubs",
    metadata,
    Column("code", code(32), primary_key=True),
    Column("operator_id", big_int(), nullable=False),
    Column("station_id", big_int(), nullable=False),
    Column("name", String(100), nullable=False),
    Column("note", String(300), nullable=False),
    Column("retired", Boolean, nullable=False),
    Column("firmware_version", String(64), nullable=False),
    Column("hub_type", Integer, nullable=False),
    Column("modem_type", Integer, nullable=False),
    Column("signal_raw", Integer, nullable=False),
    Column("sim_iccid", String(64), nullable=False),
    Column("imei", String(64), nullable=False),
    Column("modem_version", String(64), nullable=False),
    Column("clock_skew_ms", big_int()),
    Column("first_seen_at_ms", epoch_ms(), nullable=False),
    Column("seen_at_ms", epoch_ms(), nullable=False),
    Column("voltage_mv", big_int()),
    Column("current_ma", big_int()),
    Column("energy_mwh", big_int()),
    Column("leakage_ma", big_int()),
    Column("temp_c", Integer),
    Column("smoke", Boolean),
    Column("breaker_closed", Boolean),
    Column("sampled_at_ms", epoch_ms()),
    Index(None, "operator_id", "code"),
    Index(None, "station_id", "code"),
)
"""`operator_id` and `station_id` are those of the charge point in whose name it spoke last."""


class Hub(msgspec.Struct, frozen=True, kw_only=True):
    """A hub as it is known now; measured values are None until it has sent some."""

    code: str
    operator_id: int
    station_id: int
    name: str
    note: str
    retired: bool
    firmware_version: str
    hub_type: int
    modem_type: int
    signal_raw: int
    sim_iccid: str
    imei: str
    modem_version: str
    clock_skew_ms: int | None
    first_seen_at_ms: int
    seen_at_ms: int
    voltage_mv: int | None
    current_ma: int | None
    energy_mwh: int | None
    leakage_ma: int | None
    temp_c: int | None
    smoke: bool | None
    breaker_closed: bool | None
    sampled_at_ms: int | None


class HubFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of hubs may be narrowed by."""

    station_id: int | None = None
    retired: bool | None = None
    code_starts: str = ""


def _hub(row: Row[*tuple[Any, ...]]) -> Hub:
    return Hub(**row._mapping)


async def find(connection: AsyncConnection, hub_code: str) -> Hub | None:
    """A hub by its code."""
    row = (await connection.execute(select(hubs).where(hubs.c.code == hub_code))).first()
    return _hub(row) if row else None


async def listed(
    connection: AsyncConnection, wanted: HubFilter, *, reach: Reach, after_code: str, limit: int
) -> list[Hub]:
    """Hubs by code."""
    conditions = [hubs.c.code > after_code, *reach.within(hubs.c.operator_id, hubs.c.station_id)]
    if wanted.station_id is not None:
        conditions.append(hubs.c.station_id == wanted.station_id)
    if wanted.retired is not None:
        conditions.append(hubs.c.retired.is_(wanted.retired))
    if wanted.code_starts:
        conditions.append(hubs.c.code.startswith(wanted.code_starts, autoescape=True))
    statement = select(hubs).where(*conditions).order_by(hubs.c.code).limit(limit)
    return [_hub(row) for row in await connection.execute(statement)]


async def count_at(uow: UnitOfWork, station_id: int) -> int:
    """How many hubs are known of a station."""
    statement = select(func.count()).select_from(hubs).where(hubs.c.station_id == station_id)
    return int((await uow.connection.execute(statement)).scalar_one())


async def has_behind(uow: UnitOfWork, hub_code: str, operator_id: int) -> bool:
    """Whether a charge point of this operator used the hub's connection last."""
    c = charge_points.c
    statement = select(c.code).where(c.hub_code == hub_code, c.operator_id == operator_id).limit(1)
    return (await uow.connection.execute(statement)).first() is not None


async def add(uow: UnitOfWork, hub_code: str, **values: object) -> None:
    """It speaks for the first time."""
    blank = {"name": "", "note": "", "retired": False, "first_seen_at_ms": uow.now_ms, "seen_at_ms": uow.now_ms}
    await uow.connection.execute(insert(hubs).values(blank | values | {"code": hub_code}))


async def change(uow: UnitOfWork, hub_code: str, **values: object) -> None:
    """Change columns of one hub."""
    await uow.connection.execute(update(hubs).where(hubs.c.code == hub_code).values(**values))


async def put_behind(uow: UnitOfWork, hub_code: str, charge_point_codes: tuple[str, ...]) -> None:
    """These charge points use its connection; whoever used another's until now has moved."""
    c = charge_points.c
    elsewhere = c.hub_code.is_(None) | (c.hub_code != hub_code)
    statement = update(charge_points).where(c.code.in_(charge_point_codes), elsewhere)
    await uow.connection.execute(statement.values(hub_code=hub_code))
