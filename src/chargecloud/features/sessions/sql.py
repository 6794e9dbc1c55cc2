"""Tables of sessions, records, samples and battery reports, and the statements that change them."""

from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    and_,
    bindparam,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from chargecloud.device.events import RecordUploaded, StartMethod
from chargecloud.features.sessions.messages import (
    ChargeDetailRecord,
    ChargingSession,
    LimitKind,
    RecordStanding,
    Segment,
    SessionState,
)
from chargecloud.features.tariffs.messages import PowerInterval, TariffVersion
from chargecloud.infra.sql.bulk import Change, insert_many, update_many
from chargecloud.infra.sql.types import big_id, code, epoch_ms, json_text, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict
from chargecloud.kernel.ids import new_id

sessions = Table(
    "sessions",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("session_no", code(64), nullable=False, unique=True),
    Column("order_no", code(32), nullable=False),
    Column("operator_id", epoch_ms(), nullable=False),
    Column("station_id", epoch_ms(), nullable=False),
    Column("charge_point_code", code(32), nullable=False),
    Column("connector_no", Integer, nullable=False),
    Column("rated_power_w", Integer, nullable=False),
    Column("method", code(16), nullable=False),
    Column("driver_id", epoch_ms()),
    Column("card_label", code(32), nullable=False),
    Column("card_id", code(32), nullable=False),
    Column("vin", String(32), nullable=False),
    Column("parallel_no", code(16), nullable=False),
    Column("tariff", json_text()),
    Column("cap_fen", epoch_ms(), nullable=False),
    Column("limit_kind", code(16), nullable=False),
    Column("limit_value", epoch_ms(), nullable=False),
    Column("state", code(24), nullable=False),
    Column("connector_key", code(48), unique=True),
    Column("driver_key", code(48), unique=True),
    Column("requested_at_ms", epoch_ms(), nullable=False),
    Column("proof_due_at_ms", epoch_ms(), nullable=False),
    Column("began_at_ms", epoch_ms()),
    Column("ended_at_ms", epoch_ms()),
    Column("evidence_at_ms", epoch_ms(), nullable=False),
    Column("due_at_ms", epoch_ms()),
    Column("nudges", Integer, nullable=False),
    Column("idle_samples", Integer, nullable=False),
    Column("stop_reason", code(32), nullable=False),
    Column("refusal", String(64), nullable=False),
    Column("soc_start_pct", Integer),
    Column("soc_pct", Integer, nullable=False),
    Column("voltage_mv", Integer, nullable=False),
    Column("current_ma", Integer, nullable=False),
    Column("cable_temp_c", Integer),
    Column("battery_temp_c", Integer),
    Column("charged_s", Integer, nullable=False),
    Column("remaining_s", Integer, nullable=False),
    Column("metered_at_ms", epoch_ms()),
    Column("energy_mwh", epoch_ms(), nullable=False),
    Column("amount_hao", epoch_ms(), nullable=False),
    Column("reported_amount_hao", epoch_ms(), nullable=False),
    Column("gap_mwh", epoch_ms(), nullable=False),
    Column("segments", json_text(), nullable=False),
    Column("intervals", json_text()),
    Column("flags", json_text(), nullable=False),
    Column("record_id", code(32)),
    Column("record_count", Integer, nullable=False),
    Column("record_energy_mwh", epoch_ms(), nullable=False),
    Column("revision", Integer, nullable=False),
    Index("ix_sessions_due_at_ms", "due_at_ms"),
    Index("ix_sessions_charge_point_code_id", "charge_point_code", "id"),
    Index("ix_sessions_charge_point_code_state", "charge_point_code", "state"),
    Index("ix_sessions_driver_id_id", "driver_id", "id"),
    Index("ix_sessions_operator_id_id", "operator_id", "id"),
    Index("ix_sessions_state_id", "state", "id"),
    Index("ix_sessions_operator_id_requested_at_ms", "operator_id", "requested_at_ms"),
)

