"""Monthly cards and packs over the API: staff sell and end them, riders see their own."""

from typing import Annotated, Self

import msgspec
from fastapi import APIRouter, Depends, Header, Query
from pydantic import Field

from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.orders import service_passes, sql_passes
from chargecloud.features.orders.service_passes import NewPass
from chargecloud.features.orders.sql_passes import Pass
from chargecloud.infra.http.auth import Principal, Someone, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import ApiModel, Id, Moment, MomentIn
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.kernel.errors import Forbidden

pass_routes = APIRouter()
IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=100, pattern="^[!-~]+$")]
Writer = Annotated[Principal, Depends(require("drivers.write"))]


class PassIn(ApiModel):
    """A monthly card or a pack to be sold, or given when it has no price."""

    driver_id: Id
    name: Annotated[str, Field(min_length=1, max_length=80)]
    valid_from: MomentIn
    valid_until: MomentIn
    max_per_day: Annotated[int, Field(ge=0, le=100, description="0: 不限")] = 0
    max_s_per_session: Annotated[int, Field(ge=60, le=65_535)] = 43_200
    uses: Annotated[int | None, Field(ge=1, le=10_000, description="次卡的次数；月卡不填")] = None
    price_fen: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    station_id: Id | None = None


class PassOut(ApiModel):
    """A monthly card or a pack."""

    id: int
    driver_id: int
    station_id: int | None
    name: str
    valid_from: Moment
    valid_until: Moment
    max_per_day: int
    max_s_per_session: int
    uses_left: int | None
    price_fen: int
    created_at: Moment
    created_by: str
    ended_at: Moment | None

    @classmethod
    def of(cls, found: Pass) -> Self:
        values = msgspec.structs.asdict(found)
        del values["operator_id"]
        for name in ("valid_from", "valid_until", "created_at", "ended_at"):
            values[name] = values.pop(f"{name}_ms")
        return cls(**values)


@pass_routes.post("/passes", operation_id="sellPass", status_code=201, summary="开卡（月卡、次卡）")
async def sell_pass(body: PassIn, key: IdempotencyKey, writer: Writer, db: Db) -> PassOut:
    """Take the price from the driver's wallet, and open the pass; the same key again gives the same pass."""
    new = NewPass(
        driver_id=body.driver_id,
        name=body.name,
        valid_from_ms=body.valid_from,
        valid_until_ms=body.valid_until,
        max_per_day=body.max_per_day,
        max_s_per_session=body.max_s_per_session,
        uses=body.uses,
        price_fen=body.price_fen,
        station_id=body.station_id,
        request_key=f"{body.driver_id}:{key}",
        by=f"staff:{writer.id}",
    )
    async with db.unit() as uow:
        found = await service_passes.sell(uow, new, operator_id=writer.operator_id or DEFAULT_OPERATOR_ID)
        facts: dict[str, object] = {"pass_id": found.id, "price_fen": found.price_fen}
        operators.audit(uow, writer, "pass.sell", f"driver:{body.driver_id}", facts)
    return PassOut.of(found)


@pass_routes.get("/passes", operation_id="listPasses", summary="卡券列表")
async def list_passes(
    who: Someone, db: Db, pages: Pages, driver_id: Annotated[Id | None, Query()] = None
) -> Page[PassOut]:
    """Passes, newest first: a driver's own, or those of the operator."""
    if who.kind != "driver" and "drivers.read" not in who.permissions:
        raise Forbidden("this needs the permission drivers.read", "permission_missing", permission="drivers.read")
    async with db.read() as connection:
        rows = await sql_passes.list_passes(
            connection,
            operator_id=None if who.kind == "driver" else who.operator_id,
            driver_id=who.id if who.kind == "driver" else driver_id,
            before_id=pages.before_id,
            limit=pages.fetch,
        )
    shown, following = pages.page(rows, lambda row: row.id)
    return Page(items=[PassOut.of(row) for row in shown], next=following)


@pass_routes.delete("/passes/{pass_id}", operation_id="endPass", status_code=204, summary="停用卡券")
async def end_pass(pass_id: Id, writer: Writer, db: Db) -> None:
    """It counts no more; charges that run under it go on."""
    async with db.unit() as uow:
        await service_passes.end(uow, pass_id, operator_id=writer.operator_id)
        operators.audit(uow, writer, "pass.end", f"pass:{pass_id}", {})
