"""What payments do by themselves. They ask providers, so they run beside the other jobs and hold none of them up."""

from chargecloud.features.payments import service_delivery, service_desk, service_reconcile
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.service_delivery import Counter
from chargecloud.features.payments.service_desk import Desk
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database


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
    )


def delivery_jobs(counter: Counter) -> tuple[Job, ...]:
    """The job that tells WeChat of deliveries."""

    async def tell(database: Database) -> None:
        await service_delivery.tell(database, counter)

    return (Job("payments.deliver", 60, tell),)
