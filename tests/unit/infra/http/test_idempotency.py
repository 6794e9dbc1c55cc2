"""The same request under the same key is done once and answered the same."""

import asyncio

import pytest
from fastapi import APIRouter, Response
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select

from chargecloud.infra.http import idempotency
from chargecloud.infra.http.auth import Someone
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.idempotency import OnceOnly, forget_old, idempotency_keys
from chargecloud.infra.http.model import ApiModel
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Refused
from tests.support.http import Tokens, app_for, client_of, driver

done = Table("idempotency_done", MetaData(), Column("id", Integer, primary_key=True), Column("fen", Integer))
router = APIRouter()
TOKENS = Tokens(one=driver(1), two=driver(2))


class Order(ApiModel):
    fen: int


@router.post("/orders", operation_id="place")
async def place(order: Order, once: OnceOnly, principal: Someone, db: Db) -> Response:
    async with db.unit() as uow:

        async def work() -> Order:
            if order.fen < 0:
                raise Refused("no debts", "negative")
            await uow.connection.execute(insert(done).values(fen=order.fen))
            return order

        return await once.answer(uow, principal, work, status=201)


@pytest.fixture
async def ready(database: Database) -> Database:
    async with database.unit() as uow:
        await uow.connection.run_sync(done.create)
    return database


async def count(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(done))).scalar_one())


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def test_a_repetition_gets_the_first_answer(ready: Database) -> None:
    async with client_of(app_for(ready, [router], resolvers=TOKENS.resolvers()), token="one") as client:
        answers = [await client.post("/api/v1/orders", json={"fen": 5}, headers=keyed("key-00001")) for _ in range(3)]
    assert {(each.status_code, each.text) for each in answers} == {(201, '{"fen":5}')}
    assert [each.headers.get("idempotency-replayed") for each in answers] == [None, "true", "true"]
    assert await count(ready) == 1


async def test_repetitions_at_the_same_moment_are_one(ready: Database) -> None:
    async with client_of(app_for(ready, [router], resolvers=TOKENS.resolvers()), token="one") as client:
        calls = (client.post("/api/v1/orders", json={"fen": 5}, headers=keyed("key-00001")) for _ in range(8))
        answers = await asyncio.gather(*calls)
    assert {each.status_code for each in answers} == {201}
    assert await count(ready) == 1


async def test_another_request_under_the_key_is_refused(ready: Database) -> None:
    async with client_of(app_for(ready, [router], resolvers=TOKENS.resolvers()), token="one") as client:
        await client.post("/api/v1/orders", json={"fen": 5}, headers=keyed("key-00001"))
        answer = await client.post("/api/v1/orders", json={"fen": 6}, headers=keyed("key-00001"))
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    assert await count(ready) == 1


async def test_keys_of_two_principals_are_two(ready: Database) -> None:
    for token in ("one", "two"):
        async with client_of(app_for(ready, [router], resolvers=TOKENS.resolvers()), token=token) as client:
            await client.post("/api/v1/orders", json={"fen": 5}, headers=keyed("key-00001"))
    assert await count(ready) == 2


async def test_a_refusal_may_be_tried_again(ready: Database) -> None:
    async with client_of(app_for(ready, [router], resolvers=TOKENS.resolvers()), token="one") as client:
        refused = await client.post("/api/v1/orders", json={"fen": -1}, headers=keyed("key-00001"))
        later = await client.post("/api/v1/orders", json={"fen": 1}, headers=keyed("key-00001"))
    assert (refused.status_code, later.status_code) == (422, 201)


@pytest.mark.parametrize("headers", [{}, keyed("short"), keyed("x" * 129), keyed("with space and more")])
async def test_a_decent_key_is_needed(ready: Database, headers: dict[str, str]) -> None:
    async with client_of(app_for(ready, [router], resolvers=TOKENS.resolvers()), token="one") as client:
        answer = await client.post("/api/v1/orders", json={"fen": 5}, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "header.Idempotency-Key"
    assert await count(ready) == 0


async def test_answers_are_forgotten_after_three_days(
    ready: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "FORGET_ROWS", 2)
    async with client_of(app_for(ready, [router], resolvers=TOKENS.resolvers()), token="one") as client:
        for number in range(3):
            await client.post("/api/v1/orders", json={"fen": 5}, headers=keyed(f"key-0000{number}"))
        clock.advance(idempotency.KEEP_MS + 1)
        await client.post("/api/v1/orders", json={"fen": 5}, headers=keyed("key-new-1"))
    left = []
    for _ in range(3):
        await forget_old(ready)
        async with ready.read() as connection:
            left.append(len((await connection.execute(select(idempotency_keys))).all()))
    assert left == [2, 1, 1]
