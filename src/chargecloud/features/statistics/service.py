"""Counting: spans of time over an index, days that are over into a table, and what a workbench shows of both."""

from collections import defaultdict

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.alarms import service as alarms
from chargecloud.features.alarms.messages import AlarmLevel, AlarmState
from chargecloud.features.feedback import service as feedback
from chargecloud.features.operators import service as operators
from chargecloud.features.orders import service as orders
from chargecloud.features.payments import service as payments
from chargecloud.features.sessions import service as sessions
from chargecloud.features.sessions.service import Flow
from chargecloud.features.stations import service as stations
from chargecloud.features.stations.messages import ConnectorState
from chargecloud.features.statistics import model, sql, views
from chargecloud.features.statistics.messages import Figures
from chargecloud.features.statistics.model import DAY_MS, WHOLE_OPERATOR, RankBy
from chargecloud.infra.sql.reach import Reach
from chargecloud.infra.sql.uow import UnitOfWork


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A day, or the part of it that has passed."""

    day: str
    counted: bool
    """False for a day that is over and waits to be counted: its figures are not known yet."""
    figures: Figures


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What goes on now."""

    charging: int
    power_w: int
    energy_mwh: int
    """What the charges that are going on have delivered so far."""
    connectors: dict[ConnectorState, int]


