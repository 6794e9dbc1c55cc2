"""Exports over the API: everybody has their own; what may be had is what their permissions let them see."""

import zlib
from collections.abc import AsyncIterator
from typing import Annotated, Self
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field
from starlette.responses import StreamingResponse

from chargecloud.features.exports import model, service, sql
from chargecloud.features.exports.messages import Export, ExportState, Format, Language, Wanted
from chargecloud.features.exports.model_lists import LISTS
from chargecloud.infra.http.app import API
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.inward import Inward
from chargecloud.infra.http.model import ApiModel, Id, Moment
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import Invalid, NotFound

router = APIRouter(tags=["exports"])

Reader = Annotated[Principal, Depends(require("exports.read"))]
Writer = Annotated[Principal, Depends(require("exports.write"))]
ExportId = Annotated[Id, Path()]
Columns = list[Annotated[str, Field(max_length=40)]]
Texts = list[str]
MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExportColumnOut(ApiModel):
    """A column one may have."""

    key: str
    zh: str
    en: str


class ExportListOut(ApiModel):
    """A list one may have as a file."""

    name: str
    zh: str
    en: str
    columns: list[ExportColumnOut]
    filters: list[str]
    """As the list's own route takes them."""


class ExportListsOut(ApiModel):
    """All of them that the caller may see."""

    items: list[ExportListOut]


class ExportIn(ApiModel):
    """What is to be a file."""

    list: Annotated[str, Field(min_length=1, max_length=40, description="a name of `GET /exports/lists`")]
    format: Annotated[Format, Field(strict=False)]
    language: Annotated[Language, Field(strict=False)] = Language.CHINESE
    filters: dict[str, str] = Field(default_factory=dict, max_length=model.MAX_FILTERS)
    """As the list's own route takes them, as text."""
    columns: Annotated[
        Columns, Field(max_length=60, description="fields in the order of the file; all when left out")
    ] = []


class ExportOut(ApiModel):
    """An export and how far it is."""

    id: int
    list: str
    format: Annotated[Format, Field(strict=False)]
    language: Annotated[Language, Field(strict=False)]
    filters: dict[str, str]
    columns: Texts
    state: Annotated[ExportState, Field(strict=False)]
    rows: int
    """So far, or in the file."""
    more: bool
    """The list went on where the file ends: a file has at most `exports.max_rows` rows, a sheet 1,048,575."""
    size_bytes: int
    error: str
    reason: str
    file_name: str
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    expires_at: Moment | None

    @classmethod
    def of(cls, export: Export) -> Self:
        return cls(
            id=export.export_id,
            list=export.wanted.list,
            format=export.wanted.format,
            language=export.wanted.language,
            filters=export.wanted.filters,
            columns=export.wanted.columns,
            state=export.state,
            rows=export.rows,
            more=export.more,
            size_bytes=export.size_bytes,
            error=export.error,
            reason=export.reason,
            file_name=model.file_name(export),
            created_at=export.created_at_ms,
            started_at=export.started_at_ms,
            ended_at=export.ended_at_ms,
            expires_at=export.expires_at_ms,
        )


def _filters(inward: Inward, name: str) -> list[str]:
    return sorted(inward.queries(f"{API}{LISTS[name].path}") - set(model.PAGING))


@router.get("/exports/lists", operation_id="listExportable", summary="可导出的列表")
async def list_exportable(staff: Reader, request: Request) -> ExportListsOut:
    """Which lists the caller may have as files, with columns and filters."""
    inward = Inward(request.app)
    items = [
        ExportListOut(
            name=each.name,
            zh=each.titles[0],
            en=each.titles[1],
            columns=[
                ExportColumnOut(key=key, zh=zh, en=en)
                for key, zh, en in zip(
                    each.columns,
                    model.titles(each.columns, Language.CHINESE),
                    model.titles(each.columns, Language.ENGLISH),
                    strict=True,
                )
            ],
            filters=_filters(inward, each.name),
        )
        for each in LISTS.values()
        if each.permission in staff.permissions
    ]
    return ExportListsOut(items=items)


@router.post("/exports", operation_id="createExport", status_code=202, summary="导出列表")
async def create_export(body: ExportIn, staff: Writer, db: Db, request: Request) -> ExportOut:
    """Have a list made into a file. Wrong filters are refused at once, in the words of the list's own route."""
    wanted = model.checked(
        Wanted(
            list=body.list,
            format=body.format,
            language=body.language,
            filters=body.filters,
            columns=body.columns,
        )
    )
    service.demand_list(staff, wanted)
    inward = Inward(request.app)
    known = _filters(inward, wanted.list)
    strange = sorted(set(wanted.filters) - set(known))
    if strange:
        raise Invalid(
            f"列表没有这些筛选条件：{', '.join(strange)}；可选：{', '.join(known)}", "export_filters", field="filters"
        )
    await inward.get(staff, f"{API}{LISTS[wanted.list].path}", {**wanted.filters, "limit": "1"})
    async with db.unit() as uow:
        return ExportOut.of(await service.request(uow, staff, wanted))


@router.get("/exports", operation_id="listExports", summary="我的导出")
async def list_exports(staff: Reader, db: Db, pages: Pages) -> Page[ExportOut]:
    """One's own, newest first."""
    async with db.read() as connection:
        rows = await sql.of_staff(connection, staff.id, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda each: each.export_id)
    return Page(items=[ExportOut.of(each) for each in shown], next=following)


@router.get("/exports/{export_id}", operation_id="getExport", summary="导出进度")
async def get_export(export_id: ExportId, staff: Reader, db: Db) -> ExportOut:
    """How far one of one's own is."""
    async with db.read() as connection:
        return ExportOut.of(await service.export(connection, staff, export_id))


@router.get(
    "/exports/{export_id}/file", operation_id="fetchExport", summary="下载导出文件", response_class=StreamingResponse
)
async def fetch_export(export_id: ExportId, staff: Reader, db: Db) -> StreamingResponse:
    """The file, for whoever asked for it, while they may see the list."""
    async with db.unit() as uow:
        found = await service.fetch(uow, staff, export_id)
    name = quote(model.file_name(found))
    headers = {"Content-Disposition": f"attachment; filename={name}", "Content-Length": str(found.size_bytes)}
    return StreamingResponse(_pieces(db, found), media_type=MEDIA_TYPES[found.wanted.format], headers=headers)


async def _pieces(db: Database, found: Export) -> AsyncIterator[bytes]:
    """The file piece by piece; one that is removed meanwhile breaks off, which its length shows."""
    for chunk_no in range(found.chunks):
        async with db.read() as connection:
            packed = await sql.chunk(connection, found.export_id, chunk_no)
        if packed is None:
            raise NotFound("导出文件已删除", "export_unknown", export_id=found.export_id)
        yield zlib.decompress(packed)


@router.delete("/exports/{export_id}", operation_id="removeExport", status_code=204, summary="删除导出")
async def remove_export(export_id: ExportId, staff: Writer, db: Db) -> None:
    """Forget one of one's own with its file; one that is being made is broken off."""
    async with db.unit() as uow:
        await service.remove(uow, staff, export_id)
