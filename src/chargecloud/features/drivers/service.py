"""Use cases around drivers. Operators see their own drivers only: `scope` is the operator, None the whole platform."""

from collections.abc import Collection
from functools import partial

import msgspec
from sqlalchemy import ColumnElement, ScalarSelect, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.drivers import model, service_identity, service_push, sql, sql_identities, views
from chargecloud.features.drivers.messages import Card, Driver, DriverCreated, DriverFrozen
from chargecloud.features.drivers.service_identity import Holds
from chargecloud.features.drivers.service_push import notice, patch_state, push
from chargecloud.features.drivers.service_state import DriverPart
from chargecloud.features.drivers.views import DriverDetail
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, NotFound
from chargecloud.kernel.ids import new_id, new_secret

__all__ = [
    "DriverPart",
    "Holds",
    "IssuedToken",
    "NewCard",
    "NewDriver",
    "add_card",
    "add_vehicle",
    "cards_of",
    "change_card",
    "change_driver",
    "check_card_password",
    "create_driver",
    "detail",
    "driver",
    "driver_for_card",
    "driver_for_vin",
    "driver_with_card",
    "freeze_driver",
    "issue_token",
    "names_of",
    "notice",
    "operator_of",
    "patch_state",
    "payer_id",
    "push",
    "remove_card",
    "remove_vehicle",
    "resolve_token",
    "revoke_token",
]

_LABELS = {
    "phone": "电话号码",
    "card_id": "物理卡号",
    "card_label": "卡面号",
    "vin": "车架号",
    "card": "卡片",
    "vehicle": "车辆",
}


