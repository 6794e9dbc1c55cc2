"""What sessions, charge points and wallets tell that orders listen to."""

from collections.abc import Sequence

from chargecloud.device.events import BalanceAsked, StartRequested
from chargecloud.features.orders import service, service_card, service_settle, service_settle_many
from chargecloud.features.sessions.messages import (
    SessionEnded,
    SessionEstimated,
    SessionFailed,
    SessionRecorded,
    SessionRejected,
    SessionReopened,
    SessionStarted,
)
from chargecloud.features.wallet.messages import ToppedUp
from chargecloud.infra.inbox import Subscription
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.message import Envelope


async def on_start_requested(uow: UnitOfWork, event: StartRequested, envelope: Envelope) -> None:
    """Somebody stands at the charge point. Whoever waited too long was refused there and may have asked again: to grant
    that first wish would be work for nobody, and make those behind it wait too long as well."""
    if uow.now_ms - envelope.at_ms <= service_card.ANSWER_WITHIN_MS:
        await service_card.start_requested(uow, event)


async def on_balance_asked(uow: UnitOfWork, event: BalanceAsked, envelope: Envelope) -> None:
    """Somebody wants to know what is on a card, and has not gone away yet."""
    if uow.now_ms - envelope.at_ms <= service_card.ANSWER_WITHIN_MS:
        await service_card.balance_asked(uow, event)


async def on_started(uow: UnitOfWork, event: SessionStarted, _envelope: Envelope) -> None:
    """Energy flows."""
    await service.session_started(uow, event.session_no)


async def on_ended(uow: UnitOfWork, event: SessionEnded, _envelope: Envelope) -> None:
    """Energy no longer flows."""
    await service.session_ended(uow, event.session_no)


async def on_failed(uow: UnitOfWork, event: SessionRejected | SessionFailed, _envelope: Envelope) -> None:
    """No energy flowed, and that is proven."""
    await service.session_failed(uow, event.session_no, event.reason)


async def on_reopened(uow: UnitOfWork, event: SessionReopened, _envelope: Envelope) -> None:
    """Energy flows after all."""
    await service.session_reopened(uow, event.session_no)


async def on_recorded(uow: UnitOfWork, event: SessionRecorded, _envelope: Envelope) -> None:
    """Settle."""
    await service_settle.settle_record(uow, event)


async def on_recorded_many(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """The same for many at once, as after an outage."""
    batch = [
        service_settle_many.Recorded(envelope.body, envelope.trace_id)
        for envelope in envelopes
        if isinstance(envelope.body, SessionRecorded)
    ]
    await service_settle_many.settle_records(uow, batch)


async def on_estimated(uow: UnitOfWork, event: SessionEstimated, _envelope: Envelope) -> None:
    """Settle by the last sample."""
    await service_settle.settle_estimate(uow, event.session_no)


async def on_topped_up(uow: UnitOfWork, event: ToppedUp, _envelope: Envelope) -> None:
    """More money for what is charging."""
    await service.topped_up(uow, event.driver_id)


SUBSCRIPTIONS = (
    Subscription(StartRequested, on_start_requested),
    Subscription(BalanceAsked, on_balance_asked),
    Subscription(SessionStarted, on_started),
    Subscription(SessionEnded, on_ended),
    Subscription(SessionRejected, on_failed),
    Subscription(SessionFailed, on_failed),
    Subscription(SessionReopened, on_reopened),
    Subscription(SessionRecorded, on_recorded, many=on_recorded_many),
    Subscription(SessionEstimated, on_estimated),
    Subscription(ToppedUp, on_topped_up),
)
