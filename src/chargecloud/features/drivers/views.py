"""Lists of drivers, their cards, vehicles and tokens. An operator sees its own drivers only."""

from collections.abc import Collection

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.drivers import model
from chargecloud.features.drivers.messages import Driver
from chargecloud.features.drivers.sql import DRIVER_COLUMNS, cards, driver_of, drivers, identities, tokens, vehicles


class DriverFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of drivers may be narrowed by; numbers are looked up exactly, names by a part."""

    name: str | None = None
    phone: str | None = None
    card: str | None = None
    vin: str | None = None
    frozen: bool | None = None


class DriverDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A driver as staff see one."""

    driver: Driver
    frozen_reason: str
    created_at_ms: int


class VehicleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle that may start charges for its driver."""

    vehicle_id: int
    vin_masked: str
    label: str
    created_at_ms: int


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A bearer token, without the token."""

    token_id: int
    label: str
    created_at_ms: int
    used_at_ms: int
    expires_at_ms: int
    revoked_at_ms: int | None
    appid: str = ""
    device_id: str = ""


async def driver_detail(connection: AsyncConnection, driver_id: int, operator_id: int | None) -> DriverDetail | None:
    """A driver with what staff need to know; None when there is none, or not for this operator."""
    statement = select(*DRIVER_COLUMNS, drivers.c.frozen_reason, drivers.c.created_at_ms).where(
        drivers.c.id == driver_id
    )
    if operator_id is not None:
        statement = statement.where(drivers.c.operator_id == operator_id)
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    return DriverDetail(driver=driver_of(row), frozen_reason=row.frozen_reason, created_at_ms=row.created_at_ms)


async def names_of(connection: AsyncConnection, driver_ids: Collection[int]) -> dict[int, str]:
    """Names by id; who is not there is left out."""
    statement = select(drivers.c.id, drivers.c.name).where(drivers.c.id.in_(driver_ids))
    return {row.id: row.name for row in await connection.execute(statement)}


async def drivers_page(
    connection: AsyncConnection, operator_id: int | None, wanted: DriverFilter, *, before_id: int | None, limit: int
) -> list[DriverDetail]:
    """Drivers, newest first."""
    conditions = _conditions(wanted)
    if operator_id is not None:
        conditions.append(drivers.c.operator_id == operator_id)
    if before_id is not None:
        conditions.append(drivers.c.id < before_id)
    statement = (
        select(*DRIVER_COLUMNS, drivers.c.frozen_reason, drivers.c.created_at_ms)
        .where(*conditions)
        .order_by(drivers.c.id.desc())
        .limit(limit)
    )
    return [
        DriverDetail(driver=driver_of(row), frozen_reason=row.frozen_reason, created_at_ms=row.created_at_ms)
        for row in await connection.execute(statement)
    ]


def _conditions(wanted: DriverFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.name:
        conditions.append(drivers.c.name.icontains(wanted.name, autoescape=True))
    if wanted.phone:
        conditions.append(drivers.c.phone == model.normal_phone(wanted.phone))
    if wanted.frozen is not None:
        conditions.append(drivers.c.frozen.is_(wanted.frozen))
    if wanted.card:
        key = model.card_key_or_none(wanted.card)
        owners = select(cards.c.driver_id).where((cards.c.card_label == wanted.card) | (cards.c.card_key == key))
        conditions.append(drivers.c.id.in_(owners))
    if wanted.vin:
        conditions.append(
            drivers.c.id.in_(select(vehicles.c.driver_id).where(vehicles.c.vin == model.normal_vin(wanted.vin)))
        )
    return conditions


async def vehicles_of(connection: AsyncConnection, driver_id: int) -> list[VehicleRow]:
    """A driver's vehicles, oldest first."""
    rows = await connection.execute(select(vehicles).where(vehicles.c.driver_id == driver_id).order_by(vehicles.c.id))
    return [
        VehicleRow(
            vehicle_id=row.id, vin_masked=model.masked_vin(row.vin), label=row.label, created_at_ms=row.created_at_ms
        )
        for row in rows
    ]


async def tokens_of(connection: AsyncConnection, driver_id: int, now_ms: int) -> list[TokenRow]:
    """A driver's living tokens, newest first."""
    statement = (
        select(tokens, identities.c.appid)
        .outerjoin(identities, identities.c.id == tokens.c.identity_id)
        .where(tokens.c.driver_id == driver_id, tokens.c.expires_at_ms > now_ms, tokens.c.revoked_at_ms.is_(None))
        .order_by(tokens.c.id.desc())
    )
    return [
        TokenRow(
            token_id=row.id,
            label=row.label,
            created_at_ms=row.created_at_ms,
            used_at_ms=row.used_at_ms,
            expires_at_ms=row.expires_at_ms,
            revoked_at_ms=row.revoked_at_ms,
            appid=row.appid or "",
            device_id=row.device_id or "",
        )
        for row in await connection.execute(statement)
    ]


async def phone_of(connection: AsyncConnection, driver_id: int) -> str:
    """A driver's whole phone number, for those who give a reason."""
    statement = select(drivers.c.phone).where(drivers.c.id == driver_id)
    return str((await connection.execute(statement)).scalar_one_or_none() or "")
