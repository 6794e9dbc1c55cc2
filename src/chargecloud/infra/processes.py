"""Which processes of the installation live: each writes a row of its own, and takes it away when it ends in order.

Gateways have no database; they are heard of over the bus (`GatewayReported`).
"""

import asyncio

import msgspec
import structlog
from sqlalchemy import Column, Index, String, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.types import code, epoch_ms, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import ChargeCloudError
from chargecloud.kernel.ids import new_id

log = structlog.get_logger("chargecloud.processes")

processes = Table(
    "processes",
    metadata,
    Column("process_id", code(32), primary_key=True),
    Column("role", code(16), nullable=False),
    Column("name", String(64), nullable=False),
    Column("version", String(32), nullable=False),
    Column("started_at_ms", epoch_ms(), nullable=False),
    Column("seen_at_ms", epoch_ms(), nullable=False),
    Index(None, "seen_at_ms"),
)

SIGN_EVERY_S = 15.0
SILENT_AFTER_MS = 50_000
"""Three signs missed."""
FORGOTTEN_AFTER_MS = 86_400_000
SHOWN = 100


class ProcessRow(msgspec.Struct, frozen=True, kw_only=True):
    """A process as it said itself last."""

    process_id: str
    role: str
    name: str
    """Machine and number among those of its role there."""
    version: str
    started_at_ms: int
    seen_at_ms: int

    def silent(self, now_ms: int) -> bool:
        """Whether it should have said something by now."""
        return now_ms - self.seen_at_ms > SILENT_AFTER_MS


class Presence:
    """Says every quarter of a minute that this process lives; a database that is away is no reason to end."""

    def __init__(self, database: Database, *, role: str, name: str, version: str) -> None:
        self._database = database
        self._row = {"process_id": new_id(), "role": role[:16], "name": name[:64], "version": version[:32]}
        self._started_at_ms = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to say so."""
        self._started_at_ms = self._database.clock.now_ms()
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """End in order: nobody has to wonder where it is."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        try:
            async with self._database.unit() as uow:
                await uow.connection.execute(delete(processes).where(processes.c.process_id == self._row["process_id"]))
        except ChargeCloudError as error:
            log.warning("processes.not_told", error=error.code)

    async def tell(self) -> None:
        """Say it once, and forget who has been silent for a day, or had this one's place before and was killed."""
        async with self._database.unit() as uow:
            mine = processes.c.process_id == self._row["process_id"]
            seen = update(processes).where(mine).values(seen_at_ms=uow.now_ms)
            if (await uow.connection.execute(seen)).rowcount == 0:
                row = self._row | {"started_at_ms": self._started_at_ms, "seen_at_ms": uow.now_ms}
                await uow.connection.execute(insert(processes).values(row))
        async with self._database.unit() as uow:
            await self._forget(uow)

    async def _forget(self, uow: UnitOfWork) -> None:
        c = processes.c
        before = (c.role == self._row["role"]) & (c.name == self._row["name"])
        replaced = before & (c.seen_at_ms < uow.now_ms - SILENT_AFTER_MS)
        gone = select(c.process_id).where(replaced | (c.seen_at_ms < uow.now_ms - FORGOTTEN_AFTER_MS))
        ids = list((await uow.connection.execute(gone)).scalars())
        if ids:  # by their keys: a range would lock what other processes are writing
            await uow.connection.execute(delete(processes).where(c.process_id.in_(ids)))

    async def _go_on(self) -> None:
        while True:
            try:
                await self.tell()
            except ChargeCloudError as error:
                log.warning("processes.not_told", error=error.code)
            await asyncio.sleep(SIGN_EVERY_S)


async def listed(connection: AsyncConnection) -> list[ProcessRow]:
    """Those that were heard of within a day, by role and name."""
    statement = select(processes).order_by(processes.c.role, processes.c.name, processes.c.started_at_ms).limit(SHOWN)
    return [ProcessRow(**row._mapping) for row in await connection.execute(statement)]
