"""Use cases of orders: place, stop, follow, settle, correct; each is one step in the caller's unit of work."""

import hashlib

import msgspec

from chargecloud.device.commands import UpdateBalance
from chargecloud.device.events import StartMethod, StopClass
from chargecloud.features.orders import model, service_notices, service_passes, service_place, service_settle, sql
from chargecloud.features.orders.messages import Order, OrderEnded
from chargecloud.features.orders.model import Fact
from chargecloud.features.orders.views_figures import (
    OrderSums,
    active_drivers,
    count_disputed,
    first_settled_ms,
    order_sums,
    settlement_of,
)
from chargecloud.features.sessions import service as sessions
from chargecloud.features.sessions.messages import ChargingSession, Limit, LimitKind, SessionState, StopReason
from chargecloud.features.stations import service as stations
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Hold, Release
from chargecloud.infra.sql import outbox
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.clock import local_time
from chargecloud.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from chargecloud.kernel.ids import new_id

MAX_LIMITS = {
    LimitKind.NONE: 0,
    LimitKind.MONEY: 1_000_000,
    LimitKind.ENERGY: 1_000_000_000,
    LimitKind.MINUTES: 10_080,
    LimitKind.SOC: 100,
}
UPDATE_WITHIN_MS = 30_000
STUCK_AFTER_MS = 10_000
"""What has waited so long for the relay shows that the bus, or every worker, is away."""
BY_PEOPLE = {StopReason.DRIVER.value, StopReason.STAFF.value}


class PlaceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A driver's wish to charge, with the key that makes repeating it harmless."""

    driver_id: int
    idempotency_key: str
    charge_point_code: str
    connector_no: int
    second_connector_no: int | None = None
    """The other connector of a parallel charge."""
    limit: Limit = Limit()
    pass_id: int | None = None
    payment_no: str | None = None
    """A prepayment to use for this order."""


async def _refuse_while_stuck(uow: UnitOfWork, charge_point_code: str) -> None:
    """A start that cannot leave would only expire, with the driver waiting: better say so at once."""
    since_ms = await outbox.oldest_at_ms(uow.connection, charge_point_code)
    if since_ms is not None and uow.now_ms - since_ms > STUCK_AFTER_MS:
        raise Unavailable(
            "指令暂时无法送达充电桩，请稍后再试",
            "commands_stuck",
            retry_after_s=30,
            waiting_s=(uow.now_ms - since_ms) // 1000,
        )


async def place(uow: UnitOfWork, command: PlaceOrder) -> list[Order]:
    """Place an order (two for a parallel charge) and tell the charge point to start; a repetition gives the same."""
    check_limit(command.limit)
    request_key = _request_key(command.driver_id, command.idempotency_key)
    digest = hashlib.sha256(msgspec.json.encode(command)).hexdigest()
    known = await sql.find_by_request(uow, request_key)
    if known is not None:
        return await _repeated(uow, known, digest)
    await _refuse_while_stuck(uow, command.charge_point_code)
    numbers = [command.connector_no]
    if command.second_connector_no is not None:
        numbers.append(command.second_connector_no)
    if len(set(numbers)) != len(numbers):
        raise Invalid("并充需要两把不同的枪", "same_connector", connector_no=command.connector_no)
    connectors = [await stations.connector(uow, command.charge_point_code, number) for number in numbers]
    driver, card = await service_place.driver_and_card(uow, command.driver_id)
    wish = service_place.Wish(
        driver=driver,
        connectors=tuple(connectors),
        method=StartMethod.APP,
        limit=command.limit,
        card_label=card.card_label if card else "",
        card_id=card.card_id if card else "",
        parallel_no=f"{local_time(uow.now_ms):%y%m%d%H%M%S}" if len(numbers) > 1 else "",
        request_key=request_key,
        request_digest=digest,
        pass_id=command.pass_id,
        payment_no=command.payment_no,
    )
    granted = await service_place.grant(uow, wish)
    for entry in granted:
        await sessions.request_start(uow, entry.start, requested_by=f"driver:{command.driver_id}")
    return [entry.order for entry in granted]


def _request_key(driver_id: int, idempotency_key: str) -> str:
    return f"{driver_id}:{idempotency_key}"


async def was_asked(uow: UnitOfWork, driver_id: int, idempotency_key: str) -> bool:
    """Whether an order was placed for a driver under this key before."""
    return await sql.find_by_request(uow, _request_key(driver_id, idempotency_key)) is not None


async def _repeated(uow: UnitOfWork, known: Order, digest: str) -> list[Order]:
    if known.request_digest != digest:
        raise Conflict(
            "同一 Idempotency-Key 已用于另一个请求，请换一个", "idempotency_key_reused", order_no=known.order_no
        )
    return [known, *await sql.partners(uow, known)]


def check_limit(limit: Limit) -> None:
    """Refuse a limit that means nothing."""
    most = MAX_LIMITS[limit.kind]
    least = 0 if limit.kind is LimitKind.NONE else 1
    if not least <= limit.value <= most:
        raise Invalid(
            f"{limit.kind.value} 的限值须在 {least} 到 {most} 之间",
            "limit_out_of_range",
            field="limit",
            value=limit.value,
        )


async def order(uow: UnitOfWork, order_no: str, *, driver_id: int | None = None) -> Order:
    """An order, or NotFound; a driver sees only its own."""
    found = await sql.find(uow, order_no)
    if found is None or driver_id not in (None, found.driver_id):
        raise NotFound(f"没有订单 {order_no}", "order_unknown", order_no=order_no)
    return found


