"""One has it at a time; whoever had it knows that it is over before anybody else has it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chargecloud.infra.schedule.lease import Lease
from chargecloud.infra.schedule.loop import job_lease
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from tests.support.mariadb import opened, own_database


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.connected)])
async def leased(request: pytest.FixtureRequest, database: Database, clock: ManualClock) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        yield database
        return
    async with own_database() as url, opened(url, clock=clock) as server:
        async with server.unit() as uow:
            await uow.connection.run_sync(job_lease.create)
        yield server


async def test_the_first_has_it_until_it_does_not_renew(leased: Database, clock: ManualClock) -> None:
    first, second = Lease(leased, "x"), Lease(leased, "x")
    assert await first.renew() and first.held
    assert not await second.renew() and not second.held
    clock.advance(3_999)
    assert first.held
    assert not await first.renew()
    clock.advance(4_001)
    assert not first.held
    assert not await second.renew(), "the other waits longer than the first believes to have it"
    clock.advance(2_000)
    assert await second.renew() and second.held
    assert not await first.renew() and not first.held


async def test_kept_and_taken_again_by_the_same_is_no_new_turn(leased: Database, clock: ManualClock) -> None:
    lease = Lease(leased, "x")
    assert await lease.renew()
    clock.advance(60_000)
    assert not lease.held
    assert not await lease.renew() and lease.held


async def test_what_is_released_is_free_at_once(leased: Database) -> None:
    first, second, other = Lease(leased, "x"), Lease(leased, "x"), Lease(leased, "y")
    assert await first.renew() and await other.renew()
    await second.release()
    assert not await second.renew()
    await first.release()
    assert not first.held
    assert await second.renew()


async def test_of_many_at_once_one_gets_it(leased: Database) -> None:
    leases = [Lease(leased, "x") for _ in range(8)]
    assert sum(await asyncio.gather(*(lease.renew() for lease in leases))) == 1
    assert sum(lease.held for lease in leases) == 1
