"""What people scan: codes for drivers, the page behind a sticker, and sheets of stickers to print."""

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Annotated, Any, Self, cast
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from chargecloud.features.stations import service_assets, views, views_codes
from chargecloud.features.stations.messages import Connector
from chargecloud.features.stations.model import CODE_PATTERN
from chargecloud.features.stations.model_codes import MAX_TEXT
from chargecloud.infra.http.auth import Principal, Someone, require
from chargecloud.infra.http.context import Db, Limits
from chargecloud.infra.http.model import ApiModel, Id
from chargecloud.infra.stickers import Sticker, sheet
from chargecloud.kernel.errors import NotFound, Refused, TooMany

CODES_A_MINUTE = 30
"""A person scans and types; whoever asks more often tries numbers (abuse A03)."""
MAX_STICKERS = 500
APP = "/m/#/"

codes = APIRouter()
code_pages = APIRouter(include_in_schema=False)
"""Beside the API: what is printed has to be short."""

Reader = Annotated[Principal, Depends(require("stations.read"))]
Code = Annotated[str, Path(pattern=f"^({CODE_PATTERN})$", description="charge point code")]


class CodePlaceOut(ApiModel):
    """Where a charge point stands."""

    id: int
    name: str
    address: str
    phone: str


class CodeConnectorOut(ApiModel):
    """A connector as a driver sees it."""

    connector_no: int
    state: str
    plugged: bool

    @classmethod
    def of(cls, connector: Connector) -> Self:
        return cls(connector_no=connector.connector_no, state=connector.state.value, plugged=connector.plugged)


class CodeOut(ApiModel):
    """What a scanned or typed text led to. Show station and code large: a sticker may have been pasted over."""

    named_by: str
    charge_point_code: str
    charge_point_name: str
    power_type: str
    rated_power_w: int
    online: bool
    in_service: bool
    station: CodePlaceOut
    connector_no: int | None
    """The one that is meant; 0: the charge point chooses; null: ask which of `connectors`."""
    connectors: list[CodeConnectorOut]

    @classmethod
    def of(cls, found: views_codes.Found, place: views_codes.StationPlace) -> Self:
        at = found.charge_point
        return cls(
            named_by=found.named.by.value,
            charge_point_code=at.code,
            charge_point_name=at.name,
            power_type=at.power_type,
            rated_power_w=at.rated_power_w,
            online=at.online,
            in_service=at.enabled and at.in_service,
            station=CodePlaceOut(id=place.station_id, name=place.name, address=place.address, phone=place.phone),
            connector_no=found.connector_no,
            connectors=[CodeConnectorOut.of(each) for each in found.connectors],
        )


@codes.get("/driver/codes", operation_id="readCode", summary="识别二维码或编号")
async def read_code(
    text: Annotated[
        str, Query(min_length=1, max_length=MAX_TEXT, description="whole scanned address, or what was typed")
    ],
    who: Someone,
    db: Db,
    limits: Limits,
) -> CodeOut:
    """Where a scanned or typed text leads."""
    if not await limits.take(f"stations.codes:{who.kind}:{who.id}", limit=CODES_A_MINUTE, window_s=60, strict=False):
        raise TooMany(f"每分钟最多识别 {CODES_A_MINUTE} 次", "too_many_codes")
    async with db.read() as connection:
        found = await views_codes.by_text(connection, text, db.options.other_codes)
        return CodeOut.of(found, await views_codes.place_of(connection, found.charge_point.station_id))


SHEET: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}}}


@codes.get(
    "/stations/{station_id}/stickers",
    operation_id="printStationStickers",
    summary="打印站内二维码",
    response_class=Response,
    responses=SHEET,
)
async def station_stickers(station_id: Annotated[Id, Path()], staff: Reader, db: Db, request: Request) -> Response:
    """A sheet (PDF, A4) with a sticker for every connector of a station."""
    async with db.read() as connection:
        row = await views.station(connection, station_id)
        if row is None or not staff.reach.covers(row.operator_id, row.id):
            raise NotFound(f"没有编号为 {station_id} 的充电站", "station_unknown", station_id=station_id)
        place = await views_codes.place_of(connection, station_id)
        found = await views.connectors_at(connection, station_id)
    return _printed(db, request, place, found)


@codes.get(
    "/charge-points/{code}/stickers",
    operation_id="printStickers",
    summary="打印桩的二维码",
    response_class=Response,
    responses=SHEET,
)
async def charge_point_stickers(code: Code, staff: Reader, db: Db, request: Request) -> Response:
    """A sheet (PDF, A4) with a sticker for every connector of a charge point."""
    async with db.unit() as uow:
        at = await service_assets.charge_point(uow, code, staff.reach)
    async with db.read() as connection:
        place = await views_codes.place_of(connection, at.station_id)
        found = await views.connectors_of(connection, code)
    return _printed(db, request, place, found)


def _printed(db: Db, request: Request, place: views_codes.StationPlace, found: list[Connector]) -> Response:
    if not db.options.qr_prefix:
        raise Refused("平台没有配置二维码网址，请设置 qr.prefix", "qr_prefix_missing", setting="qr.prefix")
    if not found:
        raise NotFound("这里还没有充电枪", "no_connectors")
    if len(found) > MAX_STICKERS:
        raise Refused(f"一次最多打印 {MAX_STICKERS} 张，请按桩打印", "too_many_stickers", count=len(found))
    stickers = [
        Sticker(
            address=db.options.qr_prefix + each.qr_code,
            alias=each.qr_code,
            station=place.name,
            charge_point=each.charge_point.name,
            code=each.charge_point.code,
            connector=f"{each.connector_no} 号枪" if each.charge_point.connector_count > 1 else "",
            phone=place.phone,
        )
        for each in found
    ]
    font = cast("FilePath | None", getattr(request.app.state, "sticker_font", None))
    headers = {"Content-Disposition": "inline; filename=stickers.pdf"}
    return Response(sheet(stickers, font), media_type="application/pdf", headers=headers)


@code_pages.get("/q/{code:path}", operation_id="scanned")
async def scanned(code: str, request: Request) -> Response:
    """What a sticker opens outside WeChat: the drivers' app with the whole address; nothing is looked up here."""
    files = cast("Mapping[str, str]", getattr(request.app.state, "check_files", {}))
    if code in files:
        return PlainTextResponse(files[code])
    address = str(request.url)[:MAX_TEXT]
    return RedirectResponse(f"{APP}?q={quote(address, safe='')}", 302, headers={"Cache-Control": "no-store"})
