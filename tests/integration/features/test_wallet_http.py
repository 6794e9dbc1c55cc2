"""Wallets over HTTP: what drivers see, what staff may move, and that repeating moves nothing."""

import pytest

from chargecloud.features.operators.messages import Role
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Capture, Hold
from chargecloud.infra.sql.engine import Database
from tests.support.api import Api, Caller

KEY = {"Idempotency-Key": "counter-0001"}


@pytest.fixture
async def driver(api: Api) -> Caller:
    return await api.driver()


async def test_a_top_up_at_the_counter(api: Api, driver: Caller) -> None:
    finance = await api.staff(Role.FINANCE)
    assert (await driver.get("/wallet"))["cash_fen"] == 0
    moved = await finance.post(f"/drivers/{driver.id}/top-ups", {"amount_fen": 10_000, "reason": "现金"}, 201, **KEY)
    assert not moved["repeated"] and moved["balance"]["available_fen"] == 10_000
    assert await driver.get("/wallet") == {
        "driver_id": driver.id, "cash_fen": 10_000, "held_fen": 0, "available_fen": 10_000, "arrears_fen": 0,
        "gift_fen": 0, "refundable_fen": 10_000,
    }  # fmt: skip
    boss = await api.staff()
    entry = (await boss.get("/audit-log", action="wallet.top_up"))["items"][0]
    assert entry["actor"] == f"staff:{finance.id}" and entry["object"] == f"driver:{driver.id}"
    assert entry["facts"] == {"amount_fen": 10_000, "reason": "现金", "transfer_id": moved["transfer_id"]}


async def test_the_same_key_moves_money_once(api: Api, driver: Caller) -> None:
    finance = await api.staff(Role.FINANCE)
    body = {"amount_fen": 500, "reason": "现金"}
    for repeated in (False, True, True):
        moved = await finance.post(f"/drivers/{driver.id}/top-ups", body, 201, **KEY)
        assert moved["repeated"] is repeated and moved["balance"]["cash_fen"] == 500
    other = await finance.post(f"/drivers/{driver.id}/top-ups", {**body, "amount_fen": 501}, 409, **KEY)
    assert other["code"] == "transfer_differs"
    assert len((await (await api.staff()).get("/audit-log", action="wallet.top_up"))["items"]) == 1
    assert (await finance.post(f"/drivers/{driver.id}/top-ups", body, 422))["code"] == "invalid_request"


async def test_an_adjustment_takes_no_more_than_there_is(api: Api, driver: Caller) -> None:
    finance = await api.staff(Role.FINANCE)
    path = f"/drivers/{driver.id}/adjustments"
    give = await finance.post(path, {"amount_fen": 300, "reason": "补偿"}, 201, **{"Idempotency-Key": "adjust-01"})
    assert give["balance"]["cash_fen"] == 300
    problem = await finance.post(path, {"amount_fen": -301, "reason": "误充"}, 422, **{"Idempotency-Key": "adjust-02"})
    assert problem["code"] == "balance_low" and "3.00" in problem["detail"]
    take = await finance.post(path, {"amount_fen": -300, "reason": "误充"}, 201, **{"Idempotency-Key": "adjust-02"})
    assert take["balance"]["cash_fen"] == 0
    await finance.post(path, {"amount_fen": 0, "reason": "x"}, 400, **{"Idempotency-Key": "adjust-03"})
    actions = (await (await api.staff()).get("/audit-log", object=f"driver:{driver.id}"))["items"]
    assert [entry["facts"]["amount_fen"] for entry in actions] == [-300, 300]


async def test_the_journal_tells_what_moved_the_money(api: Api, database: Database, driver: Caller) -> None:
    finance = await api.staff(Role.FINANCE)
    await finance.post(f"/drivers/{driver.id}/top-ups", {"amount_fen": 10_000, "reason": "现金"}, 201, **KEY)
    async with database.unit() as uow:
        await wallet.hold(uow, Hold(hold_id="order-1", driver_id=driver.id, amount_fen=6_000, reason="charge"))
    async with database.unit() as uow:
        await wallet.capture(
            uow,
            Capture(
                hold_id="order-1",
                transfer_id="order-1:capture",
                energy_fee_fen=8_000,
                service_fee_fen=3_500,
                operator_id=1,
                memo="order-1",
            ),
        )
    lines = (await driver.get("/wallet/journal"))["items"]
    shown = [
        (line["purpose"], line["available_change_fen"], line["held_change_fen"], line["arrears_change_fen"])
        for line in lines
    ]
    assert shown == [("charge", -4_000, -6_000, 1_500), ("hold", -6_000, 6_000, 0), ("top_up", 10_000, 0, 0)]
    assert lines[0]["hold_id"] == "order-1" and lines[0]["at"].endswith("+08:00")
    first = await finance.get(f"/drivers/{driver.id}/wallet/journal", limit=2)
    rest = await finance.get(f"/drivers/{driver.id}/wallet/journal", limit=2, before=first["next"])
    assert first["items"] + rest["items"] == lines and rest["next"] is None
    assert [line["purpose"] for line in (await driver.get("/wallet/journal", purpose="hold"))["items"]] == ["hold"]
    await driver.get("/wallet/journal", 422, purpose="gift")
    assert (await finance.get(f"/drivers/{driver.id}/wallet"))["arrears_fen"] == 1_500


async def test_nobody_sees_or_moves_what_is_not_theirs(api: Api, driver: Caller) -> None:
    theirs = await api.staff(operator="别家")
    body = {"amount_fen": 1, "reason": "x"}
    for path in ("top-ups", "adjustments"):
        assert (await theirs.post(f"/drivers/{driver.id}/{path}", body, 404, **KEY))["code"] == "driver_unknown"
        for role in (Role.AUDITOR, Role.DEMO, Role.DISPATCHER, Role.OPERATIONS, Role.MAINTENANCE):
            await (await api.staff(role)).post(f"/drivers/{driver.id}/{path}", body, 403, **KEY)
        await driver.post(f"/drivers/{driver.id}/{path}", body, 403, **KEY)
    for path in ("wallet", "wallet/journal"):
        await theirs.get(f"/drivers/{driver.id}/{path}", 404)
        await driver.get(f"/drivers/{driver.id}/{path}", 403)
        await api.nobody().get(f"/{path}", 401)
        await theirs.get(f"/{path}", 403)
    other = await api.driver("韩梅梅")
    assert (await other.get("/wallet"))["driver_id"] == other.id


@pytest.mark.parametrize(
    "body",
    [
        {"amount_fen": 0, "reason": "x"},
        {"amount_fen": -5, "reason": "x"},
        {"amount_fen": 10**12, "reason": "x"},
        {"amount_fen": 1.5, "reason": "x"},
        {"amount_fen": "5", "reason": "x"},
        {"amount_fen": 5, "reason": ""},
        {"amount_fen": 5},
        {"amount_fen": 5, "reason": "x", "source": "wechat"},
    ],
)
async def test_amounts_that_do_not_fit_are_refused(api: Api, driver: Caller, body: dict[str, object]) -> None:
    finance = await api.staff(Role.FINANCE)
    problem = await finance.post(f"/drivers/{driver.id}/top-ups", body, 422, **KEY)
    assert problem["code"] == "invalid_request"
    assert (await driver.get("/wallet"))["cash_fen"] == 0
