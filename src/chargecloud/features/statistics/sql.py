"""Tables of days that are over, which were counted and what each station did in them, and of the load."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Column, Index, Integer, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.sessions.service import Flow
from chargecloud.features.statistics.messages import Figures
from chargecloud.infra.sql.bulk import insert_many
from chargecloud.infra.sql.types import big_int, code, epoch_ms, fen, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import insert_ignore, upsert

counted_days = Table(
    "statistics_days",
    metadata,
    Column("operator_id", big_int(), primary_key=True, autoincrement=False),
    Column("day", code(10), primary_key=True),
    Column("changes", Integer, nullable=False),
    Column("changed_at_ms", epoch_ms()),
    Column("counted_at_ms", epoch_ms()),
    Index("ix_statistics_days_changed_at_ms", "changed_at_ms"),
)
"""`changed_at_ms` is set while a day has to be counted (again); `changes` tells whether more came while it was."""

station_days = Table(
    "station_days",
    metadata,
    Column("operator_id", big_int(), primary_key=True, autoincrement=False),
    Column("day", code(10), primary_key=True),
    Column("station_id", big_int(), primary_key=True, autoincrement=False),
    Column("orders", Integer, nullable=False),
    Column("abnormal_orders", Integer, nullable=False),
    Column("energy_mwh", big_int(), nullable=False),
    Column("energy_fee_fen", fen(), nullable=False),
    Column("service_fee_fen", fen(), nullable=False),
    Column("active_drivers", Integer, nullable=False),
    Column("starts", Integer, nullable=False),
    Column("starts_succeeded", Integer, nullable=False),
    Column("starts_ended_by_driver", Integer, nullable=False),
)
"""Station 0 is the operator as a whole."""

station_load = Table(
    "station_load",
    metadata,
    Column("operator_id", big_int(), primary_key=True, autoincrement=False),
    Column("station_id", big_int(), primary_key=True, autoincrement=False),
    Column("at_ms", epoch_ms(), primary_key=True, autoincrement=False),
    Column("power_w", big_int(), nullable=False),
    Column("charging", Integer, nullable=False),
    Index("ix_station_load_at_ms", "at_ms"),
)
"""What flowed at the last look within each five minutes; station 0 is the operator as a whole, and always there."""


class DueDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day that has to be counted, and the number of its last change."""

    operator_id: int
    day: str
    changes: int


async def last_day(connection: AsyncConnection, operator_id: int) -> str | None:
    """The latest day that is open for counting."""
    statement = (
        select(counted_days.c.day)
        .where(counted_days.c.operator_id == operator_id)
        .order_by(counted_days.c.day.desc())
        .limit(1)
    )
    return (await connection.execute(statement)).scalar_one_or_none()


async def open_days(uow: UnitOfWork, operator_id: int, days: Sequence[str]) -> None:
    """Have these days counted, those that were opened before left alone."""
    rows = [
        {"operator_id": operator_id, "day": day, "changes": 1, "changed_at_ms": uow.now_ms, "counted_at_ms": None}
        for day in days
    ]
    if rows:
        await uow.connection.execute(insert_ignore(counted_days), rows)


async def note_change(uow: UnitOfWork, operator_id: int, day: str) -> None:
    """A day that may have been counted has changed; one that was never opened will be counted anyway."""
    statement = (
        update(counted_days)
        .where(counted_days.c.operator_id == operator_id, counted_days.c.day == day)
        .values(changes=counted_days.c.changes + 1, changed_at_ms=uow.now_ms)
    )
    await uow.connection.execute(statement)


async def due_days(connection: AsyncConnection, limit: int) -> list[DueDay]:
    """Days that have to be counted, the longest waiting first, and of those the newest."""
    statement = (
        select(counted_days.c.operator_id, counted_days.c.day, counted_days.c.changes)
        .where(counted_days.c.changed_at_ms.is_not(None))
        .order_by(counted_days.c.changed_at_ms, counted_days.c.day.desc())
        .limit(limit)
    )
    return [DueDay(**row._mapping) for row in await connection.execute(statement)]


async def write_day(uow: UnitOfWork, due: DueDay, figures: Mapping[int, Figures]) -> None:
    """What each station did in a day, in place of what was known before."""
    own = (station_days.c.operator_id == due.operator_id, station_days.c.day == due.day)
    await uow.connection.execute(delete(station_days).where(*own))
    rows = [
        {"operator_id": due.operator_id, "day": due.day, "station_id": station_id, **msgspec.structs.asdict(of_it)}
        for station_id, of_it in figures.items()
    ]
    await insert_many(uow.connection, station_days, rows)
    this = (counted_days.c.operator_id == due.operator_id, counted_days.c.day == due.day)
    await uow.connection.execute(update(counted_days).where(*this).values(counted_at_ms=uow.now_ms))
    unchanged = counted_days.c.changes == due.changes
    await uow.connection.execute(update(counted_days).where(*this, unchanged).values(changed_at_ms=None))


async def write_load(uow: UnitOfWork, at_ms: int, flows: Sequence[Flow]) -> None:
    """What flows now, in place of what was known of these five minutes."""
    rows = [
        {
            "operator_id": flow.operator_id,
            "station_id": flow.station_id,
            "at_ms": at_ms,
            "power_w": flow.power_w,
            "charging": flow.charging,
        }
        for flow in flows
    ]
    if rows:
        key = ["operator_id", "station_id", "at_ms"]
        await uow.connection.execute(upsert(station_load, key=key, update=["power_w", "charging"]), rows)


async def prune_load(uow: UnitOfWork, before_ms: int) -> None:
    """Forget an old load."""
    await uow.connection.execute(delete(station_load).where(station_load.c.at_ms < before_ms))
