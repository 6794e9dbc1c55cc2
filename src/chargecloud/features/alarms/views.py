"""Lists of alarms; everybody sees those within their reach."""

from typing import Any

import msgspec
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.alarms.messages import AlarmAbout, AlarmKind, AlarmLevel, AlarmState
from chargecloud.features.alarms.model import MONEY_KINDS
from chargecloud.features.alarms.sql import alarms
from chargecloud.infra.sql.reach import Reach

_MONEY = sorted(kind.value for kind in MONEY_KINDS)

MAX_LIVE = 200
"""Alarms in a live snapshot: the newest that are not closed."""


class AlarmRow(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm."""

    alarm_id: int
    operator_id: int
    station_id: int | None
    kind: AlarmKind
    level: AlarmLevel
    charge_point_code: str
    connector_no: int
    subject: str
    state: AlarmState
    times: int
    facts: dict[str, object]
    first_at_ms: int
    last_at_ms: int
    acknowledged_by: str
    acknowledged_at_ms: int | None
    closed_by: str
    closed_at_ms: int | None
    note: str


class AlarmFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of alarms may be narrowed by. `money`: whether those about money are to be seen at all."""

    money: bool = False
    about: AlarmAbout | None = None
    state: AlarmState | None = None
    kind: AlarmKind | None = None
    level: AlarmLevel | None = None
    station_id: int | None = None
    charge_point_code: str | None = None


async def find(connection: AsyncConnection, alarm_id: int, reach: Reach, *, money: bool) -> AlarmRow | None:
    """An alarm by id."""
    own = reach.within(alarms.c.operator_id, alarms.c.station_id)
    statement = select(alarms).where(alarms.c.id == alarm_id, *own)
    if not money:
        statement = statement.where(alarms.c.kind.not_in(_MONEY))
    row = (await connection.execute(statement)).first()
    return _alarm(row) if row else None


async def page(
    connection: AsyncConnection, reach: Reach, wanted: AlarmFilter, *, before_id: int | None, limit: int
) -> list[AlarmRow]:
    """Alarms, newest first."""
    equal = (
        (alarms.c.state, wanted.state and wanted.state.value),
        (alarms.c.kind, wanted.kind and wanted.kind.value),
        (alarms.c.level, wanted.level and wanted.level.value),
        (alarms.c.station_id, wanted.station_id),
        (alarms.c.charge_point_code, wanted.charge_point_code),
    )
    conditions = reach.within(alarms.c.operator_id, alarms.c.station_id)
    conditions += [column == value for column, value in equal if value is not None]
    if wanted.about is AlarmAbout.MONEY:
        conditions.append(alarms.c.kind.in_(_MONEY))
    if wanted.about is AlarmAbout.DEVICES or not wanted.money:
        conditions.append(alarms.c.kind.not_in(_MONEY))
    if before_id is not None:
        conditions.append(alarms.c.id < before_id)
    statement = select(alarms).where(*conditions).order_by(alarms.c.id.desc()).limit(limit)
    return [_alarm(row) for row in await connection.execute(statement)]


async def snapshot(connection: AsyncConnection, operator_id: int, about: AlarmAbout) -> dict[str, object]:
    """What is not closed, for watchers: how many of each level, and the newest by id."""
    kinds = alarms.c.kind.in_(_MONEY) if about is AlarmAbout.MONEY else alarms.c.kind.not_in(_MONEY)
    not_closed = (alarms.c.operator_id == operator_id, alarms.c.state != AlarmState.CLOSED.value, kinds)
    counts = await connection.execute(
        select(alarms.c.level, func.count().label("count")).where(*not_closed).group_by(alarms.c.level)
    )
    newest = await connection.execute(select(alarms).where(*not_closed).order_by(alarms.c.id.desc()).limit(MAX_LIVE))
    shown = ("kind", "level", "state", "charge_point_code", "connector_no", "times", "last_at_ms")
    return {
        "counts": {row.level: row._mapping["count"] for row in counts},
        "alarms": {str(row.id): {name: row._mapping[name] for name in shown} for row in newest},
    }


def _alarm(row: Row[*tuple[Any, ...]]) -> AlarmRow:
    values = {name: row._mapping[name] for name in AlarmRow.__struct_fields__ if name not in ("alarm_id", "facts")}
    return msgspec.convert({**values, "alarm_id": row.id, "facts": msgspec.json.decode(row.facts)}, AlarmRow)


async def open_counts(connection: AsyncConnection, reach: Reach) -> dict[tuple[AlarmLevel, AlarmState], int]:
    """How many alarms are not closed, by level and by whether somebody looks after them."""
    shown = [AlarmState.OPEN.value, AlarmState.ACKNOWLEDGED.value]
    statement = (
        select(alarms.c.level, alarms.c.state, func.count())
        .where(*reach.within(alarms.c.operator_id, alarms.c.station_id), alarms.c.state.in_(shown))
        .group_by(alarms.c.level, alarms.c.state)
    )
    rows = await connection.execute(statement)
    return {(AlarmLevel(level), AlarmState(state)): int(count) for level, state, count in rows}