async def stop(uow: UnitOfWork, found: Order, reason: StopReason) -> ChargingSession:
    """Ask the charge point to stop. The hold stays until the charge point has shown that no energy flows (A13)."""
    session = await sessions.request_stop(uow, found.session_no, reason)
    sql.note(uow, found.order_no, "stop_requested", by=reason.value)
    for partner in await sql.partners(uow, found):
        await sessions.request_stop(uow, partner.session_no, reason)
    return session


async def close(uow: UnitOfWork, found: Order, *, by: str, reason: str) -> None:
    """Staff stop waiting for a record: the order is settled by its last sample."""
    await sessions.give_up(uow, found.session_no)
    sql.note(uow, found.order_no, "closed", by=by, reason=reason)


async def session_started(uow: UnitOfWork, session_no: str) -> None:
    """Energy flows."""
    await _move(uow, session_no, Fact.STARTED)


async def session_ended(uow: UnitOfWork, session_no: str) -> None:
    """Energy no longer flows; the record is due."""
    await _move(uow, session_no, Fact.ENDED)


async def _move(uow: UnitOfWork, session_no: str, fact: Fact) -> None:
    found = await sql.find_by_session(uow, session_no)
    state = model.after(found.state, fact) if found is not None else None
    if found is None or state is None or state is found.state:
        return
    times = {Fact.STARTED: "started_at_ms", Fact.ENDED: "ended_at_ms"}
    changes: dict[str, object] = {"state": state}
    if not found.connector_no:
        changes["connector_no"] = (await sessions.session(uow, session_no)).connector_no
    if getattr(found, times[fact]) is None:
        changes[times[fact]] = uow.now_ms
    after = msgspec.structs.replace(found, **changes)
    await sql.save(uow, found, after)
    sql.note(uow, found.order_no, fact.value)
    service_settle.show(uow, after)


async def session_failed(uow: UnitOfWork, session_no: str, reason: str) -> None:
    """The charge point's word or silence after a stop proves that no energy flowed: the hold is freed."""
    found = await sql.find_by_session(uow, session_no)
    if found is None or found.state not in model.OPEN:
        return
    session = await sessions.session(uow, session_no)
    if session.state not in (SessionState.REJECTED, SessionState.FAILED):
        return  # a record or late energy came meanwhile and decides about the hold
    fact = Fact.CANCELLED if session.stop_reason in BY_PEOPLE else Fact.FAILED
    state = model.after(found.state, fact)
    if state is None:
        return
    if found.hold_open:
        await wallet.release(uow, Release(hold_id=found.hold_id, reason=reason or fact.value))
    if found.pass_id is not None:
        await service_passes.give_back(uow, found.order_no)
    stop_class = StopClass.START_FAILED if fact is Fact.FAILED else None
    after = msgspec.structs.replace(found, state=state, hold_open=False, stop_class=stop_class, ended_at_ms=uow.now_ms)
    await sql.save(uow, found, after)
    await service_settle.give_back_rest(uow, after)
    sql.note(uow, found.order_no, fact.value, reason=reason)
    service_settle.show(uow, after)
    service_notices.tell_failed(uow, after, reason or fact.value)
    uow.publish(OrderEnded(**service_settle.names(after), state=state), key=after.charge_point_code)
    for partner in await sql.partners(uow, found):
        await sessions.request_stop(uow, partner.session_no, StopReason.PARTNER_FAILED)


async def session_reopened(uow: UnitOfWork, session_no: str) -> None:
    """Energy flows though the session was over: the order is looked at by people (abuse A13)."""
    found = await sql.find_by_session(uow, session_no)
    if found is not None:
        await service_settle.question(uow, found, ("reopened",))


async def topped_up(uow: UnitOfWork, driver_id: int) -> None:
    """More money during a charge: larger holds for charges without a money limit, and the charge points are told."""
    for session in await sessions.open_sessions_of(uow, driver_id):
        found = await sql.find_by_session(uow, session.session_no)
        prepaid = session.tariff is not None and session.tariff.plan is not None
        if found is not None and found.payment_no is not None:
            continue  # no more than was paid for it
        if found is None or not found.hold_open or found.limit_kind is LimitKind.MONEY or prepaid:
            continue
        balance = await wallet.balance(uow, driver_id)
        hold_fen = min(found.hold_fen + balance.available_fen, uow.options.max_hold_fen)
        if hold_fen > found.hold_fen:
            await _raise_hold(uow, found, session, hold_fen)


async def _raise_hold(uow: UnitOfWork, found: Order, session: ChargingSession, hold_fen: int) -> None:
    """One hold is replaced by a larger one within a transaction, so that the money is never free in between."""
    after = msgspec.structs.replace(found, hold_no=found.hold_no + 1, hold_fen=hold_fen)
    await wallet.release(uow, Release(hold_id=found.hold_id, reason="raised"))
    hold = Hold(hold_id=after.hold_id, driver_id=session.driver_id or 0, amount_fen=hold_fen, reason="raised")
    await wallet.hold(uow, hold)
    await sql.save(uow, found, after)
    await sessions.raise_cap(uow, session.session_no, hold_fen)
    update = UpdateBalance(
        command_id=new_id(),
        charge_point_code=session.charge_point_code,
        expires_at_ms=uow.now_ms + UPDATE_WITHIN_MS,
        connector_no=session.connector_no,
        card_id=session.card_id or "0" * 16,
        balance_fen=hold_fen,
    )
    await stations.ask(uow, update, requested_by=f"order:{found.order_no}")
    sql.note(uow, found.order_no, "hold_raised", hold_fen=hold_fen)


__all__ = [
    "OrderSums",
    "active_drivers",
    "count_disputed",
    "first_settled_ms",
    "order_sums",
    "settlement_of",
]
"""What the read side offers other features beside the functions above."""
