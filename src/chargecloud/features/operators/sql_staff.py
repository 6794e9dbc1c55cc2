"""Statements about operators, staff and the audit log."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators.messages import Operator, Role, Staff
from chargecloud.features.operators.sql import STAFF_COLUMNS, operators, staff, staff_of, staff_stations
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import insert_ignore


async def find_operator(connection: AsyncConnection, operator_id: int) -> Operator | None:
    """An operator by id."""
    row = (await connection.execute(select(operators).where(operators.c.id == operator_id))).first()
    return Operator(operator_id=row.id, name=row.name) if row else None


async def add_operator(uow: UnitOfWork, *, name: str, operator_id: int | None = None) -> None:
    """An operator, unless its id or name is taken."""
    row: dict[str, object] = {"name": name, "created_at_ms": uow.now_ms}
    row = row if operator_id is None else row | {"id": operator_id}
    await uow.connection.execute(insert_ignore(operators, row))


async def operator_named(connection: AsyncConnection, name: str) -> int | None:
    """Id of the operator of a name."""
    found = (await connection.execute(select(operators.c.id).where(operators.c.name == name))).scalar_one_or_none()
    return None if found is None else int(found)


async def find_staff(connection: AsyncConnection, staff_id: int, operator_id: int | None) -> Staff | None:
    """Somebody by id, within an operator."""
    statement = select(*STAFF_COLUMNS).where(staff.c.id == staff_id)
    if operator_id is not None:
        statement = statement.where(staff.c.operator_id == operator_id)
    row = (await connection.execute(statement)).first()
    return await with_stations(connection, staff_of(row)) if row else None


async def with_stations(connection: AsyncConnection, member: Staff) -> Staff:
    """The same with the stations they are limited to."""
    return (await all_with_stations(connection, [member]))[0]


async def all_with_stations(connection: AsyncConnection, members: Sequence[Staff]) -> list[Staff]:
    """The same with the stations they are limited to."""
    limited: dict[int, list[int]] = {each.staff_id: [] for each in members if each.limited_since_ms is not None}
    if limited:
        c = staff_stations.c
        statement = select(c.staff_id, c.station_id).where(c.staff_id.in_(limited)).order_by(c.staff_id, c.station_id)
        for row in await connection.execute(statement):
            limited[row.staff_id].append(row.station_id)
    return [
        msgspec.structs.replace(each, station_ids=tuple(limited[each.staff_id])) if each.staff_id in limited else each
        for each in members
    ]


async def limit_staff(uow: UnitOfWork, staff_id: int, station_ids: Collection[int] | None) -> None:
    """Limit somebody to some stations from now on; None: to none."""
    await uow.connection.execute(delete(staff_stations).where(staff_stations.c.staff_id == staff_id))
    await set_staff(uow, staff_id, limited_since_ms=None if station_ids is None else uow.now_ms)
    if station_ids:
        rows = [{"staff_id": staff_id, "station_id": each} for each in sorted(station_ids)]
        await uow.connection.execute(insert(staff_stations), rows)


async def forget_station(uow: UnitOfWork, station_id: int) -> None:
    """A station is gone: whoever was limited to it stays limited, to what is left."""
    await uow.connection.execute(delete(staff_stations).where(staff_stations.c.station_id == station_id))


async def username_taken(connection: AsyncConnection, username: str) -> bool:
    """Whether somebody signs in with this name, whatever their operator."""
    return (await connection.execute(select(staff.c.id).where(staff.c.username == username))).first() is not None


async def add_staff(uow: UnitOfWork, row: Mapping[str, object]) -> int:
    """Insert somebody; their id."""
    key = (await uow.connection.execute(insert(staff).values(row))).inserted_primary_key
    return int(key[0]) if key else 0


async def set_staff(uow: UnitOfWork, staff_id: int, **values: object) -> None:
    """Change columns of somebody."""
    await uow.connection.execute(update(staff).where(staff.c.id == staff_id).values(values))


async def other_administrators(uow: UnitOfWork, operator_id: int, staff_id: int) -> int:
    """How many working administrators an operator has besides this one; none of them changes until the unit ends."""
    statement = (
        select(staff.c.id)
        .where(
            staff.c.operator_id == operator_id,
            staff.c.role == Role.ADMINISTRATOR.value,
            staff.c.disabled.is_(False),
        )
        .order_by(staff.c.id)
        .with_for_update()
    )
    found = (await uow.connection.execute(statement)).scalars()
    return sum(other != staff_id for other in found)


async def operator_ids(connection: AsyncConnection) -> list[int]:
    """All operators."""
    return list((await connection.execute(select(operators.c.id).order_by(operators.c.id))).scalars())
