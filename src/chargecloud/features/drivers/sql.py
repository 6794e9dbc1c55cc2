"""Tables of drivers, cards, vehicles and tokens, and their statements."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Row,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.drivers.messages import Card, Driver
from chargecloud.features.drivers.model import TOKEN_LIFETIME_MS, masked_phone
from chargecloud.infra.sql.types import big_id, code, epoch_ms, metadata
from chargecloud.infra.sql.uow import UnitOfWork

drivers = Table(
    "drivers",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("operator_id", ForeignKey("operators.id")),
    Column("name", String(80), nullable=False),
    Column("phone", code(20), unique=True),
    Column("frozen", Boolean, nullable=False),
    Column("frozen_reason", String(200), nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Index(None, "operator_id", "id"),
)

cards = Table(
    "driver_cards",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("driver_id", ForeignKey("drivers.id"), nullable=False, index=True),
    Column("card_id", code(16), nullable=False),
    Column("card_key", code(16), nullable=False, unique=True),
    Column("card_label", code(16), nullable=False, unique=True),
    Column("frozen", Boolean, nullable=False),
    Column("password_salt", code(32), nullable=False),
    Column("password_digests", code(160), nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
)

vehicles = Table(
    "driver_vehicles",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("driver_id", ForeignKey("drivers.id"), nullable=False, index=True),
    Column("vin", code(17), nullable=False, unique=True),
    Column("label", String(40), nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
)

identities = Table(
    "driver_identities",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("driver_id", ForeignKey("drivers.id"), nullable=False, index=True),
    Column("channel", code(16), nullable=False),
    Column("appid", code(32), nullable=False),
    Column("openid", code(64), nullable=False),
    Column("unionid", code(64)),
    Column("created_at_ms", epoch_ms(), nullable=False),
    UniqueConstraint("channel", "appid", "openid"),
    Index(None, "channel", "unionid"),
)
"""Who a driver is where we do not keep the accounts: one row an app of a channel."""

tokens = Table(
    "driver_tokens",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("driver_id", ForeignKey("drivers.id"), nullable=False, index=True),
    Column("token_hash", code(64), nullable=False, unique=True),
    Column("label", String(40), nullable=False),
    Column("created_at_ms", epoch_ms(), nullable=False),
    Column("expires_at_ms", epoch_ms(), nullable=False, index=True),
    Column("used_at_ms", epoch_ms(), nullable=False),
    Column("revoked_at_ms", epoch_ms()),
    Column("identity_id", ForeignKey("driver_identities.id")),
    Column("device_id", code(64)),
)
"""`identity_id` and `device_id` are empty where staff issued the token."""

DRIVER_COLUMNS = (drivers.c.id, drivers.c.operator_id, drivers.c.name, drivers.c.phone, drivers.c.frozen)


def driver_of(row: Row[*tuple[Any, ...]]) -> Driver:
    """A driver from `DRIVER_COLUMNS`."""
    driver_id, operator_id, name, phone, frozen = row[:5]
    return Driver(
        driver_id=driver_id,
        operator_id=operator_id,
        name=name,
        phone_masked=masked_phone(phone or ""),
        frozen=frozen,
    )


def card_of(row: Row[*tuple[Any, ...]]) -> Card:
    """A card from `DRIVER_COLUMNS` and the card's own."""
    return Card(
        card_pk=row.card_pk,
        card_id=row.card_id,
        card_label=row.card_label,
        frozen=row.card_frozen,
        password_salt=row.password_salt,
        password_digests=tuple(row.password_digests.split()),
        driver=driver_of(row),
    )


_CARD_COLUMNS = (
    cards.c.id.label("card_pk"),
    cards.c.card_id,
    cards.c.card_label,
    cards.c.frozen.label("card_frozen"),
    cards.c.password_salt,
    cards.c.password_digests,
)


async def find_driver(connection: AsyncConnection, driver_id: int) -> Driver | None:
    """A driver by id."""
    row = (await connection.execute(select(*DRIVER_COLUMNS).where(drivers.c.id == driver_id))).first()
    return driver_of(row) if row else None


