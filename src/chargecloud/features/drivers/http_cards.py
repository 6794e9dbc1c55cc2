"""All cards of an operator, for staff; what is done to one goes by its driver."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from chargecloud.features.drivers import views_cards
from chargecloud.features.drivers.http_models import ListedCardOut
from chargecloud.features.drivers.views_cards import CardFilter
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.paging import Page, Pages

all_cards = APIRouter()

Reader = Annotated[Principal, Depends(require("drivers.read"))]
LabelStart = Annotated[str | None, Query(pattern=r"^[0-9]{1,16}$", description="how the printed number begins")]
CardId = Annotated[
    str | None,
    Query(pattern=r"^([0-9A-Fa-f]{2}){1,8}$", description="whole physical number, hex, either way round"),
]
DriverId = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


def _filters(
    card_label: LabelStart = None, card_id: CardId = None, frozen: bool | None = None, driver_id: DriverId = None
) -> CardFilter:
    return CardFilter(card_label=card_label, card_id=card_id, frozen=frozen, driver_id=driver_id)


@all_cards.get("/cards", operation_id="listAllCards", summary="卡片列表")
async def list_all_cards(
    reader: Reader, db: Db, pages: Pages, wanted: Annotated[CardFilter, Depends(_filters)]
) -> Page[ListedCardOut]:
    """Newest first; by printed number, highest first, where its beginning is asked for and no driver is."""
    before = pages.before_text if wanted.by_label else pages.before_id
    async with db.read() as connection:
        rows = await views_cards.cards_page(connection, reader.operator_id, wanted, before=before, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.card_label if wanted.by_label else row.card_pk)
    return Page[ListedCardOut](items=[ListedCardOut.of(row) for row in shown], next=following)
