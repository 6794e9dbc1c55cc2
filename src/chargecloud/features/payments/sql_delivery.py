"""Which payments the provider was not told about yet: that what was paid for has been delivered."""

from sqlalchemy import select, update

from chargecloud.features.payments.messages import Payment, PaymentState
from chargecloud.features.payments.sql import COLUMNS, payment_of, payments
from chargecloud.infra.sql.uow import UnitOfWork

_DELIVERED = (PaymentState.PAID.value, PaymentState.PART_REFUNDED.value)
"""Of what went back whole, nothing is left to deliver; what is quarantined was credited to nobody."""


async def untold(uow: UnitOfWork, channel: str, *, since_ms: int, until_ms: int, limit: int) -> list[Payment]:
    """Paid and credited in this time and not told, the newest first, so that none that fails stands before the rest."""
    c = payments.c
    statement = (
        select(*COLUMNS)
        .where(c.channel == channel, c.delivery_told_at_ms.is_(None), c.paid_at_ms.between(since_ms, until_ms))
        .where(c.state.in_(_DELIVERED), c.credited_at_ms.is_not(None))
        .order_by(c.paid_at_ms.desc())
        .limit(limit)
    )
    return [payment_of(row) for row in await uow.connection.execute(statement)]


async def told(uow: UnitOfWork, payment_no: str) -> bool:
    """Not to be told again; False when somebody else was first."""
    c = payments.c
    statement = (
        update(payments)
        .where(c.payment_no == payment_no, c.delivery_told_at_ms.is_(None))
        .values(delivery_told_at_ms=uow.now_ms)
    )
    return (await uow.connection.execute(statement)).rowcount == 1
