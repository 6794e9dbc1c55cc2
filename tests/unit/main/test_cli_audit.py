"""`chargecloud audit verify` on a database: what holds, what was changed, what was noted before."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import AuditLink, BrokenChain
from chargecloud.infra import telemetry
from chargecloud.infra.http.auth import Principal
from chargecloud.kernel.errors import Invalid
from chargecloud.main import cli, cli_audit
from tests.support.database import opened

DIGEST = "ab" * 32


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with three acts of one operator."""
    made = tmp_path / "chargecloud.db"
    monkeypatch.setenv("CHARGECLOUD_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(telemetry, "set_up_log", lambda *_: None)

    async def act() -> None:
        async with opened(made) as database, database.unit() as uow:
            await operators.require_default_operator(uow)
            who = Principal(kind="staff", id=1, name="张三", operator_id=1)
            for number in range(3):
                operators.audit(uow, who, "orders.close", f"order:{number}")

    asyncio.run(act())
    return made


def verify(*more: str) -> Result:
    return CliRunner().invoke(cli.app, ["audit", "verify", *more])


def test_what_holds_is_told_so_that_it_can_be_noted(path: Path, tmp_path: Path) -> None:
    first = verify()
    assert first.exit_code == 0, first.output
    operator, number, digest = first.stdout.split()
    assert (operator, number, len(digest)) == ("1", "3", 64)
    noted = tmp_path / "noted.txt"
    noted.write_text(first.stdout, "utf-8")
    assert verify("--noted", str(noted)).exit_code == 0
    noted.write_text(f"1 2 {DIGEST}\n", "utf-8")
    broken = verify("--noted", str(noted))
    assert broken.exit_code == 1 and "BROKEN at entry 2" in broken.stderr


def test_the_first_broken_entry_is_named(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER tr_audit_log_no_update")
        connection.execute("UPDATE audit_log SET object = 'order:9' WHERE chain_no = 2")
    broken = verify()
    assert broken.exit_code == 1 and broken.stdout == ""
    assert "operator 1: BROKEN at entry 2 (id 2): was changed" in broken.stderr


def test_lines_of_a_note() -> None:
    assert cli_audit.links_of(f"\n1 7 {DIGEST}\n2 0 -\n") == [AuditLink(operator_id=1, chain_no=7, digest=DIGEST)]
    with pytest.raises(Invalid, match="line 2"):
        cli_audit.links_of(f"1 7 {DIGEST}\nrubbish\n")


def test_an_end_that_is_missing_is_told_as_such() -> None:
    broken = BrokenChain(operator_id=3, chain_no=None, entry_id=None, reason="ends after entry 4")
    assert cli_audit.told(broken) == ("operator 3: BROKEN at its end: ends after entry 4", True)
    assert cli_audit.told(AuditLink(operator_id=3, chain_no=0, digest="")) == ("3 0 -", False)
