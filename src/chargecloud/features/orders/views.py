"""The read side of orders: lists that stay fast with a million of them, and one order with all that is known of it."""

from collections import Counter
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.device.events import StartMethod, StopClass
from chargecloud.features.orders.messages import Order, OrderState
from chargecloud.features.orders.model import OPEN
from chargecloud.features.orders.sql import (
    ORDER_COLUMNS,
    order_bills,
    order_corrections,
    order_events,
    order_flags,
    order_of,
    orders,
    settlements,
)
from chargecloud.features.orders.sql_usage import usage_lines
from chargecloud.features.tariffs.messages import UsageLine
from chargecloud.infra.sql.reach import Reach
from chargecloud.infra.sql.walk import second_text, unwalked

RUNNING_SHOWN = 20
COUNTED = 1_000
AMONG_STAFF = frozenset({"approval_asked"})


class OrderFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of orders may be narrowed by."""

    operator_id: int | None = None
    station_ids: frozenset[int] | None = None
    """None: those of all stations."""
    driver_id: int | None = None
    station_id: int | None = None
    charge_point_code: str = ""
    state: str = ""
    method: str = ""
    stop_class: str = ""
    stop_reason: str = ""
    flag: str = ""
    number: str = ""
    """How order numbers begin."""
    session_no: str = ""
    since_ms: int | None = None
    until_ms: int | None = None

    def replace(self, **changes: int | str | frozenset[int] | None) -> "OrderFilter":
        """The same with some of it fixed."""
        return msgspec.structs.replace(self, **changes)


class BillLineRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one band costs."""

    bill_no: int
    band: int
    energy_mwh: int
    energy_si_per_kwh: int
    service_si_per_kwh: int
    energy_fee_hao: int
    service_fee_hao: int


class SettlementRow(msgspec.Struct, frozen=True, kw_only=True):
    """The one settlement of an order."""

    record_id: str | None
    verdict: str
    charged_fen: int
    total_hao: int
    rounding_hao: int
    comparison: dict[str, object]
    at_ms: int


class CorrectionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A later change of what an order costs, posted, proposed or dropped."""

    correction_id: str
    record_id: str | None
    kind: str
    standing: str
    reason: str
    energy_mwh: int
    energy_fee_fen: int
    service_fee_fen: int
    bill_no: int
    change_fen: int
    comparison: dict[str, object]
    at_ms: int


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a timeline."""

    at_ms: int
    kind: str
    detail: dict[str, object]


class OrderDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An order with all that is known of it."""

    order: Order
    bill: list[BillLineRow]
    usage_bill: list[UsageLine]
    settlement: SettlementRow | None
    corrections: list[CorrectionRow]
    events: list[EventRow]

    def billed_by(self) -> SettlementRow | CorrectionRow | None:
        """What made the bill as it stands: the settlement, or the last posted correction that came with a bill."""
        for row in reversed(self.corrections):
            if row.standing == "posted" and row.comparison and row.bill_no == self.order.bill_no:
                return row
        return self.settlement

    def for_driver(self) -> "OrderDetail":
        """Without what staff tell each other: requests that may come to nothing, and reasons in their own words."""
        return msgspec.structs.replace(
            self,
            corrections=[msgspec.structs.replace(row, reason="") for row in self.corrections],
            events=[row for row in self.events if row.kind not in AMONG_STAFF],
        )


async def list_orders(
    connection: AsyncConnection, wanted: OrderFilter, *, before_no: str | None, limit: int
) -> list[Order]:
    """Orders, newest first; every filter walks an index that ends in the order number."""
    number = _number(wanted)
    statement = _wanted(select(*ORDER_COLUMNS), wanted).order_by(number.desc()).limit(limit)
    if before_no is not None:
        statement = statement.where(number < before_no)
    return [order_of(row) for row in await connection.execute(statement)]


def _number(wanted: OrderFilter) -> ColumnElement[str]:
    return order_flags.c.order_no if wanted.flag else orders.c.order_no


def _wanted(statement: Select[Any], wanted: OrderFilter) -> Select[Any]:
    if wanted.flag:
        statement = statement.join(order_flags, order_flags.c.order_no == orders.c.order_no)
        statement = statement.where(order_flags.c.flag == wanted.flag)
    return _in_time(_narrowed(statement, wanted), _number(wanted), wanted)


_RARE = frozenset({*OPEN, OrderState.DISPUTED, OrderState.CLOSED})
"""States few orders are in at a time."""
_RARE_STOPS = frozenset({StopClass.START_FAILED, StopClass.ABORTED})
"""Ends few charges come to."""
_SELDOM = frozenset({StartMethod.OFFLINE_CARD, StartMethod.ACCOUNT, StartMethod.CODE, StartMethod.OTHER})
"""Start methods few orders begin with: fewer than a station has."""


def _narrowed(statement: Select[Any], wanted: OrderFilter) -> Select[Any]:
    equal: dict[Any, object] = {
        orders.c.operator_id: wanted.operator_id,
        orders.c.driver_id: wanted.driver_id,
        orders.c.station_id: wanted.station_id,
        orders.c.charge_point_code: wanted.charge_point_code or None,
        orders.c.state: wanted.state or None,
        orders.c.method: wanted.method or None,
        orders.c.stop_class: wanted.stop_class or None,
        orders.c.stop_reason: wanted.stop_reason or None,
        orders.c.session_no: wanted.session_no or None,
    }
    walked = _walked(wanted)
    for column, value in equal.items():
        if value is not None:
            statement = statement.where((column if column.name in walked else unwalked(column)) == value)
    if wanted.station_ids is not None:
        statement = statement.where(unwalked(orders.c.station_id).in_(sorted(wanted.station_ids)))
    return statement


def _walked(wanted: OrderFilter) -> tuple[str, ...]:
    """The columns whose index a list walks: those that leave the fewest orders.

    An engine without figures of the data takes the index with the most columns, and a common state leaves nearly all.
    """
    choices: tuple[tuple[bool, tuple[str, ...]], ...] = (
        (bool(wanted.session_no), ("session_no",)),
        (bool(wanted.flag), ()),
        (wanted.driver_id is not None, ("driver_id",)),
        (bool(wanted.charge_point_code), ("charge_point_code",)),
        (wanted.state in _RARE, ("operator_id", "state")),
        (wanted.stop_class in _RARE_STOPS and bool(wanted.stop_reason), ("operator_id", "stop_reason")),
        (wanted.stop_class in _RARE_STOPS, ("operator_id", "stop_class")),
        (wanted.method in _SELDOM, ("operator_id", "method")),
        (wanted.station_id is not None, ("station_id",)),
        (bool(wanted.method), ("operator_id", "method")),
        (bool(wanted.stop_reason), ("operator_id", "stop_reason")),
        (bool(wanted.stop_class), ("operator_id", "stop_class")),
        (bool(wanted.state), ("operator_id", "state")),
    )
    return next((columns for fits, columns in choices if fits), ("operator_id",))


def _in_time(statement: Select[Any], number: ColumnElement[str], wanted: OrderFilter) -> Select[Any]:
    """A span of time is a span of order numbers, which begin with the second they were made in; so is a beginning."""
    if wanted.number:
        statement = statement.where(number >= wanted.number, number < f"{wanted.number}:")  # ":" follows "9"
    if wanted.since_ms is not None:
        statement = statement.where(number >= second_text(wanted.since_ms), orders.c.placed_at_ms >= wanted.since_ms)
    if wanted.until_ms is not None:
        statement = statement.where(
            number < second_text(wanted.until_ms + 1000), orders.c.placed_at_ms < wanted.until_ms
        )
    return statement


async def order(connection: AsyncConnection, order_no: str) -> Order | None:
    """An order by its number."""
    row = (await connection.execute(select(*ORDER_COLUMNS).where(orders.c.order_no == order_no))).first()
    return order_of(row) if row else None


async def detail(connection: AsyncConnection, found: Order) -> OrderDetail:
    """An order with bill, settlement, corrections and timeline."""
    return OrderDetail(
        order=found,
        bill=await _bill(connection, found),
        usage_bill=await usage_lines(connection, found.order_no, found.bill_no),
        settlement=await _settlement(connection, found),
        corrections=await _corrections(connection, found),
        events=await _events(connection, found),
    )


async def _bill(connection: AsyncConnection, found: Order) -> list[BillLineRow]:
    columns = [order_bills.c[name] for name in BillLineRow.__struct_fields__]
    statement = (
        select(*columns)
        .where(order_bills.c.order_no == found.order_no, order_bills.c.bill_no == found.bill_no)
        .order_by(order_bills.c.band)
    )
    return [BillLineRow(**row._mapping) for row in await connection.execute(statement)]


async def _settlement(connection: AsyncConnection, found: Order) -> SettlementRow | None:
    columns = [settlements.c[name] for name in SettlementRow.__struct_fields__]
    row = (await connection.execute(select(*columns).where(settlements.c.session_no == found.session_no))).first()
    return None if row is None else SettlementRow(**_decoded(dict(row._mapping), "comparison"))


async def _corrections(connection: AsyncConnection, found: Order) -> list[CorrectionRow]:
    columns = [order_corrections.c[name] for name in CorrectionRow.__struct_fields__]
    statement = (
        select(*columns)
        .where(order_corrections.c.order_no == found.order_no)
        .order_by(order_corrections.c.at_ms, order_corrections.c.correction_id)
        .limit(100)
    )
    rows = await connection.execute(statement)
    return [CorrectionRow(**_decoded(dict(row._mapping), "comparison")) for row in rows]


async def _events(connection: AsyncConnection, found: Order) -> list[EventRow]:
    statement = (
        select(order_events.c.at_ms, order_events.c.kind, order_events.c.detail)
        .where(order_events.c.order_no == found.order_no)
        .order_by(order_events.c.id)
        .limit(500)
    )
    return [EventRow(**_decoded(dict(row._mapping), "detail")) for row in await connection.execute(statement)]


def _decoded(values: dict[str, Any], name: str) -> dict[str, Any]:
    return values | {name: msgspec.json.decode(values[name])}


def snapshot(found: Order) -> dict[str, object]:
    """An order as its live topic shows it."""
    return {
        "order_no": found.order_no,
        "session_no": found.session_no,
        "order_state": found.state.value,
        "flags": list(found.flags),
        "energy_mwh": found.energy_mwh,
        "total_fen": found.total_fen,
    }


def for_driver(found: Order) -> dict[str, object]:
    """An order in its driver's state; patches have the same shape."""
    return {
        **snapshot(found),
        "charge_point_code": found.charge_point_code,
        "connector_no": found.connector_no,
        "station_id": found.station_id,
        "placed_at_ms": found.placed_at_ms,
        "started_at_ms": found.started_at_ms,
        "ended_at_ms": found.ended_at_ms,
        "hold_fen": found.hold_fen,
    }


