"""A driver's own routes: signing in and out, who I am, my phone, where I am signed in."""

from fastapi import APIRouter, Request

from chargecloud.features.drivers import service, service_identity, views
from chargecloud.features.drivers.http_door import WECHAT, holdings, sign_in_by_code, wechat_app
from chargecloud.features.drivers.http_models import MyselfOut, TokenOut, TokensOut
from chargecloud.features.drivers.http_models_identity import DriverSignInBody, DriverSignInOut, PhoneCodeBody
from chargecloud.features.operators import service as operators
from chargecloud.infra.http.auth import CurrentDriver, presented_token
from chargecloud.infra.http.context import Db, Limits
from chargecloud.infra.http.model import Id
from chargecloud.kernel.errors import Refused, TooMany

PHONES_AN_HOUR = 5

myself = APIRouter(prefix="/driver")


@myself.post("/sign-in", operation_id="signInDriver", status_code=201, summary="车主登录")
async def sign_in(body: DriverSignInBody, db: Db, request: Request) -> DriverSignInOut:
    """A session for a code of the channel; the same device's session before it ends."""
    app = wechat_app(request, body.appid)
    signed = await sign_in_by_code(
        request, app, body.code, body.device_id, operator_id=db.options.new_driver_operator_id or None
    )
    return DriverSignInOut.of(signed)


@myself.post("/sign-out", operation_id="signOutDriver", status_code=204, summary="车主退出登录")
async def sign_out(_: CurrentDriver, db: Db, request: Request) -> None:
    """End this session and the socket it opened."""
    async with db.unit() as uow:
        await service_identity.sign_out(uow, presented_token(request))


@myself.post("/phone", operation_id="bindMyPhone", summary="绑定手机号")
async def bind_phone(body: PhoneCodeBody, driver: CurrentDriver, db: Db, limits: Limits, request: Request) -> MyselfOut:
    """Keep the number WeChat vouches for; it joins this account with the driver whom staff entered with it."""
    if not await limits.take(f"drivers.phone:{driver.id}", limit=PHONES_AN_HOUR, window_s=3600, strict=False):
        raise TooMany(f"每小时最多绑定 {PHONES_AN_HOUR} 次", "too_many_phones", retry_after_s=600)
    async with db.read() as connection:
        session = await service_identity.session_of_token(connection, presented_token(request), db.clock.now_ms())
    if session is None or not session.openid:
        raise Refused("请先用微信登录，再绑定手机号", "no_wechat_identity")
    phone = await wechat_app(request, session.appid).phone_number(body.code)
    async with db.unit() as uow:
        joined = await service_identity.bind_phone(uow, driver.id, WECHAT, phone, holdings=holdings(request))
        facts = {"phone_masked": joined.driver.phone_masked, "joined_from": joined.from_driver_id}
        operators.audit(uow, driver, "driver.bind_phone", f"driver:{joined.driver.driver_id}", facts)
    return MyselfOut.of(joined.driver)


@myself.get("", operation_id="getMyself", summary="本人资料")
async def get_myself(driver: CurrentDriver, db: Db) -> MyselfOut:
    """Who I am."""
    async with db.read() as connection:
        return MyselfOut.of((await service.detail(connection, driver.id, None)).driver)


@myself.get("/tokens", operation_id="listMyTokens", summary="本人令牌")
async def my_tokens(driver: CurrentDriver, db: Db, request: Request) -> TokensOut:
    """Where I am signed in."""
    now_ms = db.clock.now_ms()
    async with db.read() as connection:
        mine = await service_identity.session_of_token(connection, presented_token(request), now_ms)
        rows = await views.tokens_of(connection, driver.id, now_ms)
    return TokensOut(items=[TokenOut.of(row, mine.token_id if mine else 0) for row in rows])


@myself.delete("/tokens/{token_id}", operation_id="revokeMyToken", status_code=204, summary="吊销本人令牌")
async def revoke_my_token(token_id: Id, driver: CurrentDriver, db: Db) -> None:
    """Sign out, here or elsewhere; the socket opened with it is closed."""
    async with db.unit() as uow:
        await service.revoke_token(uow, driver.id, token_id)
