"""The database beyond what its contract says: URLs, upkeep, slow units, what is counted."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from chargecloud.infra.sql.engine import Database
from chargecloud.infra.telemetry import registry, trace_id
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Invalid, Unavailable


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql://host/db", "mysql://host"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(Invalid, match="sqlite:///path"):
        Database(url, ManualClock())


async def test_a_database_that_is_not_open_says_so(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}", ManualClock())
    with pytest.raises(Unavailable, match="start it first"):
        async with database.unit():
            raise AssertionError("never reached")
    with pytest.raises(Unavailable, match="start it first"):
        async with database.read():
            raise AssertionError("never reached")


async def test_a_unit_takes_the_trace_of_the_request_around_it(database: Database) -> None:
    token = trace_id.set("of the request")
    async with database.unit() as uow:
        assert uow.trace_id == "of the request"
    async with database.unit("its own") as uow:
        assert uow.trace_id == "its own"
    trace_id.reset(token)


async def test_failed_units_are_counted(database: Database) -> None:
    def failures() -> float:
        return registry.get_sample_value("chargecloud_unit_failures_total") or 0

    before = failures()
    with pytest.raises(ZeroDivisionError):
        async with database.unit():
            raise ZeroDivisionError
    async with database.unit():
        pass
    assert failures() == before + 1


async def test_a_unit_that_keeps_others_waiting_is_told(database: Database, clock: ManualClock) -> None:
    with capture_logs() as logs:
        async with database.unit():
            clock.advance(700)
        async with database.in_background().unit():
            clock.advance(700)
    assert logs == [{"event": "database.unit_slow", "log_level": "warning", "ms": 700, "committed": True}]


async def test_units_of_different_tasks_are_no_units_within_units(database: Database) -> None:
    async def another() -> None:
        async with database.in_background().unit():
            pass

    async with database.unit():
        waiting = asyncio.create_task(another())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="pass it on"):
            async with database.in_background().unit():
                raise AssertionError("never reached")
    await waiting
