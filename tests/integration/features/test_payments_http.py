"""Payments over HTTP: drivers pay and have money back, providers tell, finance looks and decides."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers import service_identity
from chargecloud.features.drivers.messages import Identity
from chargecloud.features.drivers.service_identity import SignIn
from chargecloud.features.drivers.sql import identities
from chargecloud.features.operators.messages import Role
from chargecloud.features.payments import service_desk
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from tests.support.api import Api, Caller
from tests.support.cashdesk import CashDesk
from tests.support.till import Fault, TillChannel

KEY = {"Idempotency-Key": "payment-0001"}
BACK = {"Idempotency-Key": "refund-0001"}
BODY = {"channel": "till", "amount_fen": 10_000}


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> CashDesk:
    return CashDesk.over(database, clock)


@pytest.fixture
async def shop(database: Database, clock: ManualClock, desk: CashDesk) -> AsyncIterator[Api]:
    channels = Channels(desk.channel, TillChannel(desk.till, "wechat"), closed={"alipay": "CHARGECLOUD_ALIPAY__APPID"})
    async with Api.over(database, clock, state={"channels": channels}) as made:
        yield made


async def signed_in(shop: Api, desk: CashDesk) -> Caller:
    """A driver who has signed in through the channel."""
    driver = await shop.driver()
    await desk.introduce(driver.id)
    return driver


async def deliver(shop: Api, desk: CashDesk, path: str = "/api/v1/payments/notices/till") -> list[int]:
    fresh, desk.handled = desk.till.sent[desk.handled :], len(desk.till.sent)
    answers = [await shop.client.post(path, content=raw.body, headers=dict(raw.headers)) for raw in fresh]
    return [answer.status_code for answer in answers]


async def paid(shop: Api, desk: CashDesk, driver: Caller, amount_fen: int = 10_000, key: str = "payment-0001") -> str:
    body = BODY | {"amount_fen": amount_fen}
    made = await driver.post("/driver/payments", body, 201, **{"Idempotency-Key": key})
    desk.till.pay(made["payment_no"])
    assert await deliver(shop, desk) == [204]
    return str(made["payment_no"])


async def test_a_top_up_with_a_plan(shop: Api, desk: CashDesk) -> None:
    finance, driver = await shop.staff(Role.FINANCE), await signed_in(shop, desk)
    plan = {"name": "充100送20", "amount_fen": 10_000, "gift_fen": 2_000}
    added = await finance.post("/top-up-plans", plan)
    assert [each["name"] for each in await driver.get("/driver/top-up-plans")] == ["充100送20"]
    made = await driver.post("/driver/payments", {"channel": "till", "plan_id": added["id"]}, 201, **KEY)
    assert (made["amount_fen"], made["gift_fen"], made["state"]) == (10_000, 2_000, "prepaid")
    assert made["client"]["package"].startswith("prepay_id=")
    desk.till.pay(made["payment_no"])
    assert await deliver(shop, desk) == [204]
    shown = await driver.get(f"/driver/payments/{made['payment_no']}")
    assert (shown["state"], shown["client"]) == ("paid", None) and shown["paid_at"].endswith("+08:00")
    wallet = await driver.get("/wallet")
    assert (wallet["cash_fen"], wallet["gift_fen"], wallet["refundable_fen"]) == (10_000, 2_000, 10_000)
    assert (await driver.get("/driver/payments"))["items"] == [shown]
    await finance.delete(f"/top-up-plans/{added['id']}")
    assert await driver.get("/driver/top-up-plans") == []
    assert (await finance.get("/top-up-plans"))[0]["ended_at"]


async def test_the_same_key_gives_the_same_answer_and_another_body_is_refused(shop: Api, desk: CashDesk) -> None:
    driver = await signed_in(shop, desk)
    first = await driver.post("/driver/payments", BODY, 201, **KEY)
    desk.till.pay(first["payment_no"])
    await deliver(shop, desk)
    assert await driver.post("/driver/payments", BODY, 201, **KEY) == first
    problem = await driver.post("/driver/payments", BODY | {"amount_fen": 1_000}, 422, **KEY)
    assert problem["code"] == "idempotency_mismatch"
    assert (await driver.post("/driver/payments", BODY, 422))["code"] == "invalid_request"
    assert len(desk.till.sales) == 1


async def test_a_silent_provider_is_said_and_the_same_request_goes_on(shop: Api, desk: CashDesk) -> None:
    driver = await signed_in(shop, desk)
    desk.till.faults["charge"].append(Fault.UNHEARD)
    assert (await driver.post("/driver/payments", BODY, 503, **KEY))["code"] == "provider_silent"
    made = await driver.post("/driver/payments", BODY, 201, **KEY)
    assert list(desk.till.sales) == [made["payment_no"]]


async def test_the_result_is_asked_for_when_the_app_comes_back(shop: Api, desk: CashDesk) -> None:
    driver = await signed_in(shop, desk)
    made = await driver.post("/driver/payments", BODY, 201, **KEY)
    path = f"/driver/payments/{made['payment_no']}/check"
    assert (await driver.post(path, {}, 200))["state"] == "prepaid"
    desk.till.pay(made["payment_no"])
    assert (await driver.post(path, {}, 200))["state"] == "paid"
    assert (await driver.get("/wallet"))["cash_fen"] == 10_000
    other = await signed_in(shop, desk)
    await other.post(path, {}, 404)
    await other.get(f"/driver/payments/{made['payment_no']}", 404)
    for _ in range(18):
        await driver.post(path, {}, 200)
    assert (await driver.post(path, {}, 429))["code"] == "payment_checks"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"channel": "till"}, 400, "plan_or_amount"),
        ({"channel": "till", "plan_id": 1, "amount_fen": 100}, 400, "plan_or_amount"),
        ({"channel": "till", "plan_id": 99}, 422, "plan_not_offered"),
        ({"channel": "till", "amount_fen": 1}, 422, "payment_amount"),
        ({"channel": "till", "amount_fen": 0}, 422, "invalid_request"),
        ({"channel": "till", "amount_fen": 1.5}, 422, "invalid_request"),
        ({"channel": "till", "amount_fen": 100, "gift_fen": 100}, 422, "invalid_request"),
        ({"channel": "till", "amount_fen": 100, "payer_id": "somebody"}, 422, "invalid_request"),
        ({"channel": "alipay", "amount_fen": 100}, 503, "channel_not_configured"),
        ({"channel": "cash", "amount_fen": 100}, 404, "channel_unknown"),
        ({"channel": "till", "amount_fen": 100, "order": {"charge_point_code": "1" * 14}}, 404, "charge_point_unknown"),
    ],
)
async def test_wishes_that_do_not_fit(
    shop: Api, desk: CashDesk, body: dict[str, object], status: int, code: str
) -> None:
    driver = await signed_in(shop, desk)
    assert (await driver.post("/driver/payments", body, status, **KEY))["code"] == code


async def test_whoever_never_signed_in_through_the_channel_cannot_pay_by_it(shop: Api) -> None:
    driver = await shop.driver()
    assert (await driver.post("/driver/payments", BODY, 422, **KEY))["code"] == "payer_unknown"


async def test_whoever_has_accounts_in_several_apps_pays_with_that_of_the_session_that_asks(
    shop: Api, desk: CashDesk, database: Database
) -> None:
    sessions: list[Caller] = []
    for channel, appid, openid in (("till", "wxA", "oA"), ("till", "wxB", "oB"), ("wechat", "wxC", "oC")):
        identity = Identity(channel=channel, appid=appid, openid=openid, unionid="u" if channel == "till" else "")
        wanted = SignIn(identity=identity, device_id=f"device-{openid}-0000", operator_id=1)
        async with database.unit() as uow:
            if sessions and channel == "wechat":  # the same driver, through another channel
                row: dict[str, object] = {
                    "driver_id": sessions[0].id,
                    "channel": channel,
                    "appid": appid,
                    "openid": openid,
                }
                row |= {"unionid": None, "created_at_ms": uow.now_ms}
                await uow.connection.execute(insert(identities).values(row))
            signed = await service_identity.sign_in(uow, wanted)
        sessions.append(Caller(shop.client, signed.session.driver.driver_id, signed.token))
    assert len({each.id for each in sessions}) == 1
    async with database.unit() as uow:
        by_staff = Caller(shop.client, sessions[0].id, (await drivers.issue_token(uow, sessions[0].id)).token)
    payers = []
    for number, each in enumerate((*sessions, by_staff)):
        made = await each.post("/driver/payments", BODY, 201, **{"Idempotency-Key": f"payment-000{number}"})
        payers.append(desk.till.sales[made["payment_no"]].request.payer_id)
    assert payers == ["oA", "oB", "oB", "oB"], "the newest of the channel where the session has none there"


async def test_notices_prove_themselves_on_both_addresses(shop: Api, desk: CashDesk) -> None:
    driver = await signed_in(shop, desk)
    made = await driver.post("/driver/payments", BODY | {"channel": "wechat"}, 201, **KEY)
    desk.till.pay(made["payment_no"])
    (raw,) = desk.till.sent
    for content, headers in ((raw.body + b" ", dict(raw.headers)), (raw.body, {}), (b"", dict(raw.headers))):
        answer = await shop.client.post("/wx_notify_url", content=content, headers=headers)
        assert answer.status_code == 401 and answer.json()["code"] == "FAIL"
    large = await shop.client.post("/wx_notify_url", content=b" " * 70_000, headers=dict(raw.headers))
    assert large.status_code == 413
    assert (await driver.get("/wallet"))["cash_fen"] == 0
    assert await deliver(shop, desk, "/wx_notify_url") == [204]
    assert (await driver.get("/wallet"))["cash_fen"] == 10_000
    finance = await shop.staff(Role.FINANCE)
    (notice,) = (await finance.get("/payment-notices", number=made["payment_no"]))["items"]
    assert (notice["outcome"], notice["deliveries"], notice["channel"]) == ("credited", 1, "wechat")
    assert (await shop.client.post("/api/v1/payments/notices/cash")).status_code == 404


async def test_a_driver_has_money_back(shop: Api, desk: CashDesk) -> None:
    driver = await signed_in(shop, desk)
    await paid(shop, desk, driver)
    assert (await driver.get("/driver/refunds/quote"))["refundable_fen"] == 10_000
    for body in ({}, {"amount_fen": 1, "all": True}):
        assert (await driver.post("/driver/refunds", body, 400, **BACK))["code"] == "amount_or_all"
    problem = await driver.post("/driver/refunds", {"amount_fen": 10_001}, 422, **BACK)
    assert (problem["code"], problem["facts"]["refundable_fen"]) == ("refund_too_much", 10_000)
    made = await driver.post("/driver/refunds", {"all": True}, 201, **BACK)
    assert await driver.post("/driver/refunds", {"all": True}, 201, **BACK) == made
    assert (await driver.post("/driver/refunds", {"amount_fen": 1}, 422, **BACK))["code"] == "idempotency_mismatch"
    assert (await driver.get("/wallet"))["held_fen"] == 10_000
    desk.clock.advance(1_000)
    await service_desk.give_back(desk.desk)
    await desk.settle()
    done = await driver.get(f"/driver/refunds/{made['refund_no']}")
    assert (done["standing"], done["parts"][0]["state"]) == ("done", "succeeded")
    assert (await driver.get("/driver/refunds"))["items"] == [done]
    other = await signed_in(shop, desk)
    await other.get(f"/driver/refunds/{made['refund_no']}", 404)
    assert (await driver.get("/wallet/journal", purpose="refund"))["items"][0]["held_change_fen"] == -10_000


async def test_finance_looks_refunds_and_decides(shop: Api, desk: CashDesk) -> None:
    finance, driver = await shop.staff(Role.FINANCE), await signed_in(shop, desk)
    payment_no = await paid(shop, desk, driver)
    (row,) = (await finance.get("/payments", state="paid", driver_id=driver.id))["items"]
    assert row["payment_no"] == payment_no and row["transaction_id"]
    body = {"amount_fen": 2_500, "reason": "误充"}
    refund = await finance.post(f"/payments/{payment_no}/refunds", body, 201, **KEY)
    assert (await finance.post(f"/payments/{payment_no}/refunds", body, 201, **KEY)) == refund
    detail = await finance.get(f"/payments/{payment_no}")
    assert [each["kind"] for each in detail["events"]] == ["created", "announced", "paid", "refund_requested"]
    assert detail["refunds"] == [refund]
    assert [each["refund_no"] for each in (await finance.get("/refunds", standing="open"))["items"]] == [
        refund["refund_no"]
    ]
    entries = (await (await shop.staff()).get("/audit-log", object=f"payment:{payment_no}"))["items"]
    assert entries[0]["action"] == "payment.refund" and entries[0]["facts"]["reason"] == "误充"
    await finance.post(f"/payments/{payment_no}/check", {}, 200)
    problem = await finance.post(f"/payments/{payment_no}/decision", {"action": "dismiss", "reason": "x"}, 422)
    assert problem["code"] == "payment_not_quarantined"
    part_no = refund["parts"][0]["part_no"]
    problem = await finance.post(f"/refunds/{part_no}/decision", {"paid_out": True, "reason": "x"}, 422)
    assert problem["code"] == "refund_not_abnormal"


async def test_a_quarantined_payment_is_credited_as_it_was_paid(shop: Api, desk: CashDesk) -> None:
    finance, driver = await shop.staff(Role.FINANCE), await signed_in(shop, desk)
    made = await driver.post("/driver/payments", BODY, 201, **KEY)
    desk.till.pay(made["payment_no"], amount_fen=9_000)
    assert await deliver(shop, desk) == [204]
    path = f"/payments/{made['payment_no']}"
    assert (await finance.get(path))["flags"] == ["amount"]
    decided = await finance.post(f"{path}/decision", {"action": "accept", "reason": "实付 90 元"}, 200)
    assert (decided["state"], decided["paid_fen"]) == ("paid", 9_000)
    assert (await driver.get("/wallet"))["cash_fen"] == 9_000


async def test_nobody_sees_or_moves_what_is_not_theirs(shop: Api, desk: CashDesk) -> None:
    driver, theirs = await signed_in(shop, desk), await shop.staff(operator="别家")
    payment_no = await paid(shop, desk, driver)
    assert (await theirs.get("/payments"))["items"] == [] and (await theirs.get("/payment-notices"))["items"] == []
    await theirs.get(f"/payments/{payment_no}", 404)
    body = {"amount_fen": 1, "reason": "x"}
    await theirs.post(f"/payments/{payment_no}/refunds", body, 404, **KEY)
    for role in (Role.AUDITOR, Role.DEMO, Role.DISPATCHER, Role.OPERATIONS):
        member = await shop.staff(role)
        await member.get("/payments")
        await member.post(f"/payments/{payment_no}/refunds", body, 403, **KEY)
        await member.post("/top-up-plans", {"name": "x", "amount_fen": 100}, 403)
    for path in ("/payments", "/refunds", "/payment-notices", "/top-up-plans"):
        await driver.get(path, 403)
        await shop.nobody().get(path, 401)
    for path in ("/driver/payments", "/driver/refunds", "/driver/top-up-plans"):
        await theirs.get(path, 403)
        await shop.nobody().get(path, 401)
