"""Statements about identities, and about the tokens that hang on them."""

from typing import Any

import msgspec
from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.drivers.messages import Identity, Session
from chargecloud.features.drivers.sql import DRIVER_COLUMNS, driver_of, drivers, identities, tokens
from chargecloud.infra.sql.uow import UnitOfWork

_SESSION = (
    *DRIVER_COLUMNS,
    tokens.c.id.label("token_id"),
    tokens.c.device_id,
    identities.c.openid,
    identities.c.appid,
)


class KnownIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """An identity as it is kept."""

    identity_id: int
    driver_id: int


async def find(connection: AsyncConnection, channel: str, appid: str, openid: str) -> KnownIdentity | None:
    """An identity by what names it."""
    c = identities.c
    wanted = select(c.id, c.driver_id).where(c.channel == channel, c.appid == appid, c.openid == openid)
    row = (await connection.execute(wanted)).first()
    return KnownIdentity(identity_id=row.id, driver_id=row.driver_id) if row else None


async def driver_of_union(connection: AsyncConnection, channel: str, unionid: str) -> int | None:
    """The driver whose account elsewhere in this channel is of the same person."""
    c = identities.c
    wanted = select(c.driver_id).where(c.channel == channel, c.unionid == unionid).order_by(c.id).limit(1)
    row = (await connection.execute(wanted)).first()
    return int(row.driver_id) if row else None


async def identities_of(connection: AsyncConnection, driver_id: int) -> list[Identity]:
    """A driver's identities, oldest first."""
    c = identities.c
    rows = await connection.execute(
        select(c.channel, c.appid, c.openid, c.unionid).where(c.driver_id == driver_id).order_by(c.id)
    )
    return [
        Identity(channel=row.channel, appid=row.appid, openid=row.openid, unionid=row.unionid or "") for row in rows
    ]


async def has_identity(connection: AsyncConnection, driver_id: int, channel: str) -> bool:
    """Whether a driver is known in this channel."""
    c = identities.c
    wanted = select(func.count()).where(c.driver_id == driver_id, c.channel == channel)
    return bool((await connection.execute(wanted)).scalar_one())


async def owner_of_phone(uow: UnitOfWork, phone: str) -> int | None:
    """The driver with this number, kept as is until the end of the unit: two accounts may not join at once."""
    wanted = select(drivers.c.id).where(drivers.c.phone == phone).with_for_update()
    row = (await uow.connection.execute(wanted)).first()
    return int(row.id) if row else None


async def note_union(uow: UnitOfWork, identity_id: int, unionid: str) -> None:
    """WeChat tells who the person is elsewhere; it may begin to any day."""
    c = identities.c
    await uow.connection.execute(
        update(identities).where(c.id == identity_id, c.unionid.is_(None)).values(unionid=unionid)
    )


async def move(uow: UnitOfWork, from_driver_id: int, to_driver_id: int) -> None:
    """Identities and tokens of one driver are another's from now on."""
    for table in (identities, tokens):
        moved = update(table).where(table.c.driver_id == from_driver_id).values(driver_id=to_driver_id)
        await uow.connection.execute(moved)


async def session_of_token(connection: AsyncConnection, token_hash: str, now_ms: int) -> Session | None:
    """What a living token opens."""
    living = select(*_SESSION).join(tokens, tokens.c.driver_id == drivers.c.id)
    row = (
        await connection.execute(
            living.outerjoin(identities, identities.c.id == tokens.c.identity_id).where(
                tokens.c.token_hash == token_hash, tokens.c.revoked_at_ms.is_(None), tokens.c.expires_at_ms > now_ms
            )
        )
    ).first()
    return _session(row) if row else None


async def session_of_openid(connection: AsyncConnection, channel: str, appid: str, openid: str) -> Session | None:
    """What an openid alone opens, where that is allowed at all."""
    c = identities.c
    wanted = select(*DRIVER_COLUMNS, c.openid, c.appid).join(identities, c.driver_id == drivers.c.id)
    row = (await connection.execute(wanted.where(c.channel == channel, c.appid == appid, c.openid == openid))).first()
    return Session(driver=driver_of(row), openid=row.openid, appid=row.appid) if row else None


def _session(row: Row[*tuple[Any, ...]]) -> Session:
    return Session(
        driver=driver_of(row),
        token_id=row.token_id,
        device_id=row.device_id or "",
        openid=row.openid or "",
        appid=row.appid or "",
    )


async def end_tokens(
    uow: UnitOfWork, driver_id: int, *, identity_id: int | None = None, device_id: str = "", keep_newest: int = 0
) -> list[int]:
    """End tokens of a driver: those of an identity and device, or all but the newest; ids of those that ended."""
    c = tokens.c
    living = select(c.id).where(c.driver_id == driver_id, c.revoked_at_ms.is_(None)).order_by(c.id.desc())
    if identity_id is not None:
        living = living.where(c.identity_id == identity_id, c.device_id == device_id)
    ids = [int(each) for each in (await uow.connection.execute(living)).scalars()][keep_newest:]
    if ids:
        await uow.connection.execute(update(tokens).where(c.id.in_(ids)).values(revoked_at_ms=uow.now_ms))
    return ids
