"""What an order is placed under and settled by: a price list of the kind its charge point takes."""

import msgspec

from chargecloud.device.capability import Capability
from chargecloud.device.commands import ChargeLimit, ChargeMode, PowerTier
from chargecloud.device.events import StartMethod
from chargecloud.features.orders import model_assess, model_assess_two_wheel
from chargecloud.features.orders.messages import Order
from chargecloud.features.orders.model_assess import Assessment, Terms
from chargecloud.features.sessions.messages import ChargeDetailRecord, ChargingSession, Limit, LimitKind
from chargecloud.features.stations import service as stations
from chargecloud.features.stations.messages import ChargePoint
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs.messages import (
    Basis,
    Bill,
    ChoiceKind,
    Grant,
    Rule,
    TariffKind,
    TariffVersion,
    TwoWheelPlan,
    Usage,
)
from chargecloud.features.wallet import service as wallet
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Invalid, Refused

OFFLINE_METHODS = {StartMethod.OFFLINE_CARD, StartMethod.CARD}
MW_PER_W = 1_000
TOP_TIER_MW = 6_553_500
"""What charge points can be told as the end of a tier without one."""
_CHOICES = {
    LimitKind.MINUTES: ChoiceKind.MINUTES,
    LimitKind.ENERGY: ChoiceKind.ENERGY,
    LimitKind.MONEY: ChoiceKind.MONEY,
    LimitKind.NONE: ChoiceKind.FULL,
}


class Prepaid(msgspec.Struct, frozen=True, kw_only=True):
    """What is set aside before a two-wheel charge, and how far it may go."""

    hold_fen: int
    charge_limit: ChargeLimit


async def prepay(
    uow: UnitOfWork,
    plan: TwoWheelPlan,
    limit: Limit,
    *,
    driver_id: int,
    pass_s: int | None = None,
    prepaid_fen: int | None = None,
) -> Prepaid:
    """What a rider's wish costs in advance. `pass_s`: a pass pays, for so long at most.

    `prepaid_fen`: a payment was made for this order, and no more is taken for it.
    """
    if pass_s is not None:
        granted = tariffs.grant(plan, ChoiceKind.PASS, 0, pass_s=pass_s)
        return Prepaid(hold_fen=0, charge_limit=limit_of(plan, ChoiceKind.PASS, granted))
    choice = _CHOICES.get(limit.kind)
    if choice is None:
        raise Refused("该电价不支持这种充电方式", "mode_not_offered", field="limit")
    value = limit.value
    if choice is ChoiceKind.FULL:
        value = await _affordable_hold(uow, plan, driver_id, prepaid_fen)
    granted = tariffs.grant(plan, choice, value)
    return Prepaid(hold_fen=granted.prepaid_fen, charge_limit=limit_of(plan, choice, granted))


async def _affordable_hold(uow: UnitOfWork, plan: TwoWheelPlan, driver_id: int, prepaid_fen: int | None) -> int:
    """Until full: what the plan asks for, or what the rider has, if that buys anything at all."""
    if plan.basis is Basis.PER_USE:
        return plan.per_use_fen
    balance = await wallet.balance(uow, driver_id)
    if balance.arrears_fen:
        raise Refused("有未结清的欠费，请先充值", "arrears", arrears_fen=balance.arrears_fen)
    hold_fen = min(plan.full_hold_fen, balance.available_fen)
    if prepaid_fen is not None:
        hold_fen = min(hold_fen, prepaid_fen)
    least_fen = max(plan.min_charge_fen, 1)
    if hold_fen >= least_fen:
        try:
            tariffs.grant(plan, ChoiceKind.FULL, hold_fen)
        except Invalid:
            hold_fen = 0
    if hold_fen < least_fen:
        raise Refused("余额不足", "balance_low", available_fen=balance.available_fen, needed_fen=plan.full_hold_fen)
    return hold_fen


