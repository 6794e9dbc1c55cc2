"""Troubles with money are alarms of the operator: opened once, ended with their case, seen by whoever sees wallets."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from chargecloud.features.alarms import http
from chargecloud.features.alarms import inbox as alarms_inbox
from chargecloud.features.alarms.model_money import KIND_OF
from chargecloud.features.operators.messages import Role
from chargecloud.features.payments import service, service_cases, service_reconcile
from chargecloud.features.payments.channels.contract import RefundState
from chargecloud.features.payments.messages import CaseKind, RefundKind
from chargecloud.features.payments.model import STUCK_MS, Trouble
from chargecloud.features.payments.service_refund import PayBack
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock, local_time
from tests.support.api import Api
from tests.support.cashdesk import PAYER, CashDesk
from tests.support.till import Fault
from tests.support.world import World

HOUR_MS = 3_600_000


@dataclass
class Till:
    """A cash desk whose troubles are heard by the alarms."""

    desk: CashDesk
    api: Api
    world: World

    async def alarms(self, **wanted: Any) -> list[dict[str, Any]]:
        await self.world.pump()
        items: list[dict[str, Any]] = (await (await self.api.staff()).get("/alarms", **wanted))["items"]
        return items

    async def states(self) -> dict[str, str]:
        return {alarm["kind"]: alarm["state"] for alarm in await self.alarms()}

    async def close_case(self, number: str, reason: str = "已核对") -> None:
        staff = await self.api.staff(Role.FINANCE)
        for case in (await staff.get("/payment-cases", number=number, state="open"))["items"]:
            await staff.post(f"/payment-cases/{case['id']}/closing", {"reason": reason}, 200)


@pytest.fixture
async def till(api: Api, database: Database, clock: ManualClock) -> Till:
    wide = replace(database.options.payments, day_max_fen=10**9, refunds_a_day=10**6, max_waiting=10**6)
    database.options = replace(database.options, payments=wide)
    world = World(database, clock)
    world.listen(alarms_inbox.SUBSCRIPTIONS)
    return Till(CashDesk.over(database, clock), api, world)


@pytest.mark.parametrize("kind", sorted(KIND_OF))
async def test_each_kind_of_case_is_one_alarm_that_ends_with_it(till: Till, kind: CaseKind) -> None:
    trouble = Trouble(1, "till", kind, "R1-1", facts={"amount_fen": "100", "openid": "o-secret"})
    for _ in range(3):
        async with till.desk.database.unit() as uow:
            await service_cases.open_case(uow, trouble)
        (alarm,) = await till.alarms()
        assert (alarm["kind"], alarm["state"], alarm["times"]) == (KIND_OF[kind], "open", 1)
    assert (alarm["station_id"], alarm["charge_point_code"], alarm["about"]) == (None, "", "money")
    assert alarm["subject"] == "R1-1" and alarm["title"] and alarm["advice"]
    assert alarm["facts"] == {"channel": "till", "number": "R1-1", "amount_fen": "100"}
    await till.close_case("R1-1")
    (alarm,) = await till.alarms()
    assert (alarm["state"], alarm["closed_by"]) == ("closed", "system")
    async with till.desk.database.unit() as uow:
        await service_cases.open_case(uow, trouble)
    assert len(await till.alarms()) == 1, "what was decided is not told again"


async def test_a_payment_in_quarantine_until_it_is_decided_shows_nothing_of_the_payer(till: Till) -> None:
    driver_id = await till.desk.driver()
    payment = await till.desk.announce(driver_id)
    till.desk.till.pay(payment.payment_no, amount_fen=9_999)
    (raw,) = till.desk.till.sent
    for _ in range(3):
        await till.desk.hear(raw)
    (alarm,) = await till.alarms(state="open")
    assert (alarm["kind"], alarm["level"], alarm["times"]) == ("payment_quarantined", "warning", 1)
    assert alarm["facts"] == {
        "channel": "till", "number": payment.payment_no, "reason": "amount", "amount_fen": "10000", "paid_fen": "9999",
    }  # fmt: skip
    assert payment.client and PAYER
    for secret in (PAYER, payment.reference, *payment.client.values()):
        assert secret not in str(alarm)
    async with till.desk.database.unit() as uow:
        await service.dismiss(uow, payment.payment_no, by="staff:1", reason="已线下退款")
    assert await till.states() == {"payment_quarantined": "closed"}


async def test_a_refund_that_fails_is_an_alarm_until_it_has_a_result(till: Till) -> None:
    desk = till.desk
    payment = await desk.top_up(await desk.driver())
    desk.till.faults["refund"].extend([Fault.LOST] * 5_000)
    back = PayBack(kind=RefundKind.STAFF, amount_fen=100, reason="误充", by="staff:1")
    await desk.refund_payment(payment.payment_no, back)
    await desk.run(minutes=10, step_s=60)
    assert await till.states() == {}
    desk.clock.advance(STUCK_MS)
    await desk.run(minutes=70, step_s=600)
    (alarm,) = await till.alarms()
    assert (alarm["kind"], alarm["state"], alarm["times"]) == ("refund_stuck", "open", 1)
    desk.till.faults["refund"].clear()
    desk.till.refund_at_once = RefundState.SUCCEEDED
    await desk.run(minutes=70, step_s=600)
    assert await till.states() == {"refund_stuck": "closed"}


async def test_a_bill_with_many_differences_is_one_alarm_until_the_last_is_decided(till: Till) -> None:
    desk = till.desk
    day = local_time(desk.clock.now_ms()).date()
    numbers = [(await desk.top_up(await desk.driver(f"d{number}"))).payment_no for number in range(5)]
    for payment_no in numbers[:3]:
        desk.till.sales[payment_no].paid_fen += 1
    for _ in range(2):
        await till.world.pump()
        desk.clock.advance(26 * HOUR_MS)
        await service_reconcile.reconcile(desk.desk)
    await service_reconcile.reconcile_day(desk.desk, desk.channel, day)
    (alarm,) = await till.alarms()
    assert (alarm["kind"], alarm["subject"], alarm["times"]) == ("bill_differs", f"till/{day}", 3)
    assert alarm["facts"] == {"channel": "till", "day": day.isoformat()}
    for left in (2, 1, 0):
        await till.close_case(numbers[left])
        assert await till.states() == {"bill_differs": "open" if left else "closed"}


async def test_alarms_about_money_are_for_those_who_see_wallets(till: Till) -> None:
    async with till.desk.database.unit() as uow:
        await service_cases.open_case(uow, Trouble(1, "till", CaseKind.PAID_TWICE, "P1"))
    (alarm,) = await till.alarms(about="money")
    path = f"/alarms/{alarm['id']}"
    assert await till.alarms(about="devices") == [] and len(await till.alarms(kind="payment_twice")) == 1
    assert await till.alarms(station_id=1) == []
    blind = await till.api.staff(Role.MAINTENANCE)
    for wanted in ({}, {"about": "money"}, {"kind": "payment_twice"}):
        assert (await blind.get("/alarms", **wanted))["items"] == []
    assert (await blind.get(path, 404))["code"] == "alarm_unknown"
    for act in ("acknowledgement", "closure"):
        await blind.post(f"{path}/{act}", {}, 404)
        await (await till.api.staff(Role.FINANCE)).post(f"{path}/{act}", {}, 403)
    theirs = await till.api.staff(operator="别家")
    assert (await theirs.get("/alarms", about="money"))["items"] == []
    dispatcher = await till.api.staff(Role.DISPATCHER)
    assert (await dispatcher.post(f"{path}/acknowledgement", {}, 200))["state"] == "acknowledged"
    assert (await dispatcher.post(f"{path}/closure", {}, 200))["state"] == "closed"
    assert (await dispatcher.get("/payment-cases", state="open"))["items"], "the case is still to be decided"


async def test_watchers_of_devices_hear_nothing_of_money(till: Till) -> None:
    async with till.desk.database.unit() as uow:
        await service_cases.open_case(uow, Trouble(1, "till", CaseKind.PAID_TWICE, "P1"))
    await till.world.pump()
    devices, money = (topic.snapshot for topic in http.LIVE_TOPICS)
    assert [topic.prefix for topic in http.LIVE_TOPICS] == ["alarms", "money-alarms"]
    sees = Principal("staff", 1, "x", 1, frozenset({"alarms.read", "wallets.read"}))
    blind = Principal("staff", 1, "x", 1, frozenset({"alarms.read"}))
    async with till.desk.database.read() as connection:
        assert await devices(connection, sees, "1") == {"counts": {}, "alarms": {}}
        shown = await money(connection, sees, "1")
        assert shown and shown["counts"] == {"warning": 1}
        for who, which in ((blind, "1"), (sees, "2"), (sees, "")):
            assert await money(connection, who, which) is None
