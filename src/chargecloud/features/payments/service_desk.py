"""Where the provider is asked: between two units of work, never inside one, with every answer taken down afterwards.

These functions take the database and open units themselves, because what they do is more than one transaction by
nature: whatever kills the process between two of them leaves something a job finds and goes on with (docs/adr/0034).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeVar

import structlog

from chargecloud.features.payments import model, service, service_credit, service_refund, sql, sql_refunds
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.channels.contract import (
    Notice,
    NoticeOutcome,
    PaymentChannel,
    ProviderRefund,
    ProviderRefused,
    ProviderSilent,
    ProviderState,
    RawNotice,
)
from chargecloud.features.payments.messages import PartState, Payment, PaymentState, RefundPart
from chargecloud.features.payments.service_credit import Outcome
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import ChargeCloudError
from chargecloud.kernel.killpoints import reach

log = structlog.get_logger("chargecloud.payments")

AT_ONCE = 8
"""Requests to a provider side by side."""
CHUNK = 100
T = TypeVar("T")


class Desk(NamedTuple):
    """What asking a provider takes."""

    database: Database
    channels: Channels


async def charge(desk: Desk, payment: Payment) -> Payment:
    """Announce a payment that is written down, and keep what the payer's program needs."""
    if payment.state is not PaymentState.CREATED:
        return payment
    channel = desk.channels.named(payment.channel)
    try:
        action = await channel.charge(service.charge_request(payment))
    except ProviderRefused as error:
        await _charge_refused(desk, channel, payment, error)
        raise
    async with desk.database.unit() as uow:
        return await service.announced(uow, payment.payment_no, action)


async def _charge_refused(desk: Desk, channel: PaymentChannel, payment: Payment, error: ProviderRefused) -> None:
    """A refusal may mean that an earlier request was heard: only what the provider does not know is over."""
    found = await channel.query(payment.payment_no)
    async with desk.database.unit() as uow:
        if found.state in (ProviderState.PAID, ProviderState.REFUNDED):
            await service_credit.heard(uow, found, channel=channel.name, source="query")
        elif error.lasting and found.state is not ProviderState.UNPAID:
            await service.not_announced(uow, payment.payment_no, error.message)


async def take_notice(desk: Desk, channel: PaymentChannel, raw: RawNotice) -> NoticeOutcome:
    """A message that claims to come from the provider: proven, kept, and carried out exactly once."""
    notice = channel.read_notice(raw)  # raises NoticeRefused
    async with desk.database.unit() as uow:
        row = {
            "channel": channel.name,
            "notice_id": notice.notice_id,
            "event": notice.event[:64],
            "number": _number(notice)[:64],
            "body": raw.body,
        }
        done = await sql.keep_notice(uow, row)
    if done in _DONE:
        return NoticeOutcome(taken=True, message=Outcome.REPEATED.value)
    reach("K8")
    async with desk.database.unit() as uow:
        outcome = await _carry_out(uow, channel, notice)
        await sql.end_notice(uow, channel.name, notice.notice_id, outcome)
    reach("K9")
    log.info("payments.notice", channel=channel.name, about=notice.event, number=_number(notice), outcome=outcome)
    if outcome in _DONE:
        return NoticeOutcome(taken=True, message=outcome)
    return NoticeOutcome(taken=False, status=_STATUS[outcome], message=outcome)


MISDIRECTED, NOTED = "misdirected", "noted"
_DONE = frozenset({Outcome.CREDITED.value, Outcome.REPEATED.value, Outcome.QUARANTINED.value, NOTED})
"""Repeating these would change nothing."""
_STATUS = {MISDIRECTED: 403, Outcome.UNKNOWN.value: 404, Outcome.NOT_PAID.value: 400}


async def _carry_out(uow: UnitOfWork, channel: PaymentChannel, notice: Notice) -> str:
    if notice.misdirected:
        return MISDIRECTED
    if notice.payment is not None:
        return (await service_credit.heard(uow, notice.payment, channel=channel.name, source="notice")).value
    if notice.refund is not None:
        return NOTED if await service_refund.heard(uow, notice.refund) else Outcome.UNKNOWN.value
    return NOTED


def _number(notice: Notice) -> str:
    if notice.payment is not None:
        return notice.payment.payment_no
    return notice.refund.refund_no if notice.refund is not None else ""


async def check(desk: Desk, payment: Payment) -> None:
    """Ask how a payment stands, and take down what is said."""
    channel = desk.channels.named(payment.channel)
    found = await channel.query(payment.payment_no)
    async with desk.database.unit() as uow:
        outcome = await service_credit.heard(uow, found, channel=channel.name, source="query")
        if outcome is Outcome.NOT_PAID and found.state is ProviderState.CLOSED:
            await service_credit.closed(uow, payment.payment_no, reason="closed_by_provider")


