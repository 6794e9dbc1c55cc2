"""The read side of statistics: days that were counted, and the load, of one operator."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.statistics.messages import Figures
from chargecloud.features.statistics.model import WHOLE_OPERATOR
from chargecloud.features.statistics.sql import counted_days, station_days, station_load
from chargecloud.infra.sql.reach import Reach

_NAMES = Figures.__struct_fields__


class LoadPoint(msgspec.Struct, frozen=True, kw_only=True):
    """What flowed at a moment."""

    at_ms: int
    power_w: int
    charging: int


async def counted(connection: AsyncConnection, operator_id: int, days: Sequence[str]) -> set[str]:
    """Which of these days, in their order, were counted; before the first one there was nothing to count."""
    c = counted_days.c
    own = select(c.day, c.counted_at_ms).where(c.operator_id == operator_id)
    begun = (await connection.execute(own.order_by(c.day).limit(1))).first()
    if begun is None:
        return set()
    rows = await connection.execute(own.where(c.day >= days[0], c.day <= days[-1]))
    return {row.day for row in rows if row.counted_at_ms is not None} | {day for day in days if day < begun.day}


def _in(place: Reach, station_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The rows that add up to a place as a whole."""
    return station_id == WHOLE_OPERATOR if place.station_ids is None else station_id.in_(sorted(place.station_ids))


async def by_day(connection: AsyncConnection, place: Reach, first: str, last: str) -> dict[str, Figures]:
    """What a place as a whole did on each day that has anything; drivers of several stations are added up."""
    c = station_days.c
    statement = (
        select(c.day, *(func.sum(c[name]) for name in _NAMES))
        .where(c.operator_id == place.operator_id, c.day >= first, c.day <= last, _in(place, c.station_id))
        .group_by(c.day)
    )
    return {
        row[0]: Figures(**{name: int(value) for name, value in zip(_NAMES, row[1:], strict=True)})
        for row in await connection.execute(statement)
    }


async def by_station(connection: AsyncConnection, operator_id: int, first: str, last: str) -> dict[int, Figures]:
    """What each station did from one day to another; drivers are left out, they cannot be added up."""
    c = station_days.c
    names = [name for name in _NAMES if name != "active_drivers"]
    statement = (
        select(c.station_id, *(func.sum(c[name]) for name in names))
        .where(c.operator_id == operator_id, c.day >= first, c.day <= last, c.station_id != WHOLE_OPERATOR)
        .group_by(c.station_id)
    )
    return {
        row[0]: Figures(**{name: int(value) for name, value in zip(names, row[1:], strict=True)})
        for row in await connection.execute(statement)
    }


async def load(connection: AsyncConnection, place: Reach, since_ms: int, until_ms: int) -> list[LoadPoint]:
    """The load of a place as a whole, oldest first."""
    c = station_load.c
    statement = (
        select(c.at_ms, func.sum(c.power_w), func.sum(c.charging))
        .where(c.operator_id == place.operator_id, _in(place, c.station_id), c.at_ms >= since_ms, c.at_ms < until_ms)
        .group_by(c.at_ms)
        .order_by(c.at_ms)
    )
    rows = await connection.execute(statement)
    return [LoadPoint(at_ms=row[0], power_w=int(row[1]), charging=int(row[2])) for row in rows]
