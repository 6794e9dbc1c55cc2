"""Stations, charge points, connectors, commands and frames over the API."""

from collections.abc import Awaitable, Callable
from typing import Annotated, cast

from fastapi import APIRouter, Body, Depends, Path, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import HTTPConnection

from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.stations import (
    service,
    service_assets,
    service_codes,
    service_gateways,
    views,
    views_codes,
)
from chargecloud.features.stations.http_codes import codes
from chargecloud.features.stations.http_commands import Address, CommandIn, QrPrefixIn
from chargecloud.features.stations.http_hubs import hub_routes
from chargecloud.features.stations.http_import import LARGER_BODIES as _IMPORTS
from chargecloud.features.stations.http_import import imports
from chargecloud.features.stations.http_models import (
    ChargePointChange,
    ChargePointDetail,
    ChargePointIn,
    ChargePointOut,
    CommandOut,
    ConnectorChange,
    ConnectorOut,
    FramesOut,
    GatewayOut,
    GatewaysOut,
    StationChange,
    StationIn,
    StationOut,
    changes_of,
    without_connection,
    without_reason,
)
from chargecloud.features.stations.http_strangers import unknown
from chargecloud.features.stations.messages import ChargePoint
from chargecloud.features.stations.model import CODE_PATTERN, check_capable
from chargecloud.infra.framestore import first_id
from chargecloud.infra.http.auth import Principal, Someone, missing, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.live import LiveTopic
from chargecloud.infra.http.model import Id, MomentIn
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.kernel.errors import Forbidden, Invalid, NotFound
from chargecloud.kernel.ids import new_id

COMMAND_WITHIN_MS = 30_000
FrameReader = Callable[[str, int | None, int], Awaitable[list[dict[str, object]]]]
"""(charge point code, before this frame id, how many) -> frames, decoded; wired by main as `app.state.frame_reader`."""

router = APIRouter(tags=["stations"])
router.include_router(codes)
router.include_router(imports)
router.include_router(unknown)
router.include_router(hub_routes)
LARGER_BODIES = _IMPORTS
"""Paths whose requests carry files, and how many bytes."""
Reader = Annotated[Principal, Depends(require("stations.read"))]
Writer = Annotated[Principal, Depends(require("stations.write"))]
Operator = Annotated[Principal, Depends(require("devices.command"))]
FrameViewer = Annotated[Principal, Depends(require("devices.read"))]
Code = Annotated[str, Path(pattern=f"^({CODE_PATTERN})$", description="charge point code")]
ConnectorNo = Annotated[int, Path(ge=1, le=16)]
StationId = Annotated[Id, Path()]


def _frame_reader(connection: HTTPConnection) -> FrameReader:
    return cast(FrameReader, connection.app.state.frame_reader)


@router.get("/stations", operation_id="listStations", summary="充电站列表")
async def list_stations(
    staff: Reader, db: Db, pages: Pages, name: Annotated[str, Query(max_length=100)] = ""
) -> Page[StationOut]:
    """Stations by id, with how many of their charge points are online."""
    async with db.read() as connection:
        rows = await views.list_stations(
            connection, reach=staff.reach, name=name, after_id=pages.before_id or 0, limit=pages.fetch
        )
    shown, following = pages.page(rows, lambda row: row.id)
    return Page(items=[StationOut.of(row) for row in shown], next=following)


@router.post("/stations", operation_id="createStation", status_code=201, summary="新建充电站")
async def create_station(body: StationIn, staff: Writer, db: Db) -> StationOut:
    """Enter a station."""
    staff.demand_whole_operator()
    operator_id = staff.operator_id if staff.operator_id is not None else body.operator_id
    if operator_id is None:
        raise Invalid("平台人员新建充电站时须指定 operator_id", "operator_id_missing")
    if body.operator_id not in (None, operator_id):
        raise Forbidden("不能为其他运营商新建充电站", "other_operator")
    async with db.unit() as uow:
        made = await service_assets.create_station(uow, operator_id, body.new())
        operators.audit(uow, staff, "stations.create", f"station:{made.id}", {"after": body.model_dump()})
    return await _station_out(db, staff, made.id)


