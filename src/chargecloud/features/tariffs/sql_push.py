"""Pushes of versions to charge points, and what is due to be pushed."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.stations.messages import ChargePoint
from chargecloud.features.tariffs.messages import PushState, TariffVersion
from chargecloud.features.tariffs.sql import assignments, pushes, versions
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import upsert

_SILENT = (PushState.UNANSWERED.value, PushState.EXPIRED.value, PushState.SENT.value)

_KEY = "charge_point_code"
_NOTE = upsert(pushes, key=(_KEY,), update=[column.name for column in pushes.c if column.name != _KEY])
"""Built once: every log-in runs it."""


async def note_push(
    uow: UnitOfWork,
    charge_point: ChargePoint,
    version: TariffVersion,
    *,
    state: PushState,
    command_id: str,
    requested_by: str,
) -> None:
    """Keep that a version is on its way to a charge point; it takes the place of what was on its way before."""
    row = {
        "charge_point_code": charge_point.code,
        "version_id": version.version_id,
        "operator_id": charge_point.operator_id,
        "station_id": charge_point.station_id,
        "state": state.value,
        "command_id": command_id,
        "requested_by": requested_by[:64],
        "asked_at_ms": uow.now_ms,
        "ended_at_ms": None,
        "reason": "",
    }
    await uow.connection.execute(_NOTE, row)


async def end_push(uow: UnitOfWork, command_id: str, state: PushState, reason: str) -> None:
    """Keep how a push ended, unless a later one took its place."""
    await uow.connection.execute(
        update(pushes)
        .where(pushes.c.command_id == command_id)
        .values(state=state.value, reason=reason, ended_at_ms=uow.now_ms)
    )


async def waiting_push(connection: AsyncConnection, charge_point_code: str) -> str | None:
    """Who asked for the push that waits for this charge point to be idle; None when none waits."""
    statement = select(pushes.c.requested_by).where(
        pushes.c.charge_point_code == charge_point_code, pushes.c.state == PushState.WAITING.value
    )
    found = (await connection.execute(statement)).scalar_one_or_none()
    return None if found is None else str(found)


async def silent_pushes(connection: AsyncConnection, *, asked_before_ms: int, limit: int) -> list[str]:
    """Charge points that never said what became of a push, longest waiting first."""
    statement = (
        select(pushes.c.charge_point_code)
        .where(pushes.c.state.in_(_SILENT), pushes.c.asked_at_ms < asked_before_ms)
        .order_by(pushes.c.asked_at_ms)
        .limit(limit)
    )
    return list((await connection.execute(statement)).scalars())


async def due_stations(connection: AsyncConnection, now_ms: int) -> list[int]:
    """Stations where a version or an assignment has begun that was not pushed yet."""
    by_version = (
        select(assignments.c.station_id)
        .join(versions, versions.c.tariff_id == assignments.c.tariff_id)
        .where(
            versions.c.pushed_at_ms.is_(None),
            versions.c.cancelled_at_ms.is_(None),
            versions.c.effective_from_ms <= now_ms,
            assignments.c.cancelled_at_ms.is_(None),
            assignments.c.effective_from_ms <= now_ms,
        )
    )
    by_assignment = select(assignments.c.station_id).where(
        assignments.c.pushed_at_ms.is_(None),
        assignments.c.cancelled_at_ms.is_(None),
        assignments.c.effective_from_ms <= now_ms,
    )
    statement = by_version.union(by_assignment)
    return sorted((await connection.execute(statement)).scalars())


async def note_pushed(uow: UnitOfWork, began_by_ms: int) -> None:
    """What had begun by then was pushed."""
    for table in (versions, assignments):
        await uow.connection.execute(
            update(table)
            .where(table.c.pushed_at_ms.is_(None), table.c.effective_from_ms <= began_by_ms)
            .values(pushed_at_ms=uow.now_ms)
        )


async def anything_begun(connection: AsyncConnection, now_ms: int) -> bool:
    """Whether something began that `note_pushed` has to mark."""
    for table in (versions, assignments):
        statement = select(table.c.id).where(table.c.pushed_at_ms.is_(None), table.c.effective_from_ms <= now_ms)
        if (await connection.execute(statement.limit(1))).first() is not None:
            return True
    return False
