"""Placing orders: checks, the hold, the session, the order; all of it or nothing.

A parallel charge makes two orders that share a `parallel_no`: each connector has its own session number and record on
the wire, so each has its own order, hold and bill. They are placed together, and when one fails the other is stopped.
"""

import msgspec

from chargecloud.device.commands import ChargeLimit
from chargecloud.device.events import StartMethod
from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.messages import Card, Driver
from chargecloud.features.orders import service_passes, service_terms, sql, views
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.features.payments import service as payments
from chargecloud.features.sessions import service as sessions
from chargecloud.features.sessions.messages import Limit, LimitKind, RequestStart
from chargecloud.features.stations import service as stations
from chargecloud.features.stations.messages import Connector, ConnectorState
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs.messages import TariffKind, TariffVersion
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Hold
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Refused
from chargecloud.kernel.ids import new_order_no, new_session_no

NOT_FREE = {
    ConnectorState.OFFLINE: ("充电桩离线", "charge_point_offline"),
    ConnectorState.FAULTED: ("充电枪故障", "connector_faulted"),
    ConnectorState.CHARGING: ("充电枪正在充电", "connector_busy"),
}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a driver wants to charge, on which connectors of one charge point, and how it was asked for."""

    driver: Driver
    connectors: tuple[Connector, ...]
    method: StartMethod
    limit: Limit = Limit()
    card_label: str = ""
    card_id: str = ""
    vin: str = ""
    parallel_no: str = ""
    request_key: str | None = None
    request_digest: str = ""
    pass_id: int | None = None
    payment_no: str | None = None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What each order of a wish is placed under."""

    tariff: TariffVersion
    limit: Limit
    hold_fen: int
    charge_limit: ChargeLimit | None = None


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """An order and what its session is requested with."""

    order: Order
    start: RequestStart


async def grant(uow: UnitOfWork, wish: Wish) -> list[Granted]:
    """Check everything, place the holds and write the orders; the caller begins the sessions in the same unit."""
    first = wish.connectors[0].charge_point
    if wish.driver.frozen:
        raise Refused("账户已被冻结", "driver_frozen", driver_id=wish.driver.driver_id)
    if wish.driver.operator_id not in (None, first.operator_id):
        raise Refused("该账户不能在此桩上充电", "not_allowed_here", charge_point_code=first.code)
    for connector in wish.connectors:
        check_free(connector)
    kind = tariffs.kind_for(first)
    if kind is TariffKind.TWO_WHEEL and len(wish.connectors) > 1:
        raise Refused("该充电桩不支持并充", "parallel_not_offered", charge_point_code=first.code)
    version = await tariffs.version_at(uow, first.station_id, uow.now_ms, kind=kind)
    places = await sessions.free_places(
        uow,
        driver_id=wish.driver.driver_id,
        driver_slots=uow.options.max_open_sessions,
        connectors=[(connector.charge_point.code, connector.connector_no) for connector in wish.connectors],
    )
    held = None
    if wish.pass_id is not None:
        held = await service_passes.usable(uow, wish.pass_id, driver_id=wish.driver.driver_id, at=first)
    order_no = new_order_no(uow.now_ms)
    prepaid_fen = await _prepaid(uow, wish, order_no)
    terms = await _terms(uow, wish, version, pass_s=held.max_s_per_session if held else None, prepaid_fen=prepaid_fen)
    granted = [
        _granted(uow, wish, terms, connector, place) for connector, place in zip(wish.connectors, places, strict=True)
    ]
    granted[0] = _first(granted[0], wish, order_no)
    for entry in granted:
        order = entry.order
        if order.hold_open:
            hold = Hold(
                hold_id=order.hold_id, driver_id=wish.driver.driver_id, amount_fen=order.hold_fen, reason="charge"
            )
            await wallet.hold(uow, hold)
    await sql.add(uow, *(entry.order for entry in granted))
    placed = {entry.order.order_no: views.for_driver(entry.order) for entry in granted}
    drivers.patch_state(uow, wish.driver.driver_id, {"orders": placed})
    if held is not None:
        await service_passes.take(uow, held, granted[0].order.order_no)
    return granted


async def _prepaid(uow: UnitOfWork, wish: Wish, order_no: str) -> int | None:
    """The money of a prepayment becomes this order's; None without one."""
    if wish.payment_no is None:
        return None
    if wish.pass_id is not None or len(wish.connectors) > 1:
        raise Refused(
            "预付只能用于一把枪的一个订单，且不与卡券同用", "prepayment_one_order", payment_no=wish.payment_no
        )
    (connector,) = wish.connectors
    place = payments.place_of(connector.charge_point.code, connector.connector_no)
    return await payments.claim(uow, wish.payment_no, driver_id=wish.driver.driver_id, order_no=order_no, place=place)


