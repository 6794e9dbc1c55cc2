"""Drivers for staff: create, find, freeze, let in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from chargecloud.features.drivers import service, views
from chargecloud.features.drivers.http_cards import all_cards
from chargecloud.features.drivers.http_mine import mine
from chargecloud.features.drivers.http_models import (
    DriverChange,
    DriverOut,
    FreezeBody,
    IssuedTokenOut,
    NewDriverBody,
    NewTokenBody,
    PhoneOut,
    ReasonBody,
    TokenOut,
    TokensOut,
)
from chargecloud.features.drivers.http_myself import myself
from chargecloud.features.drivers.http_things import things
from chargecloud.features.operators import service as operators
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import Id
from chargecloud.infra.http.paging import Page, Pages

router = APIRouter(tags=["drivers"])
router.include_router(all_cards)
router.include_router(things)
router.include_router(myself)
router.include_router(mine)

Reader = Annotated[Principal, Depends(require("drivers.read"))]
Writer = Annotated[Principal, Depends(require("drivers.write"))]
Text = Annotated[str | None, Query(min_length=1, max_length=80)]


def _filters(
    name: Text = None, phone: Text = None, card: Text = None, vin: Text = None, frozen: bool | None = None
) -> views.DriverFilter:
    return views.DriverFilter(name=name, phone=phone, card=card, vin=vin, frozen=frozen)


@router.get("/drivers", operation_id="listDrivers", summary="车主列表")
async def list_drivers(
    reader: Reader, db: Db, pages: Pages, wanted: Annotated[views.DriverFilter, Depends(_filters)]
) -> Page[DriverOut]:
    """By part of a name; by whole phone, card number (printed or physical) or VIN."""
    async with db.read() as connection:
        rows = await views.drivers_page(
            connection, reader.operator_id, wanted, before_id=pages.before_id, limit=pages.fetch
        )
    shown, following = pages.page(rows, lambda detail: detail.driver.driver_id)
    return Page[DriverOut](items=[DriverOut.of(detail) for detail in shown], next=following)


@router.post("/drivers", operation_id="createDriver", status_code=201, summary="新增车主")
async def create_driver(body: NewDriverBody, writer: Writer, db: Db) -> DriverOut:
    """Register a driver."""
    async with db.unit() as uow:
        new = service.NewDriver(name=body.name, phone=body.phone, operator_id=writer.operator_id)
        driver = await service.create_driver(uow, new)
        operators.audit(uow, writer, "driver.create", f"driver:{driver.driver_id}")
        return DriverOut.of(await service.detail(uow.connection, driver.driver_id, writer.operator_id))


@router.get("/drivers/{driver_id}", operation_id="getDriver", summary="车主详情")
async def get_driver(driver_id: Id, reader: Reader, db: Db) -> DriverOut:
    """One of them."""
    async with db.read() as connection:
        return DriverOut.of(await service.detail(connection, driver_id, reader.operator_id))


@router.patch("/drivers/{driver_id}", operation_id="changeDriver", summary="修改车主")
async def change_driver(driver_id: Id, body: DriverChange, writer: Writer, db: Db) -> DriverOut:
    """Correct a name or a phone number."""
    async with db.unit() as uow:
        await service.detail(uow.connection, driver_id, writer.operator_id)
        await service.change_driver(uow, driver_id, name=body.name, phone=body.phone)
        changed = sorted(body.model_fields_set)
        operators.audit(uow, writer, "driver.change", f"driver:{driver_id}", {"changed": changed})
        return DriverOut.of(await service.detail(uow.connection, driver_id, writer.operator_id))


@router.put("/drivers/{driver_id}/freeze", operation_id="freezeDriver", summary="冻结、解冻车主")
async def freeze_driver(driver_id: Id, body: FreezeBody, writer: Writer, db: Db) -> DriverOut:
    """Bar from new charges, or lift the bar; a running charge goes on."""
    async with db.unit() as uow:
        await service.detail(uow.connection, driver_id, writer.operator_id)
        await service.freeze_driver(uow, driver_id, frozen=body.frozen, reason=body.reason)
        action = "driver.freeze" if body.frozen else "driver.unfreeze"
        operators.audit(uow, writer, action, f"driver:{driver_id}", {"reason": body.reason})
        return DriverOut.of(await service.detail(uow.connection, driver_id, writer.operator_id))


@router.post("/drivers/{driver_id}/phone-reveals", operation_id="revealPhone", summary="查看完整电话")
async def reveal_phone(driver_id: Id, body: ReasonBody, writer: Writer, db: Db) -> PhoneOut:
    """The whole number, for a reason that is written down."""
    async with db.unit() as uow:
        await service.detail(uow.connection, driver_id, writer.operator_id)
        operators.audit(uow, writer, "driver.reveal_phone", f"driver:{driver_id}", {"reason": body.reason})
        return PhoneOut(phone=await views.phone_of(uow.connection, driver_id))


@router.get("/drivers/{driver_id}/tokens", operation_id="listDriverTokens", summary="车主令牌")
async def list_tokens(driver_id: Id, reader: Reader, db: Db) -> TokensOut:
    """Where a driver is signed in."""
    async with db.read() as connection:
        await service.detail(connection, driver_id, reader.operator_id)
        rows = await views.tokens_of(connection, driver_id, db.clock.now_ms())
    return TokensOut(items=[TokenOut.of(row) for row in rows])


@router.post("/drivers/{driver_id}/tokens", operation_id="issueDriverToken", status_code=201, summary="签发令牌")
async def issue_token(driver_id: Id, body: NewTokenBody, writer: Writer, db: Db) -> IssuedTokenOut:
    """Let a driver in without another sign-in; shown this once."""
    async with db.unit() as uow:
        await service.detail(uow.connection, driver_id, writer.operator_id)
        issued = await service.issue_token(uow, driver_id, label=body.label)
        operators.audit(uow, writer, "driver.issue_token", f"driver:{driver_id}", {"token_id": issued.token_id})
    return IssuedTokenOut.of(issued)


@router.delete(
    "/drivers/{driver_id}/tokens/{token_id}", operation_id="revokeDriverToken", status_code=204, summary="吊销令牌"
)
async def revoke_token(driver_id: Id, token_id: Id, writer: Writer, db: Db) -> None:
    """End a token now."""
    async with db.unit() as uow:
        await service.detail(uow.connection, driver_id, writer.operator_id)
        await service.revoke_token(uow, driver_id, token_id)
        operators.audit(uow, writer, "driver.revoke_token", f"driver:{driver_id}", {"token_id": token_id})
