"""Statements of the second factor: secrets, recovery codes, and tickets between password and code."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import sql_staff
from chargecloud.features.operators.messages import Staff
from chargecloud.features.operators.sql import STAFF_COLUMNS, factors, recovery_codes, staff, staff_of, tickets
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import insert_ignore


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """The secret somebody's phone shares with us."""

    staff_id: int
    secret: str
    confirmed_at_ms: int | None
    """None until a first code has shown that the phone has it."""
    last_step: int
    """Of the last code that was accepted: none of it or before is again."""


async def find_factor(connection: AsyncConnection, staff_id: int) -> Factor | None:
    """Somebody's secret, confirmed or not."""
    row = (await connection.execute(select(factors).where(factors.c.staff_id == staff_id))).first()
    if row is None:
        return None
    return Factor(
        staff_id=row.staff_id, secret=row.secret, confirmed_at_ms=row.confirmed_at_ms, last_step=row.last_step
    )


async def begin_factor(uow: UnitOfWork, staff_id: int, secret: str) -> bool:
    """A secret that is not confirmed yet, in place of an earlier one that never was; False when one is in use."""
    unconfirmed = factors.c.confirmed_at_ms.is_(None)
    await uow.connection.execute(delete(factors).where(factors.c.staff_id == staff_id, unconfirmed))
    row = {"staff_id": staff_id, "secret": secret, "last_step": -1}
    return (await uow.connection.execute(insert_ignore(factors, row))).rowcount == 1


async def confirm_factor(uow: UnitOfWork, factor: Factor, step: int) -> bool:
    """From now on the code is asked for; False when another request was quicker."""
    statement = update(factors).where(
        factors.c.staff_id == factor.staff_id,
        factors.c.secret == factor.secret,
        factors.c.confirmed_at_ms.is_(None),
    )
    return (await uow.connection.execute(statement.values(confirmed_at_ms=uow.now_ms, last_step=step))).rowcount == 1


async def use_step(uow: UnitOfWork, factor: Factor, step: int) -> bool:
    """Take a code; False when it or a later one was taken meanwhile."""
    statement = update(factors).where(
        factors.c.staff_id == factor.staff_id, factors.c.secret == factor.secret, factors.c.last_step < step
    )
    return (await uow.connection.execute(statement.values(last_step=step))).rowcount == 1


async def remove_factor(uow: UnitOfWork, staff_id: int) -> bool:
    """Forget secret, recovery codes and tickets; False when there was no secret."""
    for table in (recovery_codes, tickets):
        await uow.connection.execute(delete(table).where(table.c.staff_id == staff_id))
    return (await uow.connection.execute(delete(factors).where(factors.c.staff_id == staff_id))).rowcount == 1


async def set_recovery_codes(uow: UnitOfWork, staff_id: int, hashes: Sequence[str]) -> None:
    """These and no others."""
    await uow.connection.execute(delete(recovery_codes).where(recovery_codes.c.staff_id == staff_id))
    await uow.connection.execute(
        insert(recovery_codes), [{"staff_id": staff_id, "code_hash": code_hash} for code_hash in hashes]
    )


async def use_recovery_code(uow: UnitOfWork, staff_id: int, code_hash: str) -> bool:
    """Use one up; False when it is none of theirs, or used."""
    statement = delete(recovery_codes).where(
        recovery_codes.c.staff_id == staff_id, recovery_codes.c.code_hash == code_hash
    )
    return (await uow.connection.execute(statement)).rowcount == 1


async def recovery_codes_left(connection: AsyncConnection, staff_id: int) -> int:
    """How many are not used yet."""
    statement = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.staff_id == staff_id)
    return int((await connection.execute(statement)).scalar_one())


async def add_ticket(uow: UnitOfWork, staff_id: int, ticket_hash: str, expires_at_ms: int) -> None:
    """Somebody has given the right password."""
    row = {"staff_id": staff_id, "ticket_hash": ticket_hash, "expires_at_ms": expires_at_ms}
    await uow.connection.execute(insert(tickets).values(row))


async def find_ticket(connection: AsyncConnection, ticket_hash: str, now_ms: int) -> Staff | None:
    """Whose password was right, if they may still work here."""
    statement = (
        select(*STAFF_COLUMNS)
        .join(tickets, tickets.c.staff_id == staff.c.id)
        .where(tickets.c.ticket_hash == ticket_hash, tickets.c.expires_at_ms > now_ms, staff.c.disabled.is_(False))
    )
    row = (await connection.execute(statement)).first()
    return await sql_staff.with_stations(connection, staff_of(row)) if row else None


async def end_ticket(uow: UnitOfWork, ticket_hash: str) -> bool:
    """It has become a session; False when it already had."""
    return (await uow.connection.execute(delete(tickets).where(tickets.c.ticket_hash == ticket_hash))).rowcount == 1


async def prune_tickets(uow: UnitOfWork) -> int:
    """Forget those whose time is over; how many."""
    return (await uow.connection.execute(delete(tickets).where(tickets.c.expires_at_ms <= uow.now_ms))).rowcount