class NewDriver(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is to charge."""

    name: str
    phone: str = ""
    operator_id: int | None = None


class NewCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card to hand out."""

    driver_id: int
    card_id: str
    card_label: str
    password: str = ""


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A bearer token, shown this once."""

    token_id: int
    token: str
    expires_at_ms: int


async def driver(uow: UnitOfWork, driver_id: int) -> Driver:
    """A driver by id."""
    found = await sql.find_driver(uow.connection, driver_id)
    if found is None:
        raise NotFound(f"没有车主 {driver_id}", "driver_unknown", driver_id=driver_id)
    return found


async def driver_with_card(uow: UnitOfWork, driver_id: int) -> tuple[Driver, Card | None]:
    """A driver by id, and a card that may stop a charge of theirs if they have one."""
    found = await sql.find_with_card(uow.connection, driver_id)
    if found is None:
        raise NotFound(f"没有车主 {driver_id}", "driver_unknown", driver_id=driver_id)
    return found


async def payer_id(connection: AsyncConnection, driver_id: int, channel: str, *, token: str, now_ms: int) -> str:
    """Who a driver is to a channel of payment of the same name; empty for a driver who never signed in through it.

    An openid is worth something in its own app only: that of the session with this token comes before every other.
    """
    session = await service_identity.session_of_token(connection, token, now_ms)
    known = [each for each in await sql_identities.identities_of(connection, driver_id) if each.channel == channel]
    if session is not None and any((each.appid, each.openid) == (session.appid, session.openid) for each in known):
        return session.openid
    return known[-1].openid if known else ""


async def detail(connection: AsyncConnection, driver_id: int, operator_id: int | None) -> DriverDetail:
    """A driver as staff see one; NotFound when there is none, or not for this operator."""
    found = await views.driver_detail(connection, driver_id, operator_id)
    if found is None:
        raise NotFound(f"没有车主 {driver_id}", "driver_unknown", driver_id=driver_id)
    return found


def operator_of(driver_id: ColumnElement[int]) -> ScalarSelect[int | None]:
    """Whose driver this is, as a part of another feature's statement; it never changes."""
    return select(sql.drivers.c.operator_id).where(sql.drivers.c.id == driver_id).scalar_subquery()


async def names_of(connection: AsyncConnection, driver_ids: Collection[int]) -> dict[int, str]:
    """Names by id; who is not there is left out."""
    return await views.names_of(connection, driver_ids)


async def cards_of(connection: AsyncConnection, driver_id: int) -> list[Card]:
    """A driver's cards, oldest first."""
    return await sql.cards_of(connection, driver_id)


async def driver_for_card(uow: UnitOfWork, card_id: str) -> Card | None:
    """The card with this physical number, read either way round; None when nobody has it or it is no card number."""
    key = model.card_key_or_none(card_id)
    return await sql.find_card(uow.connection, card_key=key) if key else None


async def driver_for_vin(uow: UnitOfWork, vin: str) -> Driver | None:
    """The driver of the vehicle that says it has this VIN; None when nobody registered it or it is no VIN."""
    known = model.vin_or_none(vin)
    return await sql.find_by_vin(uow.connection, known) if known else None


def check_card_password(card: Card, password_hash_hex: str) -> bool:
    """Whether what a charge point sent opens this card; a card without a password opens without."""
    if not card.has_password:
        return True
    return model.password_matches(card.password_salt, card.password_digests, password_hash_hex)


async def create_driver(uow: UnitOfWork, new: NewDriver) -> Driver:
    """Register a driver; a phone number belongs to one driver."""
    name = model.normal_name(new.name)
    phone = model.normal_phone(new.phone) if new.phone else None
    if phone:
        await _must_be_free(uow, sql.drivers, "phone", phone)
    row = {
        "operator_id": new.operator_id,
        "name": name,
        "phone": phone,
        "frozen": False,
        "frozen_reason": "",
        "created_at_ms": uow.now_ms,
    }
    driver_id = await sql.add(uow, sql.drivers, row)
    uow.publish(DriverCreated(driver_id=driver_id, operator_id=new.operator_id), key=f"driver:{driver_id}")
    return await driver(uow, driver_id)


async def change_driver(uow: UnitOfWork, driver_id: int, *, name: str | None, phone: str | None) -> Driver:
    """Correct a name or a phone number; None leaves it, an empty phone takes it away."""
    before = await driver(uow, driver_id)
    values: dict[str, object] = {}
    if name is not None:
        values["name"] = model.normal_name(name)
    if phone is not None:
        values["phone"] = model.normal_phone(phone) if phone else None
    if values.get("phone"):
        await _must_be_free(uow, sql.drivers, "phone", str(values["phone"]), except_id=driver_id)
    if values:
        await sql.change(uow, sql.drivers, {"id": before.driver_id}, values)
    return await driver(uow, driver_id)


async def freeze_driver(uow: UnitOfWork, driver_id: int, *, frozen: bool, reason: str) -> Driver:
    """Bar a driver from new charges, or lift the bar; a running charge goes on."""
    before = await driver(uow, driver_id)
    await sql.change(uow, sql.drivers, {"id": driver_id}, {"frozen": frozen, "frozen_reason": reason if frozen else ""})
    if before.frozen != frozen:
        uow.publish(DriverFrozen(driver_id=driver_id, frozen=frozen), key=f"driver:{driver_id}")
    return await driver(uow, driver_id)


async def add_card(uow: UnitOfWork, new: NewCard) -> Card:
    """Hand out a card; its physical and its printed number belong to one driver."""
    owner = await driver(uow, new.driver_id)
    card_id = model.normal_card_id(new.card_id)
    key = model.card_key(card_id)
    label = model.normal_card_label(new.card_label)
    await _must_be_free(uow, sql.cards, "card_key", key, name="card_id")
    await _must_be_free(uow, sql.cards, "card_label", label)
    row = {
        "driver_id": owner.driver_id,
        "card_id": card_id,
        "card_key": key,
        "card_label": label,
        "frozen": False,
        "created_at_ms": uow.now_ms,
        **_password_columns(new.password),
    }
    await sql.add(uow, sql.cards, row)
    card = await sql.find_card(uow.connection, card_key=key)
    if card is None:
        raise NotFound("卡片已不存在", "card_unknown", card_id=card_id)
    return card


async def change_card(
    uow: UnitOfWork, driver_id: int, card_pk: int, *, frozen: bool | None = None, password: str | None = None
) -> None:
    """Freeze or thaw a card, or set its password (empty: none)."""
    values: dict[str, object] = {} if frozen is None else {"frozen": frozen}
    if password is not None:
        values |= _password_columns(password)
    if values and not await sql.change(uow, sql.cards, {"id": card_pk, "driver_id": driver_id}, values):
        raise NotFound(f"车主 {driver_id} 没有卡片 {card_pk}", "card_unknown", card_pk=card_pk)


async def remove_card(uow: UnitOfWork, driver_id: int, card_pk: int) -> None:
    """Take a card back; its numbers are free again."""
    await _remove(uow, sql.cards, driver_id, card_pk, "card")


async def add_vehicle(uow: UnitOfWork, driver_id: int, *, vin: str, label: str = "") -> int:
    """Let a vehicle start charges for its driver; a VIN belongs to one driver."""
    owner = await driver(uow, driver_id)
    known = model.normal_vin(vin)
    await _must_be_free(uow, sql.vehicles, "vin", known)
    row = {"driver_id": owner.driver_id, "vin": known, "label": label, "created_at_ms": uow.now_ms}
    return await sql.add(uow, sql.vehicles, row)


async def remove_vehicle(uow: UnitOfWork, driver_id: int, vehicle_id: int) -> None:
    """Forget a vehicle."""
    await _remove(uow, sql.vehicles, driver_id, vehicle_id, "vehicle")


async def issue_token(uow: UnitOfWork, driver_id: int, *, label: str = "") -> IssuedToken:
    """A bearer token that lives seven days after its last use; only its hash is kept."""
    owner = await driver(uow, driver_id)
    token = new_secret()
    expires_at_ms = uow.now_ms + model.TOKEN_LIFETIME_MS
    row = {
        "driver_id": owner.driver_id,
        "token_hash": model.token_hash(token),
        "label": label,
        "created_at_ms": uow.now_ms,
        "expires_at_ms": expires_at_ms,
        "used_at_ms": uow.now_ms,
    }
    return IssuedToken(token_id=await sql.add(uow, sql.tokens, row), token=token, expires_at_ms=expires_at_ms)


async def resolve_token(connection: AsyncConnection, token: str, now_ms: int) -> Principal | None:
    """Which driver a token stands for; None when it is unknown, revoked, or unused for seven days."""
    row = await sql.find_by_token(connection, model.token_hash(token), now_ms)
    if row is None:
        return None
    found = sql.driver_of(row)
    return Principal(
        kind="driver",
        id=found.driver_id,
        name=found.name,
        operator_id=found.operator_id,
        renew=partial(sql.touch_token, token_id=row.token_id)
        if now_ms - row.used_at_ms >= model.TOKEN_TOUCH_MS
        else None,
    )


async def revoke_token(uow: UnitOfWork, driver_id: int, token_id: int) -> None:
    """End a token now, and the connection it opened; ending it twice is harmless."""
    if not await sql.change(uow, sql.tokens, {"id": token_id, "driver_id": driver_id}, {"revoked_at_ms": uow.now_ms}):
        raise NotFound(f"车主 {driver_id} 没有令牌 {token_id}", "token_unknown", token_id=token_id)
    service_push.end_connections(uow, driver_id, [token_id])


def _password_columns(password: str) -> dict[str, object]:
    if not password:
        return {"password_salt": "", "password_digests": ""}
    salt = new_id()
    return {"password_salt": salt, "password_digests": " ".join(model.password_digests(salt, password))}


async def _must_be_free(
    uow: UnitOfWork, table: Table, column: str, value: str, *, name: str = "", except_id: int = 0
) -> None:
    name = name or column
    owner_id = await sql.holder(uow, table, column, value)
    if owner_id not in (None, except_id):
        raise Conflict(f"{_LABELS[name]}已被登记", f"{name}_taken", field=name)


async def _remove(uow: UnitOfWork, table: Table, driver_id: int, row_id: int, what: str) -> None:
    if not await sql.remove(uow, table, {"id": row_id, "driver_id": driver_id}):
        raise NotFound(f"车主 {driver_id} 没有{_LABELS[what]} {row_id}", f"{what}_unknown", id=row_id)
