"""The audit log is one chain an operator: it holds under parallel writers, and shows what was changed."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import structlog
from sqlalchemy import text

from chargecloud.features.operators import jobs, service_audit, sql_audit
from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import AuditLink, BrokenChain, Role
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql import append_only
from chargecloud.infra.sql.engine import Database
from tests.support.api import Api

ANNA = Principal(kind="staff", id=7, name='安娜 "x" <b>', operator_id=1, source="127.0.0.1")
PLATFORM = Principal(kind="staff", id=8, name="平台", operator_id=None)


async def write(database: Database, count: int = 1, who: Principal = ANNA) -> None:
    async with database.unit("trace") as uow:
        for number in range(count):
            operators.audit(uow, who, "orders.close", f"order:{number}", {"before": {"a": number}, "reason": "好"})


async def chains(database: Database, *noted: AuditLink) -> list[AuditLink | BrokenChain]:
    async with database.read() as connection:
        return [result async for result in service_audit.verify(connection, noted)]


@pytest.fixture
async def unguarded(database: Database) -> AsyncIterator[Database]:
    """A database whose guards somebody has taken away."""
    async with database.unit() as uow:
        for act in ("update", "delete"):
            await uow.connection.execute(text(f"DROP TRIGGER tr_audit_log_no_{act}"))
    yield database
    async with database.unit() as uow:
        await uow.connection.run_sync(append_only.protect)


async def tamper(database: Database, statement: str) -> None:
    async with database.unit() as uow:
        assert (await uow.connection.execute(text(statement))).rowcount


async def test_entries_of_one_unit_and_of_several_are_one_chain(database: Database) -> None:
    await write(database, 3)
    await write(database, 1, PLATFORM)
    await write(database, 2)
    links = await chains(database)
    assert [(link.operator_id, link.chain_no) for link in links if isinstance(link, AuditLink)] == [(0, 1), (1, 5)]


async def test_a_unit_that_fails_leaves_no_link(database: Database) -> None:
    await write(database)
    before = await chains(database)
    with pytest.raises(ZeroDivisionError):
        async with database.unit() as uow:
            operators.audit(uow, ANNA, "orders.close", "order:1")
            raise ZeroDivisionError
    assert await chains(database) == before


async def test_the_chain_holds_under_parallel_writers(database: Database) -> None:
    await asyncio.gather(*(write(database, 1 + number % 3, ANNA if number % 4 else PLATFORM) for number in range(40)))
    links = await chains(database)
    assert all(isinstance(link, AuditLink) for link in links), links
    assert sum(link.chain_no for link in links if isinstance(link, AuditLink)) == sum(1 + n % 3 for n in range(40))


async def test_acts_over_the_api_are_chained(api: Api, database: Database) -> None:
    boss = await api.staff()
    body = {"username": "xiaoming", "display_name": "小明", "role": "finance", "password": "a long enough secret"}
    await boss.post("/staff", body)
    (link,) = await chains(database)
    assert isinstance(link, AuditLink)
    (entry,) = (await boss.get("/audit-log"))["items"]
    assert (entry["chain_no"], entry["digest"]) == (link.chain_no, link.digest) == (1, link.digest)


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE audit_log SET facts = '{}' WHERE chain_no = 3", 3),
        ("UPDATE audit_log SET actor_name = 'Anna' WHERE chain_no = 1", 1),
        ("UPDATE audit_log SET at_ms = at_ms + 1 WHERE chain_no = 6", 6),
        ("DELETE FROM audit_log WHERE chain_no = 2", 3),
        ("DELETE FROM audit_log WHERE chain_no = 6", None),
        ("UPDATE audit_log SET operator_id = NULL WHERE chain_no = 4", 4),
    ],
)
async def test_what_was_changed_or_removed_is_named(unguarded: Database, statement: str, number: int | None) -> None:
    await write(unguarded, 6)
    await tamper(unguarded, statement)
    broken = next(link for link in await chains(unguarded) if isinstance(link, BrokenChain))
    assert broken.chain_no == number


async def test_a_whole_chain_that_was_removed_with_its_end_is_missed_by_whoever_noted_it(unguarded: Database) -> None:
    await write(unguarded, 2)
    (noted,) = await chains(unguarded)
    assert isinstance(noted, AuditLink)
    await tamper(unguarded, "DELETE FROM audit_log")
    assert [type(link) for link in await chains(unguarded)] == [BrokenChain]
    await tamper(unguarded, "DELETE FROM audit_heads")
    assert await chains(unguarded) == []
    (broken,) = await chains(unguarded, noted)
    assert isinstance(broken, BrokenChain)


async def test_rows_without_an_end_are_not_believed(unguarded: Database) -> None:
    await write(unguarded, 2)
    await tamper(unguarded, "DELETE FROM audit_heads")
    assert [type(link) for link in await chains(unguarded)] == [BrokenChain]


async def test_how_far_the_chains_go_is_told_the_log(database: Database) -> None:
    await write(database, 2)
    with structlog.testing.capture_logs() as lines:
        await jobs.anchor_audit(database)
    (link,) = await chains(database)
    assert isinstance(link, AuditLink)
    assert [(line["event"], line["operator_id"], line["chain_no"], line["digest"]) for line in lines] == [
        ("audit.anchored", 1, 2, link.digest)
    ]


async def test_the_end_of_a_chain_is_read_as_others_left_it(database: Database) -> None:
    await write(database)
    async with database.unit() as uow:
        assert (await sql_audit.lock_head(uow, 1)).chain_no == 1
        assert (await sql_audit.lock_head(uow, 2)).chain_no == 0


async def test_who_may_read_the_log(api: Api) -> None:
    await (await api.staff(Role.AUDITOR)).get("/audit-log")
    await (await api.staff(Role.FINANCE)).get("/audit-log", 403)