async def _station_out(db: Db, staff: Principal, station_id: int) -> StationOut:
    async with db.read() as connection:
        row = await views.station(connection, station_id)
    if row is None or not staff.reach.covers(row.operator_id, row.id):
        raise NotFound(f"没有编号为 {station_id} 的充电站", "station_unknown", station_id=station_id)
    return StationOut.of(row)


@router.get("/stations/{station_id}", operation_id="getStation", summary="充电站")
async def get_station(station_id: StationId, staff: Reader, db: Db) -> StationOut:
    """One station."""
    return await _station_out(db, staff, station_id)


@router.patch("/stations/{station_id}", operation_id="changeStation", summary="修改充电站")
async def change_station(station_id: StationId, body: StationChange, staff: Writer, db: Db) -> StationOut:
    """Change what a station is described by; coordinates may be set to null."""
    changes = changes_of(body, nullable={"latitude_udeg", "longitude_udeg"})
    async with db.unit() as uow:
        await service_assets.change_station(uow, station_id, changes, reach=staff.reach)
        operators.audit(uow, staff, "stations.change", f"station:{station_id}", {"after": changes})
    return await _station_out(db, staff, station_id)


@router.delete("/stations/{station_id}", operation_id="removeStation", status_code=204, summary="删除充电站")
async def remove_station(station_id: StationId, staff: Writer, db: Db) -> None:
    """Remove a station without charge points."""
    staff.demand_whole_operator()
    async with db.unit() as uow:
        await service_assets.remove_station(uow, station_id, reach=staff.reach)
        operators.audit(uow, staff, "stations.remove", f"station:{station_id}")


@router.get("/gateways", operation_id="listGateways", summary="网关列表")
async def list_gateways(staff: FrameViewer, db: Db) -> GatewaysOut:
    """Which gateways live, for the platform's own staff and the operator it came with."""
    if staff.operator_id not in (None, DEFAULT_OPERATOR_ID):
        raise Forbidden("网关由平台运维，运营商人员不可见", "platform_only")
    staff.demand_whole_operator()
    async with db.read() as connection:
        rows = await views.list_gateways(connection)
    return GatewaysOut(items=[GatewayOut.of(row) for row in rows])


def _filters(
    station_id: Annotated[Id | None, Query()] = None,
    online: Annotated[bool | None, Query(strict=False)] = None,
    enabled: Annotated[bool | None, Query(strict=False)] = None,
    code: Annotated[str, Query(pattern="^[0-9]{0,14}$", description="how the code begins")] = "",
) -> views.ChargePointFilter:
    return views.ChargePointFilter(station_id=station_id, online=online, enabled=enabled, code_starts=code)


@router.get("/charge-points", operation_id="listChargePoints", summary="充电桩列表")
async def list_charge_points(
    staff: Reader, db: Db, pages: Pages, wanted: Annotated[views.ChargePointFilter, Depends(_filters)]
) -> Page[ChargePointOut]:
    """Charge points by code."""
    after_code = str(pages.before[0]) if pages.before else ""
    async with db.read() as connection:
        rows = await views.list_charge_points(
            connection, wanted.within(staff.reach), after_code=after_code, limit=pages.fetch
        )
    shown, following = pages.page(rows, lambda row: row.code)
    return Page(items=[ChargePointOut.of(row) for row in shown], next=following)


@router.post("/charge-points", operation_id="createChargePoint", status_code=201, summary="新建充电桩")
async def create_charge_point(body: ChargePointIn, staff: Writer, db: Db) -> ChargePointDetail:
    """Enter a charge point; from then on it may log in."""
    async with db.unit() as uow:
        await service_assets.create_charge_point(uow, body.new(), reach=staff.reach)
        operators.audit(uow, staff, "charge_points.create", f"charge_point:{body.code}", {"after": body.model_dump()})
    return await _detail(db, staff, body.code)


