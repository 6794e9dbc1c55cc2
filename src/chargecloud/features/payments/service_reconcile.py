"""The daily comparison with a provider's bill: both directions, and each difference asked for once more."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from chargecloud.features.payments import model_bill, service_cases, service_credit, service_refund
from chargecloud.features.payments.channels.contract import (
    PaymentChannel,
    ProviderRefused,
    ProviderSilent,
    StatementNotReady,
)
from chargecloud.features.payments.messages import CaseKind
from chargecloud.features.payments.model_bill import Difference
from chargecloud.features.payments.service_desk import Desk, log
from chargecloud.kernel.errors import Refused

ABOUT_REFUNDS = frozenset(
    {CaseKind.REFUND_UNKNOWN, CaseKind.REFUND_MISSING, CaseKind.REFUND_AMOUNT, CaseKind.REFUND_STATE}
)


async def reconcile(desk: Desk) -> int:
    """Every channel's days whose bill should be there, oldest first; how many were compared."""
    done = 0
    for channel in desk.channels:
        async with desk.database.unit() as uow:
            days = await service_cases.due_days(uow, channel.name)
        for day in days:
            try:
                await reconcile_day(desk, channel, day)
            except (StatementNotReady, ProviderSilent, ProviderRefused) as error:
                log.warning("payments.bill_missing", channel=channel.name, day=day.isoformat(), error=error.message)
                break
            done += 1
    return done


async def reconcile_day(desk: Desk, channel: PaymentChannel, day: date) -> list[Difference]:
    """Compare one day; the differences that stayed. Refused for a day finance has signed."""
    async with desk.database.unit() as uow:
        known = await service_cases.known(uow, channel.name, day)
    if known is not None and known.signed_at_ms is not None:
        raise Refused("该日已签核，不再重新对账", "day_signed", day=day.isoformat(), signed_by=known.signed_by)
    lines = await channel.statement(day)
    async with desk.database.unit() as uow:
        books = await service_cases.books_of(uow, channel.name, day, lines)
    asked = [await _asked(desk, channel, day, each) for each in model_bill.compare(lines, books)]
    found = [each for each in asked if each is not None]
    async with desk.database.unit() as uow:
        await service_cases.keep_comparison(uow, channel.name, day, lines, found)
    log.info(
        "payments.day_compared", channel=channel.name, day=day.isoformat(), lines=len(lines), differences=len(found)
    )
    return found


async def _asked(desk: Desk, channel: PaymentChannel, day: date, found: Difference) -> Difference | None:
    """A difference with what the provider says of it now; None when it belongs to another day."""
    if not found.number:
        return found
    try:
        ask = _ask_refund if found.kind in ABOUT_REFUNDS else _ask_payment
        said = await ask(desk, channel, day, found)
    except (ProviderSilent, ProviderRefused) as error:
        said = {"provider": error.message[:100]}
    return None if said is None else replace(found, facts={**found.facts, **said})


async def _ask_payment(
    desk: Desk, channel: PaymentChannel, day: date, found: Difference
) -> Mapping[str, object] | None:
    now = await channel.query(found.number)
    if found.kind is CaseKind.PAYMENT_MISSING and _elsewhere(now.paid_at_ms, day):
        return None
    said: dict[str, object] = {"provider": now.state.value, "provider_fen": now.amount_fen}
    if found.kind is CaseKind.PAYMENT_STATE:
        async with desk.database.unit() as uow:
            said["then"] = (await service_credit.heard(uow, now, channel=channel.name, source="bill")).value
    return said


async def _ask_refund(desk: Desk, channel: PaymentChannel, day: date, found: Difference) -> Mapping[str, object] | None:
    now = await channel.query_refund(found.number)
    if now is None:
        return {"provider": "unknown"}
    if found.kind is CaseKind.REFUND_MISSING and _elsewhere(now.finished_at_ms, day):
        return None
    if found.kind is CaseKind.REFUND_STATE:
        async with desk.database.unit() as uow:
            await service_refund.heard(uow, now)
    return {"provider": now.state.value, "provider_fen": now.amount_fen}


def _elsewhere(at_ms: int | None, day: date) -> bool:
    """Whether the provider puts it into the bill of another day."""
    from_ms, until_ms = service_cases.bounds_ms(day)
    return at_ms is not None and not from_ms <= at_ms < until_ms
