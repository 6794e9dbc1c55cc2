"""What charge points say that matters to tariffs."""

from chargecloud.device.events import CameOnline, CommandEnded
from chargecloud.features.stations.messages import ConnectorChanged, ConnectorState
from chargecloud.features.tariffs import service
from chargecloud.infra.inbox import Subscription
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.message import Envelope


async def came_online(uow: UnitOfWork, event: CameOnline, _: Envelope) -> None:
    """Without a tariff a charge point may not charge."""
    await service.push_current(uow, event.charge_point_code)


async def connector_changed(uow: UnitOfWork, event: ConnectorChanged, _: Envelope) -> None:
    """The end of a charge lets a waiting push through."""
    if event.previous is ConnectorState.CHARGING:
        await service.push_when_idle(uow, event.charge_point_code)


async def command_ended(uow: UnitOfWork, event: CommandEnded, _: Envelope) -> None:
    """How a push ended."""
    if event.command == "ApplyTariff":
        await service.finish_push(uow, event)


SUBSCRIPTIONS = (
    Subscription(CameOnline, came_online),
    Subscription(ConnectorChanged, connector_changed),
    Subscription(CommandEnded, command_ended),
)
