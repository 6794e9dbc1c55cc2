"""Starts requested at the charge point, by card or VIN, for one connector or two together."""

import msgspec

from chargecloud.device.commands import AnswerBalance, AnswerStart, ReplyRefusal
from chargecloud.device.events import BalanceAsked, StartMethod, StartRequested
from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.messages import Driver
from chargecloud.features.orders import service_passes, service_terms, sql, sql_parallel
from chargecloud.features.orders.service_place import Granted, Wish, grant
from chargecloud.features.sessions import service as sessions
from chargecloud.features.sessions.messages import ChargingSession, SessionState
from chargecloud.features.stations import service as stations
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs.messages import TariffKind
from chargecloud.features.wallet import service as wallet
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import ChargeCloudError, Conflict, NotFound, Refused, TooMany

ANSWER_WITHIN_MS = 10_000
REPEAT_WITHIN_MS = 60_000
"""A request that comes again after that is another wish; the first start is waited for and proven first."""
NO_NUMBER = "0" * 32

REFUSALS = {
    "account_unknown": ReplyRefusal.UNKNOWN_ACCOUNT,
    "vin_unknown": ReplyRefusal.UNKNOWN_VIN,
    "driver_frozen": ReplyRefusal.FROZEN,
    "card_frozen": ReplyRefusal.FROZEN,
    "wrong_password": ReplyRefusal.WRONG_PASSWORD,
    "not_allowed_here": ReplyRefusal.NOT_ALLOWED_HERE,
    "different_accounts": ReplyRefusal.NOT_ALLOWED_HERE,
    "balance_low": ReplyRefusal.BALANCE_LOW,
    "arrears": ReplyRefusal.UNSETTLED,
    "too_many_open_orders": ReplyRefusal.UNSETTLED,
    "connector_busy": ReplyRefusal.CHARGE_POINT_UNSETTLED,
    "out_of_service": ReplyRefusal.OUT_OF_SERVICE,
    "connector_disabled": ReplyRefusal.OUT_OF_SERVICE,
    "connector_retired": ReplyRefusal.OUT_OF_SERVICE,
    "connector_faulted": ReplyRefusal.OUT_OF_SERVICE,
    "connector_unknown": ReplyRefusal.OUT_OF_SERVICE,
    "charge_point_offline": ReplyRefusal.OUT_OF_SERVICE,
    "no_tariff": ReplyRefusal.OUT_OF_SERVICE,
    "pass_day_used_up": ReplyRefusal.NOT_ALLOWED_HERE,
    "pass_used_up": ReplyRefusal.NOT_ALLOWED_HERE,
    "parallel_not_offered": ReplyRefusal.OUT_OF_SERVICE,
}
"""What the driver at the charge point is told for what we refuse; anything else is an error of ours and is retried."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands there, and with which card."""

    driver: Driver
    card_label: str = ""
    card_id: str = ""
    vin: str = ""


async def start_requested(uow: UnitOfWork, event: StartRequested) -> None:
    """Answer a request: at once for one connector, together when the other connector has asked too (文档 §0xA1)."""
    if await _answer_again(uow, event):
        return
    if not event.parallel_no:
        await _decide(uow, [event])
        return
    asked = await sql_parallel.remember(uow, event)
    if len(asked) > 1:
        await sql_parallel.forget(uow, event)
        await _decide(uow, asked)


async def balance_asked(uow: UnitOfWork, event: BalanceAsked) -> None:
    """A card held to the reader: what its driver may spend is told."""
    card = await drivers.driver_for_card(uow, event.card_id)
    refusal = ReplyRefusal.UNKNOWN_ACCOUNT if card is None else ReplyRefusal.NONE
    if card is not None and (card.frozen or card.driver.frozen):
        refusal = ReplyRefusal.FROZEN
    known = card is not None and refusal is ReplyRefusal.NONE
    answer = AnswerBalance(
        command_id=f"balance:{event.request_id}",
        charge_point_code=event.charge_point_code,
        expires_at_ms=uow.now_ms + ANSWER_WITHIN_MS,
        request_id=event.request_id,
        refusal=refusal,
        balance_fen=(await wallet.balance(uow, card.driver.driver_id)).available_fen if card and known else 0,
    )
    uow.command(answer)


async def _answer_again(uow: UnitOfWork, event: StartRequested) -> bool:
    """A repeated request of a start that was granted gets the same answer."""
    occupant = await sessions.occupant(uow, event.charge_point_code, event.connector_no)
    if occupant is None or not _same_request(occupant, event) or not await _may_repeat(uow, occupant):
        return False
    answer = _accepted(uow, event, occupant.session_no, occupant.card_label, occupant.cap_fen)
    answer = msgspec.structs.replace(answer, limit=service_terms.limit_again(occupant))
    uow.command(msgspec.structs.replace(answer, command_id=f"again:{event.request_id}"))
    return True


