"""The table of charge points that called and that nobody has entered; small, whoever calls how often."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Boolean, Column, Index, Integer, Row, String, Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.sql.types import big_id, code, epoch_ms, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import insert_ignore

strangers = Table(
    "unknown_charge_points",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("code", code(32), nullable=False, unique=True),
    Column("protocol", code(32), nullable=False),
    Column("protocol_version", String(32), nullable=False),
    Column("firmware_version", String(64), nullable=False),
    Column("sim_iccid", code(64), nullable=False),
    Column("power_type", code(8), nullable=False),
    Column("connector_count", Integer, nullable=False),
    Column("source", code(64), nullable=False),
    Column("times", Integer, nullable=False),
    Column("ignored", Boolean, nullable=False),
    Column("first_seen_at_ms", epoch_ms(), nullable=False),
    Column("last_seen_at_ms", epoch_ms(), nullable=False),
    Index("ix_unknown_charge_points_source", "source", "last_seen_at_ms"),
    Index(None, "last_seen_at_ms"),
)


class Stranger(msgspec.Struct, frozen=True, kw_only=True):
    """A charge point that called and was turned away, as it introduced itself last."""

    id: int
    code: str
    protocol: str
    protocol_version: str
    firmware_version: str
    sim_iccid: str
    power_type: str
    connector_count: int
    source: str
    times: int
    ignored: bool
    first_seen_at_ms: int
    last_seen_at_ms: int


def _stranger(row: Row[*tuple[Any, ...]]) -> Stranger:
    return Stranger(**row._mapping)


async def find(connection: AsyncConnection, charge_point_code: str) -> Stranger | None:
    """One of them by its code."""
    row = (await connection.execute(select(strangers).where(strangers.c.code == charge_point_code))).first()
    return _stranger(row) if row else None


async def listed(
    connection: AsyncConnection, *, ignored: bool | None, before_id: int | None, limit: int
) -> list[Stranger]:
    """All of them, newest first."""
    statement = select(strangers).order_by(strangers.c.id.desc()).limit(limit)
    if ignored is not None:
        statement = statement.where(strangers.c.ignored.is_(ignored))
    if before_id is not None:
        statement = statement.where(strangers.c.id < before_id)
    return [_stranger(row) for row in await connection.execute(statement)]


async def again(uow: UnitOfWork, charge_point_code: str, **values: object) -> None:
    """It called once more."""
    statement = update(strangers).where(strangers.c.code == charge_point_code)
    await uow.connection.execute(statement.values(times=strangers.c.times + 1, last_seen_at_ms=uow.now_ms, **values))


async def add(uow: UnitOfWork, charge_point_code: str, **values: object) -> None:
    """It called for the first time."""
    row = {
        **values,
        "code": charge_point_code,
        "times": 1,
        "ignored": False,
        "first_seen_at_ms": uow.now_ms,
        "last_seen_at_ms": uow.now_ms,
    }
    await uow.connection.execute(insert_ignore(strangers, row))


async def make_room(uow: UnitOfWork, source: str, *, per_source: int, in_all: int) -> None:
    """Forget one for one more: of the same source, otherwise whoever called fewest times and longest ago."""
    c = strangers.c
    of_source = select(func.count()).where(c.source == source)
    total = select(func.count()).select_from(strangers)
    if (await uow.connection.execute(of_source)).scalar_one() >= per_source:
        victims = select(c.id).where(c.source == source).order_by(c.last_seen_at_ms).limit(1)
    elif (await uow.connection.execute(total)).scalar_one() >= in_all:
        victims = select(c.id).order_by(c.times, c.last_seen_at_ms).limit(1)
    else:
        return
    ids = list((await uow.connection.execute(victims)).scalars())
    await uow.connection.execute(delete(strangers).where(c.id.in_(ids)))


async def set_ignored(uow: UnitOfWork, charge_point_code: str, *, ignored: bool) -> None:
    """Put it aside, or back."""
    await uow.connection.execute(update(strangers).where(strangers.c.code == charge_point_code).values(ignored=ignored))


async def forget(uow: UnitOfWork, codes: Sequence[str]) -> None:
    """They are strangers no more."""
    for start in range(0, len(codes), 500):
        await uow.connection.execute(delete(strangers).where(strangers.c.code.in_(codes[start : start + 500])))


async def prune(uow: UnitOfWork, *, before_ms: int) -> None:
    """Forget who has not called for long."""
    await uow.connection.execute(delete(strangers).where(strangers.c.last_seen_at_ms < before_ms))