async def look(desk: Desk) -> int:
    """Payments whose time has come: asked for, closed when they expire, given back when no order came."""
    async with desk.database.unit() as uow:
        waiting = await sql.due(uow, CHUNK)
    await _side_by_side(waiting, lambda payment: _look_at(desk, payment))
    return len(waiting)


async def _look_at(desk: Desk, payment: Payment) -> None:
    if payment.state not in model.WAITING:
        async with desk.database.unit() as uow:
            await service.unused(uow, payment.payment_no)
        return
    now_ms = desk.database.clock.now_ms()
    expired = now_ms >= payment.expires_at_ms
    async with desk.database.unit() as uow:  # before asking: whoever dies on the way looks again, but not at once
        again_ms = now_ms + model.step_of(model.CLOSE_AGAIN_MS, max(payment.looks - len(model.LOOKS_MS), 0))
        await sql.put_off(uow, payment, again_ms if expired else model.next_look_ms(payment, now_ms))
    if payment.channel not in desk.channels:
        return
    await check(desk, payment)
    if expired:
        await _close(desk, payment.payment_no)


async def _close(desk: Desk, payment_no: str) -> None:
    """At the end of its time, after a last look."""
    async with desk.database.unit() as uow:
        payment = await service.payment_of(uow, payment_no)
    if payment.state not in model.WAITING:
        return
    outcome = await desk.channels.named(payment.channel).close(payment_no)
    async with desk.database.unit() as uow:
        await service_credit.close_answered(uow, payment_no, outcome)


async def give_back(desk: Desk) -> int:
    """Parts of refunds whose time has come: asked for or asked about."""
    async with desk.database.unit() as uow:
        waiting = await sql_refunds.due(uow, CHUNK)
    open_here = [part for part in waiting if part.channel in desk.channels]
    await _side_by_side(open_here, lambda part: try_part(desk, part))
    return len(waiting)


async def try_part(desk: Desk, part: RefundPart) -> None:
    """One try: ask what became of it if it was asked for before, else ask for it; always under the same number."""
    channel = desk.channels.named(part.channel)
    async with desk.database.unit() as uow:
        request = await service_refund.begin_try(uow, part)
    if request is None:
        return
    try:
        known = await channel.query_refund(part.part_no) if _may_be_known(part) else None
        if known is None and part.state is PartState.REQUESTED:
            async with desk.database.unit() as uow:
                await service_refund.asked(uow, part.part_no)
            reach("K13")
            known = await channel.refund(request)
            reach("K14")
    except ProviderRefused as error:
        await _refund_refused(desk, channel, part, error)
        return
    except ProviderSilent as error:
        async with desk.database.unit() as uow:
            await service_refund.silent(uow, part.part_no, error.message)
        return
    await _take_down(desk, known)


def _may_be_known(part: RefundPart) -> bool:
    return part.attempts > 0 or part.state is PartState.PROCESSING


async def _refund_refused(desk: Desk, channel: PaymentChannel, part: RefundPart, error: ProviderRefused) -> None:
    """An error is no failure until the provider has been asked about the refund itself."""
    try:
        known = await channel.query_refund(part.part_no)
    except (ProviderSilent, ProviderRefused) as later:
        async with desk.database.unit() as uow:
            await service_refund.silent(uow, part.part_no, later.message)
        return
    if known is not None:
        await _take_down(desk, known)
        return
    async with desk.database.unit() as uow:
        await service_refund.refused(
            uow, part.part_no, error=error.message, lasting=error.lasting, doubt_at_ms=part.doubt_at_ms
        )


async def _take_down(desk: Desk, known: ProviderRefund | None) -> None:
    if known is not None:
        async with desk.database.unit() as uow:
            await service_refund.heard(uow, known)


async def _side_by_side(waiting: Sequence[T], work: Callable[[T], Awaitable[None]]) -> None:
    """Each by itself, so that none holds up the others; what went wrong is told together."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(each: T) -> None:
        async with places:
            try:
                await work(each)
            except ChargeCloudError as error:
                log.info("payments.put_off", error=error.message, code=error.code)

    results = await asyncio.gather(*(one(each) for each in waiting), return_exceptions=True)
    failures = [result for result in results if isinstance(result, Exception)]
    if failures:
        raise ExceptionGroup("payments that could not be looked at", failures)


async def check_waiting(desk: Desk, payment: Payment) -> None:
    """Ask about a payment that may still be paid, or may have been after it was closed here."""
    if payment.state in model.WAITING or payment.state is PaymentState.CLOSED:
        await check(desk, payment)
