"""What changes an order after it was settled changes the figures of its day."""

from chargecloud.features.orders.messages import OrderCorrected, OrderDisputed, OrderEvent, OrderResolved
from chargecloud.features.statistics import service
from chargecloud.infra.inbox import Subscription
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.message import Envelope


async def order_changed(uow: UnitOfWork, event: OrderEvent, _: Envelope) -> None:
    """A late record or a decision of people."""
    await service.order_changed(uow, event.order_no)


SUBSCRIPTIONS = (
    Subscription(OrderCorrected, order_changed),
    Subscription(OrderDisputed, order_changed),
    Subscription(OrderResolved, order_changed),
)
