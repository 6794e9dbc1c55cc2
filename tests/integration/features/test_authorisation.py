"""Every role, every operation, one's own things and those of another operator: generated from the OpenAPI document.

A route has to name a permission, or to stand in one of the lists below with its reason. What belongs to another
operator looks as if it were not there, and no list shows anything of it.
"""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from chargecloud.features.operators.messages import PERMISSIONS_OF, Role
from chargecloud.infra.http.app import API
from tests.support.api import Api, Caller
from tests.support.belongings import Belongings, furnish
from tests.support.openapi import Bodies, Operation, operations

NOBODY = {"signIn", "signInDriver", "takePaymentNotice"}
"""Whoever may call without a token: how one gets in, and what providers say, which is proven by its signature."""
MYSELF = {"signOut", "getMe", "listMySessions", "listRoles"}
"""Any staff may: it is about themselves, and what roles there are."""
ANYBODY = {
    "listNearbyStations", "getNearbyStation", "getNearbyChargePoint", "getStationTariff", "getStationTwoWheelTariff",
    "readCode", "create_live_ticket",
}  # fmt: skip
"""What drivers are told of every station, prices included; and a ticket that opens no more than its owner's token."""
BY_KIND = {
    "listOrders": "orders.read", "getOrder": "orders.read", "stopOrder": "orders.write", "getSession": "orders.read",
    "listSamples": "orders.read", "listPasses": "drivers.read", "findConnector": "stations.read",
}  # fmt: skip
"""Drivers see their own by the same routes; the permission is that of staff, looked at in the route."""
DRIVERS = {
    "signOutDriver", "bindMyPhone", "getMyself", "listMyTokens", "revokeMyToken", "listMyCards", "reportCardLost",
    "listMyVehicles", "addMyVehicle", "removeMyVehicle", "getMyWallet", "listMyJournal", "listTopUpPlans",
    "createPayment", "listMyPayments", "getMyPayment", "checkMyPayment", "quoteRefund", "requestRefund",
    "listMyRefunds", "getMyRefund", "placeOrder",
}  # fmt: skip
FREE = NOBODY | MYSELF | ANYBODY | DRIVERS | set(BY_KIND)
PLATFORM_WIDE = {"listGateways"}
"""Of no operator."""
NOTHING = {
    "staff_id": 999_999, "station_id": 999_999, "code": "32099900009999", "connector_no": 1, "qr_text": "2345678923",
    "driver_id": 999_999, "card_pk": 999_999, "vehicle_id": 999_999, "token_id": 999_999, "assignment_id": 999_999,
    "tariff_id": 999_999, "version_id": 999_999, "payment_no": f"P{9:022d}", "refund_no": f"R{9:022d}",
    "part_no": f"R{9:022d}-1", "plan_id": 999_999, "case_id": 999_999, "channel": "fake", "day": "2026-01-01",
    "session_no": f"{9:032d}", "pass_id": 999_999, "order_no": f"{9:022d}", "alarm_id": 999_999, "session_id": 999_999,
}  # fmt: skip
NAMED = {
    "card_id": "00000000B0000001", "card_label": "0000000000000077", "vin": "LSVAX60E0K2099999",
    "code": "32099900000077",
    "power_type": "dc", "energy_yuan_per_kwh": "1.00000", "service_yuan_per_kwh": "0.50000", "username": "xiaohong",
    "password": "a long enough secret", "new_password": "a long enough secret", "phone": "13900000000",
    "valid_from": "2026-01-01T00:00:00+08:00", "valid_until": "2036-01-01T00:00:00+08:00",
    "start": "2026-01-01T08:00:00+08:00", "end": "2026-01-01T09:00:00+08:00",
    "version_id": None, "fen_per_hour": 60, "max_power_w": None,
}  # fmt: skip
SEGMENT = {"start": NAMED["start"], "energy_mwh": 1}
MINE, THEIRS = "甲方自有", "乙方机密"


@dataclass
class Scene:
    """Two operators with something of every kind, and the people of the first."""

    api: Api
    document: dict[str, Any]
    callers: dict[Role, Caller]
    driver: Caller
    mine: Belongings
    theirs: Belongings

    def operations(self) -> Iterator[Operation]:
        return operations(self.document)

    async def ask(
        self, caller: Caller, operation: Operation, ids: dict[str, Any], body: Any = None, **query: object
    ) -> tuple[int, str]:
        """Status and text of an answer."""
        path = operation.path
        for name in operation.parameters:
            path = path.replace(f"{{{name}}}", str(ids.get(f"{operation.id}.{name}", ids.get(name))))
        self.api.count += 1
        headers = {"Authorization": f"Bearer {caller.token}", "Idempotency-Key": f"matrix-{self.api.count:08d}"}
        more = {} if body is None else {"json": body}
        response = await self.api.client.request(
            operation.method.upper(), f"{API}{path}", headers=headers, params=query, **more
        )
        assert response.status_code < 500, (operation.id, response.text)
        return response.status_code, response.text

    def body(self, operation: Operation, ids: dict[str, Any]) -> Any:
        """The smallest body that names these things."""
        named = {
            name: value for name, value in ids.items() if name.endswith("_id") and name not in ("session_id", "card_id")
        }
        if operation.id == "placeOrderFor":  # its body has no field that always has to be there
            return {"qr_code": ids["qr_text"]}
        return None if operation.schema is None else Bodies(self.document, named | NAMED).body(operation.schema)


