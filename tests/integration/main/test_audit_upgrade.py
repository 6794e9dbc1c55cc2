"""Audit entries that are older than the chain are what it begins with."""

import sqlite3
from pathlib import Path

import pytest

from chargecloud.features.operators import service as operators
from chargecloud.features.operators import service_audit
from chargecloud.features.operators.messages import AuditLink, BrokenChain
from chargecloud.infra.http.auth import Principal
from chargecloud.main import schema
from tests.support.database import opened

BEFORE_THE_CHAIN = "0014"
ANNA = Principal(kind="staff", id=7, name="安娜", operator_id=1)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database with five entries, two of them of the platform, brought to the newest schema."""
    path = tmp_path / "chargecloud.db"
    url = f"sqlite:///{path.as_posix()}"
    schema.upgrade(url, BEFORE_THE_CHAIN)
    with sqlite3.connect(path) as connection:
        for number, operator_id in enumerate((1, None, 1, 1, None)):
            values = (operator_id, number, f"staff:{number}", "安娜", "orders.close", f'{{"reason":"好{number}"}}')
            connection.execute(
                "INSERT INTO audit_log (operator_id, at_ms, actor, actor_name, action, facts, object, before_digest,"
                " after_digest, source, request_id) VALUES (?, ?, ?, ?, ?, ?, '', '', '', '', '')",
                values,
            )
    connection.close()
    schema.upgrade(url)
    return path


async def verified(path: Path) -> list[AuditLink | BrokenChain]:
    async with opened(path) as database:
        async with database.unit() as uow:
            await operators.require_default_operator(uow)
            operators.audit(uow, ANNA, "orders.close", "order:1")
        async with database.read() as connection:
            return [result async for result in service_audit.verify(connection)]


async def test_what_was_written_before_holds(old: Path) -> None:
    links = await verified(old)
    assert [(link.operator_id, link.chain_no) for link in links if isinstance(link, AuditLink)] == [(0, 0), (1, 1)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET facts = '{}' WHERE id = 3",
        "DELETE FROM audit_log WHERE id = 1",
        "UPDATE audit_log SET operator_id = NULL WHERE id = 4",
    ],
)
async def test_an_older_entry_that_was_changed_shows(old: Path, statement: str) -> None:
    with sqlite3.connect(old) as connection:
        for act in ("update", "delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS tr_audit_log_no_{act}")
        connection.execute(statement)
    connection.close()
    broken = [link for link in await verified(old) if isinstance(link, BrokenChain)]
    assert broken and "from before the chain" in broken[-1].reason