class ToDo(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for people."""

    alarms: dict[tuple[AlarmLevel, AlarmState], int]
    orders_disputed: int
    payment_cases_open: int
    refunds_waiting: int
    feedback_open: int
    approvals_waiting: int


class StationFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A station in a ranking."""

    station_id: int
    name: str
    figures: Figures


def _operator(place: Reach) -> int:
    """Whose figures; they are counted for one operator at a time."""
    if place.operator_id is None:
        raise RuntimeError("figures belong to an operator")
    return place.operator_id


async def figures(connection: AsyncConnection, place: Reach, since_ms: int, until_ms: int) -> dict[int, Figures]:
    """What each station of a place did within a span, and under 0 the place as a whole."""
    operator_id = _operator(place)
    values: dict[int, dict[str, int]] = defaultdict(dict)
    for settled in await orders.order_sums(connection, operator_id, since_ms, until_ms):
        values[settled.station_id] |= msgspec.structs.asdict(settled)
    for asked in await sessions.start_sums(connection, operator_id, since_ms, until_ms):
        values[asked.station_id] |= msgspec.structs.asdict(asked)
    found = {
        station_id: Figures(**{name: value for name, value in of_it.items() if name != "station_id"})
        for station_id, of_it in values.items()
        if place.covers(operator_id, station_id)
    }
    drivers = await orders.active_drivers(connection, place, since_ms, until_ms) if found else 0
    return {WHOLE_OPERATOR: model.added(found.values(), active_drivers=drivers), **found}


async def order_changed(uow: UnitOfWork, order_no: str) -> None:
    """What an order comes to has changed after it was settled: its day is counted again if it is over."""
    settlement = await orders.settlement_of(uow.connection, order_no)
    if settlement is not None and settlement[1] < model.day_start_ms(uow.now_ms):
        await sql.note_change(uow, settlement[0], model.day_of(settlement[1]))


async def open_days(uow: UnitOfWork, operator_id: int) -> None:
    """Have every day counted that is over, from the operator's first order on."""
    yesterday_ms = model.day_start_ms(uow.now_ms - model.SETTLE_DOWN_MS) - DAY_MS
    last = await sql.last_day(uow.connection, operator_id)
    if last == model.day_of(yesterday_ms):
        return
    first_ms = await orders.first_settled_ms(uow.connection, operator_id)
    missing = model.days_between(yesterday_ms if first_ms is None else min(first_ms, yesterday_ms), yesterday_ms)
    await sql.open_days(uow, operator_id, [day for day in missing if last is None or day > last])


async def count_day(connection: AsyncConnection, due: sql.DueDay) -> dict[int, Figures]:
    """What each station did in a day that is over; days without anything leave no rows."""
    start_ms = model.start_of(due.day)
    found = await figures(connection, Reach(due.operator_id), start_ms, start_ms + DAY_MS)
    return {station_id: of_it for station_id, of_it in found.items() if of_it != Figures()}


async def load_now(connection: AsyncConnection, now_ms: int) -> list[Flow]:
    """What flows at every station, and at every operator as a whole."""
    flows = await sessions.flow(connection, now_ms)
    return flows + [
        _whole(owner, [flow for flow in flows if flow.operator_id == owner])
        for owner in await operators.operator_ids(connection)
    ]


def _whole(operator_id: int, flows: list[Flow]) -> Flow:
    return Flow(
        operator_id=operator_id,
        station_id=WHOLE_OPERATOR,
        charging=sum(flow.charging for flow in flows),
        power_w=sum(flow.power_w for flow in flows),
        energy_mwh=sum(flow.energy_mwh for flow in flows),
    )


async def until_now(connection: AsyncConnection, place: Reach, now_ms: int, *, days_ago: int) -> DayFigures:
    """A day from its beginning to the same time of day as now, this moment included."""
    until_ms = now_ms - days_ago * DAY_MS
    found = await figures(connection, place, model.day_start_ms(until_ms), until_ms + 1)
    return DayFigures(day=model.day_of(until_ms), counted=True, figures=found[WHOLE_OPERATOR])


async def live(connection: AsyncConnection, place: Reach, now_ms: int) -> Live:
    """What goes on now."""
    operator_id = _operator(place)
    flows = await sessions.flow(connection, now_ms, operator_id)
    whole = _whole(operator_id, [flow for flow in flows if place.covers(operator_id, flow.station_id)])
    return Live(
        charging=whole.charging,
        power_w=whole.power_w,
        energy_mwh=whole.energy_mwh,
        connectors=await stations.connector_counts(connection, place),
    )


async def to_do(connection: AsyncConnection, place: Reach, now_ms: int) -> ToDo:
    """What waits for people; money that has no station, and approvals, wait for those of the whole operator."""
    operator_id = _operator(place)
    cases, refunds, approvals = 0, 0, 0
    if not place.limited:
        cases, refunds = await payments.to_do(connection, operator_id)
        approvals = await operators.approvals_waiting(connection, operator_id, now_ms)
    return ToDo(
        alarms=await alarms.open_counts(connection, place),
        orders_disputed=await orders.count_disputed(connection, place),
        payment_cases_open=cases,
        refunds_waiting=refunds,
        feedback_open=await feedback.open_count(connection, place),
        approvals_waiting=approvals,
    )


async def trend(connection: AsyncConnection, place: Reach, now_ms: int, *, days: int) -> list[DayFigures]:
    """The last days with today as it stands, oldest first, of a place as a whole."""
    operator_id = _operator(place)
    wanted = model.days_between(now_ms - (days - 1) * DAY_MS, now_ms)
    known = await views.by_day(connection, place, wanted[0], wanted[-1])
    if place.station_ids is not None and len(place.station_ids) > 1:
        known = {day: await _with_drivers(connection, place, day, of_it) for day, of_it in known.items()}
    counted = await views.counted(connection, operator_id, wanted)
    for day in wanted[-2:]:
        if day not in counted:
            start_ms = model.start_of(day)
            found = await figures(connection, place, start_ms, min(start_ms + DAY_MS, now_ms + 1))
            known[day] = found[WHOLE_OPERATOR]
            counted.add(day)
    return [DayFigures(day=day, counted=day in counted, figures=known.get(day, Figures())) for day in wanted]


async def _with_drivers(connection: AsyncConnection, place: Reach, day: str, of_it: Figures) -> Figures:
    """Drivers of several stations cannot be added up: who went to two of them is one."""
    start_ms = model.start_of(day)
    drivers = await orders.active_drivers(connection, place, start_ms, start_ms + DAY_MS)
    return msgspec.structs.replace(of_it, active_drivers=drivers)


async def ranking(
    connection: AsyncConnection, place: Reach, now_ms: int, *, days: int, by: RankBy
) -> list[StationFigures]:
    """The stations of a place by what they did in the last days and today, most first."""
    operator_id = _operator(place)
    wanted = model.days_between(now_ms - (days - 1) * DAY_MS, now_ms)
    past = await views.by_station(connection, operator_id, wanted[0], wanted[-1])
    counted = await views.counted(connection, operator_id, wanted)
    since_ms = model.day_start_ms(now_ms) - (0 if wanted[-2] in counted else DAY_MS)
    recent = await figures(connection, place, since_ms, now_ms + 1)
    nothing = Figures()
    ranked = [
        StationFigures(
            station_id=station_id,
            name=name,
            figures=model.added((past.get(station_id, nothing), recent.get(station_id, nothing)), active_drivers=0),
        )
        for station_id, name in (await stations.station_names(connection, place)).items()
    ]
    return sorted(ranked, key=lambda each: (-model.rank_value(each.figures, by), each.station_id))


async def load(connection: AsyncConnection, place: Reach, *, since_ms: int, until_ms: int) -> list[views.LoadPoint]:
    """The load of a place as a whole, oldest first."""
    return await views.load(connection, place, since_ms, until_ms)
