"""Work that one process of all does at a time: a row in the database says whose turn it is, until it is renewed."""

from sqlalchemy import select, update

from chargecloud.infra.schedule.loop import job_lease
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.upsert import insert_ignore
from chargecloud.kernel.ids import new_id


class Lease:
    """Whoever has it stops by itself some time before others may take it, so a process that stood still does no harm.

    Processes compare wall clocks: those of several machines have to agree within `margin_s`.
    """

    def __init__(self, database: Database, name: str, *, lasts_s: float = 6.0, margin_s: float = 2.0) -> None:
        self._database = database
        self._name = name
        self._lasts_s = lasts_s
        self._margin_s = margin_s
        self._owner = new_id()
        self._until = 0.0

    @property
    def held(self) -> bool:
        """Whether it is still ours."""
        return self._database.clock.monotonic() < self._until

    async def renew(self) -> bool:
        """Take it when it is free, keep it when it is ours; True when somebody else, or nobody, had it before."""
        began = self._database.clock.monotonic()
        row = job_lease.c
        async with self._database.unit() as uow:
            now_ms = self._database.clock.now_ms()
            free = {"name": self._name, "owner": "", "until_ms": 0, "next_at_ms": 0}
            await uow.connection.execute(insert_ignore(job_lease, free))
            asked = select(row.owner, row.until_ms).where(row.name == self._name).with_for_update()
            owner, until_ms = (await uow.connection.execute(asked)).one()
            if owner != self._owner and until_ms > now_ms:
                return False
            values = {"owner": self._owner, "until_ms": now_ms + int(self._lasts_s * 1000)}
            await uow.connection.execute(update(job_lease).where(row.name == self._name).values(values))
        self._until = began + self._lasts_s - self._margin_s
        return bool(owner != self._owner)

    async def release(self) -> None:
        """Let somebody else have it at once."""
        self._until = 0.0
        row = job_lease.c
        async with self._database.unit() as uow:
            ours = (row.name == self._name) & (row.owner == self._owner)
            await uow.connection.execute(update(job_lease).where(ours).values(owner="", until_ms=0))
