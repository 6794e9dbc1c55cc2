"""Money given to a wallet by hand: a little by one person, much by two, and never cut into small sums."""

import asyncio
from typing import Any

import pytest

from chargecloud.features.operators.messages import Role
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Correction
from chargecloud.kernel.clock import ManualClock
from tests.support.api import Api, Caller

LIMIT_FEN = 5_000
HOUR_MS = 3_600_000


@pytest.fixture
async def driver(api: Api) -> Caller:
    return await api.driver()


@pytest.fixture
async def anna(api: Api) -> Caller:
    """Of finance: may ask and approve."""
    return await api.staff(Role.FINANCE)


@pytest.fixture
async def bert(api: Api) -> Caller:
    """Likewise."""
    return await api.staff(Role.FINANCE)


async def give(
    who: Caller, driver: Caller, amount_fen: int, key: str, status: int = 201, reason: str = "补偿"
) -> dict[str, Any]:
    body = {"amount_fen": amount_fen, "reason": reason}
    answer: dict[str, Any] = await who.post(
        f"/drivers/{driver.id}/adjustments", body, status, **{"Idempotency-Key": f"give-{key}-key"}
    )
    return answer


async def decide(who: Caller, approval_id: int, verb: str = "approve", status: int = 200) -> dict[str, Any]:
    answer: dict[str, Any] = await who.post(f"/approvals/{approval_id}/{verb}", {"note": "核对无误"}, status)
    return answer


async def cash(api: Api, driver: Caller) -> int:
    async with api.database.read() as connection:
        assert (await wallet.audit(connection)).problems == ()
    return int((await driver.get("/wallet"))["cash_fen"])


async def test_up_to_the_limit_one_person_is_enough(api: Api, driver: Caller, anna: Caller) -> None:
    given = await give(anna, driver, LIMIT_FEN, "1")
    assert given["balance"]["cash_fen"] == LIMIT_FEN and not given["repeated"]
    assert (await give(anna, driver, LIMIT_FEN, "1"))["repeated"]
    assert await cash(api, driver) == LIMIT_FEN


async def test_above_it_a_second_person_decides(api: Api, driver: Caller, anna: Caller, bert: Caller) -> None:
    asked = await give(anna, driver, LIMIT_FEN + 1, "1", 202)
    assert await cash(api, driver) == 0
    assert await give(anna, driver, LIMIT_FEN + 1, "1", 202) == asked
    assert (await give(anna, driver, LIMIT_FEN + 2, "1", 409))["code"] == "transfer_differs"
    assert (await give(anna, driver, LIMIT_FEN + 1, "2", 409))["code"] == "approval_waiting"
    assert (await decide(anna, asked["approval_id"], status=403))["code"] == "approval_by_requester"
    stranger = await api.staff(Role.ADMINISTRATOR, operator="乙方")
    assert (await decide(stranger, asked["approval_id"], status=404))["code"] == "approval_unknown"
    (waiting,) = (await bert.get("/approvals", state="waiting"))["items"]
    assert (waiting["kind"], waiting["about"]) == ("wallet.adjust", f"driver:{driver.id}")
    await decide(bert, asked["approval_id"])
    assert await cash(api, driver) == LIMIT_FEN + 1
    assert (await give(anna, driver, LIMIT_FEN + 1, "1"))["repeated"]
    assert (await decide(bert, asked["approval_id"], status=409))["code"] == "approval_decided"
    (line,) = (await anna.get(f"/drivers/{driver.id}/wallet/journal", purpose="adjustment"))["items"]
    assert (line["available_change_fen"], line["memo"]) == (LIMIT_FEN + 1, "补偿")
    boss = await api.staff()
    actions = [one["action"] for one in (await boss.get("/audit-log", object=f"driver:{driver.id}"))["items"]]
    assert actions == ["wallet.adjust", "approvals.approved", "approvals.request"]


async def test_what_is_rejected_moves_nothing_and_may_be_asked_again(
    api: Api, driver: Caller, anna: Caller, bert: Caller
) -> None:
    asked = await give(anna, driver, 9_000, "1", 202)
    await decide(bert, asked["approval_id"], "reject")
    assert await cash(api, driver) == 0
    again = await give(anna, driver, 9_000, "1", 202)
    assert again["approval_id"] != asked["approval_id"]


async def test_much_cannot_be_given_in_small_sums(
    api: Api, driver: Caller, anna: Caller, bert: Caller, clock: ManualClock
) -> None:
    """Whoever gives it, and whatever is taken in between."""
    await give(anna, driver, 3_000, "1")
    await give(anna, driver, -3_000, "2")
    await give(bert, driver, 2_001, "3", 202)
    await give(bert, driver, 2_000, "4")
    other = await api.driver("另一人")
    await give(bert, other, LIMIT_FEN, "5")
    clock.advance(25 * HOUR_MS)
    cara = await api.staff(Role.FINANCE)
    await give(cara, driver, LIMIT_FEN, "6")
    assert await cash(api, driver) == 2_000 + LIMIT_FEN


async def test_what_pays_a_debt_is_given_as_well(api: Api, driver: Caller, anna: Caller) -> None:
    debt = Correction(
        transfer_id="debt", driver_id=driver.id, operator_id=1, energy_fee_fen=4_000, service_fee_fen=0, memo=""
    )
    async with api.database.unit() as uow:
        await wallet.correct(uow, debt)
    await give(anna, driver, 3_000, "1")
    await give(anna, driver, 2_001, "2", 202)


async def test_to_take_money_needs_one(api: Api, driver: Caller, anna: Caller, bert: Caller) -> None:
    asked = await give(anna, driver, 20_000, "1", 202)
    await decide(bert, asked["approval_id"])
    taken = await give(anna, driver, -20_000, "2")
    assert taken["balance"]["cash_fen"] == 0


async def test_two_who_approve_at_once_give_once(api: Api, driver: Caller, anna: Caller, bert: Caller) -> None:
    cara = await api.staff(Role.FINANCE)
    asked = await give(anna, driver, 20_000, "1", 202)
    path = f"/api/v1/approvals/{asked['approval_id']}/approve"
    answers = await asyncio.gather(
        *(
            api.client.post(path, json={"note": ""}, headers={"Authorization": f"Bearer {who.token}"})
            for who in (bert, cara)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await cash(api, driver) == 20_000


async def test_two_who_give_at_once_give_no_more_than_one_may(
    api: Api, driver: Caller, anna: Caller, bert: Caller
) -> None:
    await give(anna, driver, 1_000, "0")
    answers = await asyncio.gather(
        *(
            api.client.post(
                f"/api/v1/drivers/{driver.id}/adjustments",
                json={"amount_fen": 3_000, "reason": "补偿"},
                headers={"Authorization": f"Bearer {who.token}", "Idempotency-Key": f"at-once-{at}"},
            )
            for at, who in enumerate((anna, bert))
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 202]
    assert await cash(api, driver) == 4_000
