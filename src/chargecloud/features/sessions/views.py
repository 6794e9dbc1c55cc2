"""The read side of sessions: one, many, their samples and reports, as plain rows."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.sessions.messages import ChargingSession, RecordStanding, SessionState
from chargecloud.features.sessions.sql import (
    SESSION_COLUMNS,
    battery_reports,
    session_of,
    session_records,
    session_samples,
    sessions,
)
from chargecloud.infra.sql.reach import Reach

_LIVE = (
    "session_no", "order_no", "charge_point_code", "connector_no", "soc_pct", "soc_start_pct", "voltage_mv",
    "current_ma", "power_w", "cable_temp_c", "battery_temp_c", "charged_s", "remaining_s", "energy_mwh", "amount_hao",
    "requested_at_ms", "began_at_ms", "ended_at_ms", "evidence_at_ms", "stop_reason", "refusal",
)  # fmt: skip


class SessionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of sessions may be narrowed by."""

    operator_id: int | None = None
    station_ids: frozenset[int] | None = None
    """None: those of all stations."""
    driver_id: int | None = None
    charge_point_code: str = ""
    state: str = ""


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session in a list; `id` orders."""

    id: int
    session: ChargingSession


class RecordRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stored record as people see it: what was read from it, and the bytes."""

    record_id: str
    charge_point_code: str
    connector_no: int
    session_no: str
    standing: str
    received_at_ms: int
    body: dict[str, object]
    raw_hex: str


class MeterSample(msgspec.Struct, frozen=True, kw_only=True):
    """One point of a charging curve; `id` orders."""

    id: int
    at_ms: int
    status: int
    energy_mwh: int
    amount_hao: int
    voltage_mv: int
    current_ma: int
    soc_pct: int
    cable_temp_c: int | None
    battery_temp_c: int | None
    fault_bits: int


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """What battery and charger told each other; `id` orders."""

    id: int
    at_ms: int
    kind: str
    body: dict[str, object]


def snapshot(session: ChargingSession) -> dict[str, object]:
    """A session as live topics show it; a patch is the same in whole."""
    values: dict[str, object] = {name: getattr(session, name) for name in _LIVE}
    values["state"] = session.state.value
    values["flags"] = list(session.flags)
    return values


async def session(connection: AsyncConnection, session_no: str) -> ChargingSession | None:
    """A session by its number."""
    row = (await connection.execute(select(*SESSION_COLUMNS).where(sessions.c.session_no == session_no))).first()
    return session_of(row) if row else None


async def sessions_of(connection: AsyncConnection, session_nos: Sequence[str]) -> list[ChargingSession]:
    """Sessions by their numbers, in no order."""
    if not session_nos:
        return []
    rows = await connection.execute(select(*SESSION_COLUMNS).where(sessions.c.session_no.in_(session_nos)))
    return [session_of(row) for row in rows]


async def list_sessions(
    connection: AsyncConnection, wanted: SessionFilter, *, before_id: int | None, limit: int
) -> list[SessionRow]:
    """Sessions, newest first."""
    statement = select(*SESSION_COLUMNS, sessions.c.id).order_by(sessions.c.id.desc()).limit(limit)
    equal: dict[Any, object] = {
        sessions.c.operator_id: wanted.operator_id,
        sessions.c.driver_id: wanted.driver_id,
        sessions.c.charge_point_code: wanted.charge_point_code or None,
        sessions.c.state: wanted.state or None,
    }
    for column, value in equal.items():
        if value is not None:
            statement = statement.where(column == value)
    if wanted.station_ids is not None:
        statement = statement.where(sessions.c.station_id.in_(sorted(wanted.station_ids)))
    if before_id is not None:
        statement = statement.where(sessions.c.id < before_id)
    return [SessionRow(id=row[-1], session=session_of(row)) for row in await connection.execute(statement)]


async def count_foreign(connection: AsyncConnection, charge_point_code: str) -> int:
    """How many foreign sessions of a charge point are open."""
    statement = select(func.count()).where(
        sessions.c.charge_point_code == charge_point_code, sessions.c.state == SessionState.UNAUTHORISED.value
    )
    return (await connection.execute(statement)).scalar_one()


async def records_of(connection: AsyncConnection, session_no: str) -> list[RecordRow]:
    """Every record that was ever uploaded for a session, oldest first."""
    statement = (
        select(session_records)
        .where(session_records.c.session_no == session_no)
        .order_by(session_records.c.received_at_ms, session_records.c.record_id)
        .limit(100)
    )
    return [_record_row(row) for row in await connection.execute(statement)]


def _record_row(row: Row[*tuple[Any, ...]]) -> RecordRow:
    body: dict[str, object] = msgspec.json.decode(row.body, type=dict[str, object])
    return RecordRow(
        record_id=row.record_id,
        charge_point_code=row.charge_point_code,
        connector_no=row.connector_no,
        session_no=row.session_no,
        standing=row.standing,
        received_at_ms=row.received_at_ms,
        body={name: value for name, value in body.items() if name not in {"raw", "type"}},
        raw_hex=row.raw.hex().upper(),
    )


async def misplaced(
    connection: AsyncConnection, *, reach: Reach, before: tuple[int | str, ...] | None, limit: int
) -> list[RecordRow]:
    """Records uploaded for a session of another charge point, newest first: those of sessions within reach."""
    at_ms, record_id = session_records.c.received_at_ms, session_records.c.record_id
    statement = (
        select(session_records)
        .where(session_records.c.standing == RecordStanding.MISPLACED.value)
        .order_by(at_ms.desc(), record_id.desc())
        .limit(limit)
    )
    own = reach.within(sessions.c.operator_id, sessions.c.station_id)
    if own:
        statement = statement.where(session_records.c.session_no.in_(select(sessions.c.session_no).where(*own)))
    if before is not None:
        statement = statement.where(or_(at_ms < before[0], and_(at_ms == before[0], record_id < before[1])))
    return [_record_row(row) for row in await connection.execute(statement)]


async def samples_of(connection: AsyncConnection, session_no: str, *, after_id: int, limit: int) -> list[MeterSample]:
    """The charging curve, oldest first, from behind a point on."""
    wanted = MeterSample.__struct_fields__
    statement = (
        select(*(session_samples.c[name] for name in wanted))
        .where(session_samples.c.session_no == session_no, session_samples.c.id > after_id)
        .order_by(session_samples.c.id)
        .limit(limit)
    )
    return [MeterSample(**row._mapping) for row in await connection.execute(statement)]


async def reports_of(connection: AsyncConnection, session_no: str, *, after_id: int, limit: int) -> list[ReportRow]:
    """Battery reports, oldest first, from behind one on."""
    table = battery_reports.c
    statement = (
        select(table.id, table.at_ms, table.kind, table.body)
        .where(table.session_no == session_no, table.id > after_id)
        .order_by(table.id)
        .limit(limit)
    )
    return [
        ReportRow(id=row.id, at_ms=row.at_ms, kind=row.kind, body=msgspec.json.decode(row.body))
        for row in await connection.execute(statement)
    ]
