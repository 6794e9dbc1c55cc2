"""What charge points and orders tell that is a reason for an alarm, or the end of one."""

from chargecloud.device.commands import ApplyTariff
from chargecloud.device.events import (
    ClockReported,
    CommandEnded,
    CommandOutcome,
    HazardReported,
    HubSampled,
    LoginContested,
    MeterSampled,
    RecordUploaded,
    TariffReported,
    WireFaulted,
)
from chargecloud.features.alarms import model, model_money, service, service_guard
from chargecloud.features.alarms.messages import AlarmKind, Cause
from chargecloud.features.orders.messages import OrderDisputed, OrderResolved
from chargecloud.features.payments.messages import CaseClosed, CaseOpened
from chargecloud.features.stations.messages import ConnectorChanged, ConnectorFaultsChanged, ConnectorState
from chargecloud.infra.inbox import Subscription
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.message import Envelope


async def login_contested(uow: UnitOfWork, event: LoginContested, _: Envelope) -> None:
    """A second connection claimed this charge point code."""
    facts: dict[str, object] = {"source": event.source[:64], "outcome": event.outcome}
    await service.raise_alarm(
        uow, Cause(kind=AlarmKind.LOGIN_CONTESTED, charge_point_code=event.charge_point_code, facts=facts)
    )


async def wire_faulted(uow: UnitOfWork, event: WireFaulted, _: Envelope) -> None:
    """Frames could not be used."""
    await service.raise_alarm(
        uow,
        Cause(kind=AlarmKind.WIRE_FAULTED, charge_point_code=event.charge_point_code, facts={"counts": event.counts}),
    )


async def faults_changed(uow: UnitOfWork, event: ConnectorFaultsChanged, _: Envelope) -> None:
    """Fault bits came or went."""
    await service.judge_connector(uow, event.charge_point_code, event.connector_no)


async def connector_changed(uow: UnitOfWork, event: ConnectorChanged, _: Envelope) -> None:
    """A connector says of itself that it is faulted, or is no longer."""
    if ConnectorState.FAULTED in (event.state, event.previous):
        await service.judge_connector(uow, event.charge_point_code, event.connector_no)


async def tariff_reported(uow: UnitOfWork, event: TariffReported, _: Envelope) -> None:
    """A charge point holds another tariff than it should, or the right one; none at all is usual before the first."""
    facts: dict[str, object] = {"tariff_no": event.tariff_no[:16]}
    cause = Cause(kind=AlarmKind.TARIFF_MISMATCH, charge_point_code=event.charge_point_code, facts=facts)
    if event.matches:
        await service.clear(uow, cause)
    elif event.tariff_no.strip("0"):
        await service.raise_alarm(uow, cause)


async def tariff_applied(uow: UnitOfWork, event: CommandEnded, _: Envelope) -> None:
    """A charge point took the tariff it should have; it does not report by itself until its next login."""
    if event.command == ApplyTariff.__name__ and event.outcome is CommandOutcome.DONE:
        cause = Cause(kind=AlarmKind.TARIFF_MISMATCH, charge_point_code=event.charge_point_code)
        await service.clear(uow, cause)


async def clock_reported(uow: UnitOfWork, event: ClockReported, _: Envelope) -> None:
    """A charge point's clock is far from ours, or near enough."""
    cause = Cause(
        kind=AlarmKind.CLOCK_SKEW, charge_point_code=event.charge_point_code, facts={"skew_ms": event.skew_ms}
    )
    if model.is_skewed(event.skew_ms):
        await service.raise_alarm(uow, cause)
    else:
        await service.clear(uow, cause)


async def order_disputed(uow: UnitOfWork, event: OrderDisputed, _: Envelope) -> None:
    """People have to look at an order."""
    await service.raise_alarm(uow, _dispute(event))


async def order_resolved(uow: UnitOfWork, event: OrderResolved, _: Envelope) -> None:
    """People have looked."""
    await service.clear(uow, _dispute(event))


def _dispute(event: OrderDisputed | OrderResolved) -> Cause:
    reasons = list(event.reasons) if isinstance(event, OrderDisputed) else []
    return Cause(
        kind=AlarmKind.ORDER_DISPUTED,
        charge_point_code=event.charge_point_code,
        subject=event.order_no,
        facts={"order_no": event.order_no, "session_no": event.session_no, "reasons": reasons},
    )


async def port_sampled(uow: UnitOfWork, event: MeterSampled, _: Envelope) -> None:
    """A report of power: the fire guard looks at it."""
    if event.power is not None and event.session_no:
        await service_guard.watch(uow, event)


async def hazard_reported(uow: UnitOfWork, event: HazardReported, _: Envelope) -> None:
    """A sensor or a door."""
    await service_guard.hazard(uow, event)


async def hub_sampled(uow: UnitOfWork, event: HubSampled, _: Envelope) -> None:
    """A hub with a smoke sensor."""
    if event.smoke:
        await service_guard.smoke(uow, event)


async def record_uploaded(uow: UnitOfWork, event: RecordUploaded, _: Envelope) -> None:
    """A charge that ended by fire: its alarm is sent once and may have been lost."""
    if event.usage is not None and event.stop_reason.startswith("fire"):
        await service_guard.ended_by_fire(uow, event)


async def case_opened(uow: UnitOfWork, event: CaseOpened, _: Envelope) -> None:
    """People have to look at a payment, a refund or a bill."""
    await service.raise_alarm(uow, model_money.cause_of(event))


async def case_closed(uow: UnitOfWork, event: CaseClosed, _: Envelope) -> None:
    """People have looked; a bill is decided with the last of its differences."""
    cause = model_money.cause_of(event)
    if cause.kind is AlarmKind.BILL_DIFFERS:
        await service.bill_decided(uow, cause, event)
    else:
        await service.clear(uow, cause, note="差异已处理")


SUBSCRIPTIONS = (
    Subscription(LoginContested, login_contested),
    Subscription(WireFaulted, wire_faulted),
    Subscription(ConnectorFaultsChanged, faults_changed),
    Subscription(ConnectorChanged, connector_changed),
    Subscription(TariffReported, tariff_reported),
    Subscription(CommandEnded, tariff_applied),
    Subscription(ClockReported, clock_reported),
    Subscription(OrderDisputed, order_disputed),
    Subscription(OrderResolved, order_resolved),
    Subscription(MeterSampled, port_sampled),
    Subscription(HazardReported, hazard_reported),
    Subscription(HubSampled, hub_sampled),
    Subscription(RecordUploaded, record_uploaded),
    Subscription(CaseOpened, case_opened),
    Subscription(CaseClosed, case_closed),
)
