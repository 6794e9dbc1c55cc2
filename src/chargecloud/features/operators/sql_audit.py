"""Statements of the audit log: the end of each chain, and entries in their order."""

from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators.messages import AuditLink
from chargecloud.features.operators.sql import audit_heads, audit_log
from chargecloud.infra.sql.bulk import insert_many
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import insert_ignore

AT_ONCE = 1_000

_HEAD = insert_ignore(audit_heads)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a chain, and what it began with."""

    link: AuditLink
    unchained: int
    beginning: str


async def lock_head(uow: UnitOfWork, operator_id: int) -> AuditLink:
    """The end of a chain, which nobody else moves until this unit ends.

    Inserting a row that is there locks it, on a server; on SQLite one unit writes at a time anyway.
    """
    row = {"operator_id": operator_id, "chain_no": 0, "digest": "", "unchained": 0, "beginning": ""}
    await uow.connection.execute(_HEAD, row)
    c = audit_heads.c
    statement = select(c.chain_no, c.digest).where(c.operator_id == operator_id).with_for_update()
    number, digest = (await uow.connection.execute(statement)).one()
    return AuditLink(operator_id=operator_id, chain_no=number, digest=digest)


async def set_head(uow: UnitOfWork, link: AuditLink) -> None:
    """The chain goes so far now."""
    statement = update(audit_heads).where(audit_heads.c.operator_id == link.operator_id)
    await uow.connection.execute(statement.values(chain_no=link.chain_no, digest=link.digest))


async def add_entries(uow: UnitOfWork, entries: Sequence[Mapping[str, object]]) -> None:
    """Write entries whose digests are made."""
    await insert_many(uow.connection, audit_log, entries)


async def heads(connection: AsyncConnection) -> list[Head]:
    """The ends of all chains, by operator."""
    rows = await connection.execute(select(audit_heads).order_by(audit_heads.c.operator_id))
    return [
        Head(
            link=AuditLink(operator_id=row.operator_id, chain_no=row.chain_no, digest=row.digest),
            unchained=row.unchained,
            beginning=row.beginning,
        )
        for row in rows
    ]


async def owners(connection: AsyncConnection) -> set[int]:
    """Whoever has entries; 0 for the platform."""
    found = (await connection.execute(select(audit_log.c.operator_id).distinct())).scalars()
    return {operator_id or 0 for operator_id in found}


async def entries_of(
    connection: AsyncConnection, operator_id: int | None
) -> AsyncIterator[Sequence[Mapping[str, object]]]:
    """All entries of an operator, or of the platform, oldest first, some at a time."""
    own = audit_log.c.operator_id.is_(None) if operator_id is None else audit_log.c.operator_id == operator_id
    after = 0
    while True:
        statement = select(audit_log).where(own, audit_log.c.id > after).order_by(audit_log.c.id).limit(AT_ONCE)
        rows = [dict(row._mapping) for row in await connection.execute(statement)]
        if not rows:
            return
        yield rows
        after = rows[-1]["id"]
