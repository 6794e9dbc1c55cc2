"""Signing in through a channel, and the phone number that joins its account with a driver staff have entered."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.drivers import model, service_push, sql, sql_identities
from chargecloud.features.drivers.messages import Driver, DriverCreated, Identity, Session
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, NotFound
from chargecloud.kernel.ids import new_secret

Holds = Callable[[AsyncConnection, int], Awaitable[bool]]
"""Whether anything of a feature hangs on a driver, so that the driver cannot become another."""


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """An identity that its channel has vouched for, on a device."""

    identity: Identity
    device_id: str
    operator_id: int | None
    """Who looks after a driver that is not known yet."""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A session, with its token shown this once."""

    session: Session
    token: str
    expires_at_ms: int
    new_driver: bool


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """Whose number it was: the driver who signed in, or one of before who is the same person."""

    driver: Driver
    from_driver_id: int | None = None


async def sign_in(uow: UnitOfWork, wanted: SignIn) -> SignedIn:
    """A session for an identity; whoever comes for the first time becomes a driver."""
    device_id = model.normal_device_id(wanted.device_id)
    of = wanted.identity
    known = await sql_identities.find(uow.connection, of.channel, of.appid, of.openid)
    new_driver = False
    if known is None:
        known, new_driver = await _enter(uow, wanted)
    elif of.unionid:
        await sql_identities.note_union(uow, known.identity_id, of.unionid)
    ended = await sql_identities.end_tokens(uow, known.driver_id, identity_id=known.identity_id, device_id=device_id)
    ended += await sql_identities.end_tokens(uow, known.driver_id, keep_newest=model.MAX_TOKENS - 1)
    service_push.end_connections(uow, known.driver_id, ended)
    token = new_secret()
    expires_at_ms = uow.now_ms + model.TOKEN_LIFETIME_MS
    row = {
        "driver_id": known.driver_id,
        "token_hash": model.token_hash(token),
        "label": of.channel,
        "created_at_ms": uow.now_ms,
        "expires_at_ms": expires_at_ms,
        "used_at_ms": uow.now_ms,
        "identity_id": known.identity_id,
        "device_id": device_id,
    }
    token_id = await sql.add(uow, sql.tokens, row)
    session = Session(
        driver=await _driver(uow, known.driver_id),
        token_id=token_id,
        openid=of.openid,
        appid=of.appid,
        device_id=device_id,
    )
    return SignedIn(session=session, token=token, expires_at_ms=expires_at_ms, new_driver=new_driver)


async def _enter(uow: UnitOfWork, wanted: SignIn) -> tuple[sql_identities.KnownIdentity, bool]:
    """Keep an identity seen for the first time, with the driver of the same person, or a new one."""
    of = wanted.identity
    driver_id = await sql_identities.driver_of_union(uow.connection, of.channel, of.unionid) if of.unionid else None
    new_driver = driver_id is None
    if driver_id is None:
        row: dict[str, object] = {
            "operator_id": wanted.operator_id,
            "name": model.NEW_DRIVER_NAME,
            "phone": None,
            "frozen": False,
            "frozen_reason": "",
            "created_at_ms": uow.now_ms,
        }
        driver_id = await sql.add(uow, sql.drivers, row)
        uow.publish(DriverCreated(driver_id=driver_id, operator_id=wanted.operator_id), key=f"driver:{driver_id}")
    identity = {
        "driver_id": driver_id,
        "channel": of.channel,
        "appid": of.appid,
        "openid": of.openid,
        "unionid": of.unionid or None,
        "created_at_ms": uow.now_ms,
    }
    identity_id = await sql.add(uow, sql.identities, identity)
    return sql_identities.KnownIdentity(identity_id=identity_id, driver_id=driver_id), new_driver


async def _driver(uow: UnitOfWork, driver_id: int) -> Driver:
    found = await sql.find_driver(uow.connection, driver_id)
    if found is None:
        raise NotFound(f"没有车主 {driver_id}", "driver_unknown", driver_id=driver_id)
    return found


async def sign_out(uow: UnitOfWork, token: str) -> None:
    """End the session of a token, and the connection it opened; a second time is harmless."""
    session = await sql_identities.session_of_token(uow.connection, model.token_hash(token), uow.now_ms)
    if session is not None:
        await sql.change(uow, sql.tokens, {"id": session.token_id}, {"revoked_at_ms": uow.now_ms})
        service_push.end_connections(uow, session.driver.driver_id, [session.token_id])


async def session_of_token(connection: AsyncConnection, token: str, now_ms: int) -> Session | None:
    """What a token opens; None when it is unknown, ended or too old."""
    return await sql_identities.session_of_token(connection, model.token_hash(token), now_ms)


async def session_of_openid(connection: AsyncConnection, channel: str, appid: str, openid: str) -> Session | None:
    """What an openid alone opens. Only for platforms where no money is real: an openid is no secret."""
    return await sql_identities.session_of_openid(connection, channel, appid, openid)


async def identities_of(connection: AsyncConnection, driver_id: int) -> list[Identity]:
    """A driver's identities, oldest first."""
    return await sql_identities.identities_of(connection, driver_id)


async def bind_phone(
    uow: UnitOfWork, driver_id: int, channel: str, phone: str, *, holdings: Sequence[Holds] = ()
) -> Joined:
    """Give a driver a number its channel has vouched for.

    A driver that staff entered with this number is the same person, as long as nobody has signed in as that driver and
    nothing hangs on the one who did just now. Where either is not so people have to decide: Conflict.
    """
    number = model.normal_phone(phone)
    here = await _driver(uow, driver_id)
    owner_id = await sql_identities.owner_of_phone(uow, number)
    if owner_id in (None, here.driver_id):
        await sql.change(uow, sql.drivers, {"id": here.driver_id}, {"phone": number})
        return Joined(driver=await _driver(uow, here.driver_id))
    if await sql_identities.has_identity(uow.connection, owner_id, channel):
        raise Conflict("该手机号已属于另一微信账号的车主，请联系运营商", "phone_taken", field="phone")
    for holds in holdings:
        if await holds(uow.connection, here.driver_id):
            raise Conflict(
                "该手机号属于运营商已登记的车主，而当前账号已有余额或订单，请联系运营商合并", "driver_in_use"
            )
    await sql_identities.move(uow, here.driver_id, owner_id)
    gone = {"frozen": True, "frozen_reason": f"已并入车主 {owner_id}"}
    await sql.change(uow, sql.drivers, {"id": here.driver_id}, gone)
    service_push.move_connections(uow, here.driver_id)
    return Joined(driver=await _driver(uow, owner_id), from_driver_id=here.driver_id)
