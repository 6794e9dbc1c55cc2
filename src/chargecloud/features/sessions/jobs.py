"""What sessions do by themselves: look at those whose time has come, and forget old curves."""

import asyncio

from chargecloud.features.sessions import service, sql
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.expiry import expire

CHUNK = 200
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
        await expire(database, table, before_ms=database.clock.now_ms() - CURVES_KEPT_MS)


JOBS = (
    Job("sessions.sweep", 1, sweep),
    Job("sessions.prune_curves", 3600, prune_curves),
)
