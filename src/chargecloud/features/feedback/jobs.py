"""Feedback that was closed long ago is forgotten."""

from chargecloud.features.feedback import model, sql
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database

FORGOTTEN_AT_ONCE = 500


async def forget_old(database: Database) -> None:
    """Forget what was closed more than three years ago, some at once."""
    forgotten = FORGOTTEN_AT_ONCE
    while forgotten == FORGOTTEN_AT_ONCE:
        async with database.unit() as uow:
            forgotten = await sql.forget(uow, uow.now_ms - model.KEEP_MS, limit=FORGOTTEN_AT_ONCE)


JOBS = (Job("feedback.forget_old", 3600, forget_old),)