async def _may_repeat(uow: UnitOfWork, session: ChargingSession) -> bool:
    """Only while nothing can have flowed under the number: a second charge under it would be a second record of one
    session. A charge point that logged in since may have charged in between, unseen."""
    if session.state is not SessionState.STARTING or session.began_at_ms is not None:
        return False
    charge_point = await stations.charge_point(uow, session.charge_point_code)
    fresh = uow.now_ms - session.requested_at_ms <= REPEAT_WITHIN_MS
    return fresh and charge_point.presence_since_ms <= session.requested_at_ms


def _same_request(session: ChargingSession, event: StartRequested) -> bool:
    """The same card or VIN has asked before; a session begun from an app was never asked for here."""
    if event.method is StartMethod.VIN:
        return bool(event.vin) and session.vin == event.vin
    return session.method is event.method and session.card_id == event.card_id


async def _decide(uow: UnitOfWork, events: list[StartRequested]) -> None:
    """All connectors are authorised or refused together."""
    try:
        granted = await _grant(uow, events)
    except (Refused, NotFound, TooMany, Conflict) as refusal:
        if refusal.code not in REFUSALS:
            raise
        for event in events:
            uow.command(_refused(uow, event, refusal))
        return
    for event, entry in zip(events, granted, strict=True):
        await sessions.authorise_start(uow, entry.start)
        sql.note(uow, entry.order.order_no, "authorised", method=event.method.value)
        start = entry.start
        answer = _accepted(uow, event, start.session_no, start.card_label, start.cap_fen)
        uow.command(msgspec.structs.replace(answer, limit=start.charge_limit))


async def _grant(uow: UnitOfWork, events: list[StartRequested]) -> list[Granted]:
    first = events[0]
    account = await _account(uow, first)
    if any((event.card_id, event.vin) != (first.card_id, first.vin) for event in events):
        raise Refused("并充的两把枪必须用同一账户", "different_accounts")
    connectors = [await stations.connector(uow, event.charge_point_code, event.connector_no) for event in events]
    at = connectors[0].charge_point
    pass_id = None
    if tariffs.kind_for(at) is TariffKind.TWO_WHEEL:
        pass_id = await service_passes.best(uow, driver_id=account.driver.driver_id, at=at)
    wish = Wish(
        driver=account.driver,
        connectors=tuple(connectors),
        method=first.method,
        card_label=account.card_label,
        card_id=first.card_id if account.card_id else "",
        vin=account.vin,
        parallel_no=first.parallel_no,
        pass_id=pass_id,
    )
    return await grant(uow, wish)


async def _account(uow: UnitOfWork, event: StartRequested) -> Account:
    """Who asks, if they proved it."""
    if event.method is StartMethod.VIN:
        driver = await drivers.driver_for_vin(uow, event.vin)
        if driver is None:
            raise NotFound("车架号未登记", "vin_unknown")
        return Account(driver=driver, vin=event.vin)
    card = await drivers.driver_for_card(uow, event.card_id) if event.method is StartMethod.CARD else None
    if card is None:
        raise NotFound("卡号未登记", "account_unknown")
    if card.frozen:
        raise Refused("卡片已冻结", "card_frozen")
    if not drivers.check_card_password(card, event.password_hash):
        raise Refused("密码错误", "wrong_password")
    return Account(driver=card.driver, card_label=card.card_label, card_id=card.card_id)


def _accepted(
    uow: UnitOfWork, event: StartRequested, session_no: str, card_label: str, balance_fen: int
) -> AnswerStart:
    return AnswerStart(
        command_id=sessions.answer_command_id(session_no),
        charge_point_code=event.charge_point_code,
        expires_at_ms=uow.now_ms + ANSWER_WITHIN_MS,
        request_id=event.request_id,
        connector_no=event.connector_no,
        accepted=True,
        refusal=ReplyRefusal.NONE,
        session_no=session_no,
        card_label=card_label or "0" * 16,
        balance_fen=balance_fen,
    )


def _refused(uow: UnitOfWork, event: StartRequested, refusal: ChargeCloudError) -> AnswerStart:
    return AnswerStart(
        command_id=f"refuse:{event.request_id}",
        charge_point_code=event.charge_point_code,
        expires_at_ms=uow.now_ms + ANSWER_WITHIN_MS,
        request_id=event.request_id,
        connector_no=event.connector_no,
        accepted=False,
        refusal=REFUSALS[refusal.code],
        session_no=NO_NUMBER,
        card_label="0" * 16,
        balance_fen=0,
    )