async def _detail(db: Db, staff: Principal, code: str) -> ChargePointDetail:
    async with db.read() as connection:
        found = await visible(connection, staff, code)
        of_it = await views.connectors_of(connection, code)
    return ChargePointDetail.with_connectors(found, of_it)


async def visible(connection: AsyncConnection, staff: Principal, code: str) -> ChargePoint:
    """A charge point that this person may see, or NotFound."""
    found = await views.charge_point(connection, code)
    if found is None or not staff.reach.covers(found.operator_id, found.station_id):
        raise NotFound(f"没有桩编号 {code}", "charge_point_unknown", charge_point_code=code)
    return found


@router.get("/charge-points/{code}", operation_id="getChargePoint", summary="充电桩")
async def get_charge_point(code: Code, staff: Reader, db: Db) -> ChargePointDetail:
    """One charge point with its connectors."""
    return await _detail(db, staff, code)


@router.patch("/charge-points/{code}", operation_id="changeChargePoint", summary="修改充电桩")
async def change_charge_point(code: Code, body: ChargePointChange, staff: Writer, db: Db) -> ChargePointDetail:
    """Change what a charge point is described by; a disabled one is turned away at its next log-in."""
    changes = changes_of(body, nullable=set())
    async with db.unit() as uow:
        await service_assets.change_charge_point(uow, code, changes, reach=staff.reach)
        operators.audit(uow, staff, "charge_points.change", f"charge_point:{code}", {"after": changes})
    return await _detail(db, staff, code)


@router.delete("/charge-points/{code}", operation_id="removeChargePoint", status_code=204, summary="删除充电桩")
async def remove_charge_point(code: Code, staff: Writer, db: Db) -> None:
    """Remove a charge point that was entered by mistake and never used."""
    async with db.unit() as uow:
        await service_assets.remove_charge_point(uow, code, reach=staff.reach)
        operators.audit(uow, staff, "charge_points.remove", f"charge_point:{code}")


@router.patch("/charge-points/{code}/connectors/{connector_no}", operation_id="changeConnector", summary="修改枪")
async def change_connector(
    code: Code, connector_no: ConnectorNo, body: ConnectorChange, staff: Writer, db: Db
) -> ConnectorOut:
    """Change what a connector is described by; one out of use begins no charge, what runs there goes on."""
    changes = changes_of(body, nullable=set())
    async with db.unit() as uow:
        found = await service_assets.change_connector(uow, code, connector_no, changes, reach=staff.reach)
        operators.audit(uow, staff, "connectors.change", f"connector:{code}/{connector_no}", {"after": changes})
    return ConnectorOut.of(found)


@router.post(
    "/charge-points/{code}/connectors/{connector_no}/qr-code", operation_id="renewQrCode", summary="更换枪的二维码"
)
async def renew_qr_code(code: Code, connector_no: ConnectorNo, staff: Writer, db: Db) -> ConnectorOut:
    """Give a connector a new alias; the old sticker leads nowhere from now on."""
    async with db.unit() as uow:
        found = await service_assets.renew_qr_code(uow, code, connector_no, reach=staff.reach)
        operators.audit(uow, staff, "connectors.renew_qr_code", f"connector:{code}/{connector_no}")
    return ConnectorOut.of(found)


@router.get("/connectors/{qr_text:path}", operation_id="findConnector", summary="扫码查枪")
async def find_connector(qr_text: Annotated[str, Path(max_length=300)], who: Someone, db: Db) -> ChargePointDetail:
    """The charge point behind a scanned or typed text, with the connector it names, or all where it names none.

    Staff find those they may see; drivers are told nothing of how a charge point is connected.
    """
    if who.kind == "staff" and "stations.read" not in who.permissions:
        raise missing("stations.read")
    reach = who.reach if who.kind == "staff" else EVERYWHERE
    async with db.read() as connection:
        found = await views_codes.by_text(connection, qr_text, db.options.other_codes, reach=reach)
    shown = found.charge_point if who.kind == "staff" else without_connection(found.charge_point)
    of_it = found.connectors if who.kind == "staff" else [without_reason(each) for each in found.connectors]
    return ChargePointDetail.with_connectors(shown, of_it)


