"""What payments do by themselves. They ask providers, so they run beside the other jobs and hold none of them up."""

from chargecloud.features.payments import service_delivery, service_desk, service_reconcile, sql
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.service_delivery import Counter
from chargecloud.features.payments.service_desk import Desk
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database

KEEP_NOTICES_MS = 90 * 86_400_000
"""A notice is evidence for so long; what followed from it stands in the payment and its log, which stay."""
FORGOTTEN_AT_ONCE = 500


def provider_jobs(channels: Channels) -> tuple[Job, ...]:
    """The jobs over these channels."""

    async def look(database: Database) -> None:
        await service_desk.look(Desk(database, channels))

    async def give_back(database: Database) -> None:
        await service_desk.give_back(Desk(database, channels))

    async def compare_bills(database: Database) -> None:
        await service_reconcile.reconcile(Desk(database, channels))

    return (
        Job("payments.look", 1, look),
        Job("payments.give_back", 1, give_back),
        Job("payments.reconcile", 600, compare_bills),
        Job("payments.forget_notices", 600, forget_notices),
    )


async def forget_notices(database: Database) -> None:
    """Forget notices of more than ninety days ago, some at once; never a payment, a refund or what happened to it."""
    forgotten = FORGOTTEN_AT_ONCE
    while forgotten == FORGOTTEN_AT_ONCE:
        async with database.unit() as uow:
            forgotten = await sql.forget_notices(uow, uow.now_ms - KEEP_NOTICES_MS, limit=FORGOTTEN_AT_ONCE)


def delivery_jobs(counter: Counter) -> tuple[Job, ...]:
    """The job that tells WeChat of deliveries."""

    async def tell(database: Database) -> None:
        await service_delivery.tell(database, counter)

    return (Job("payments.deliver", 60, tell),)