async def find_card(connection: AsyncConnection, *, card_key: str) -> Card | None:
    """A card by what its two readings share."""
    statement = select(*DRIVER_COLUMNS, *_CARD_COLUMNS).join(cards, cards.c.driver_id == drivers.c.id)
    row = (await connection.execute(statement.where(cards.c.card_key == card_key))).first()
    return card_of(row) if row else None


async def find_with_card(connection: AsyncConnection, driver_id: int) -> tuple[Driver, Card | None] | None:
    """A driver and the oldest card that is not frozen, in one statement."""
    statement = (
        select(*DRIVER_COLUMNS, *_CARD_COLUMNS)
        .outerjoin(cards, (cards.c.driver_id == drivers.c.id) & cards.c.frozen.is_(False))
        .where(drivers.c.id == driver_id)
        .order_by(cards.c.id)
        .limit(1)
    )
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    return driver_of(row), card_of(row) if row.card_pk is not None else None


async def cards_of(connection: AsyncConnection, driver_id: int) -> list[Card]:
    """A driver's cards, oldest first."""
    statement = select(*DRIVER_COLUMNS, *_CARD_COLUMNS).join(cards, cards.c.driver_id == drivers.c.id)
    rows = await connection.execute(statement.where(drivers.c.id == driver_id).order_by(cards.c.id))
    return [card_of(row) for row in rows]


async def find_by_vin(connection: AsyncConnection, vin: str) -> Driver | None:
    """The driver of a vehicle."""
    statement = select(*DRIVER_COLUMNS).join(vehicles, vehicles.c.driver_id == drivers.c.id)
    row = (await connection.execute(statement.where(vehicles.c.vin == vin))).first()
    return driver_of(row) if row else None


async def find_by_token(connection: AsyncConnection, token_hash: str, now_ms: int) -> Row[*tuple[Any, ...]] | None:
    """Driver and token behind a living token."""
    statement = (
        select(*DRIVER_COLUMNS, tokens.c.id.label("token_id"), tokens.c.used_at_ms)
        .join(tokens, tokens.c.driver_id == drivers.c.id)
        .where(tokens.c.token_hash == token_hash, tokens.c.revoked_at_ms.is_(None), tokens.c.expires_at_ms > now_ms)
    )
    return (await connection.execute(statement)).first()


async def touch_token(uow: UnitOfWork, token_id: int) -> None:
    """A token was used: it lives another seven days, unless it was revoked meanwhile."""
    await uow.connection.execute(
        update(tokens)
        .where(tokens.c.id == token_id, tokens.c.revoked_at_ms.is_(None))
        .values(used_at_ms=uow.now_ms, expires_at_ms=uow.now_ms + TOKEN_LIFETIME_MS)
    )


async def add(uow: UnitOfWork, table: Table, row: Mapping[str, object]) -> int:
    """Insert one row; its new id."""
    result = await uow.connection.execute(insert(table).values(row))
    key = result.inserted_primary_key
    return int(key[0]) if key else 0


async def change(uow: UnitOfWork, table: Table, key: Mapping[str, object], values: Mapping[str, object]) -> bool:
    """Update the one row that matches every part of the key; whether there was one."""
    statement = update(table).values(values)
    for name, value in key.items():
        statement = statement.where(table.c[name] == value)
    return (await uow.connection.execute(statement)).rowcount == 1


async def holder(uow: UnitOfWork, table: Table, column: str, value: str) -> int | None:
    """Id of the row that has this value in a unique column."""
    row = (await uow.connection.execute(select(table.c.id).where(table.c[column] == value))).first()
    return int(row[0]) if row else None


async def remove(uow: UnitOfWork, table: Table, key: Mapping[str, object]) -> bool:
    """Delete the one row that matches every part of the key; whether there was one."""
    statement = delete(table)
    for name, value in key.items():
        statement = statement.where(table.c[name] == value)
    return (await uow.connection.execute(statement)).rowcount == 1


async def prune_tokens(uow: UnitOfWork) -> int:
    """Forget tokens that open nothing any more; how many."""
    dead = (tokens.c.expires_at_ms <= uow.now_ms) | tokens.c.revoked_at_ms.is_not(None)
    return (await uow.connection.execute(delete(tokens).where(dead))).rowcount
