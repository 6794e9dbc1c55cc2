"""The workbench: today against yesterday and a week ago, trends, rankings, the load of a day."""

from datetime import date
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends, Query

from chargecloud.features.alarms.messages import AlarmLevel, AlarmState
from chargecloud.features.stations.messages import ConnectorState
from chargecloud.features.statistics import model, service
from chargecloud.features.statistics.messages import Figures
from chargecloud.features.statistics.model import RankBy
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import ApiModel, Fen, Id, Moment, Mwh
from chargecloud.infra.sql.reach import Reach
from chargecloud.kernel.errors import Invalid

router = APIRouter(tags=["statistics"])
Reader = Annotated[Principal, Depends(require("statistics.read"))]
DAY = "^(2[0-9]{3}-[0-9]{2}-[0-9]{2})?$"
StationChoice = Annotated[Id | None, Query(description="one station instead of all")]


class RatioOut(ApiModel):
    """A ratio as its two sums: add both up over days or stations before you divide."""

    numerator: int
    denominator: int


class FiguresOut(ApiModel):
    """What was settled and started within a span of time."""

    orders: int
    energy_mwh: Mwh
    energy_fee_fen: Fen
    service_fee_fen: Fen
    abnormal: RatioOut
    start_success: RatioOut
    """All causes."""
    start_success_by_device: RatioOut
    """Without starts that failed because nothing was plugged in or the driver changed their mind."""


class DayFiguresOut(FiguresOut):
    """A day, or the part of it that has passed."""

    day: date
    counted: bool
    """False: the day is over but was not counted yet; its figures are all 0."""
    active_drivers: int

    @classmethod
    def on(cls, day: service.DayFigures) -> Self:
        """The figures of a day."""
        return cls(
            day=date.fromisoformat(day.day),
            counted=day.counted,
            active_drivers=day.figures.active_drivers,
            **_shown(day.figures),
        )


def _shown(figures: Figures) -> dict[str, object]:
    by_device = figures.starts - figures.starts_ended_by_driver
    return {
        "orders": figures.orders,
        "energy_mwh": figures.energy_mwh,
        "energy_fee_fen": figures.energy_fee_fen,
        "service_fee_fen": figures.service_fee_fen,
        "abnormal": RatioOut(numerator=figures.abnormal_orders, denominator=figures.orders),
        "start_success": RatioOut(numerator=figures.starts_succeeded, denominator=figures.starts),
        "start_success_by_device": RatioOut(numerator=figures.starts_succeeded, denominator=by_device),
    }


class LiveOut(ApiModel):
    """What goes on now."""

    charging: int
    power_w: int
    energy_mwh: Mwh
    connectors: dict[ConnectorState, int]


class AlarmCountOut(ApiModel):
    """Alarms of a level that are not closed."""

    level: AlarmLevel
    open: int
    acknowledged: int


class ToDoOut(ApiModel):
    """What waits for people."""

    orders_disputed: int
    payment_cases_open: int
    refunds_waiting: int
    feedback_open: int
    approvals_waiting: int


class WorkbenchOut(ApiModel):
    """Today so far, the same hours of yesterday and of a week ago, and what goes on."""

    at: Moment
    today: DayFiguresOut
    yesterday: DayFiguresOut
    week_ago: DayFiguresOut
    live: LiveOut
    alarms: list[AlarmCountOut]
    to_do: ToDoOut


class TrendOut(ApiModel):
    """The last days, oldest first; the last one is today so far."""

    days: list[DayFiguresOut]


class StationFiguresOut(FiguresOut):
    """A station in a ranking."""

    station_id: int
    name: str

    @classmethod
    def ranked(cls, station: service.StationFigures) -> Self:
        """The figures of a station."""
        return cls(station_id=station.station_id, name=station.name, **_shown(station.figures))


class RankingOut(ApiModel):
    """The best stations, best first, and the weakest, weakest first; no station is in both."""

    stations: int
    top: list[StationFiguresOut]
    bottom: list[StationFiguresOut]


class LoadPointOut(ApiModel):
    """What flowed at the last look within five minutes."""

    at: Moment
    power_w: int
    charging: int


class LoadOut(ApiModel):
    """The load of a day by five minutes; a time that is missing was not looked at."""

    day: date
    points: list[LoadPointOut]