session_records = Table(
    "session_records",
    metadata,
    Column("record_id", code(32), primary_key=True),
    Column("charge_point_code", code(32), nullable=False),
    Column("connector_no", Integer, nullable=False),
    Column("session_no", code(64), nullable=False),
    Column("digest", code(64), nullable=False),
    Column("standing", code(16), nullable=False),
    Column("received_at_ms", epoch_ms(), nullable=False),
    Column("body", json_text(), nullable=False),
    Column("raw", LargeBinary(4096), nullable=False),
    Index("uq_session_records_identity", "charge_point_code", "connector_no", "session_no", "digest", unique=True),
    Index("ix_session_records_session_no_received_at_ms", "session_no", "received_at_ms", "record_id"),
    Index("ix_session_records_standing_received_at_ms", "standing", "received_at_ms", "record_id"),
)

session_samples = Table(
    "session_samples",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("session_no", code(64), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    Column("status", Integer, nullable=False),
    Column("energy_mwh", epoch_ms(), nullable=False),
    Column("billed_energy_mwh", epoch_ms(), nullable=False),
    Column("amount_hao", epoch_ms(), nullable=False),
    Column("voltage_mv", Integer, nullable=False),
    Column("current_ma", Integer, nullable=False),
    Column("soc_pct", Integer, nullable=False),
    Column("cable_temp_c", Integer),
    Column("battery_temp_c", Integer),
    Column("fault_bits", Integer, nullable=False),
    Index("ix_session_samples_session_no_id", "session_no", "id"),
    Index("ix_session_samples_at_ms", "at_ms"),
)

battery_reports = Table(
    "battery_reports",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("session_no", code(64), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    Column("kind", code(32), nullable=False),
    Column("body", json_text(), nullable=False),
    Index("ix_battery_reports_session_no_id", "session_no", "id"),
    Index("ix_battery_reports_at_ms", "at_ms"),
)

SESSION_COLUMNS = tuple(column for column in sessions.c if column.name != "id")
_NAMES = tuple(column.name for column in SESSION_COLUMNS)
_read_segments = msgspec.json.Decoder(tuple[Segment, ...]).decode
_read_intervals = msgspec.json.Decoder(tuple[PowerInterval, ...]).decode
_read_tariff = lru_cache(maxsize=512)(msgspec.json.Decoder(TariffVersion).decode)
"""Sessions under one version hold the same text."""
_values = attrgetter(*_NAMES)
_read_flags = msgspec.json.Decoder(tuple[str, ...]).decode
_read_body = msgspec.json.Decoder(RecordUploaded).decode
_OCCUPYING = ("requested", "starting", "awaiting_plug", "unconfirmed", "charging", "stopping")
_ENUMS = {"method": StartMethod, "state": SessionState, "limit_kind": LimitKind}
_JSON = ("segments", "intervals", "flags", "tariff")


def session_of(row: Row[*tuple[Any, ...]]) -> ChargingSession:
    """A session from a row that starts with its columns."""
    values = dict(zip(_NAMES, row, strict=False))
    values["segments"] = _read_segments(values["segments"])
    values["intervals"] = _read_intervals(values["intervals"]) if values["intervals"] else ()
    values["flags"] = _read_flags(values["flags"])
    values["tariff"] = _read_tariff(values["tariff"]) if values["tariff"] else None
    for name, kind in _ENUMS.items():
        values[name] = kind(values[name])
    return ChargingSession(**values)


def _plain(name: str, value: object) -> object:
    if name == "intervals" and not value:
        return None
    if name in _JSON and value is not None:
        return msgspec.json.encode(value).decode()
    return value.value if name in _ENUMS and isinstance(value, StartMethod | SessionState | LimitKind) else value


_SELECT = select(*SESSION_COLUMNS)
_BY_NUMBER = _SELECT.where(sessions.c.session_no == bindparam("number")).with_for_update()
_BY_CONNECTOR = _SELECT.where(sessions.c.connector_key == bindparam("key"))
_BY_EITHER = _SELECT.where(
    or_(sessions.c.session_no == bindparam("number"), sessions.c.connector_key == bindparam("key"))
)
_ADD = insert(sessions)
_SAVE = update(sessions).where(
    sessions.c.session_no == bindparam("this_number"), sessions.c.revision == bindparam("this_revision")
)
_ADD_RECORD = insert(session_records)
_BY_NUMBERS = _SELECT.where(sessions.c.session_no.in_(bindparam("numbers", expanding=True)))
_RECORD = (
    select(*SESSION_COLUMNS, session_records.c.received_at_ms, session_records.c.body)
    .join(session_records, session_records.c.session_no == sessions.c.session_no)
    .where(session_records.c.record_id == bindparam("id"))
)
_RECORDS = (
    select(*SESSION_COLUMNS, session_records.c.record_id, session_records.c.received_at_ms, session_records.c.body)
    .join(session_records, session_records.c.session_no == sessions.c.session_no)
    .where(session_records.c.record_id.in_(bindparam("ids", expanding=True)))
)
"""Statements of hot paths are built once: building one costs more than SQLite needs to run it."""


async def find(uow: UnitOfWork, session_no: str) -> ChargingSession | None:
    """A session by its number, not changed by anybody else until the unit of work ends."""
    row = (await uow.connection.execute(_BY_NUMBER, {"number": session_no})).first()
    return session_of(row) if row else None


async def find_many(uow: UnitOfWork, session_nos: Sequence[str]) -> dict[str, ChargingSession]:
    """Sessions by their numbers; `save_many` notices what others change meanwhile."""
    rows = (await uow.connection.execute(_BY_NUMBERS, {"numbers": session_nos})).all()
    return {session.session_no: session for session in map(session_of, rows)}


async def find_here(uow: UnitOfWork, session_no: str, connector_key: str) -> list[ChargingSession]:
    """The session of this number and the one that occupies this connector: none, one, or two."""
    if session_no:
        rows = await uow.connection.execute(_BY_EITHER, {"number": session_no, "key": connector_key})
    else:
        rows = await uow.connection.execute(_BY_CONNECTOR, {"key": connector_key})
    return [session_of(row) for row in rows]


async def open_at(uow: UnitOfWork, charge_point_code: str) -> list[ChargingSession]:
    """Sessions that occupy a connector of a charge point."""
    statement = select(*SESSION_COLUMNS).where(
        sessions.c.charge_point_code == charge_point_code,
        sessions.c.state.in_(_OCCUPYING),
    )
    return [session_of(row) for row in await uow.connection.execute(statement)]


async def occupying(uow: UnitOfWork, *, driver_id: int, connector_keys: Sequence[str]) -> list[ChargingSession]:
    """Sessions that occupy one of this driver's places, or one of these connectors."""
    wanted = _places_of(driver_id)
    if connector_keys:
        wanted = or_(wanted, sessions.c.connector_key.in_(list(connector_keys)))
    return [session_of(row) for row in await uow.connection.execute(select(*SESSION_COLUMNS).where(wanted))]


def _places_of(driver_id: int) -> ColumnElement[bool]:
    """A driver's places are "7/0", "7/1", …: one span of the unique index ("0" is what follows "/")."""
    return and_(sessions.c.driver_key >= f"{driver_id}/", sessions.c.driver_key < f"{driver_id}0")


async def due(uow: UnitOfWork, *, limit: int) -> list[str]:
    """Numbers of sessions whose time has come, longest waiting first."""
    statement = (
        select(sessions.c.session_no)
        .where(sessions.c.due_at_ms <= uow.now_ms)
        .order_by(sessions.c.due_at_ms)
        .limit(limit)
    )
    return list((await uow.connection.execute(statement)).scalars())


WAKE_AFTER_MS = 20_000
"""One sample interval and a little: most charge points speak by themselves when they come back."""


_WAKE = update(sessions).where(
    sessions.c.charge_point_code == bindparam("this_code"),
    sessions.c.state.in_([SessionState.CHARGING.value, SessionState.STOPPING.value]),
    sessions.c.due_at_ms > bindparam("soon"),
)


async def wake(uow: UnitOfWork, charge_point_code: str) -> None:
    """Have the sweep look at this charge point's open sessions soon: it has just come back."""
    soon = uow.now_ms + WAKE_AFTER_MS
    await uow.connection.execute(_WAKE, {"this_code": charge_point_code, "soon": soon, "due_at_ms": soon, "nudges": 0})


async def add(uow: UnitOfWork, session: ChargingSession) -> None:
    """Write a new session; the unique keys of connector, place and number decide races."""
    row = {name: _plain(name, getattr(session, name)) for name in _NAMES}
    try:
        await uow.connection.execute(_ADD, row)
    except IntegrityError as error:
        raise Conflict("充电枪刚刚被占用，请重试", "session_clash", session_no=session.session_no) from error


async def save(uow: UnitOfWork, before: ChargingSession, after: ChargingSession) -> None:
    """Write what changed, if nobody changed it meanwhile."""
    changes = _changes(before, after)
    if not changes:
        return
    this = {"this_number": before.session_no, "this_revision": before.revision}
    result = await uow.connection.execute(_SAVE, changes | this | {"revision": before.revision + 1})
    if result.rowcount != 1:
        raise Conflict("会话刚刚被改动，请重试", "session_changed", session_no=before.session_no)


async def save_many(uow: UnitOfWork, pairs: Sequence[tuple[ChargingSession, ChargingSession]]) -> None:
    """Write what changed in each, if nobody changed any of them meanwhile."""
    changes = [
        Change(
            {"session_no": before.session_no, "revision": before.revision},
            changed | {"revision": before.revision + 1},
        )
        for before, after in pairs
        if (changed := _changes(before, after))
    ]
    if await update_many(uow.connection, sessions, changes) != len(changes):
        raise Conflict("会话刚刚被改动，请重试", "session_changed")


def _changes(before: ChargingSession, after: ChargingSession) -> dict[str, object]:
    pairs = zip(_NAMES, _values(before), _values(after), strict=True)
    return {name: _plain(name, new) for name, old, new in pairs if new is not old and new != old}


def record_row(
    uow: UnitOfWork, event: RecordUploaded, *, session_no: str, digest: str, standing: RecordStanding
) -> dict[str, object]:
    """A record byte for byte, with an id of its own."""
    return {
        "record_id": new_id(),
        "charge_point_code": event.charge_point_code,
        "connector_no": event.connector_no,
        "session_no": session_no,
        "digest": digest,
        "standing": standing.value,
        "received_at_ms": uow.now_ms,
        "body": msgspec.json.encode(event).decode(),
        "raw": event.raw,
    }


async def add_record(uow: UnitOfWork, row: dict[str, object]) -> str | None:
    """Store a record; its id, or None when exactly this one is there already."""
    try:
        await uow.connection.execute(_ADD_RECORD, row)
    except IntegrityError:
        return None
    return str(row["record_id"])


async def add_records(uow: UnitOfWork, rows: Sequence[dict[str, object]]) -> None:
    """Store records none of which is there."""
    await insert_many(uow.connection, session_records, rows)


async def find_records(
    uow: UnitOfWork, record_ids: Sequence[str]
) -> dict[str, tuple[ChargingSession, ChargeDetailRecord]]:
    """Records by their ids, with the sessions they belong to."""
    found = {}
    for row in (await uow.connection.execute(_RECORDS, {"ids": record_ids})).all():
        record_id, received_at_ms, body = row[len(_NAMES) :]
        record = ChargeDetailRecord(record_id=record_id, received_at_ms=received_at_ms, body=_read_body(body))
        found[record_id] = (session_of(row), record)
    return found


async def find_record(uow: UnitOfWork, record_id: str) -> tuple[ChargingSession, ChargeDetailRecord] | None:
    """A record and the session it belongs to, in one statement."""
    row = (await uow.connection.execute(_RECORD, {"id": record_id})).first()
    if row is None:
        return None
    received_at_ms, body = row[len(_NAMES) :]
    return session_of(row), ChargeDetailRecord(
        record_id=record_id, received_at_ms=received_at_ms, body=_read_body(body)
    )