async def _terms(
    uow: UnitOfWork, wish: Wish, version: TariffVersion, *, pass_s: int | None, prepaid_fen: int | None
) -> Terms:
    """What is held and how far each charge may go: by the plan of a charge point that only counts, else by money."""
    driver_id = wish.driver.driver_id
    limit, charge_limit = shared(wish.limit, len(wish.connectors)), None
    if version.plan is not None:
        prepaid = await service_terms.prepay(
            uow, version.plan, wish.limit, driver_id=driver_id, pass_s=pass_s, prepaid_fen=prepaid_fen
        )
        limit, hold_fen = wish.limit, prepaid.hold_fen
        charge_limit = service_terms.with_tiers(prepaid.charge_limit, version.plan, wish.connectors[0].charge_point)
    elif pass_s is not None:
        raise Refused("卡券只能用于两轮充电", "pass_not_here", pass_id=wish.pass_id)
    else:
        hold_fen = await _hold_each(uow, driver_id, limit, len(wish.connectors), prepaid_fen=prepaid_fen)
    if prepaid_fen is not None and hold_fen > prepaid_fen:
        raise Refused(
            "预付金额不足以支付所选的充电", "prepayment_too_small", prepaid_fen=prepaid_fen, needed_fen=hold_fen
        )
    return Terms(tariff=version, limit=limit, hold_fen=hold_fen, charge_limit=charge_limit)


def check_free(connector: Connector) -> None:
    """Refuse a connector that cannot begin a charge now."""
    charge_point = connector.charge_point
    facts = {"charge_point_code": charge_point.code, "connector_no": connector.connector_no}
    if not (charge_point.enabled and charge_point.in_service):
        raise Refused("充电桩已停用", "out_of_service", **facts)
    if connector.retired:
        raise Refused("充电枪已拆除，请换一把", "connector_retired", **facts)
    if not connector.enabled:
        raise Refused("充电枪已停用，请换一把", "connector_disabled", **facts)
    if connector.state in NOT_FREE:
        text, code = NOT_FREE[connector.state]
        raise Refused(text, code, **facts)


def shared(limit: Limit, count: int) -> Limit:
    """A limit for each connector of a parallel charge: money and energy are divided, time and SOC are not."""
    if limit.kind in (LimitKind.MONEY, LimitKind.ENERGY):
        return Limit(limit.kind, limit.value // count)
    return limit


async def _hold_each(
    uow: UnitOfWork, driver_id: int, limit: Limit, count: int, *, prepaid_fen: int | None = None
) -> int:
    """What is held for each order: the money limit, else what is available or prepaid, up to the configured maximum."""
    least, most = uow.options.min_hold_fen, uow.options.max_hold_fen
    if prepaid_fen is not None:
        most = min(most, prepaid_fen)
    if limit.kind is LimitKind.MONEY:
        amount_fen = limit.value
    else:
        balance = await wallet.balance(uow, driver_id)
        if balance.arrears_fen:
            raise Refused("有未结清的欠费，请先充值", "arrears", arrears_fen=balance.arrears_fen)
        amount_fen = min(balance.available_fen // count, most)
    if amount_fen < least:
        raise Refused(
            f"余额不足，每次充电至少需要 {least} 分", "balance_low", available_fen=amount_fen, needed_fen=least
        )
    return amount_fen


def _first(granted: Granted, wish: Wish, order_no: str) -> Granted:
    """The first order of a request answers for all of it, and is the one a prepayment was given to."""
    order = msgspec.structs.replace(
        granted.order,
        order_no=order_no,
        payment_no=wish.payment_no,
        request_key=wish.request_key,
        request_digest=wish.request_digest,
    )
    return Granted(order=order, start=msgspec.structs.replace(granted.start, order_no=order_no))


def _granted(uow: UnitOfWork, wish: Wish, terms: Terms, connector: Connector, place: str) -> Granted:
    charge_point = connector.charge_point
    session_no = new_session_no(charge_point.code, connector.connector_no, uow.now_ms)
    order = Order(
        order_no=new_order_no(uow.now_ms),
        operator_id=charge_point.operator_id,
        station_id=charge_point.station_id,
        charge_point_code=charge_point.code,
        connector_no=connector.connector_no,
        session_no=session_no,
        driver_id=wish.driver.driver_id,
        method=wish.method,
        card_label=wish.card_label,
        parallel_no=wish.parallel_no,
        limit_kind=terms.limit.kind,
        limit_value=terms.limit.value,
        tariff_version_id=terms.tariff.version_id,
        pass_id=wish.pass_id,
        hold_fen=terms.hold_fen,
        hold_open=terms.hold_fen > 0,
        state=OrderState.PLACED,
        placed_at_ms=uow.now_ms,
    )
    start = RequestStart(
        session_no=session_no,
        order_no=order.order_no,
        operator_id=charge_point.operator_id,
        station_id=charge_point.station_id,
        charge_point_code=charge_point.code,
        connector_no=connector.connector_no,
        rated_power_w=stations.rated_power_w(power_type=charge_point.power_type, entered_w=connector.power_w),
        method=wish.method,
        driver_id=wish.driver.driver_id,
        driver_place=place,
        tariff=terms.tariff,
        cap_fen=terms.hold_fen,
        limit=terms.limit,
        card_label=wish.card_label,
        card_id=wish.card_id,
        vin=wish.vin,
        parallel_no=wish.parallel_no,
        charge_limit=terms.charge_limit,
    )
    return Granted(order=order, start=start)


async def driver_and_card(uow: UnitOfWork, driver_id: int) -> tuple[Driver, Card | None]:
    """The driver who places an order, and a card that may stop the charge."""
    return await drivers.driver_with_card(uow, driver_id)