def _place(who: Principal, station_id: int | None = None) -> Reach:
    """What somebody may see figures of, or the station of it that is asked for; without figures when it is not."""
    if who.operator_id is None:
        raise Invalid("统计属于运营商，平台人员没有所属运营商", "operator_id_missing")
    if station_id is None:
        return who.reach
    shown = {station_id} if who.reach.covers(who.operator_id, station_id) else set[int]()
    return Reach(who.operator_id, frozenset(shown))


@router.get("/statistics/workbench", operation_id="getWorkbench", summary="总览")
async def get_workbench(reader: Reader, db: Db) -> WorkbenchOut:
    """Today so far against the same hours of yesterday and of the same day a week ago, and what goes on now."""
    place, now_ms = _place(reader), db.clock.now_ms()
    async with db.read() as connection:
        days = [await service.until_now(connection, place, now_ms, days_ago=ago) for ago in (0, 1, 7)]
        live = await service.live(connection, place, now_ms)
        to_do = await service.to_do(connection, place, now_ms)
    today, yesterday, week_ago = map(DayFiguresOut.on, days)
    return WorkbenchOut(
        at=now_ms,
        today=today,
        yesterday=yesterday,
        week_ago=week_ago,
        live=LiveOut(
            charging=live.charging, power_w=live.power_w, energy_mwh=live.energy_mwh, connectors=live.connectors
        ),
        alarms=[
            AlarmCountOut(
                level=level,
                open=to_do.alarms.get((level, AlarmState.OPEN), 0),
                acknowledged=to_do.alarms.get((level, AlarmState.ACKNOWLEDGED), 0),
            )
            for level in AlarmLevel
        ],
        to_do=ToDoOut(
            orders_disputed=to_do.orders_disputed,
            payment_cases_open=to_do.payment_cases_open,
            refunds_waiting=to_do.refunds_waiting,
            feedback_open=to_do.feedback_open,
            approvals_waiting=to_do.approvals_waiting,
        ),
    )


@router.get("/statistics/trend", operation_id="getTrend", summary="按日趋势")
async def get_trend(
    reader: Reader,
    db: Db,
    days: Annotated[Literal["7", "30"], Query()] = "7",
    station_id: StationChoice = None,
) -> TrendOut:
    """The last 7 or 30 days with today as it stands."""
    async with db.read() as connection:
        found = await service.trend(connection, _place(reader, station_id), db.clock.now_ms(), days=int(days))
    return TrendOut(days=[DayFiguresOut.on(day) for day in found])


@router.get("/statistics/ranking", operation_id="getRanking", summary="场站排行")
async def get_ranking(
    reader: Reader,
    db: Db,
    days: Annotated[Literal["7", "30"], Query()] = "7",
    by: Annotated[RankBy, Query(strict=False)] = RankBy.ENERGY,
    limit: Annotated[int, Query(ge=1, le=50)] = 5,
) -> RankingOut:
    """The best and the weakest stations of the last days."""
    async with db.read() as connection:
        ranked = await service.ranking(connection, _place(reader), db.clock.now_ms(), days=int(days), by=by)
    top, rest = ranked[:limit], ranked[limit:]
    return RankingOut(
        stations=len(ranked),
        top=[StationFiguresOut.ranked(each) for each in top],
        bottom=[StationFiguresOut.ranked(each) for each in reversed(rest[-limit:])],
    )


@router.get("/statistics/load", operation_id="getLoad", summary="负荷曲线")
async def get_load(
    reader: Reader,
    db: Db,
    day: Annotated[str, Query(pattern=DAY, description="today when left out; kept for 90 days")] = "",
    station_id: StationChoice = None,
) -> LoadOut:
    """The power that flowed in the course of a day."""
    day = day or model.day_of(db.clock.now_ms())
    try:
        start_ms = model.start_of(day)
    except ValueError as error:
        raise Invalid(f"没有 {day} 这一天", "invalid_day", field="day") from error
    async with db.read() as connection:
        points = await service.load(
            connection, _place(reader, station_id), since_ms=start_ms, until_ms=start_ms + model.DAY_MS
        )
    shown = [LoadPointOut(at=point.at_ms, power_w=point.power_w, charging=point.charging) for point in points]
    return LoadOut(day=date.fromisoformat(day), points=shown)
