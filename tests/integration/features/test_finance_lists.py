"""Lists of finance: by date, state, channel, driver and number; the same rows page by page as at once."""

from typing import Any

import pytest

from chargecloud.features.operators.messages import Role
from chargecloud.features.payments import service_cases
from chargecloud.features.payments.channels.contract import RefundState
from chargecloud.features.payments.messages import CaseKind, RefundKind
from chargecloud.features.payments.model import Trouble
from chargecloud.features.payments.service_refund import PayBack
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock, rfc3339
from tests.support.api import Api, Caller
from tests.support.cashdesk import CashDesk

DAY_MS = 86_400_000


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> CashDesk:
    made = CashDesk.over(database, clock)
    made.till.refund_at_once = RefundState.SUCCEEDED
    return made


async def listed(who: Caller, path: str, name: str, **wanted: Any) -> list[str]:
    """Names of everything in a list, read three at a time: the same as read at once."""
    whole = [each[name] for each in (await who.get(path, **wanted))["items"]]
    paged: list[str] = []
    before: dict[str, str] = {}
    while True:
        page = await who.get(path, limit=3, **wanted, **before)
        paged += [each[name] for each in page["items"]]
        if page["next"] is None:
            assert paged == whole == sorted(whole, reverse=True)
            return whole
        before = {"before": page["next"]}


async def test_payments_refunds_and_notices(api: Api, desk: CashDesk) -> None:
    first, second = await desk.driver("甲"), await desk.driver("乙")
    numbers, days = [], []
    for number in range(10):
        days.append(desk.clock.now_ms())
        numbers.append((await desk.top_up((first, second)[number % 2], 1_000)).payment_no)
        back = PayBack(kind=RefundKind.STAFF, amount_fen=100, reason="误充", by="staff:1")
        if number % 3 == 0:
            await desk.refund_payment(numbers[-1], back)
        await desk.run(seconds=2)
        desk.clock.advance(DAY_MS)
    waiting = (await desk.announce(first, 2_000)).payment_no
    finance = await api.staff(Role.FINANCE)
    payments = sorted([*numbers, waiting], reverse=True)
    assert await listed(finance, "/payments", "payment_no") == payments
    span = {"since": rfc3339(days[2]), "until": rfc3339(days[5])}
    assert await listed(finance, "/payments", "payment_no", **span) == numbers[4:1:-1]
    for wanted, found in (
        ({"state": "prepaid"}, [waiting]),
        ({"driver_id": second}, numbers[9::-2]),
        ({"driver_id": second, "state": "paid", **span}, [numbers[3]][:0]),
        ({"driver_id": second, "state": "part_refunded", **span}, [numbers[3]]),
        ({"driver_id": first, "state": "paid", **span}, [numbers[4], numbers[2]]),
        ({"channel": "till"}, payments), ({"channel": "wechat"}, []), ({"purpose": "prepayment"}, []),
        ({"number": numbers[0][:9]}, [numbers[0]]), ({"number": numbers[0][1:]}, [numbers[0]]),
        ({"number": "P9"}, []), ({"since": rfc3339(days[9] + 2 * DAY_MS)}, []),
    ):  # fmt: skip
        assert await listed(finance, "/payments", "payment_no", **wanted) == found, wanted
    refunds = await listed(finance, "/refunds", "refund_no")
    assert len(refunds) == 4
    for wanted, found in (
        ({"driver_id": second}, refunds[0::2]), ({"standing": "done"}, refunds), ({"standing": "open"}, []),
        ({"channel": "till", "kind": "staff"}, refunds), ({"channel": "wechat"}, []), ({"kind": "rest"}, []),
        ({"payment_no": numbers[3]}, [refunds[2]]), ({"number": refunds[1]}, [refunds[1]]),
        (span, [refunds[2]]), ({"number": refunds[1][1:9], "driver_id": first}, [refunds[1]]),
    ):  # fmt: skip
        assert await listed(finance, "/refunds", "refund_no", **wanted) == found, wanted
    notices = await listed(finance, "/payment-notices", "id")
    assert len(notices) >= 10
    of_payments = [each["id"] for each in (await finance.get("/payment-notices", number="P"))["items"]]
    assert len(of_payments) == 10 and await listed(finance, "/payment-notices", "id", channel="wechat") == []
    assert len(await listed(finance, "/payment-notices", "id", number=numbers[0])) == 1
    assert await listed(finance, "/payment-notices", "id", number="P", **span) == of_payments[5:8]
    for path in ("/payments", "/refunds", "/payment-notices", "/payment-cases"):
        for wrong in ({"number": "'; --"}, {"since": "yesterday"}, {"channel": "<x>"}, {"before": "nonsense"}):
            await finance.get(path, 400 if "before" in wrong else 422, **wrong)


async def test_cases_and_the_journal_of_a_wallet(api: Api, desk: CashDesk) -> None:
    days = []
    for number in range(8):
        days.append(desk.clock.now_ms())
        kind = CaseKind.PAID_LATE if number % 2 else CaseKind.REFUND_STUCK
        async with desk.database.unit() as uow:
            await service_cases.open_case(uow, Trouble(1, "till", kind, f"{'PR'[number % 2]}{number:04d}"))
        desk.clock.advance(DAY_MS)
    finance = await api.staff(Role.FINANCE)
    cases = await listed(finance, "/payment-cases", "id")
    assert len(cases) == 8
    span = {"since": rfc3339(days[2]), "until": rfc3339(days[5])}
    for wanted, found in (
        (span, cases[3:6]), ({"kind": "paid_late"}, cases[0::2]), ({"number": "P"}, cases[1::2]),
        ({"number": "P0002"}, [cases[5]]), ({"channel": "wechat"}, []), ({"state": "open", **span}, cases[3:6]),
        ({"state": "closed"}, []), ({"since": rfc3339(days[7] + DAY_MS)}, []), ({"until": rfc3339(days[0])}, []),
    ):  # fmt: skip
        assert await listed(finance, "/payment-cases", "id", **wanted) == found, wanted
    driver, finance = await desk.driver(), await api.staff(Role.FINANCE)
    moments = []
    for number in range(5):
        moments.append(desk.clock.now_ms())
        await finance.post(
            f"/drivers/{driver}/top-ups",
            {"amount_fen": 100, "reason": "现金"},
            **{"Idempotency-Key": f"cash-{number:04d}"},
        )
        desk.clock.advance(60_000)
    path = f"/drivers/{driver}/wallet/journal"
    assert len((await finance.get(path))["items"]) == 5
    within = await finance.get(path, since=rfc3339(moments[1]), until=rfc3339(moments[3]), purpose="top_up")
    assert len(within["items"]) == 2
