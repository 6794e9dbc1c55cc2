"""Rows that nobody needs after a while, forgotten without holding anybody up (docs/adr/0018).

On a server the table is partitioned by day (its migration makes `p_rest`, the rest); old days are dropped and coming
ones are split off the rest while that is empty. Elsewhere rows are deleted in portions.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Table, delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.sql.engine import Database

log = structlog.get_logger("chargecloud.database")

DAY_MS = 86_400_000
PORTION = 5_000
PORTIONS_A_RUN = 200
"""A million rows; the next run goes on."""
DAYS_AHEAD = 3
REST = "p_rest"

_PARTITIONS = text(
    "SELECT partition_name, partition_description FROM information_schema.partitions "
    "WHERE table_schema = DATABASE() AND table_name = :name AND partition_name IS NOT NULL "
    "ORDER BY partition_ordinal_position"
)


async def expire(database: Database, table: Table, *, before_ms: int) -> None:
    """Forget rows of a table with columns `id`, counted up, and `at_ms`, older than a moment; days as a whole."""
    async with database.unit() as uow:
        if uow.connection.dialect.name != "sqlite":
            days = await _days(uow.connection, table.name)
            if days is not None:
                await _drop(uow.connection, table.name, [day for day in days if day <= before_ms])
                await _add(uow.connection, table.name, last=max(days, default=0), now_ms=uow.now_ms)
                return
    for _ in range(PORTIONS_A_RUN):
        if await _delete(database, table, before_ms) < PORTION:
            return


async def _days(connection: AsyncConnection, name: str) -> list[int] | None:
    """Where each day of a table ends, in epoch ms; None when it is not partitioned."""
    rows = (await connection.execute(_PARTITIONS, {"name": name})).all()
    if not rows:
        return None
    return [int(end) for partition, end in rows if partition != REST]


async def _drop(connection: AsyncConnection, name: str, days: Sequence[int]) -> None:
    if days:
        gone = ", ".join(map(_partition, days))
        await connection.exec_driver_sql(f"ALTER TABLE {name} DROP PARTITION {gone}")
        log.info("database.days_dropped", table=name, partitions=gone)


async def _add(connection: AsyncConnection, name: str, *, last: int, now_ms: int) -> None:
    """Split today and the coming days off the rest, as far as they are not there."""
    today = now_ms // DAY_MS * DAY_MS
    ends = range(max(last, today) + DAY_MS, today + (DAYS_AHEAD + 1) * DAY_MS + 1, DAY_MS)
    if ends:
        parts = [f"PARTITION {_partition(end)} VALUES LESS THAN ({end})" for end in ends]
        parts.append(f"PARTITION {REST} VALUES LESS THAN MAXVALUE")
        await connection.exec_driver_sql(f"ALTER TABLE {name} REORGANIZE PARTITION {REST} INTO ({', '.join(parts)})")


def _partition(end_ms: int) -> str:
    """Named after the (UTC) day it holds."""
    return f"p{datetime.fromtimestamp(end_ms // 1000, UTC) - timedelta(days=1):%Y%m%d}"


async def _delete(database: Database, table: Table, before_ms: int) -> int:
    async with database.unit() as uow:
        old = table.c.at_ms < before_ms
        oldest = select(table.c.id).where(old).order_by(table.c.id).limit(PORTION)
        found = list((await uow.connection.execute(oldest)).scalars())
        if found:
            await uow.connection.execute(delete(table).where(old, table.c.id <= found[-1]))
        return len(found)
