"""Tariffs, their versions, and what a charge would cost."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.tariffs import service, views
from chargecloud.features.tariffs.http_models import (
    AssignmentOut,
    BillOut,
    NewTariffBody,
    NewVersionBody,
    QuoteBody,
    RenameBody,
    TariffDetailOut,
    TariffOut,
    VersionOut,
)
from chargecloud.features.tariffs.http_places import place_routes
from chargecloud.features.tariffs.http_stations import station_routes
from chargecloud.features.tariffs.http_two_wheel import two_wheel_routes
from chargecloud.features.tariffs.messages import EnergySegment, TariffVersion
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import Id
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.infra.sql.uow import UnitOfWork

router = APIRouter(tags=["tariffs"])
router.include_router(station_routes)
router.include_router(two_wheel_routes)
router.include_router(place_routes)

Reader = Annotated[Principal, Depends(require("tariffs.read"))]
Writer = Annotated[Principal, Depends(require("tariffs.write"))]


@router.get("/tariffs", operation_id="listTariffs", summary="电价模型")
async def list_tariffs(
    reader: Reader, db: Db, pages: Pages, name: Annotated[str | None, Query(min_length=1, max_length=80)] = None
) -> Page[TariffOut]:
    """All tariffs, by part of a name."""
    async with db.read() as connection:
        rows = await views.tariffs_page(
            connection, reader.operator_id, views.TariffFilter(name=name), before_id=pages.before_id, limit=pages.fetch
        )
    shown, following = pages.page(rows, lambda row: row.tariff_id)
    return Page[TariffOut](items=[TariffOut.of(row) for row in shown], next=following)


@router.post("/tariffs", operation_id="createTariff", status_code=201, summary="新增电价模型")
async def create_tariff(body: NewTariffBody, writer: Writer, db: Db) -> TariffDetailOut:
    """A tariff, with its first version when it is known already."""
    async with db.unit() as uow:
        tariff_id = await service.create_tariff(
            uow, operator_id=writer.operator_id or DEFAULT_OPERATOR_ID, name=body.name
        )
        operators.audit(uow, writer, "tariff.create", f"tariff:{tariff_id}", {"name": body.name})
        if body.version is not None:
            await _write_version(uow, writer, tariff_id, body.version)
        return await _detail(uow.connection, writer, tariff_id, uow.now_ms)


@router.get("/tariffs/{tariff_id}", operation_id="getTariff", summary="电价模型详情")
async def get_tariff(tariff_id: Id, reader: Reader, db: Db) -> TariffDetailOut:
    """One of them with its versions, newest first."""
    async with db.read() as connection:
        return await _detail(connection, reader, tariff_id, db.clock.now_ms())


@router.patch("/tariffs/{tariff_id}", operation_id="renameTariff", summary="电价模型改名")
async def rename_tariff(tariff_id: Id, body: RenameBody, writer: Writer, db: Db) -> TariffDetailOut:
    """Another name for people; charge points do not notice."""
    async with db.unit() as uow:
        before = await service.tariff(uow.connection, tariff_id, writer.operator_id)
        await service.rename_tariff(uow, tariff_id, body.name)
        facts = {"before": before.name, "after": body.name}
        operators.audit(uow, writer, "tariff.rename", f"tariff:{tariff_id}", facts)
        return await _detail(uow.connection, writer, tariff_id, uow.now_ms)


@router.post("/tariffs/{tariff_id}/versions", operation_id="createTariffVersion", status_code=201, summary="新增版本")
async def create_version(tariff_id: Id, body: NewVersionBody, writer: Writer, db: Db) -> VersionOut:
    """A new price list; running charges keep the one they began with."""
    async with db.unit() as uow:
        await service.tariff(uow.connection, tariff_id, writer.operator_id)
        return VersionOut.of(await _write_version(uow, writer, tariff_id, body))


@router.delete(
    "/tariffs/{tariff_id}/versions/{version_id}",
    operation_id="cancelTariffVersion",
    status_code=204,
    summary="取消待生效版本",
)
async def cancel_version(tariff_id: Id, version_id: Id, writer: Writer, db: Db) -> None:
    """Withdraw a version that has not begun."""
    async with db.unit() as uow:
        await service.tariff(uow.connection, tariff_id, writer.operator_id)
        await service.cancel_version(uow, tariff_id, version_id)
        facts = {"version_id": version_id}
        operators.audit(uow, writer, "tariff.cancel_version", f"tariff:{tariff_id}", facts)


@router.get("/tariffs/{tariff_id}/assignments", operation_id="listTariffAssignments", summary="使用该电价的场站")
async def list_assignments(tariff_id: Id, reader: Reader, db: Db, pages: Pages) -> Page[AssignmentOut]:
    """Which stations use a tariff of either kind, or did, newest first."""
    async with db.read() as connection:
        await service.tariff(connection, tariff_id, reader.operator_id, kind=None)
        rows = await views.assignments_to(
            connection,
            tariff_id,
            db.clock.now_ms(),
            station_ids=reader.station_ids,
            before_id=pages.before_id,
            limit=pages.fetch,
        )
    shown, following = pages.page(rows, lambda row: row.assignment_id)
    return Page[AssignmentOut](items=[AssignmentOut.of(row) for row in shown], next=following)


@router.post("/tariffs/{tariff_id}/quotes", operation_id="quoteTariff", summary="试算")
async def quote(tariff_id: Id, body: QuoteBody, reader: Reader, db: Db) -> BillOut:
    """What so much energy would cost; by the version that counts at the first segment, unless one is named."""
    segments = [EnergySegment(segment.start, segment.energy_mwh) for segment in body.segments]
    async with db.read() as connection:
        await service.tariff(connection, tariff_id, reader.operator_id)
        version = await service.version_of_tariff(
            connection, tariff_id, version_id=body.version_id, at_ms=segments[0].start_ms
        )
    return BillOut.of(version, service.price_segments(version, segments))


async def _write_version(uow: UnitOfWork, writer: Principal, tariff_id: int, body: NewVersionBody) -> TariffVersion:
    new = service.NewVersion(
        tariff_id=tariff_id,
        bands=body.bands.read(),
        half_hours=body.numbers(),
        effective_from_ms=body.effective_from,
        by=f"staff:{writer.id}",
    )
    version = await service.create_version(uow, new)
    facts = {"version_id": version.version_id, "after": body.model_dump(mode="json")}
    operators.audit(uow, writer, "tariff.create_version", f"tariff:{tariff_id}", facts)
    return version


async def _detail(connection: AsyncConnection, principal: Principal, tariff_id: int, now_ms: int) -> TariffDetailOut:
    found = await service.tariff(connection, tariff_id, principal.operator_id)
    history = await views.versions_of(connection, tariff_id, now_ms)
    return TariffDetailOut(tariff=TariffOut.of(found), versions=[VersionOut.of_row(row) for row in history])
