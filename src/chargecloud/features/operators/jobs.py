"""What is forgotten in time: ended sessions and old sign-in attempts."""

from chargecloud.features.operators import model, sql_sign_in
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database


async def forget(database: Database) -> None:
    """Remove sessions that ended by themselves, and attempts older than half a year."""
    async with database.unit() as uow:
        await sql_sign_in.prune_sessions(uow)
        await sql_sign_in.prune_attempts(uow, before_ms=uow.now_ms - model.ATTEMPTS_KEPT_MS)


JOBS = (Job("operators.forget", 600, forget),)
