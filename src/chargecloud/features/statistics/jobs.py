"""Counting days that are over, and noting the load."""

from chargecloud.features.operators import service as operators
from chargecloud.features.statistics import model, service, sql
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database

DAYS_AT_ONCE = 30


async def count_days(database: Database) -> None:
    """Open the days that have ended, and count those that wait; each in a unit of its own, read before it."""
    async with database.read() as connection:
        owners = await operators.operator_ids(connection)
    for operator_id in owners:
        async with database.unit() as uow:
            await service.open_days(uow, operator_id)
    async with database.read() as connection:
        waiting = await sql.due_days(connection, DAYS_AT_ONCE)
    for due in waiting:
        async with database.read() as connection:
            found = await service.count_day(connection, due)
        async with database.unit() as uow:
            await sql.write_day(uow, due, found)


async def note_load(database: Database) -> None:
    """Write down what flows now, for five minutes at a time."""
    now_ms = database.clock.now_ms()
    async with database.read() as connection:
        flows = await service.load_now(connection, now_ms)
    async with database.unit() as uow:
        await sql.write_load(uow, now_ms - now_ms % model.LOAD_SLOT_MS, flows)
        await sql.prune_load(uow, now_ms - model.LOAD_KEPT_MS)


JOBS = (Job("statistics.count_days", 60, count_days), Job("statistics.note_load", 60, note_load))
