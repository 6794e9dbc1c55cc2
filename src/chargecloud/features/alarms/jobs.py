"""Alarms that end by themselves, and old ones that are forgotten."""

from chargecloud.features.alarms import model, service, sql
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database

PRUNE_AT_ONCE = 1000


async def tidy(database: Database) -> None:
    """Close what went quiet; forget what was closed a year ago."""
    async with database.unit() as uow:
        await service.close_quiet(uow)
    async with database.unit() as uow:
        await sql.prune(uow, closed_before_ms=uow.now_ms - model.CLOSED_KEPT_MS, limit=PRUNE_AT_ONCE)


JOBS = (Job("alarms.tidy", 60, tidy),)