async def running_of(connection: AsyncConnection, driver_id: int) -> list[Order]:
    """A driver's orders that are not over, newest first."""
    open_states = [state.value for state in OPEN]
    statement = (
        select(*ORDER_COLUMNS)
        .where(orders.c.driver_id == driver_id, orders.c.state.in_(open_states))
        .order_by(orders.c.order_no.desc())
        .limit(RUNNING_SHOWN)
    )
    return [order_of(row) for row in await connection.execute(statement)]


async def disputed_kinds(connection: AsyncConnection, reach: Reach) -> tuple[int, Counter[str]]:
    """How many orders wait for a decision, and how many of them bear each flag: the newest thousand."""
    disputed = OrderState.DISPUTED.value
    wanted = OrderFilter(operator_id=reach.operator_id, station_ids=reach.station_ids, state=disputed)
    statement = _wanted(select(orders.c.flags), wanted).order_by(orders.c.order_no.desc()).limit(COUNTED)
    rows = (await connection.execute(statement)).scalars().all()
    return len(rows), Counter(flag for flags in rows for flag in msgspec.json.decode(flags, type=list[str]))


async def has_orders(connection: AsyncConnection, driver_id: int) -> bool:
    """Whether this driver ever charged."""
    statement = select(orders.c.order_no).where(orders.c.driver_id == driver_id).limit(1)
    return (await connection.execute(statement)).first() is not None