def limit_of(plan: TwoWheelPlan, choice: ChoiceKind, granted: Grant) -> ChargeLimit:
    """A grant as charge points are told it."""
    mode = {ChoiceKind.PASS: ChargeMode.SUBSCRIPTION}.get(choice, ChargeMode.UNTIL_FULL)
    if granted.duration_s:
        mode = ChargeMode.BY_TIME
    elif granted.energy_mwh:
        mode = ChargeMode.BY_ENERGY
    elif plan.basis is Basis.PER_USE and choice is ChoiceKind.FULL:
        mode = ChargeMode.PER_USE
    return ChargeLimit(
        mode=mode,
        duration_s=granted.duration_s,
        energy_mwh=granted.energy_mwh,
        stop_when_full=bool(granted.duration_s),
        max_duration_s=granted.max_duration_s,
        max_power_mw=plan.max_power_w * MW_PER_W,
    )


def with_tiers(limit: ChargeLimit, plan: TwoWheelPlan, at: ChargePoint) -> ChargeLimit:
    """The limit with the plan's power tiers, for a charge point that counts by them."""
    if limit.mode is ChargeMode.SUBSCRIPTION or len(plan.tiers) < 2 or not stations.can(at, Capability.POWER_TIERS):
        return limit
    tiers = tuple(
        PowerTier(
            up_to_mw=TOP_TIER_MW if tier.max_power_w is None else tier.max_power_w * MW_PER_W,
            price_fen=tier.fen_per_hour,
            per_s=3_600,
        )
        for tier in plan.tiers
    )
    return msgspec.structs.replace(limit, tiers=tiers)


def limit_again(session: ChargingSession) -> ChargeLimit | None:
    """The limit of a charge begun by a card, once more: until full, or as far as a pass goes."""
    plan = session.tariff.plan if session.tariff else None
    if plan is None:
        return None
    choice = ChoiceKind.FULL if session.cap_fen else ChoiceKind.PASS
    return limit_of(plan, choice, tariffs.grant(plan, choice, session.cap_fen))


def terms_of(uow: UnitOfWork, order: Order, version: TariffVersion) -> Terms:
    """What an order's record is assessed against."""
    hold_fen = order.hold_fen or (uow.options.offline_limit_fen if order.method in OFFLINE_METHODS else 0)
    return Terms(
        version=version,
        price=lambda bands: tariffs.price_bands(version, bands),
        hold_fen=hold_fen,
        overdraft_fen=uow.options.overdraft_fen if order.hold_fen else 0,
        covered=order.pass_id is not None,
    )


def assess(record: ChargeDetailRecord, session: ChargingSession, terms: Terms) -> Assessment:
    """A record against everything else we know, by the price list of its kind."""
    plan = terms.version.plan
    if plan is None:
        return model_assess.assess(record, session, terms)
    return model_assess_two_wheel.assess_usage(record, session, _charge_of(plan, terms), prepaid_fen=terms.hold_fen)


def assess_samples(session: ChargingSession, terms: Terms) -> Assessment:
    """No record came: the last sample has to do."""
    plan = terms.version.plan
    if plan is None:
        return model_assess.assess_samples(session, terms)
    return model_assess_two_wheel.assess_usage_samples(session, _charge_of(plan, terms), prepaid_fen=terms.hold_fen)


def _charge_of(plan: TwoWheelPlan, terms: Terms) -> model_assess_two_wheel.ChargeOf:
    def charge_of(usage: Usage) -> tuple[Bill, Rule]:
        return tariffs.charge(plan, usage, terms.hold_fen, covered=terms.covered)

    return charge_of


async def version_of(uow: UnitOfWork, order: Order, session: ChargingSession) -> TariffVersion | None:
    """The version noted at the start; for what the platform did not start, the one valid then."""
    if session.tariff is not None:
        return session.tariff
    charge_point = await stations.find_charge_point(uow, order.charge_point_code)
    kind = tariffs.kind_for(charge_point) if charge_point else TariffKind.TIME_OF_USE
    at_ms = order.started_at_ms if order.started_at_ms is not None else session.began_at_ms
    moment_ms = at_ms if at_ms is not None else order.placed_at_ms
    try:
        return await tariffs.version_at(uow, order.station_id, moment_ms, kind=kind)
    except Refused:
        return None
