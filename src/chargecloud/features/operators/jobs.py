"""What is forgotten in time: ended sessions and old sign-in attempts; and how far the audit log goes, told the log."""

import structlog

from chargecloud.features.operators import model, service_approvals, service_audit, sql_second_factor, sql_sign_in
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database

log = structlog.get_logger("chargecloud.operators")

DAY_S = 86_400


async def forget(database: Database) -> None:
    """Remove sessions that ended by themselves, and attempts older than half a year."""
    async with database.unit() as uow:
        await sql_sign_in.prune_sessions(uow)
        await sql_second_factor.prune_tickets(uow)
        await sql_sign_in.prune_attempts(uow, before_ms=uow.now_ms - model.ATTEMPTS_KEPT_MS)


async def anchor_audit(database: Database) -> None:
    """Tell the log, which is kept elsewhere, how far each chain goes: who changes the database cannot change that."""
    async with database.read() as connection:
        for link in await service_audit.ends(connection):
            log.info("audit.anchored", operator_id=link.operator_id, chain_no=link.chain_no, digest=link.digest)


async def expire_approvals(database: Database) -> None:
    """Requests nobody has decided in time: what they were about is free for another one."""
    async with database.unit() as uow:
        await service_approvals.expire_overdue(uow)


JOBS = (
    Job("operators.forget", 600, forget),
    Job("operators.expire_approvals", 60, expire_approvals),
    Job("operators.anchor_audit", DAY_S, anchor_audit),
)