@router.post("/charge-points/{code}/commands", operation_id="askChargePoint", status_code=202, summary="下发指令")
async def ask_charge_point(code: Code, body: Annotated[CommandIn, Body()], staff: Operator, db: Db) -> CommandOut:
    """Ask a charge point something; how it ended stands in the command log."""
    async with db.unit() as uow:
        found = await service_assets.charge_point(uow, code, staff.reach)
        await service_gateways.refuse_unreachable(uow, code)
        to = Address(command_id=new_id(), charge_point_code=code, expires_at_ms=uow.now_ms + COMMAND_WITHIN_MS)
        if isinstance(body, QrPrefixIn) and not body.prefix:
            body = body.model_copy(update={"prefix": await service_codes.required_prefix(uow, found)})
        command = body.command(to)
        check_capable(found, command)
        await service.ask(uow, command, requested_by=f"staff:{staff.name}")
        operators.audit(uow, staff, f"devices.{body.kind}", f"charge_point:{code}", {"command_id": to.command_id})
    async with db.read() as connection:
        row = await views.command(connection, to.command_id)
    if row is None:
        raise NotFound("指令记录已不存在", "command_unknown", command_id=to.command_id)
    return CommandOut.of(row)


@router.get("/charge-points/{code}/commands", operation_id="listCommands", summary="指令记录")
async def list_commands(code: Code, staff: FrameViewer, db: Db, pages: Pages) -> Page[CommandOut]:
    """What a charge point was asked, newest first."""
    async with db.read() as connection:
        await visible(connection, staff, code)
        rows = await views.list_commands(connection, code, before=pages.before, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: (row.at_ms, row.command_id))
    return Page(items=[CommandOut.of(row) for row in shown], next=following)


def _before(
    before_id: Annotated[int | None, Query(ge=1)] = None,
    until: Annotated[MomentIn | None, Query(description="only frames before this moment")] = None,
) -> int | None:
    """The frame before which the wanted ones are, by number or by time, whichever is earlier."""
    ends = (before_id, None if until is None else first_id(until))
    return min((end for end in ends if end is not None), default=None)


@router.get("/charge-points/{code}/frames", operation_id="listFrames", summary="报文")
async def list_frames(
    code: Code,
    staff: FrameViewer,
    db: Db,
    read_frames: Annotated[FrameReader, Depends(_frame_reader)],
    before: Annotated[int | None, Depends(_before)],
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> FramesOut:
    """Frames as they passed, raw and decoded, newest first."""
    async with db.read() as connection:
        await visible(connection, staff, code)
    frames = await read_frames(code, before, limit)
    last = frames[-1].get("id") if len(frames) == limit else None
    return FramesOut(items=frames, next=last if isinstance(last, int) else None)


async def station_snapshot(connection: AsyncConnection, who: Principal, key: str) -> dict[str, object] | None:
    """All charge points of a station with their connectors, for staff who may see it."""
    if "stations.read" not in who.permissions or not key.isdecimal() or len(key) > 15:
        return None
    row = await views.station(connection, int(key))
    if row is None or not who.reach.covers(row.operator_id, row.id):
        return None
    return await views.station_snapshot(connection, row)


async def charge_point_snapshot(connection: AsyncConnection, who: Principal, key: str) -> dict[str, object] | None:
    """A charge point with its connectors, for staff who may see it."""
    if "stations.read" not in who.permissions:
        return None
    found = await views.charge_point(connection, key[:32])
    if found is None or not who.reach.covers(found.operator_id, found.station_id):
        return None
    return views.charge_point_snapshot(found, await views.connectors_of(connection, found.code))


LIVE_TOPICS = (
    LiveTopic(prefix="station", snapshot=station_snapshot),
    LiveTopic(prefix="charge_point", snapshot=charge_point_snapshot),
)
