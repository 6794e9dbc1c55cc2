"""The list of an operator's cards, whoever holds them."""

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.drivers import model
from chargecloud.features.drivers.sql import cards, drivers


class CardFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of cards may be narrowed by; a printed number by its beginning, a physical one as a whole."""

    card_label: str | None = None
    card_id: str | None = None
    frozen: bool | None = None
    driver_id: int | None = None

    @property
    def by_label(self) -> bool:
        """Whether the list goes by printed number, so that it walks the index of those; else newest first."""
        return self.card_label is not None and self.driver_id is None


class CardRow(msgspec.Struct, frozen=True, kw_only=True):
    """A card and who holds it, without what opens it."""

    card_pk: int
    card_id: str
    card_label: str
    frozen: bool
    has_password: bool
    driver_id: int
    driver_name: str
    created_at_ms: int


async def cards_page(
    connection: AsyncConnection,
    operator_id: int | None,
    wanted: CardFilter,
    *,
    before: int | str | None,
    limit: int,
) -> list[CardRow]:
    """Cards, newest first; by printed number, highest first, where its beginning is asked for.

    `before` is the id or the printed number of the last card of the page before, as the order has it.
    """
    order = cards.c.card_label if wanted.by_label else cards.c.id
    conditions = _conditions(wanted)
    if operator_id is not None:
        # Asked of each card on the way: joined, it would make the database collect all cards first and sort them.
        owner = select(drivers.c.operator_id).where(drivers.c.id == cards.c.driver_id).correlate(cards)
        conditions.append(owner.scalar_subquery() == operator_id)
    if before is not None:
        conditions.append(order < before)
    holder = drivers.alias("holder")
    statement = (
        select(cards, holder.c.name.label("driver_name"))
        .join(holder, holder.c.id == cards.c.driver_id)
        .where(*conditions)
        .order_by(order.desc())
        .limit(limit)
    )
    return [
        CardRow(
            card_pk=row.id,
            card_id=row.card_id,
            card_label=row.card_label,
            frozen=row.frozen,
            has_password=bool(row.password_digests),
            driver_id=row.driver_id,
            driver_name=row.driver_name,
            created_at_ms=row.created_at_ms,
        )
        for row in await connection.execute(statement)
    ]


def _conditions(wanted: CardFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.card_label is not None:
        conditions.append(cards.c.card_label >= wanted.card_label)
        conditions.append(cards.c.card_label < f"{wanted.card_label}:")  # ":" follows "9"
    if wanted.card_id is not None:
        conditions.append(cards.c.card_key == model.card_key(wanted.card_id))
    if wanted.frozen is not None:
        conditions.append(cards.c.frozen.is_(wanted.frozen))
    if wanted.driver_id is not None:
        conditions.append(cards.c.driver_id == wanted.driver_id)
    return conditions
