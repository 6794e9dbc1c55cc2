"""Thresholds of the fire guard, a row for each station that has its own."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.alarms.model_guard import Thresholds
from chargecloud.infra.sql.types import code, epoch_ms, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import upsert

fire_guards = Table(
    "fire_guards",
    metadata,
    Column("station_id", ForeignKey("stations.id"), primary_key=True, autoincrement=False),
    Column("enabled", Boolean, nullable=False),
    Column("max_power_w", Integer, nullable=False),
    Column("max_temp_c", Integer, nullable=False),
    Column("no_taper_s", Integer, nullable=False),
    Column("taper_pct", Integer, nullable=False),
    Column("rise_w", Integer, nullable=False),
    Column("max_duration_s", Integer, nullable=False),
    Column("changed_at_ms", epoch_ms(), nullable=False),
    Column("changed_by", code(64), nullable=False),
)

_NAMES = Thresholds.__struct_fields__
_OF_STATION = select(*(fire_guards.c[name] for name in _NAMES)).where(fire_guards.c.station_id == bindparam("id"))
_SET = upsert(fire_guards, key=("station_id",), update=[*_NAMES, "changed_at_ms", "changed_by"])


async def thresholds_of(connection: AsyncConnection, station_id: int) -> Thresholds:
    """A station's thresholds; the usual ones where nobody has set any."""
    row = (await connection.execute(_OF_STATION, {"id": station_id})).first()
    return Thresholds(**row._mapping) if row else Thresholds()


async def set_thresholds(uow: UnitOfWork, station_id: int, limits: Thresholds, *, by: str) -> None:
    """A station's own thresholds from now on."""
    row: dict[str, object] = {name: getattr(limits, name) for name in _NAMES}
    await uow.connection.execute(
        _SET, row | {"station_id": station_id, "changed_at_ms": uow.now_ms, "changed_by": by[:64]}
    )
