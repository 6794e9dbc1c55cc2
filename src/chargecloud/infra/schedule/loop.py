"""Runs features' jobs, each by one process at a time: a lease in the database says whose turn it is."""

import asyncio
from collections.abc import Sequence

import structlog
from sqlalchemy import Column, Table, update

from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.types import code, epoch_ms, metadata
from chargecloud.infra.sql.upsert import insert_ignore
from chargecloud.infra.telemetry import job_runs
from chargecloud.kernel.errors import Unavailable
from chargecloud.kernel.ids import new_id

log = structlog.get_logger("chargecloud.schedule")

job_lease = Table(
    "job_lease",
    metadata,
    Column("name", code(80), primary_key=True),
    Column("owner", code(32), nullable=False),
    Column("until_ms", epoch_ms(), nullable=False),
    Column("next_at_ms", epoch_ms(), nullable=False),
)

LOOK_EVERY_S = 1.0
LEASE_MS = 60_000


class Scheduler:
    """Looks every second which jobs are due. A failing job is logged, counted and tried again at its next turn."""

    def __init__(self, database: Database, jobs: Sequence[Job]) -> None:
        names = [job.name for job in jobs]
        if len(names) != len(set(names)):
            raise ValueError(f"two jobs share a name: {sorted(names)}")
        self.failures = 0
        self._database = database
        self._jobs = tuple(jobs)
        self._owner = new_id()
        self._due_ms = dict.fromkeys(names, 0)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Break off between jobs; a job at work is cancelled and its unit rolled back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def run_due(self) -> int:
        """Run every job whose time has come, one after the other; how many ran."""
        ran = 0
        for job in self._jobs:
            if self._due_ms[job.name] <= self._database.clock.now_ms() and await self._run(job):
                ran += 1
        return ran

    async def _look(self) -> None:
        while True:
            await self.run_due()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _run(self, job: Job) -> bool:
        now_ms = self._database.clock.now_ms()
        self._due_ms[job.name] = now_ms + job.every_s * 1000
        try:
            if not await self._take(job, now_ms):
                return False
            await job.run(self._database.in_background())
        except Unavailable as error:
            self._failed(job)
            log.warning("schedule.job_postponed", job=job.name, error=error.message)
            return False
        except Exception:
            self._failed(job)
            log.exception("schedule.job_failed", job=job.name)
            return False
        job_runs.labels(job.name, "done").inc()
        return True

    def _failed(self, job: Job) -> None:
        self.failures += 1
        job_runs.labels(job.name, "failed").inc()

    async def _take(self, job: Job, now_ms: int) -> bool:
        """Take the lease and set the next turn in one conditional update."""
        async with self._database.unit() as uow:
            row = {"name": job.name, "owner": "", "until_ms": 0, "next_at_ms": 0}
            await uow.connection.execute(insert_ignore(job_lease, row))
            lease = job_lease.c
            free = (lease.until_ms <= now_ms) | (lease.owner == self._owner)
            taken = await uow.connection.execute(
                update(job_lease)
                .where(lease.name == job.name, lease.next_at_ms <= now_ms, free)
                .values(owner=self._owner, until_ms=now_ms + LEASE_MS, next_at_ms=now_ms + job.every_s * 1000)
            )
            return taken.rowcount == 1
