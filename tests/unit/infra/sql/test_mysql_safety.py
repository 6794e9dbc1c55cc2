"""A server that may lose what it committed is refused, and told what to change."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from chargecloud.infra.sql import mysql_safety
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.store import StoreOptions
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Refused, Unsupported
from tests.support.mariadb import own_database
from tests.support.mariadb_server import own_server

SAFE = {
    "innodb_flush_log_at_trx_commit": "1",
    "log_bin": "1",
    "sync_binlog": "1",
    "default_storage_engine": "InnoDB",
    "sql_mode": "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES",
    "charset": "utf8mb4",
}
UNSAFE = [
    ("innodb_flush_log_at_trx_commit", "2"),
    ("sync_binlog", "0"),
    ("default_storage_engine", "MyISAM"),
    ("sql_mode", "NO_ENGINE_SUBSTITUTION"),
    ("charset", "latin1"),
]


def test_a_safe_server_has_no_faults() -> None:
    assert list(mysql_safety.faults(SAFE)) == []


def test_without_a_binary_log_its_setting_does_not_matter() -> None:
    assert list(mysql_safety.faults(SAFE | {"log_bin": "0", "sync_binlog": "0"})) == []


@pytest.mark.parametrize(("variable", "value"), UNSAFE)
def test_each_fault_is_named_with_what_mends_it(variable: str, value: str) -> None:
    (fault,) = mysql_safety.faults(SAFE | {variable: value})
    text = str(fault)
    assert f"is {value}, needed is {fault.needed}" in text
    assert "SET GLOBAL" in text or "ALTER DATABASE" in text


@pytest.mark.parametrize("version", ["8.0.36", "8.4.3", "10.11.19-MariaDB-0+deb12u1", "5.5.5-10.11.6-MariaDB"])
def test_versions_that_will_do(version: str) -> None:
    mysql_safety.refuse_old(version)


@pytest.mark.parametrize("version", ["5.7.44-log", "8.0.15", "10.5.9-MariaDB"])
def test_versions_that_are_too_old(version: str) -> None:
    with pytest.raises(Unsupported, match="too old"):
        mysql_safety.refuse_old(version)


@asynccontextmanager
async def started(url: str, options: StoreOptions) -> AsyncIterator[Database]:
    database = Database(url, ManualClock(), store=options)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


@pytest.mark.connected
async def test_the_server_of_the_distribution_will_do() -> None:
    async with own_database() as url, started(url, StoreOptions()):
        pass


@pytest.mark.connected
async def test_an_unsafe_server_is_refused_unless_somebody_takes_it_upon_himself(tmp_path: Path) -> None:
    unsafe = ("--innodb-flush-log-at-trx-commit=2", "--sql-mode=", "--log-bin=binlog", "--server-id=1")
    async with own_server(tmp_path, *unsafe) as server:
        url = f"{server.url}/chargecloud"
        with pytest.raises(Refused, match="ALLOW_UNSAFE") as caught:
            async with started(url, StoreOptions()):
                raise AssertionError("never reached")
        named = ["innodb_flush_log_at_trx_commit", "sync_binlog", "sql_mode"]
        assert caught.value.facts["variables"] == named
        with capture_logs() as logs:
            async with started(url, StoreOptions(allow_unsafe=True)):
                pass
        assert [line["variable"] for line in logs if line["event"] == "database.unsafe"] == named
