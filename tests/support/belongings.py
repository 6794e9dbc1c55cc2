"""Something of every kind that belongs to one operator, each with its operator's mark on it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import LargeBinary, String, Table, Text, insert

from chargecloud.features.alarms.sql import alarms
from chargecloud.features.feedback.sql import feedback, photos
from chargecloud.features.operators.sql_approvals import approvals
from chargecloud.features.orders.sql import order_events, order_flags, orders
from chargecloud.features.payments.sql import payments
from chargecloud.features.payments.sql_cases import cases
from chargecloud.features.payments.sql_refunds import parts, refunds
from chargecloud.features.sessions.sql import battery_reports, session_records, session_samples, sessions
from chargecloud.features.stations.sql_hubs import hubs
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.uow import UnitOfWork
from tests.support.api import Caller

PRICE = {"energy_yuan_per_kwh": "1.00000", "service_yuan_per_kwh": "0.50000"}
VERSION = {"bands": {"flat": PRICE}, "half_hours": ["flat"] * 48}
PLAN = {"plan": {"basis": "time", "tiers": [{"max_power_w": None, "fen_per_hour": 60}]}}
FROM, UNTIL = "2026-01-01T00:00:00+08:00", "2036-01-01T00:00:00+08:00"


_NAMED = {cases: "case_id", alarms: "alarm_id", approvals: "approval_id", feedback: "feedback_id"}
"""Tables whose rows are named by a number in a path."""


@dataclass(frozen=True)
class Belongings:
    """The values of path parameters that lead to an operator's things, and what betrays these in an answer."""

    ids: dict[str, Any]
    """By the name of the parameter; those that mean something else on some paths by `<operation>.<name>`."""
    marks: tuple[str, ...]


def blank(table: Table, **values: object) -> dict[str, object]:
    """A row with nothing in it but `values`."""
    row: dict[str, object] = {}
    for column in table.columns:
        if column.name in values:
            row[column.name] = values[column.name]
        elif column.nullable or column.autoincrement is True:
            continue
        elif isinstance(column.type, LargeBinary):
            row[column.name] = b""
        elif isinstance(column.type, Text):
            row[column.name] = "[]" if column.name == "flags" else "{}"
        elif isinstance(column.type, String):
            row[column.name] = ""
        else:
            row[column.name] = False if column.type.python_type is bool else 0
    return row


async def furnish(boss: Caller, database: Database, *, operator_id: int, number: int, mark: str) -> Belongings:
    """`boss` is an administrator of the operator; `number` (one digit) makes its codes differ from others'."""
    ids: dict[str, Any] = {"staff_id": boss.id, "channel": "fake", "day": "2026-01-01", "session_id": 1}
    made = await boss.post("/stations", {"name": f"{mark}站", "address": f"{mark}路"})
    ids["station_id"] = station = made["id"]
    ids["code"] = code = f"3209990000000{number}"
    point = {"code": code, "station_id": station, "name": f"{mark}桩", "power_type": "dc", "connector_count": 1}
    await boss.post("/charge-points", point)
    detail = await boss.get(f"/charge-points/{code}")
    ids |= {"connector_no": 1, "qr_text": detail["connectors"][0]["qr_code"]}
    tariff = await boss.post("/tariffs", {"name": f"{mark}电价", "version": VERSION})
    ids |= {"tariff_id": tariff["tariff"]["id"], "version_id": tariff["versions"][0]["id"]}
    two_wheel = await boss.post("/two-wheel-tariffs", {"name": f"{mark}两轮", "version": PLAN})
    for operation in ("getTwoWheelTariff", "createTwoWheelVersion", "cancelTwoWheelVersion", "quoteTwoWheelTariff"):
        ids[f"{operation}.tariff_id"] = two_wheel["tariff"]["id"]
        ids[f"{operation}.version_id"] = two_wheel["versions"][0]["id"]
    assigned = await boss.post(f"/stations/{station}/tariffs", {"tariff_id": ids["tariff_id"]})
    ids["assignment_id"] = assigned["id"]
    ids |= await _people(boss, number, mark)
    plan = {"name": f"{mark}充值", "amount_fen": 1000}
    ids["plan_id"] = (await boss.post("/top-up-plans", plan))["id"]
    ids["export_id"] = (await boss.post("/exports", {"list": "stations", "format": "csv"}, 202))["id"]
    ids |= await _history(database, ids, operator_id=operator_id, number=number, mark=mark)
    where = {"operator_id": operator_id, "station_id": station}
    ids["hub_code"] = await _hub(database, f"0A00000{number}", **where, name=mark)
    marks = (mark, code, *(str(ids[name]) for name in ("order_no", "session_no", "payment_no", "refund_no", "part_no")))
    return Belongings(ids, marks)


