"""Thresholds of the fire guard over the API."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.alarms import sql_guard
from chargecloud.features.alarms.model_guard import Thresholds
from chargecloud.features.operators import service as operators
from chargecloud.features.stations import service as stations
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import ApiModel, Id
from chargecloud.infra.sql.uow import UnitOfWork

guard_routes = APIRouter(prefix="/stations/{station_id}")
Reader = Annotated[Principal, Depends(require("alarms.read"))]
Writer = Annotated[Principal, Depends(require("stations.write"))]
_USUAL = Thresholds()


class FireGuardBody(ApiModel):
    """What a station lets its two-wheel ports do before it cuts them off; what is left out is as usual."""

    enabled: bool = _USUAL.enabled
    max_power_w: Annotated[int, Field(ge=50, le=6_500)] = _USUAL.max_power_w
    max_temp_c: Annotated[int, Field(ge=30, le=150)] = _USUAL.max_temp_c
    no_taper_s: Annotated[int, Field(ge=3_600, le=65_535)] = _USUAL.no_taper_s
    taper_pct: Annotated[int, Field(ge=10, le=100)] = _USUAL.taper_pct
    rise_w: Annotated[int, Field(ge=5, le=1_000)] = _USUAL.rise_w
    max_duration_s: Annotated[int, Field(ge=600, le=65_535)] = _USUAL.max_duration_s


@guard_routes.get("/fire-guard", operation_id="getFireGuard", summary="消防守护阈值")
async def get_guard(station_id: Id, reader: Reader, db: Db) -> FireGuardBody:
    """The thresholds that count at a station."""
    async with db.read() as connection:
        await _own(connection, db.clock.now_ms(), reader, station_id)
        limits = await sql_guard.thresholds_of(connection, station_id)
    return FireGuardBody(**msgspec.structs.asdict(limits))


@guard_routes.put("/fire-guard", operation_id="setFireGuard", summary="设置消防守护阈值")
async def set_guard(station_id: Id, body: FireGuardBody, writer: Writer, db: Db) -> FireGuardBody:
    """A station's own thresholds; running charges are judged by them from their next report on."""
    async with db.unit() as uow:
        await _own(uow.connection, uow.now_ms, writer, station_id)
        limits = Thresholds(**body.model_dump())
        await sql_guard.set_thresholds(uow, station_id, limits, by=f"staff:{writer.id}")
        operators.audit(uow, writer, "station.fire_guard", f"station:{station_id}", {"after": body.model_dump()})
    return body


async def _own(connection: AsyncConnection, now_ms: int, who: Principal, station_id: int) -> None:
    """NotFound unless the station is there, and within reach."""
    await stations.station(UnitOfWork(connection, now_ms), station_id, who.reach)
