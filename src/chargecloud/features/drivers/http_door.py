"""How an app gets in: a code of its channel for a session, over REST and over the socket alike."""

from collections.abc import Mapping, Sequence
from typing import cast

import structlog
from starlette.requests import HTTPConnection

from chargecloud.features.drivers import service_identity
from chargecloud.features.drivers.messages import Identity
from chargecloud.features.drivers.service_identity import Holds, SignedIn, SignIn
from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.wechat.app import WechatApp
from chargecloud.kernel.errors import Conflict, Refused, TooMany, Unavailable

log = structlog.get_logger("chargecloud.drivers")

WECHAT = "wechat"
SIGN_INS_A_MINUTE = 60
"""From one address: carriers put many phones behind one."""


def wechat_app(connection: HTTPConnection, appid: str) -> WechatApp:
    """Our mini program of this name, or the only one; Unavailable while there is none at all."""
    apps = cast("Mapping[str, WechatApp]", getattr(connection.app.state, "wechat_apps", {}))
    if not apps:
        raise Unavailable(
            "平台没有配置微信小程序，请设置 wechat.appid 与 wechat.app_secret",
            "wechat_not_configured",
            setting="wechat.appid",
        )
    app = apps.get(appid) if appid else next(iter(apps.values()))
    if app is None:
        raise Refused("这不是本平台的小程序", "appid_unknown", field="appid")
    return app


def holdings(connection: HTTPConnection) -> Sequence[Holds]:
    """How each feature tells whether anything of it hangs on a driver; wired by main."""
    return cast("Sequence[Holds]", getattr(connection.app.state, "driver_holdings", ()))


async def sign_in_by_code(
    connection: HTTPConnection, app: WechatApp, code: str, device_id: str, *, operator_id: int | None
) -> SignedIn:
    """A session for whoever WeChat says is behind the code. The network is asked before the database."""
    database, cache = cast(Database, connection.app.state.database), cast(Cache, connection.app.state.cache)
    source = connection.client.host if connection.client else ""
    if not await cache.take(f"drivers.sign_in:{source}", limit=SIGN_INS_A_MINUTE, window_s=60, strict=False):
        raise TooMany("登录过于频繁，请一分钟后再试", "too_many_logins")
    identity = await app.code_to_identity(code)
    wanted = SignIn(
        identity=Identity(channel=WECHAT, appid=app.appid, openid=identity.openid, unionid=identity.unionid),
        device_id=device_id,
        operator_id=operator_id,
    )
    signed = await _keep(database, wanted)
    log.info("driver.signed_in", driver_id=signed.session.driver.driver_id, new=signed.new_driver, source=source)
    return signed


async def _keep(database: Database, wanted: SignIn) -> SignedIn:
    """Two phones of a person may come for the first time at once; whoever is second finds what the first wrote."""
    try:
        async with database.unit() as uow:
            return await service_identity.sign_in(uow, wanted)
    except Conflict as error:
        if error.code != "constraint_broken":
            raise
    async with database.unit() as uow:
        return await service_identity.sign_in(uow, wanted)
