"""Tables of orders, settlements, bills, corrections and events, and the statements that change them."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    Row,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from chargecloud.device.events import StartMethod, StopClass
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.features.orders.sql_usage import add_usage_lines
from chargecloud.features.sessions.messages import LimitKind
from chargecloud.features.tariffs.messages import Bill
from chargecloud.infra.sql.bulk import Change, insert_many, update_many
from chargecloud.infra.sql.types import big_id, big_int, code, epoch_ms, fen, json_text, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict

STOP_REASON_LENGTH = 48

orders = Table(
    "orders",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("order_no", code(32), nullable=False, unique=True),
    Column("operator_id", big_int(), nullable=False),
    Column("station_id", big_int(), nullable=False),
    Column("charge_point_code", code(32), nullable=False),
    Column("connector_no", Integer, nullable=False),
    Column("session_no", code(64), nullable=False, unique=True),
    Column("driver_id", big_int()),
    Column("method", code(16), nullable=False),
    Column("card_label", code(32), nullable=False),
    Column("parallel_no", code(16), nullable=False),
    Column("limit_kind", code(16), nullable=False),
    Column("limit_value", big_int(), nullable=False),
    Column("tariff_version_id", big_int()),
    Column("pass_id", big_int()),
    Column("payment_no", code(32)),
    Column("hold_no", Integer, nullable=False),
    Column("hold_fen", fen(), nullable=False),
    Column("hold_open", Boolean, nullable=False),
    Column("state", code(24), nullable=False),
    Column("flags", json_text(), nullable=False),
    Column("stop_class", code(16)),
    Column("stop_reason", code(STOP_REASON_LENGTH), nullable=False, server_default=text("''")),
    Column("energy_mwh", big_int(), nullable=False),
    Column("energy_fee_fen", fen(), nullable=False),
    Column("service_fee_fen", fen(), nullable=False),
    Column("bill_no", Integer, nullable=False),
    Column("bill_count", Integer, nullable=False),
    Column("request_key", code(160), unique=True),
    Column("request_digest", code(64), nullable=False),
    Column("placed_at_ms", epoch_ms(), nullable=False),
    Column("started_at_ms", epoch_ms()),
    Column("ended_at_ms", epoch_ms()),
    Column("settled_at_ms", epoch_ms()),
    Column("revision", Integer, nullable=False),
    Index("ix_orders_driver_id_order_no", "driver_id", "order_no"),
    Index("ix_orders_operator_id_order_no", "operator_id", "order_no"),
    Index("ix_orders_operator_id_state_order_no", "operator_id", "state", "order_no"),
    Index("ix_orders_operator_id_method_order_no", "operator_id", "method", "order_no"),
    Index("ix_orders_operator_id_stop_class_order_no", "operator_id", "stop_class", "order_no"),
    Index("ix_orders_operator_id_stop_reason_order_no", "operator_id", "stop_reason", "order_no"),
    Index("ix_orders_state_order_no", "state", "order_no"),
    Index("ix_orders_station_id_order_no", "station_id", "order_no"),
    Index("ix_orders_charge_point_code_order_no", "charge_point_code", "order_no"),
    Index("ix_orders_operator_id_settled_at_ms", "operator_id", "settled_at_ms"),
)

"""Order numbers begin with the time, so that they sort; lists go by them and each filter has an index that ends so."""

order_flags = Table(
    "order_flags",
    metadata,
    Column("flag", code(32), primary_key=True),
    Column("order_no", code(32), primary_key=True),
)

settlements = Table(
    "settlements",
    metadata,
    Column("session_no", code(64), primary_key=True),
    Column("order_no", code(32), nullable=False),
    Column("record_id", code(32)),
    Column("verdict", code(16), nullable=False),
    Column("charged_fen", fen(), nullable=False),
    Column("total_hao", big_int(), nullable=False),
    Column("rounding_hao", big_int(), nullable=False),
    Column("comparison", json_text(), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    Index("ix_settlements_order_no", "order_no"),
)

order_bills = Table(
    "order_bills",
    metadata,
    Column("order_no", code(32), primary_key=True),
    Column("bill_no", Integer, primary_key=True, autoincrement=False),
    Column("band", Integer, primary_key=True, autoincrement=False),
    Column("energy_mwh", big_int(), nullable=False),
    Column("energy_si_per_kwh", big_int(), nullable=False),
    Column("service_si_per_kwh", big_int(), nullable=False),
    Column("energy_fee_hao", big_int(), nullable=False),
    Column("service_fee_hao", big_int(), nullable=False),
)

order_corrections = Table(
    "order_corrections",
    metadata,
    Column("correction_id", code(96), primary_key=True),
    Column("order_no", code(32), nullable=False),
    Column("record_id", code(32)),
    Column("kind", code(24), nullable=False),
    Column("standing", code(16), nullable=False),
    Column("energy_mwh", big_int(), nullable=False),
    Column("energy_fee_fen", fen(), nullable=False),
    Column("service_fee_fen", fen(), nullable=False),
    Column("bill_no", Integer, nullable=False),
    Column("change_fen", fen(), nullable=False),
    Column("comparison", json_text(), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    Index("ix_order_corrections_order_no_at_ms", "order_no", "at_ms"),
)

order_events = Table(
    "order_events",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("order_no", code(32), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    Column("kind", code(32), nullable=False),
    Column("detail", json_text(), nullable=False),
    Index("ix_order_events_order_no_id", "order_no", "id"),
)

parallel_requests = Table(
    "parallel_requests",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("charge_point_code", code(32), nullable=False),
    Column("parallel_no", code(16), nullable=False),
    Column("connector_no", Integer, nullable=False),
    Column("body", json_text(), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    UniqueConstraint("charge_point_code", "parallel_no", "connector_no"),
    Index("ix_parallel_requests_at_ms", "at_ms"),
)

REFUND = "refund"
"""Kind of a correction by which people gave back a part of a settled order."""
ORDER_COLUMNS = tuple(column for column in orders.c if column.name != "id")
_NAMES = tuple(column.name for column in ORDER_COLUMNS)
_read_flags = msgspec.json.Decoder(tuple[str, ...]).decode
_values = attrgetter(*_NAMES)


def order_of(row: Row[*tuple[Any, ...]]) -> Order:
    """An order from a row that starts with its columns."""
    values = dict(zip(_NAMES, row, strict=False))
    values["flags"] = _read_flags(values["flags"])
    values["method"] = StartMethod(values["method"])
    values["limit_kind"] = LimitKind(values["limit_kind"])
    values["state"] = OrderState(values["state"])
    values["stop_class"] = None if values["stop_class"] is None else StopClass(values["stop_class"])
    return Order(**values)


def _plain(name: str, value: object) -> object:
    if name == "flags":
        return msgspec.json.encode(value).decode()
    return value.value if isinstance(value, StartMethod | StopClass | LimitKind | OrderState) else value


_SELECT = select(*ORDER_COLUMNS)
_BY_NUMBER = _SELECT.where(orders.c.order_no == bindparam("number"))
_BY_SESSION = _SELECT.where(orders.c.session_no == bindparam("number"))
_BY_SESSIONS = _SELECT.where(orders.c.session_no.in_(bindparam("numbers", expanding=True)))
_BY_REQUEST = _SELECT.where(orders.c.request_key == bindparam("key"))
_ADD = insert(orders)
_SAVE = update(orders).where(
    orders.c.order_no == bindparam("this_number"), orders.c.revision == bindparam("this_revision")
)
"""Statements of hot paths are built once: building one costs more than SQLite needs to run it."""


async def find(uow: UnitOfWork, order_no: str) -> Order | None:
    """An order by its number."""
    row = (await uow.connection.execute(_BY_NUMBER, {"number": order_no})).first()
    return order_of(row) if row else None


async def find_by_session(uow: UnitOfWork, session_no: str) -> Order | None:
    """The order of a session."""
    row = (await uow.connection.execute(_BY_SESSION, {"number": session_no})).first()
    return order_of(row) if row else None


async def find_by_sessions(uow: UnitOfWork, session_nos: Sequence[str]) -> dict[str, Order]:
    """The orders of sessions, by session; `save_many` notices what others change meanwhile."""
    rows = (await uow.connection.execute(_BY_SESSIONS, {"numbers": session_nos})).all()
    return {order.session_no: order for order in map(order_of, rows)}


async def find_by_request(uow: UnitOfWork, request_key: str) -> Order | None:
    """The order this request has made before."""
    row = (await uow.connection.execute(_BY_REQUEST, {"key": request_key})).first()
    return order_of(row) if row else None


async def partners(uow: UnitOfWork, order: Order) -> list[Order]:
    """The other orders of a parallel charge."""
    if not order.parallel_no:
        return []
    statement = select(*ORDER_COLUMNS).where(
        orders.c.charge_point_code == order.charge_point_code,
        orders.c.parallel_no == order.parallel_no,
        orders.c.driver_id == order.driver_id,
        orders.c.order_no != order.order_no,
        orders.c.placed_at_ms == order.placed_at_ms,
    )
    return [order_of(row) for row in await uow.connection.execute(statement)]


async def add(uow: UnitOfWork, *new: Order) -> None:
    """Write new orders; the unique keys of request and session decide races."""
    rows = [{name: _plain(name, getattr(order, name)) for name in _NAMES} for order in new]
    try:
        await uow.connection.execute(_ADD, rows)
    except IntegrityError as error:
        raise Conflict("同一请求正在处理，请重试", "request_in_progress", order_no=new[0].order_no) from error


async def save(uow: UnitOfWork, before: Order, after: Order) -> None:
    """Write what changed, if nobody changed it meanwhile."""
    changes = _changes(before, after)
    if not changes:
        return
    this = {"this_number": before.order_no, "this_revision": before.revision}
    result = await uow.connection.execute(_SAVE, changes | this | {"revision": before.revision + 1})
    if result.rowcount != 1:
        raise Conflict("订单刚刚被改动，请重试", "order_changed", order_no=before.order_no)
    await insert_many(uow.connection, order_flags, _fresh_flags(before, after))


async def save_many(uow: UnitOfWork, pairs: Sequence[tuple[Order, Order]]) -> None:
    """Write what changed in each, if nobody changed any of them meanwhile."""
    changes = [
        Change({"order_no": before.order_no, "revision": before.revision}, changed | {"revision": before.revision + 1})
        for before, after in pairs
        if (changed := _changes(before, after))
    ]
    if await update_many(uow.connection, orders, changes) != len(changes):
        raise Conflict("订单刚刚被改动，请重试", "order_changed")
    await insert_many(uow.connection, order_flags, [row for pair in pairs for row in _fresh_flags(*pair)])


def _changes(before: Order, after: Order) -> dict[str, object]:
    pairs = zip(_NAMES, _values(before), _values(after), strict=True)
    return {name: _plain(name, new) for name, old, new in pairs if new is not old and new != old}


def _fresh_flags(before: Order, after: Order) -> list[dict[str, object]]:
    return [{"flag": flag, "order_no": after.order_no} for flag in after.flags if flag not in before.flags]


async def add_settlement(uow: UnitOfWork, row: dict[str, object]) -> bool:
    """Write the one settlement of a session; False when there is one already."""
    return await _add_once(uow, settlements, row)


async def add_settlements(uow: UnitOfWork, rows: Sequence[dict[str, object]]) -> None:
    """Write the settlements of sessions that have none; a second one breaks the unit."""
    await insert_many(uow.connection, settlements, rows)


async def settled_by(uow: UnitOfWork, session_no: str) -> str | None:
    """The record a session was settled by; None when it was settled without one."""
    statement = select(settlements.c.record_id).where(settlements.c.session_no == session_no)
    return (await uow.connection.execute(statement)).scalar_one_or_none()


async def add_correction(uow: UnitOfWork, row: dict[str, object]) -> bool:
    """Write a correction; False when it is there already."""
    return await _add_once(uow, order_corrections, row)


async def _add_once(uow: UnitOfWork, table: Table, row: dict[str, object]) -> bool:
    try:
        await uow.connection.execute(insert(table), row)
    except IntegrityError:
        return False
    return True


async def post_correction(uow: UnitOfWork, correction_id: str, change_fen: int) -> None:
    """A proposed correction was posted."""
    await uow.connection.execute(
        update(order_corrections)
        .where(order_corrections.c.correction_id == correction_id)
        .values(standing="posted", change_fen=change_fen)
    )


async def drop_corrections(uow: UnitOfWork, order_no: str) -> None:
    """What is still proposed for an order will not be posted."""
    await uow.connection.execute(
        update(order_corrections)
        .where(order_corrections.c.order_no == order_no, order_corrections.c.standing == "proposed")
        .values(standing="dropped")
    )


async def proposed_corrections(uow: UnitOfWork, order_no: str) -> list[dict[str, Any]]:
    """Corrections people still have to decide, oldest first."""
    statement = (
        select(order_corrections)
        .where(order_corrections.c.order_no == order_no, order_corrections.c.standing == "proposed")
        .order_by(order_corrections.c.at_ms, order_corrections.c.correction_id)
    )
    return [dict(row._mapping) for row in await uow.connection.execute(statement)]


async def refunded_fen(uow: UnitOfWork, order_no: str) -> int:
    """What people have given back of a settled order so far."""
    c = order_corrections.c
    given = select(func.coalesce(func.sum(-c.change_fen), 0)).where(
        c.order_no == order_no, c.kind == REFUND, c.standing == "posted"
    )
    return int((await uow.connection.execute(given)).scalar_one())


async def add_bill(uow: UnitOfWork, order_no: str, bill_no: int, bill: Bill) -> None:
    """Write the lines of a bill."""
    await add_bills(uow, [(order_no, bill_no, bill)])


async def add_bills(uow: UnitOfWork, bills: Sequence[tuple[str, int, Bill]]) -> None:
    """Write the lines of bills, each with its order and its number there."""
    if any(bill.usage_lines for _, _, bill in bills):
        await add_usage_lines(uow, bills)
    rows: list[dict[str, object]] = [
        {
            "order_no": order_no,
            "bill_no": bill_no,
            "band": int(line.band),
            "energy_mwh": line.energy_mwh,
            "energy_si_per_kwh": line.price.energy_si_per_kwh,
            "service_si_per_kwh": line.price.service_si_per_kwh,
            "energy_fee_hao": line.energy_fee_hao,
            "service_fee_hao": line.service_fee_hao,
        }
        for order_no, bill_no, bill in bills
        for line in bill.lines
    ]
    await insert_many(uow.connection, order_bills, rows)


def note(uow: UnitOfWork, order_no: str, kind: str, **detail: object) -> None:
    """One line of an order's timeline."""
    uow.append(
        order_events,
        {"order_no": order_no, "at_ms": uow.now_ms, "kind": kind, "detail": msgspec.json.encode(detail).decode()},
    )