@pytest.fixture
def engine() -> str:
    """Who may do what is the same on every engine."""
    return "sqlite"


async def no_frames(code: str, before_id: int | None, limit: int) -> list[object]:
    """Nobody ever called."""
    return []


@pytest.fixture
async def scene(api: Api) -> AsyncIterator[Scene]:
    callers = {role: await api.staff(role) for role in Role}
    stranger = await api.staff(Role.ADMINISTRATOR, operator="乙方")
    async with api.database.unit() as uow:
        other = (await uow.connection.exec_driver_sql("SELECT max(id) FROM operators")).scalar_one()
    mine = await furnish(callers[Role.ADMINISTRATOR], api.database, operator_id=1, number=1, mark=MINE)
    theirs = await furnish(stranger, api.database, operator_id=other, number=2, mark=THEIRS)
    driver = await api.driver("外人", operator_id=1)
    api.app.state.frame_reader = no_frames
    yield Scene(api, api.app.openapi(), callers, driver, mine, theirs)


def gaps(document: dict[str, Any]) -> list[str]:
    """Operations nobody guards, and names in the lists above that are guarded by now or gone."""
    known = {operation.id: operation for operation in operations(document)}
    unguarded = [name for name, operation in known.items() if not operation.permission and name not in FREE]
    stale = [name for name in FREE if name not in known or known[name].permission]
    return sorted(unguarded + stale)


def test_every_operation_is_guarded_or_free_for_a_reason(api: Api) -> None:
    assert gaps(api.app.openapi()) == []


def test_a_route_that_forgets_its_permission_is_found() -> None:
    planted = APIRouter()

    @planted.get("/secrets", operation_id="listSecrets")
    async def secrets() -> None:
        return None

    app = FastAPI()
    app.include_router(planted, prefix=API)
    assert "listSecrets" in gaps(app.openapi())


async def test_every_role_may_what_its_permissions_say_and_nothing_else(scene: Scene) -> None:
    """Refusals come before anything is read, so empty bodies do; what is allowed is looked at with one's own things."""
    wrong = []
    for operation in scene.operations():
        permission = operation.permission or BY_KIND.get(operation.id, "")
        for role, caller in scene.callers.items():
            if operation.id in FREE - set(BY_KIND) - DRIVERS:
                continue
            allowed = permission in PERMISSIONS_OF[role] and operation.id not in DRIVERS
            if allowed and operation.method != "get":
                continue
            status, text = await scene.ask(caller, operation, scene.mine.ids, None if allowed else {})
            refused = status == 403 and ("permission_missing" in text or "drivers_only" in text)
            if refused is allowed or (allowed and status >= 400 and operation.id not in UNFURNISHED):
                wrong.append((operation.id, role.value, status, text[:120]))
    assert wrong == []


UNFURNISHED = {"printStickers", "printStationStickers", "listFrames", "getStationTwoWheelTariff"}
"""What needs more of a platform than there is here; its refusal is not one of permission."""


async def test_what_is_allowed_for_one_role_alone_is_allowed(scene: Scene) -> None:
    """Each writing operation gets past its permission with a role that has it: to the body, which is wrong."""
    wrong = []
    for operation in scene.operations():
        if operation.method == "get" or not operation.permission:
            continue
        for role, caller in scene.callers.items():
            if operation.permission in PERMISSIONS_OF[role]:
                status, text = await scene.ask(caller, operation, NOTHING, {"no such field": 1})
                if "permission_missing" in text or not 400 <= status < 500:
                    wrong.append((operation.id, role.value, status, text[:120]))
    assert wrong == []


async def test_the_demo_writes_nothing(scene: Scene) -> None:
    demo, tried = scene.callers[Role.DEMO], 0
    for operation in scene.operations():
        if operation.writes and operation.id not in NOBODY | {"signOut", "create_live_ticket"}:
            tried += 1
            for body in ({}, scene.body(operation, scene.mine.ids)):
                status, text = await scene.ask(demo, operation, scene.mine.ids, body)
                assert status == 403, (operation.id, status, text)
    assert tried > 50


