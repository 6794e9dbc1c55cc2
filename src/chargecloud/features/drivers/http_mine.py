"""A driver's own cards and vehicles, for that driver."""

from typing import Self

from fastapi import APIRouter

from chargecloud.features.drivers import service, views
from chargecloud.features.drivers.http_models import NewVehicleBody, VehicleOut, VehiclesOut
from chargecloud.features.drivers.messages import Card
from chargecloud.infra.http.auth import CurrentDriver
from chargecloud.infra.http.context import Db, Limits
from chargecloud.infra.http.model import ApiModel, Id
from chargecloud.kernel.errors import NotFound, TooMany

VEHICLES_A_DAY = 10

mine = APIRouter(prefix="/driver")


class MyCardOut(ApiModel):
    """A card as its holder sees it: what is printed on it, not what its chip says."""

    id: int
    card_label: str
    frozen: bool

    @classmethod
    def of(cls, card: Card) -> Self:
        return cls(id=card.card_pk, card_label=card.card_label, frozen=card.frozen)


class MyCardsOut(ApiModel):
    """All of them."""

    items: list[MyCardOut]


@mine.get("/cards", operation_id="listMyCards", summary="我的卡")
async def my_cards(driver: CurrentDriver, db: Db) -> MyCardsOut:
    """My cards."""
    async with db.read() as connection:
        return MyCardsOut(items=[MyCardOut.of(card) for card in await service.cards_of(connection, driver.id)])


@mine.post("/cards/{card_pk}/loss", operation_id="reportCardLost", summary="挂失")
async def report_lost(card_pk: Id, driver: CurrentDriver, db: Db) -> MyCardOut:
    """Freeze a card that was lost; only the operator thaws it, who may have frozen it for a reason."""
    async with db.unit() as uow:
        await service.change_card(uow, driver.id, card_pk, frozen=True)
        cards = await service.cards_of(uow.connection, driver.id)
    found = next((card for card in cards if card.card_pk == card_pk), None)
    if found is None:
        raise NotFound(f"没有卡片 {card_pk}", "card_unknown", card_pk=card_pk)
    return MyCardOut.of(found)


@mine.get("/vehicles", operation_id="listMyVehicles", summary="我的车")
async def my_vehicles(driver: CurrentDriver, db: Db) -> VehiclesOut:
    """My vehicles."""
    async with db.read() as connection:
        return VehiclesOut(items=[VehicleOut.of(row) for row in await views.vehicles_of(connection, driver.id)])


@mine.post("/vehicles", operation_id="addMyVehicle", status_code=201, summary="登记我的车")
async def add_my_vehicle(body: NewVehicleBody, driver: CurrentDriver, db: Db, limits: Limits) -> VehicleOut:
    """Let a vehicle of mine start charges that I pay."""
    if not await limits.take(f"drivers.vehicles:{driver.id}", limit=VEHICLES_A_DAY, window_s=86_400, strict=False):
        raise TooMany(f"每天最多登记 {VEHICLES_A_DAY} 辆车", "too_many_vehicles", limit=VEHICLES_A_DAY)
    async with db.unit() as uow:
        vehicle_id = await service.add_vehicle(uow, driver.id, vin=body.vin, label=body.label)
        rows = await views.vehicles_of(uow.connection, driver.id)
    return VehicleOut.of(next(row for row in rows if row.vehicle_id == vehicle_id))


@mine.delete("/vehicles/{vehicle_id}", operation_id="removeMyVehicle", status_code=204, summary="删除我的车")
async def remove_my_vehicle(vehicle_id: Id, driver: CurrentDriver, db: Db) -> None:
    """Forget a vehicle of mine."""
    async with db.unit() as uow:
        await service.remove_vehicle(uow, driver.id, vehicle_id)
