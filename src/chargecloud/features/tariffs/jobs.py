"""What time brings: versions and assignments that begin, and pushes nobody answered."""

from chargecloud.features.tariffs import service, sql_push
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database

RETRY_AFTER_MS = 300_000
RETRIES_AT_ONCE = 100


async def push_begun(database: Database) -> None:
    """Push what began since the last time; a station at a time, so that others get their turn between."""
    async with database.read() as connection:
        now_ms = database.clock.now_ms()
        due = await sql_push.due_stations(connection, now_ms)
    for station_id in due:
        async with database.unit() as uow:
            await service.push_due(uow, station_id)
    async with database.read() as connection:
        unmarked = await sql_push.anything_begun(connection, now_ms)
    if unmarked:
        async with database.unit() as uow:
            await sql_push.note_pushed(uow, now_ms)


async def retry(database: Database) -> None:
    """Try again, five minutes later, where a charge point said nothing and is online."""
    async with database.read() as connection:
        asked_before_ms = database.clock.now_ms() - RETRY_AFTER_MS
        silent = await sql_push.silent_pushes(connection, asked_before_ms=asked_before_ms, limit=RETRIES_AT_ONCE)
    for charge_point_code in silent:
        async with database.unit() as uow:
            await service.retry_push(uow, charge_point_code)


JOBS = (Job("tariffs.push_begun", 5, push_begun), Job("tariffs.retry", 60, retry))
