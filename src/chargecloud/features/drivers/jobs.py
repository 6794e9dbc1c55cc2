"""Dead tokens are forgotten."""

from chargecloud.features.drivers import sql
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database


async def forget_tokens(database: Database) -> None:
    """Remove tokens that nobody used for seven days or that were revoked."""
    async with database.unit() as uow:
        await sql.prune_tokens(uow)


JOBS = (Job("drivers.forget_tokens", 3600, forget_tokens),)
