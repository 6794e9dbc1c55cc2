"""Jobs run when they are due, by one process at a time, and a failing one hurts no other."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from chargecloud.infra.schedule import loop
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.schedule.loop import Scheduler
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Unavailable

MINUTE_MS = 60_000


class Diary:
    """Counts runs."""

    def __init__(self) -> None:
        self.runs: list[str] = []

    def job(self, name: str, every_s: int = 60, *, error: Exception | None = None) -> Job:
        async def run(_: Database) -> None:
            self.runs.append(name)
            if error:
                raise error

        return Job(name, every_s, run)


@pytest.fixture
def diary() -> Diary:
    return Diary()


async def test_a_job_runs_once_in_its_time(database: Database, clock: ManualClock, diary: Diary) -> None:
    scheduler = Scheduler(database, [diary.job("minute"), diary.job("hour", 3600)])
    await scheduler.run_due()
    await scheduler.run_due()
    assert sorted(diary.runs) == ["hour", "minute"]
    clock.advance(2 * MINUTE_MS)
    await scheduler.run_due()
    assert diary.runs.count("minute") == 2 and diary.runs.count("hour") == 1


async def test_two_processes_share_the_work(database: Database, clock: ManualClock, diary: Diary) -> None:
    first, second = (Scheduler(database, [diary.job("minute")]) for _ in range(2))
    for _ in range(5):
        await first.run_due()
        await second.run_due()
        clock.advance(2 * MINUTE_MS)
    assert len(diary.runs) == 5


async def test_a_job_is_never_run_by_two_at_once(database: Database, clock: ManualClock) -> None:
    at_work, may_end = asyncio.Event(), asyncio.Event()
    runs = 0

    async def slow(_: Database) -> None:
        nonlocal runs
        runs += 1
        at_work.set()
        await may_end.wait()

    first, second = (Scheduler(database, [Job("slow", 1, slow)]) for _ in range(2))
    running = asyncio.create_task(first.run_due())
    await at_work.wait()
    clock.advance(loop.LEASE_MS - 1)
    assert await second.run_due() == 0
    may_end.set()
    await running
    assert runs == 1


async def test_a_process_that_died_gives_way_to_another(database: Database, clock: ManualClock, diary: Diary) -> None:
    async def never(_: Database) -> None:
        await asyncio.Event().wait()

    died = asyncio.create_task(Scheduler(database, [Job("minute", 60, never)]).run_due())
    await asyncio.sleep(0.05)
    died.cancel()
    await asyncio.gather(died, return_exceptions=True)
    other = Scheduler(database, [diary.job("minute")])
    clock.advance(loop.LEASE_MS + 2 * MINUTE_MS)
    assert await other.run_due() == 1


FAILURES = [ZeroDivisionError("planned"), Unavailable("planned", "planned")]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
async def test_a_failing_job_hurts_no_other_and_comes_again(
    database: Database, clock: ManualClock, diary: Diary, error: Exception
) -> None:
    scheduler = Scheduler(database, [diary.job("bad", error=error), diary.job("good")])
    assert await scheduler.run_due() == 1
    clock.advance(2 * MINUTE_MS)
    assert await scheduler.run_due() == 1
    assert diary.runs == ["bad", "good", "bad", "good"]
    assert scheduler.failures == 2


def test_names_are_unique(database: Database, diary: Diary) -> None:
    with pytest.raises(ValueError, match="minute"):
        Scheduler(database, [diary.job("minute"), diary.job("minute")])


async def test_it_looks_by_itself_until_it_is_stopped(
    database: Database, clock: ManualClock, diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "LOOK_EVERY_S", 0.001)
    scheduler = Scheduler(database, [diary.job("minute")])
    await scheduler.start()
    for _ in range(3):
        clock.advance(2 * MINUTE_MS)
        await asyncio.sleep(0.05)
    await scheduler.stop()
    seen = len(diary.runs)
    assert seen >= 3
    clock.advance(2 * MINUTE_MS)
    await asyncio.sleep(0.01)
    assert len(diary.runs) == seen


async def test_bulk_work_of_a_job_does_not_hold_up_the_loop(database: Database) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    heavy = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(i) FROM n"

    async def bulk(given: Database) -> None:
        nonlocal turns
        async with given.unit() as uow:
            turns = 0
            await uow.connection.execute(text(heavy))
        assert turns > 10

    spinning = asyncio.create_task(others())
    job: Callable[[Database], Awaitable[None]] = bulk
    assert await Scheduler(database, [Job("bulk", 1, job)]).run_due() == 1
    spinning.cancel()
