"""Charge points that called and that nobody has entered, for the platform's own people."""

from typing import Annotated, Self

import msgspec
from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from chargecloud.features.operators import service as operators
from chargecloud.features.stations import service_strangers, sql_strangers
from chargecloud.features.stations.http_models import ChargePointOut, Watts
from chargecloud.features.stations.model import CODE_PATTERN
from chargecloud.features.stations.sql_strangers import Stranger
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import ApiModel, Id, Moment
from chargecloud.infra.http.paging import Page, Pages

unknown = APIRouter()
Reader = Annotated[Principal, Depends(require("stations.read"))]
Writer = Annotated[Principal, Depends(require("stations.write"))]
Code = Annotated[str, Path(pattern=f"^({CODE_PATTERN})$", description="charge point code")]


class StrangerOut(ApiModel):
    """A charge point that called and was turned away, as it introduced itself last."""

    code: str
    protocol: str
    protocol_version: str
    firmware_version: str
    sim_iccid: str
    power_type: str
    connector_count: int
    source: str
    times: int
    """Calls within a minute count as one."""
    ignored: bool
    first_seen_at: Moment
    last_seen_at: Moment

    @classmethod
    def of(cls, found: Stranger) -> Self:
        values = msgspec.structs.asdict(found)
        del values["id"]
        for name in ("first_seen_at", "last_seen_at"):
            values[name] = values.pop(f"{name}_ms")
        return cls(**values)


class AdmissionIn(ApiModel):
    """Where it is to stand; the rest is as it said itself."""

    station_id: Id
    name: Annotated[str, Field(max_length=100)] = ""
    rated_power_w: Watts = 0


class IgnoredIn(ApiModel):
    """Whether it is put aside."""

    ignored: bool


@unknown.get("/unknown-charge-points", operation_id="listUnknownChargePoints", summary="未登记的桩")
async def list_unknown(
    staff: Reader, db: Db, pages: Pages, ignored: Annotated[bool | None, Query()] = None
) -> Page[StrangerOut]:
    """Who called and is not entered, newest first; for the platform's own people."""
    service_strangers.demand_platform(staff)
    async with db.read() as connection:
        rows = await sql_strangers.listed(connection, ignored=ignored, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.id)
    return Page(items=[StrangerOut.of(row) for row in shown], next=following)


@unknown.post(
    "/unknown-charge-points/{code}/admission",
    operation_id="admitUnknownChargePoint",
    status_code=201,
    summary="登记未登记的桩",
)
async def admit_unknown(code: Code, body: AdmissionIn, staff: Writer, db: Db) -> ChargePointOut:
    """Enter it into a station; its next log-in, within a minute or two, is admitted."""
    async with db.unit() as uow:
        made = await service_strangers.admit(uow, staff, code, **body.model_dump())
        facts: dict[str, object] = {"station_id": made.station_id, "enrolled": True}
        operators.audit(uow, staff, "charge_points.create", f"charge_point:{code}", facts)
    return ChargePointOut.of(made)


@unknown.put("/unknown-charge-points/{code}/ignored", operation_id="ignoreUnknownChargePoint", summary="忽略未登记的桩")
async def ignore_unknown(code: Code, body: IgnoredIn, staff: Writer, db: Db) -> StrangerOut:
    """Put it aside, or back; either way it goes on being turned away."""
    async with db.unit() as uow:
        found = await service_strangers.set_ignored(uow, staff, code, ignored=body.ignored)
        operators.audit(uow, staff, "charge_points.ignore", f"charge_point:{code}", {"ignored": body.ignored})
    return StrangerOut.of(found)
