"""What a driver is told of an order beyond its state: it could not begin, is over, broken off, or costs otherwise."""

from chargecloud.device.events import StopClass
from chargecloud.features.drivers import service as drivers
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.energy import kwh_text


def tell_failed(uow: UnitOfWork, order: Order, reason: str) -> None:
    """Nothing flowed, and the money is free again."""
    if order.driver_id is not None and order.state is OrderState.FAILED:
        drivers.notice(uow, order.driver_id, "start_failed", _facts(order, reason=reason))


def tell_ended(uow: UnitOfWork, order: Order) -> None:
    """The bill is there."""
    if order.driver_id is None:
        return
    if order.state is not OrderState.SETTLED:
        tell_failed(uow, order, "no_energy")
        return
    stop_class = order.stop_class or StopClass.UNKNOWN
    aborted = stop_class is StopClass.ABORTED
    facts = _facts(order, reason=stop_class.value)
    drivers.notice(uow, order.driver_id, "stopped_abnormally" if aborted else "order_ended", facts)


def tell_corrected(uow: UnitOfWork, order: Order, change_fen: int) -> None:
    """A bill that stood was changed by so much; the order is what it is now."""
    if order.driver_id is not None and change_fen:
        drivers.notice(uow, order.driver_id, "bill_corrected", _facts(order, reason="") | {"change_fen": change_fen})


def _facts(order: Order, *, reason: str) -> dict[str, object]:
    return {
        "order_no": order.order_no,
        "charge_point": order.charge_point_code,
        "connector_no": order.connector_no,
        "reason": reason,
        "energy_kwh": kwh_text(order.energy_mwh),
        "total_fen": order.total_fen,
        "refund_fen": order.refund_fen or 0,
    }
