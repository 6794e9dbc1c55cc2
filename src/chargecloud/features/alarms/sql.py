"""The table of alarms and the statements that open, count and close them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, ForeignKey, Index, Integer, Row, String, Table, delete, insert, select, update

from chargecloud.features.alarms.messages import AlarmKind, AlarmState
from chargecloud.infra.sql.types import big_id, code, epoch_ms, json_text, metadata
from chargecloud.infra.sql.uow import UnitOfWork

alarms = Table(
    "alarms",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("station_id", ForeignKey("stations.id")),
    Column("kind", code(32), nullable=False),
    Column("level", code(16), nullable=False),
    Column("charge_point_code", code(32), nullable=False),
    Column("connector_no", Integer, nullable=False),
    Column("subject", code(64), nullable=False),
    Column("state", code(16), nullable=False),
    Column("open_key", code(160), unique=True),
    Column("times", Integer, nullable=False),
    Column("facts", json_text(), nullable=False),
    Column("first_at_ms", epoch_ms(), nullable=False),
    Column("last_at_ms", epoch_ms(), nullable=False),
    Column("acknowledged_by", code(64), nullable=False),
    Column("acknowledged_at_ms", epoch_ms()),
    Column("closed_by", code(64), nullable=False),
    Column("closed_at_ms", epoch_ms()),
    Column("note", String(200), nullable=False),
    Index(None, "operator_id", "state", "id"),
    Index(None, "charge_point_code", "id"),
    Index(None, "state", "kind", "last_at_ms"),
)
"""Without a station: about money, which belongs to the operator.

`open_key` is set while an alarm is not closed: the database allows one for each cause at one place.
"""


class OpenAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that is not closed."""

    alarm_id: int
    operator_id: int
    kind: AlarmKind
    charge_point_code: str
    connector_no: int
    state: AlarmState
    times: int


_OPEN_COLUMNS = (
    alarms.c.id.label("alarm_id"),
    alarms.c.operator_id,
    alarms.c.kind,
    alarms.c.charge_point_code,
    alarms.c.connector_no,
    alarms.c.state,
    alarms.c.times,
)


async def find_open(uow: UnitOfWork, open_key: str) -> OpenAlarm | None:
    """The alarm of a cause that is not closed."""
    row = (await uow.connection.execute(select(*_OPEN_COLUMNS).where(alarms.c.open_key == open_key))).first()
    return _open_alarm(row) if row else None


async def count_again(uow: UnitOfWork, open_key: str, facts: Mapping[str, object]) -> bool:
    """The same cause was reported once more; False when nothing is open for it."""
    statement = (
        update(alarms)
        .where(alarms.c.open_key == open_key)
        .values(times=alarms.c.times + 1, last_at_ms=uow.now_ms, facts=_json(facts))
    )
    return (await uow.connection.execute(statement)).rowcount == 1


async def add(uow: UnitOfWork, row: Mapping[str, object], facts: Mapping[str, object]) -> int:
    """Open an alarm; its id."""
    fixed = {
        "state": AlarmState.OPEN.value,
        "times": 1,
        "facts": _json(facts),
        "first_at_ms": uow.now_ms,
        "last_at_ms": uow.now_ms,
        "acknowledged_by": "",
        "closed_by": "",
        "note": "",
    }
    key = (await uow.connection.execute(insert(alarms).values({**row, **fixed}))).inserted_primary_key
    return int(key[0]) if key else 0


async def acknowledge(uow: UnitOfWork, alarm_id: int, *, actor: str, note: str) -> bool:
    """Somebody saw it; False when it is not open any more."""
    statement = (
        update(alarms)
        .where(alarms.c.id == alarm_id, alarms.c.state == AlarmState.OPEN.value)
        .values(state=AlarmState.ACKNOWLEDGED.value, acknowledged_by=actor, acknowledged_at_ms=uow.now_ms, note=note)
    )
    return (await uow.connection.execute(statement)).rowcount == 1


async def close(uow: UnitOfWork, alarm_id: int, *, actor: str, note: str) -> bool:
    """It is over; False when it was closed before."""
    statement = (
        update(alarms)
        .where(alarms.c.id == alarm_id, alarms.c.state != AlarmState.CLOSED.value)
        .values(state=AlarmState.CLOSED.value, open_key=None, closed_by=actor, closed_at_ms=uow.now_ms, note=note)
    )
    return (await uow.connection.execute(statement)).rowcount == 1


async def quiet_since(uow: UnitOfWork, kind: AlarmKind, last_before_ms: int, limit: int) -> Sequence[OpenAlarm]:
    """Alarms of a kind that did not come again since then."""
    statement = (
        select(*_OPEN_COLUMNS)
        .where(
            alarms.c.kind == kind.value,
            alarms.c.state.in_((AlarmState.OPEN.value, AlarmState.ACKNOWLEDGED.value)),
            alarms.c.last_at_ms < last_before_ms,
        )
        .limit(limit)
    )
    return [_open_alarm(row) for row in await uow.connection.execute(statement)]


async def prune(uow: UnitOfWork, *, closed_before_ms: int, limit: int) -> int:
    """Forget alarms closed long ago; how many."""
    old = list(
        (
            await uow.connection.execute(
                select(alarms.c.id)
                .where(alarms.c.state == AlarmState.CLOSED.value, alarms.c.closed_at_ms < closed_before_ms)
                .limit(limit)
            )
        ).scalars()
    )
    if old:
        await uow.connection.execute(delete(alarms).where(alarms.c.id.in_(old)))
    return len(old)


def _open_alarm(row: Row[*tuple[Any, ...]]) -> OpenAlarm:
    return msgspec.convert(dict(zip(OpenAlarm.__struct_fields__, row, strict=True)), OpenAlarm)


def _json(facts: Mapping[str, object]) -> str:
    return msgspec.json.encode(facts).decode()
