"""Hubs and the charge points behind them, over the API."""

from collections.abc import Sequence
from typing import Annotated, Self

import msgspec
from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.operators import service as operators
from chargecloud.features.stations import service_hubs, sql_hubs, views
from chargecloud.features.stations.http_models import changes_of
from chargecloud.features.stations.sql_hubs import Hub, HubFilter
from chargecloud.features.stations.views import BehindHub
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import ApiModel, Id, Moment
from chargecloud.infra.http.paging import Page, Pages

hub_routes = APIRouter()
Reader = Annotated[Principal, Depends(require("stations.read"))]
Writer = Annotated[Principal, Depends(require("stations.write"))]
HubCode = Annotated[str, Path(pattern="^[0-9A-F]{8}$", description="hub code, 8 hex digits")]


class BehindHubOut(ApiModel):
    """A charge point behind a hub."""

    code: str
    name: str
    station_id: int
    online: bool
    connector_count: int


class HubOut(ApiModel):
    """A hub as it is now; it is online while one of the charge points behind it is."""

    hub_code: str
    operator_id: int
    station_id: int
    station_name: str
    name: str
    note: str
    retired: bool
    charge_points: int
    online: int
    """So many of them."""
    firmware_version: str
    hub_type: int
    modem_type: int
    signal_raw: int
    sim_iccid: str
    imei: str
    modem_version: str
    clock_skew_ms: int | None
    first_seen_at: Moment
    seen_at: Moment
    voltage_mv: int | None
    current_ma: int | None
    energy_mwh: int | None
    leakage_ma: int | None
    temp_c: int | None
    smoke: bool | None
    breaker_closed: bool | None
    sampled_at: Moment | None

    @classmethod
    def of(cls, hub: Hub, behind: Sequence[BehindHub], station_name: str) -> Self:
        return cls(**_shown(hub, behind, station_name))


class HubDetail(HubOut):
    """A hub with the charge points behind it."""

    behind: list[BehindHubOut]

    @classmethod
    def with_behind(cls, hub: Hub, behind: Sequence[BehindHub], station_name: str) -> Self:
        """Both together."""
        listed = [BehindHubOut.model_validate(each) for each in behind]
        return cls(**_shown(hub, behind, station_name), behind=listed)


def _shown(hub: Hub, behind: Sequence[BehindHub], station_name: str) -> dict[str, object]:
    values = msgspec.structs.asdict(hub)
    values["hub_code"] = values.pop("code")
    for name in ("first_seen_at", "seen_at", "sampled_at"):
        values[name] = values.pop(f"{name}_ms")
    counts = {"charge_points": len(behind), "online": sum(each.online for each in behind)}
    return values | counts | {"station_name": station_name}


class HubChange(ApiModel):
    """What people write about a hub; left out: as it is."""

    name: Annotated[str, Field(max_length=100)] | None = None
    note: Annotated[str, Field(max_length=300)] | None = None
    retired: bool | None = None


def _filters(
    station_id: Annotated[Id | None, Query()] = None,
    retired: Annotated[bool | None, Query(strict=False)] = None,
    hub_code: Annotated[str, Query(pattern="^[0-9A-Fa-f]{0,8}$", description="how the code begins")] = "",
) -> HubFilter:
    return HubFilter(station_id=station_id, retired=retired, code_starts=hub_code.upper())


@hub_routes.get("/hubs", operation_id="listHubs", summary="电动车主机")
async def list_hubs(
    staff: Reader, db: Db, pages: Pages, wanted: Annotated[HubFilter, Depends(_filters)]
) -> Page[HubOut]:
    """Hubs by code, with how many charge points are behind each."""
    async with db.read() as connection:
        rows = await sql_hubs.listed(
            connection, wanted, reach=staff.reach, after_code=pages.before_text or "", limit=pages.fetch
        )
        shown, following = pages.page(rows, lambda row: row.code)
        behind = await views.behind_hubs(connection, [row.code for row in shown], staff.reach)
        names = await views.station_names(connection, [row.station_id for row in shown])
    items = [HubOut.of(row, behind.get(row.code, []), names.get(row.station_id, "")) for row in shown]
    return Page(items=items, next=following)


@hub_routes.get("/hubs/{hub_code}", operation_id="getHub", summary="主机详情")
async def get_hub(hub_code: HubCode, staff: Reader, db: Db) -> HubDetail:
    """One hub with the charge points behind it."""
    async with db.read() as connection:
        return await _detail(connection, staff, await service_hubs.visible(connection, hub_code, staff.reach))


@hub_routes.patch("/hubs/{hub_code}", operation_id="changeHub", summary="修改主机")
async def change_hub(hub_code: HubCode, body: HubChange, staff: Writer, db: Db) -> HubDetail:
    """Name it, note something, or retire it: a retired one is out of the usual list, and goes on working."""
    changes = changes_of(body)
    async with db.unit() as uow:
        found = await service_hubs.change(uow, hub_code, changes, reach=staff.reach)
        operators.audit(uow, staff, "hubs.change", f"hub:{hub_code}", {"after": changes})
        return await _detail(uow.connection, staff, found)


async def _detail(connection: AsyncConnection, staff: Principal, hub: Hub) -> HubDetail:
    behind = await views.behind_hubs(connection, [hub.code], staff.reach)
    names = await views.station_names(connection, [hub.station_id])
    return HubDetail.with_behind(hub, behind.get(hub.code, []), names.get(hub.station_id, ""))
