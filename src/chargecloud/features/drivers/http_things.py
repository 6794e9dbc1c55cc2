"""A driver's cards and vehicles, for staff."""

from typing import Annotated

from fastapi import APIRouter, Depends

from chargecloud.features.drivers import service, views
from chargecloud.features.drivers.http_models import (
    CardChange,
    CardOut,
    CardsOut,
    NewCardBody,
    NewVehicleBody,
    VehicleOut,
    VehiclesOut,
)
from chargecloud.features.operators import service as operators
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import Id

things = APIRouter(prefix="/drivers/{driver_id}")

Reader = Annotated[Principal, Depends(require("drivers.read"))]
Writer = Annotated[Principal, Depends(require("drivers.write"))]


@things.get("/cards", operation_id="listCards", summary="充电卡")
async def list_cards(driver_id: Id, reader: Reader, db: Db) -> CardsOut:
    """A driver's cards."""
    async with db.read() as connection:
        await service.detail(connection, driver_id, reader.operator_id)
        return CardsOut(items=[CardOut.of(card) for card in await service.cards_of(connection, driver_id)])


@things.post("/cards", operation_id="addCard", status_code=201, summary="发卡")
async def add_card(driver_id: Id, body: NewCardBody, writer: Writer, db: Db) -> CardOut:
    """Hand out a card."""
    async with db.unit() as uow:
        await service.detail(uow.connection, driver_id, writer.operator_id)
        new = service.NewCard(
            driver_id=driver_id, card_id=body.card_id, card_label=body.card_label, password=body.password
        )
        card = await service.add_card(uow, new)
        operators.audit(uow, writer, "card.create", f"card:{card.card_pk}", {"driver_id": driver_id})
    return CardOut.of(card)


@things.patch("/cards/{card_pk}", operation_id="changeCard", status_code=204, summary="冻结、改密")
async def change_card(driver_id: Id, card_pk: Id, body: CardChange, writer: Writer, db: Db) -> None:
    """Freeze or thaw a card, or set its password."""
    async with db.unit() as uow:
        await service.detail(uow.connection, driver_id, writer.operator_id)
        await service.change_card(uow, driver_id, card_pk, frozen=body.frozen, password=body.password)
        facts = {"frozen": body.frozen, "password_set": body.password is not None}
        operators.audit(uow, writer, "card.change", f"card:{card_pk}", facts)


@things.delete("/cards/{card_pk}", operation_id="removeCard", status_code=204, summary="退卡")
async def remove_card(driver_id: Id, card_pk: Id, writer: Writer, db: Db) -> None:
    """Take a card back."""
    async with db.unit() as uow:
        await service.detail(uow.connection, driver_id, writer.operator_id)
        await service.remove_card(uow, driver_id, card_pk)
        operators.audit(uow, writer, "card.remove", f"card:{card_pk}", {"driver_id": driver_id})


@things.get("/vehicles", operation_id="listVehicles", summary="车辆")
async def list_vehicles(driver_id: Id, reader: Reader, db: Db) -> VehiclesOut:
    """A driver's vehicles."""
    async with db.read() as connection:
        await service.detail(connection, driver_id, reader.operator_id)
        return VehiclesOut(items=[VehicleOut.of(row) for row in await views.vehicles_of(connection, driver_id)])


@things.post("/vehicles", operation_id="addVehicle", status_code=201, summary="登记车架号")
async def add_vehicle(driver_id: Id, body: NewVehicleBody, writer: Writer, db: Db) -> VehicleOut:
    """Let a vehicle start charges."""
    async with db.unit() as uow:
        await service.detail(uow.connection, driver_id, writer.operator_id)
        vehicle_id = await service.add_vehicle(uow, driver_id, vin=body.vin, label=body.label)
        operators.audit(uow, writer, "vehicle.create", f"vehicle:{vehicle_id}", {"driver_id": driver_id})
        rows = await views.vehicles_of(uow.connection, driver_id)
    return VehicleOut.of(next(row for row in rows if row.vehicle_id == vehicle_id))


@things.delete("/vehicles/{vehicle_id}", operation_id="removeVehicle", status_code=204, summary="注销车架号")
async def remove_vehicle(driver_id: Id, vehicle_id: Id, writer: Writer, db: Db) -> None:
    """Forget a vehicle."""
    async with db.unit() as uow:
        await service.detail(uow.connection, driver_id, writer.operator_id)
        await service.remove_vehicle(uow, driver_id, vehicle_id)
        operators.audit(uow, writer, "vehicle.remove", f"vehicle:{vehicle_id}", {"driver_id": driver_id})
