"""Which tariff a station uses, and getting it to the charge points."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import service as operators
from chargecloud.features.stations import service as stations
from chargecloud.features.tariffs import service, views
from chargecloud.features.tariffs.http_models import (
    AssignmentOut,
    AssignmentsOut,
    NewAssignmentBody,
    PushedAllOut,
    PushedOut,
    PushOut,
    VersionOut,
)
from chargecloud.features.tariffs.messages import PushState
from chargecloud.infra.http.auth import Principal, Someone, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import Id
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.infra.sql.uow import UnitOfWork

station_routes = APIRouter(prefix="/stations/{station_id}")

Reader = Annotated[Principal, Depends(require("tariffs.read"))]
Writer = Annotated[Principal, Depends(require("tariffs.write"))]
Commander = Annotated[Principal, Depends(require("devices.command"))]


@station_routes.get("/tariff", operation_id="getStationTariff", summary="当前电价")
async def current_tariff(station_id: Id, _: Someone, db: Db) -> VersionOut:
    """The price list that counts now; drivers may look, too."""
    async with db.read() as connection:
        uow = UnitOfWork(connection, db.clock.now_ms())
        await stations.station(uow, station_id)
        return VersionOut.of(await service.version_at(uow, station_id, uow.now_ms))


@station_routes.get("/tariffs", operation_id="listStationTariffs", summary="电价指定记录")
async def list_assignments(station_id: Id, reader: Reader, db: Db) -> AssignmentsOut:
    """Which tariff from when on, newest first."""
    async with db.read() as connection:
        await _own(connection, db.clock.now_ms(), reader, station_id)
        rows = await views.assignments_of(connection, station_id, db.clock.now_ms())
    return AssignmentsOut(items=[AssignmentOut.of(row) for row in rows])


@station_routes.post("/tariffs", operation_id="assignTariff", status_code=201, summary="指定电价")
async def assign(station_id: Id, body: NewAssignmentBody, writer: Writer, db: Db) -> AssignmentOut:
    """Let a station use a tariff from a moment on; its charge points are told when it comes."""
    async with db.unit() as uow:
        await _own(uow.connection, uow.now_ms, writer, station_id)
        new = service.NewAssignment(
            station_id=station_id,
            tariff_id=body.tariff_id,
            effective_from_ms=body.effective_from,
            by=f"staff:{writer.id}",
        )
        assignment_id = await service.assign(uow, new)
        facts = {"tariff_id": body.tariff_id, "assignment_id": assignment_id}
        operators.audit(uow, writer, "tariff.assign", f"station:{station_id}", facts)
        rows = await views.assignments_of(uow.connection, station_id, uow.now_ms)
    return AssignmentOut.of(next(row for row in rows if row.assignment_id == assignment_id))


@station_routes.delete(
    "/tariffs/{assignment_id}", operation_id="cancelAssignment", status_code=204, summary="取消待生效的指定"
)
async def cancel_assignment(station_id: Id, assignment_id: Id, writer: Writer, db: Db) -> None:
    """Withdraw an assignment that has not begun."""
    async with db.unit() as uow:
        await _own(uow.connection, uow.now_ms, writer, station_id)
        await service.cancel_assignment(uow, station_id, assignment_id)
        facts = {"assignment_id": assignment_id}
        operators.audit(uow, writer, "tariff.cancel_assignment", f"station:{station_id}", facts)


@station_routes.post("/tariff-pushes", operation_id="pushTariff", status_code=202, summary="下发电价")
async def push(station_id: Id, commander: Commander, db: Db) -> PushedAllOut:
    """Send the current price list to every charge point; those that charge get it afterwards."""
    async with db.unit() as uow:
        await _own(uow.connection, uow.now_ms, commander, station_id)
        pushed = await service.push_station(uow, station_id, requested_by=f"staff:{commander.id}")
        operators.audit(uow, commander, "tariff.push", f"station:{station_id}", {"charge_points": len(pushed)})
    return PushedAllOut(items=[PushedOut.of(one) for one in pushed])


@station_routes.get("/tariff-pushes", operation_id="listTariffPushes", summary="电价下发结果")
async def list_pushes(
    station_id: Id, reader: Reader, db: Db, pages: Pages, state: PushState | None = None
) -> Page[PushOut]:
    """What became of the last push to each charge point."""
    async with db.read() as connection:
        await _own(connection, db.clock.now_ms(), reader, station_id)
        rows = await views.pushes_page(
            connection,
            station_id,
            state=state,
            after_code=str(pages.before[0]) if pages.before else None,
            limit=pages.fetch,
        )
    shown, following = pages.page(rows, lambda row: row.charge_point_code)
    return Page[PushOut](items=[PushOut.of(row) for row in shown], next=following)


async def _own(connection: AsyncConnection, now_ms: int, principal: Principal, station_id: int) -> None:
    """NotFound unless the station is there, and within reach."""
    await stations.station(UnitOfWork(connection, now_ms), station_id, principal.reach)
