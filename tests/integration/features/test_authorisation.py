"""Every role, every operation, one's own things and those of another operator: generated from the OpenAPI document.

A route has to name a permission, or to stand in one of the lists below with its reason. What belongs to another
operator looks as if it were not there, and no list shows anything of it.
"""

import json
from collections.abc import AsyncIterator, Iterator, Set
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from chargecloud.features.operators.messages import OWN, PERMISSIONS_OF, STATION_BOUND, Role
from chargecloud.infra.http.app import API
from tests.support.api import Api, Caller
from tests.support.belongings import Belongings, furnish
from tests.support.openapi import Bodies, Operation, operations

NOBODY = {"signIn", "signInWithCode", "signInDriver", "takePaymentNotice"}
"""Whoever may call without a token: how one gets in, and what providers say, which is proven by its signature."""
MYSELF = {"signOut", "getMe", "getMySecondFactor", "listMySessions", "listRoles", "listStaffNames"}
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
    "listMyRefunds", "getMyRefund", "placeOrder", "sendFeedback", "listMyFeedback", "getMyFeedback", "seeMyFeedback",
    "addMyFeedbackPhoto", "getMyFeedbackPhoto",
}  # fmt: skip
FREE = NOBODY | MYSELF | ANYBODY | DRIVERS | set(BY_KIND)
PLATFORM_WIDE = {"listGateways", "listUnknownChargePoints"}
"""Of no operator."""
NOTHING = {
    "staff_id": 999_999, "station_id": 999_999, "code": "32099900009999", "connector_no": 1, "qr_text": "2345678923",
    "driver_id": 999_999, "card_pk": 999_999, "vehicle_id": 999_999, "token_id": 999_999, "assignment_id": 999_999,
    "tariff_id": 999_999, "version_id": 999_999, "payment_no": f"P{9:022d}", "refund_no": f"R{9:022d}",
    "part_no": f"R{9:022d}-1", "plan_id": 999_999, "case_id": 999_999, "channel": "fake", "day": "2026-01-01",
    "session_no": f"{9:032d}", "pass_id": 999_999, "order_no": f"{9:022d}", "alarm_id": 999_999, "session_id": 999_999,
    "feedback_id": 999_999, "photo_id": 999_999,
    "approval_id": 999_999,
    "export_id": 999_999, "hub_code": "09999999",
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
NUMBERS = {"listOrders": "order_no", "listRefunds": "refund_no"}
"""What `number` names in a list; elsewhere a payment."""
MINE, THEIRS, NEXT_DOOR = "甲方自有", "乙方机密", "甲方别站"
OF_NO_STATION = {
    "listTariffs", "getTariff", "listTariffAssignments", "quoteTariff", "listTwoWheelTariffs", "getTwoWheelTariff",
    "quoteTwoWheelTariff",
}  # fmt: skip
"""What staff who are limited to some stations may see of the whole operator."""
WHOLE_OPERATOR = {
    "createStation", "removeStation", "listGateways", "listUnknownChargePoints", "admitUnknownChargePoint",
    "ignoreUnknownChargePoint", "getHealth", "listVirtualChargePoints", "placeOrderFor",
}  # fmt: skip
"""What they may not do, although their role may and its permission has a station elsewhere."""


@dataclass
class Scene:
    """Two operators with something of every kind, the first with two stations, and its people.

    `limited` are such as may work at the station of `mine` alone, and not at that of `next_door`.
    """

    api: Api
    document: dict[str, Any]
    callers: dict[Role, Caller]
    driver: Caller
    mine: Belongings
    theirs: Belongings
    limited: dict[Role, Caller]
    next_door: Belongings

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
    next_door = await furnish(callers[Role.ADMINISTRATOR], api.database, operator_id=1, number=3, mark=NEXT_DOOR)
    only = frozenset({mine.ids["station_id"]})
    limited = {role: await api.staff(role, stations=only) for role in Role if role is not Role.ADMINISTRATOR}
    driver = await api.driver("外人", operator_id=1)
    api.app.state.frame_reader = no_frames
    yield Scene(api, api.document(), callers, driver, mine, theirs, limited, next_door)


def gaps(document: dict[str, Any]) -> list[str]:
    """Operations nobody guards, and names in the lists above that are guarded by now or gone."""
    known = {operation.id: operation for operation in operations(document)}
    unguarded = [name for name, operation in known.items() if not operation.permission and name not in FREE]
    stale = [name for name in FREE if name not in known or known[name].permission]
    return sorted(unguarded + stale)


def test_every_operation_is_guarded_or_free_for_a_reason(api: Api) -> None:
    assert gaps(api.document()) == []


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


UNFURNISHED = {
    "printStickers", "printStationStickers", "listFrames", "getStationTwoWheelTariff", "getExport", "fetchExport",
}  # fmt: skip
"""What needs more of a platform than there is here, or is of one person; its refusal is not one of permission."""


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
    assert await shown_of(scene, scene.theirs, scene.callers, PERMISSIONS_OF) == []
    assert await shown_of(scene, scene.theirs, scene.limited, LIMITED) == []


async def test_what_is_at_another_station_looks_as_if_it_were_not_there(scene: Scene) -> None:
    """The same within one operator, for staff who are limited to one of its stations."""
    assert await shown_of(scene, scene.next_door, scene.limited, LIMITED, besides=OF_NO_STATION) == []


LIMITED = {role: permissions & STATION_BOUND for role, permissions in PERMISSIONS_OF.items()}


async def shown_of(
    scene: Scene,
    foreign: Belongings,
    callers: dict[Role, Caller],
    rights: dict[Role, frozenset[str]],
    *,
    besides: Set[str] = frozenset(),
) -> list[tuple[object, ...]]:
    """Answers about foreign things that tell of them, or that differ from those about things that never were."""
    told: list[tuple[object, ...]] = []
    for operation in scene.operations():
        permission = operation.permission or BY_KIND.get(operation.id, "")
        if not permission or not operation.parameters or operation.id in OF_NOBODY | besides:
            continue
        body = scene.body(operation, scene.mine.ids)
        given = {str(value) for value in foreign.ids.values()}
        marks = [mark for mark in (*foreign.marks, THEIRS, NEXT_DOOR) if mark not in given]
        for role, caller in callers.items():
            if permission not in rights[role]:
                continue
            status, text = await scene.ask(caller, operation, foreign.ids, body)
            none_status, none_text = await scene.ask(caller, operation, NOTHING, body)
            if operation.id in WHOLE_OPERATOR and callers is scene.limited:
                if not (status == none_status == 403):
                    told.append((operation.id, role.value, status, none_status, text[:160]))
                continue
            if status < 400 or any(mark in text for mark in marks):
                told.append((operation.id, role.value, status, text[:200]))
            elif (status, none_status) != (404, 404) or json.loads(text)["code"] != json.loads(none_text)["code"]:
                told.append((operation.id, role.value, status, none_status, text[:160], none_text[:160]))
    return told


OF_NOBODY = {"endMySession", "runReconciliation", "signReconciliation"}
"""Named by a number of one's own, or by a day."""


async def test_who_is_limited_to_stations_may_what_has_a_station_and_nothing_else(scene: Scene) -> None:
    """At their own station every list and every detail opens; what has none is refused as a missing permission."""
    wrong, opened = [], 0
    for operation in scene.operations():
        permission = operation.permission or BY_KIND.get(operation.id, "")
        if not permission or permission == OWN:
            continue
        for role, caller in scene.limited.items():
            allowed = permission in LIMITED[role]
            if allowed and operation.method != "get":
                continue
            status, text = await scene.ask(caller, operation, scene.mine.ids, None if allowed else {})
            if allowed and operation.id in WHOLE_OPERATOR:
                fine = status == 403 and "station_limited" in text
            elif allowed:
                fine = status < 400 or operation.id in UNFURNISHED
                opened += fine
            else:
                fine = status == 403 and "permission_missing" in text
            if not fine:
                wrong.append((operation.id, role.value, status, text[:120]))
    assert wrong == []
    assert opened > 30


async def test_who_is_limited_makes_nothing_elsewhere(scene: Scene) -> None:
    """Bodies that name another station of one's own operator, and acts that concern all of it."""
    caller, tried = scene.limited[Role.OPERATIONS], []
    for operation in scene.operations():
        if operation.schema is None or not operation.permission or operation.permission not in LIMITED[Role.OPERATIONS]:
            continue
        own, foreign = (scene.body(operation, ids) for ids in (scene.mine.ids, scene.next_door.ids))
        if own != foreign:
            tried.append(operation.id)
            status, text = await scene.ask(caller, operation, scene.mine.ids, foreign)
            assert status in (403, 404), (operation.id, foreign, status, text)
            assert NEXT_DOOR not in text
    assert "createChargePoint" in tried
    moved = next(each for each in scene.operations() if each.id == "changeChargePoint")
    body = {"station_id": scene.next_door.ids["station_id"]}
    assert (await scene.ask(caller, moved, scene.mine.ids, body))[0] == 404
    await caller.post("/stations", {"name": "新站"}, 403)
    await caller.delete(f"/stations/{scene.mine.ids['station_id']}", 403)


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
    assert await seen_in_lists(scene, scene.theirs, scene.callers, PERMISSIONS_OF) > 40


async def test_lists_show_nothing_of_other_stations(scene: Scene) -> None:
    """The same for staff who are limited to one."""
    seen = await seen_in_lists(scene, scene.next_door, scene.limited, LIMITED, besides=WHOLE_OPERATOR | OF_NO_STATION)
    assert seen > SEEN_WITHIN_LIMITS


SEEN_WITHIN_LIMITS = 10


async def seen_in_lists(
    scene: Scene,
    foreign: Belongings,
    callers: dict[Role, Caller],
    rights: dict[Role, frozenset[str]],
    *,
    besides: Set[str] = frozenset(),
) -> int:
    """How often one's own things were in a list, where nothing foreign was: an empty answer would prove nothing."""
    seen = 0
    for operation in scene.operations():
        permission = operation.permission or BY_KIND.get(operation.id, "")
        if operation.method != "get" or operation.parameters or not permission:
            continue
        if operation.id in PLATFORM_WIDE | besides:
            continue
        filters = {
            name: foreign.ids[given]
            for name, given in (
                ("station_id", "station_id"), ("driver_id", "driver_id"), ("charge_point_code", "code"),
                ("code", "code"), ("number", NUMBERS.get(operation.id, "payment_no")),
                ("order_no", "order_no"), ("session_no", "session_no"),
            )
            if name in operation.queries
        }  # fmt: skip
        for role, caller in callers.items():
            if permission not in rights[role]:
                continue
            for query in ({}, *({name: value} for name, value in filters.items())):
                status, text = await scene.ask(caller, operation, {}, **query)
                assert status < 400, (operation.id, query, text)
                assert not [mark for mark in foreign.marks if mark in text], (operation.id, role, query, text)
                seen += MINE in text
    return seen
