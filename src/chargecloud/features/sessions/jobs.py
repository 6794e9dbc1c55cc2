"""What sessions do by themselves: look at those whose time has come, and forget old curves."""

import asyncio

from sqlalchemy import Table, delete, select

from chargecloud.features.sessions import service, sql
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database

CHUNK = 200
PRUNE_CHUNK = 5_000
CURVES_KEPT_MS = 90 * 86_400_000


async def sweep(database: Database) -> None:
    """Each session in its own unit, so that none holds up the others; failures are told together."""
    async with database.unit() as uow:
        numbers = await service.due_sessions(uow, limit=CHUNK)
    results = await asyncio.gather(*(_sweep_one(database, number) for number in numbers), return_exceptions=True)
    failures = [result for result in results if isinstance(result, Exception)]
    if failures:
        raise ExceptionGroup("sessions that could not be swept", failures)


async def _sweep_one(database: Database, session_no: str) -> None:
    async with database.unit() as uow:
        await service.sweep_one(uow, session_no)


async def prune_curves(database: Database) -> None:
    """Keep samples and battery reports for a season."""
    for table in (sql.session_samples, sql.battery_reports):
        while await _prune(database, table) == PRUNE_CHUNK:
            pass


async def _prune(database: Database, table: Table) -> int:
    async with database.unit() as uow:
        old = select(table.c.id).where(table.c.at_ms < uow.now_ms - CURVES_KEPT_MS).order_by(table.c.id)
        last = list((await uow.connection.execute(old.limit(PRUNE_CHUNK))).scalars())
        if last:
            await uow.connection.execute(
                delete(table).where(table.c.at_ms < uow.now_ms - CURVES_KEPT_MS, table.c.id <= last[-1])
            )
        return len(last)


JOBS = (
    Job("sessions.sweep", 1, sweep),
    Job("sessions.prune_curves", 3600, prune_curves),
)