async def _people(boss: Caller, number: int, mark: str) -> dict[str, Any]:
    driver = (await boss.post("/drivers", {"name": f"{mark}车主", "phone": f"1380000000{number}"}))["id"]
    card = {"card_id": f"00000000A000000{number}", "card_label": f"00000000000000{number}0"}
    vehicle = {"vin": f"LSVAX60E0K201234{number}", "label": f"{mark}车"}
    once = {"Idempotency-Key": f"top-up-{number}-{number}"}
    await boss.post(f"/drivers/{driver}/top-ups", {"amount_fen": 1000, "reason": mark}, **once)
    season = {"driver_id": driver, "name": f"{mark}月卡", "valid_from": FROM, "valid_until": UNTIL}
    return {
        "driver_id": driver,
        "card_pk": (await boss.post(f"/drivers/{driver}/cards", card))["id"],
        "vehicle_id": (await boss.post(f"/drivers/{driver}/vehicles", vehicle))["id"],
        "token_id": (await boss.post(f"/drivers/{driver}/tokens", {"label": mark}))["id"],
        "pass_id": (await boss.post("/passes", season, **{"Idempotency-Key": f"pass-{number}-{number}"}))["id"],
    }


async def _history(
    database: Database, ids: dict[str, Any], *, operator_id: int, number: int, mark: str
) -> dict[str, Any]:
    """An order with its session, a payment with a refund, a case, an alarm, and a request about the order."""
    made = {
        "order_no": f"20260101{number:014d}",
        "session_no": f"3209990000000{number}01{number:016d}",
        "payment_no": f"P{number:022d}",
        "refund_no": f"R{number:022d}",
        "part_no": f"R{number:022d}-1",
    }
    common = {
        "operator_id": operator_id,
        "station_id": ids["station_id"],
        "charge_point_code": ids["code"],
        "connector_no": 1,
        "driver_id": ids["driver_id"],
        "method": "app",
        "limit_kind": "none",
        "order_no": made["order_no"],
        "session_no": made["session_no"],
    }
    money = {"driver_id": ids["driver_id"], "operator_id": operator_id, "amount_fen": 100, "channel": "fake"}
    told = {"operator_id": operator_id, "driver_id": ids["driver_id"], "kind": "suggestion", "state": "open"}
    state = {"number": made["payment_no"], "operator_id": operator_id, "channel": "fake", "kind": "paid_late"}
    rows: list[tuple[Table, dict[str, object]]] = [
        (orders, {**common, "state": "disputed", "flags": '["clock"]', "card_label": mark, "settled_at_ms": 1}),
        (order_flags, {"flag": "clock", "order_no": made["order_no"]}),
        (order_events, {"order_no": made["order_no"], "kind": "placed"}),
        (sessions, {**common, "state": "recorded", "segments": "[]", "card_label": mark}),
        (session_records, {**common, "record_id": f"record{number}", "standing": "misplaced", "digest": str(number)}),
        (session_samples, {"session_no": made["session_no"], "at_ms": 1}),
        (battery_reports, {"session_no": made["session_no"], "at_ms": 1, "kind": "x"}),
        (
            payments,
            {
                **money,
                "payment_no": made["payment_no"],
                "purpose": "top_up",
                "state": "paid",
                "paid_fen": 100,
                "request_key": made["payment_no"],
                "transaction_id": f"{mark}{number}",
            },
        ),
        (refunds, {**money, "refund_no": made["refund_no"], "kind": "staff", "standing": "open", "reason": mark}),
        (
            parts,
            {
                **money,
                "part_no": made["part_no"],
                "refund_no": made["refund_no"],
                "payment_no": made["payment_no"],
                "state": "abnormal",
            },
        ),
        (cases, {**state, "state": "open"}),
        (feedback, {**told, "station_id": ids["station_id"], "text": mark, "charge_point_code": ids["code"]}),
        (approvals, _request(operator_id, made["order_no"], mark)),
        (
            alarms,
            {
                "operator_id": operator_id,
                "station_id": ids["station_id"],
                "kind": "connector_faulted",
                "level": "warning",
                "charge_point_code": ids["code"],
                "state": "open",
                "subject": mark,
                "open_key": mark,
            },
        ),
    ]
    async with database.unit() as uow:
        for table, values in rows:
            result = await uow.connection.execute(insert(table).values(blank(table, **values)))
            if table in _NAMED and result.inserted_primary_key:
                made[_NAMED[table]] = result.inserted_primary_key[0]
        made["photo_id"] = await _photo(uow, made["feedback_id"], mark)
    return made


async def _hub(database: Database, code: str, **values: object) -> str:
    async with database.unit() as uow:
        await uow.connection.execute(insert(hubs).values(blank(hubs, code=code, **values)))
    return code


async def _photo(uow: UnitOfWork, feedback_id: object, mark: str) -> Any:
    row = blank(photos, feedback_id=feedback_id, jpeg=mark.encode())
    result = await uow.connection.execute(insert(photos).values(row))
    return result.inserted_primary_key[0] if result.inserted_primary_key else 0


def _request(operator_id: int, order_no: str, mark: str) -> dict[str, object]:
    """A request about an order that waits for a second person."""
    return {
        "operator_id": operator_id,
        "kind": "orders.refund",
        "about": f"order:{order_no}",
        "open_about": f"order:{order_no}",
        "state": "waiting",
        "reason": mark,
        "requested_name": mark,
        "expires_at_ms": 4_102_444_800_000,
    }