async def test_without_a_token_nothing_opens(scene: Scene) -> None:
    nobody = scene.api.nobody()
    for operation in scene.operations():
        if operation.id not in NOBODY:
            assert (await scene.ask(nobody, operation, scene.mine.ids, {}))[0] == 401, operation.id


async def test_drivers_open_nothing_of_staff(scene: Scene) -> None:
    for operation in scene.operations():
        if operation.permission or operation.id in MYSELF:
            status, text = await scene.ask(scene.driver, operation, scene.mine.ids, {})
            assert status == 403 and "staff_only" in text, (operation.id, status, text)


async def test_what_is_anothers_looks_as_if_it_were_not_there(scene: Scene) -> None:
    """Every operation on a thing of the other operator, by every role that may: as unknown as one that never was."""
    leaks, unproven = [], []
    for operation in scene.operations():
        permission = operation.permission or BY_KIND.get(operation.id, "")
        if (
            not permission
            or not operation.parameters
            or operation.id in ("endMySession", "runReconciliation", "signReconciliation")
        ):
            continue
        body = scene.body(operation, scene.mine.ids)
        for role, caller in scene.callers.items():
            if permission not in PERMISSIONS_OF[role]:
                continue
            status, text = await scene.ask(caller, operation, scene.theirs.ids, body)
            none_status, none_text = await scene.ask(caller, operation, NOTHING, body)
            given = {str(value) for value in scene.theirs.ids.values()}
            if status < 400 or any(mark in text and mark not in given for mark in scene.theirs.marks) or THEIRS in text:
                leaks.append((operation.id, role.value, status, text[:200]))
            if (status, none_status) != (404, 404) or json.loads(text)["code"] != json.loads(none_text)["code"]:
                unproven.append((operation.id, role.value, status, none_status, text[:160]))
    assert leaks == []
    assert unproven == []


async def test_bodies_cannot_point_at_what_is_anothers(scene: Scene) -> None:
    """One's own path, with the other operator's station, driver or tariff in the body."""
    caller, tried = scene.callers[Role.ADMINISTRATOR], []
    for operation in scene.operations():
        if operation.schema is None or not operation.permission:
            continue
        own, foreign = (scene.body(operation, ids) for ids in (scene.mine.ids, scene.theirs.ids))
        if own != foreign:
            tried.append(operation.id)
            status, text = await scene.ask(caller, operation, scene.mine.ids, foreign)
            told = operation.id == "placeOrderFor" and '"not_allowed_here"' in text  # as the driver would be told there
            assert status in (403, 404) or told, (operation.id, foreign, status, text)
            assert THEIRS not in text
    assert {"createChargePoint", "assignTariff", "sellPass"} <= set(tried)
    for operation_id, body in (
        ("changeChargePoint", {"station_id": scene.theirs.ids["station_id"]}),
        ("createStation", {"name": "x", "operator_id": 2}),
        ("quoteTariff", {"segments": [SEGMENT], "version_id": scene.theirs.ids["version_id"]}),
        ("resolveOrder", {"action": "assign", "reason": "x", "driver_id": scene.theirs.ids["driver_id"]}),
    ):  # fmt: skip
        operation = next(each for each in scene.operations() if each.id == operation_id)
        status, text = await scene.ask(caller, operation, scene.mine.ids, body)
        assert status >= 400 and THEIRS not in text, (operation_id, status, text)


async def test_lists_show_nothing_of_others(scene: Scene) -> None:
    """With and without filters that name what is another's."""
    seen = 0
    for operation in scene.operations():
        permission = operation.permission or BY_KIND.get(operation.id, "")
        if operation.method != "get" or operation.parameters or not permission or operation.id in PLATFORM_WIDE:
            continue
        filters = {
            name: scene.theirs.ids[given]
            for name, given in (
                ("station_id", "station_id"), ("driver_id", "driver_id"), ("charge_point_code", "code"),
                ("code", "code"), ("number", "order_no" if operation.id == "listOrders" else "payment_no"),
                ("order_no", "order_no"), ("session_no", "session_no"),
            )
            if name in operation.queries
        }  # fmt: skip
        for role, caller in scene.callers.items():
            if permission not in PERMISSIONS_OF[role]:
                continue
            for query in ({}, *({name: value} for name, value in filters.items())):
                status, text = await scene.ask(caller, operation, {}, **query)
                assert status < 400, (operation.id, query, text)
                assert not [mark for mark in scene.theirs.marks if mark in text], (operation.id, role, query, text)
                seen += MINE in text
    assert seen > 40, "one's own things are in these lists, so an empty answer proves nothing by accident"
