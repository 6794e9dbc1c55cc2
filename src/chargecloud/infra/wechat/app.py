"""The application interface of WeChat, as far as a mini program for charging needs it: a thin client.

Secrets travel in query strings there, so neither addresses nor bodies are ever logged or put into an error.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec
import structlog

from chargecloud.infra.wechat.app_errors import ALREADY_SHIPPED, BUSY, TOKEN_STALE, error_of, unreachable
from chargecloud.infra.wechat.app_token import AccessToken, TokenHolder
from chargecloud.kernel.clock import Clock, rfc3339
from chargecloud.kernel.errors import Invalid, Refused

if TYPE_CHECKING:
    import httpx

log = structlog.get_logger("chargecloud.wechat")

ANSWER_S = 5.0
MAX_ANSWER = 2 * 1024 * 1024
SCENE_CHARACTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$&'()*+,/:;=?@-._~")
SCENE_MAX = 32
VIRTUAL_GOODS, DELIVERED_AT_ONCE, OUR_NUMBER = 3, 1, 1
"""Words of `upload_shipping_info`: what was paid for needs no parcel, all of it was delivered, named by our number."""

Version = Literal["release", "trial", "develop"]
_STATES: dict[Version, str] = {"release": "formal", "trial": "trial", "develop": "developer"}
T = TypeVar("T")


class AppOptions(msgspec.Struct, frozen=True, kw_only=True):
    """A mini program and where WeChat answers for it."""

    appid: str
    secret: str
    base_url: str = "https://api.weixin.qq.com"
    version: Version = "release"

    def __repr__(self) -> str:
        return f"AppOptions(appid={self.appid!r}, base_url={self.base_url!r}, version={self.version!r})"


class WechatIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who `wx.login` was. The session key stays behind: nothing here needs it, and nobody else may have it."""

    openid: str
    unionid: str = ""


class SubscribeMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a template the driver has agreed to; `data` by the template's keys."""

    openid: str
    template_id: str
    data: Mapping[str, str]
    page: str = ""


class Shipped(msgspec.Struct, frozen=True, kw_only=True):
    """What WeChat has to be told about a payment before it lets the merchant have the money."""

    mchid: str
    payment_no: str
    openid: str
    item: str
    at_ms: int


class _Said(msgspec.Struct):
    errcode: int = 0
    errmsg: str = ""


class _Session(msgspec.Struct):
    openid: str
    unionid: str | None = None


class _Watermark(msgspec.Struct):
    appid: str


class _Phone(msgspec.Struct, rename="camel"):
    pure_phone_number: str
    country_code: str
    watermark: _Watermark


class _PhoneAnswer(msgspec.Struct):
    phone_info: _Phone


class _Managed(msgspec.Struct, rename={"held_back": "is_trade_managed"}):
    held_back: bool = False


def http_client() -> "httpx.AsyncClient":
    """A client with deadlines. httpx writes whole addresses into its log, so it may not write any."""
    import httpx  # only where a mini program is configured

    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(timeout=ANSWER_S, follow_redirects=False, trust_env=False)


class WechatApp:
    """One mini program. Unavailable and TooMany may be tried again; everything else is an answer."""

    def __init__(self, options: AppOptions, client: "httpx.AsyncClient", clock: Clock) -> None:
        self.options = options
        self._client = client
        self._clock = clock
        self._base = options.base_url.rstrip("/")
        self._tokens = TokenHolder(self._fetch_token, clock)

    @property
    def appid(self) -> str:
        return self.options.appid

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def code_to_identity(self, code: str) -> WechatIdentity:
        """Who is behind a code of `wx.login`; Unauthenticated `code_invalid` when it is wrong, used or too old."""
        query = {
            "appid": self.options.appid,
            "secret": self.options.secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        session = _read(await self._ask("GET", "/sns/jscode2session", query=query), _Session)
        return WechatIdentity(openid=session.openid, unionid=session.unionid or "")

    async def phone_number(self, code: str) -> str:
        """The number a driver agreed to show, digits, with + and country where it is not Chinese."""
        body = await self._ask_with_token("/wxa/business/getuserphonenumber", {"code": code})
        phone = _read(body, _PhoneAnswer).phone_info
        if phone.watermark.appid != self.options.appid:
            raise Refused("手机号凭证不属于本小程序", "phone_of_another_app")
        if phone.country_code in {"86", ""}:
            return phone.pure_phone_number
        return f"+{phone.country_code}{phone.pure_phone_number}"

    async def unlimited_code(self, scene: str, *, page: str = "", width: int = 430) -> bytes:
        """A mini program code as a picture (PNG or JPEG); `scene` has up to 32 plain characters."""
        if not 0 < len(scene) <= SCENE_MAX or not SCENE_CHARACTERS.issuperset(scene):
            raise Invalid("scene 为 1 至 32 个可见字符，不含 %", "wechat_scene", field="scene")
        asked: dict[str, object] = {
            "scene": scene,
            "width": width,
            "check_path": self.options.version == "release",
            "env_version": self.options.version,
        }
        if page:
            asked["page"] = page.lstrip("/")
        return await self._ask_with_token("/wxa/getwxacodeunlimit", asked, picture=True)

    async def send(self, message: SubscribeMessage) -> None:
        """Send a subscribe message; Refused `wechat_not_subscribed` when the driver did not agree (any more)."""
        asked: dict[str, object] = {
            "touser": message.openid,
            "template_id": message.template_id,
            "data": {key: {"value": text} for key, text in message.data.items()},
            "miniprogram_state": _STATES[self.options.version],
            "lang": "zh_CN",
        }
        if message.page:
            asked["page"] = message.page
        await self._ask_with_token("/cgi-bin/message/subscribe/send", asked)

    async def holds_payments_back(self) -> bool:
        """Whether WeChat holds payments back until it is told that the goods were delivered."""
        body = await self._ask_with_token("/wxa/sec/order/is_trade_managed", {"appid": self.options.appid})
        return _read(body, _Managed).held_back

    async def tell_shipped(self, shipped: Shipped) -> None:
        """Tell that what was paid for was delivered; telling it again is harmless."""
        asked: dict[str, object] = {
            "order_key": {
                "order_number_type": OUR_NUMBER,
                "mchid": shipped.mchid,
                "out_trade_no": shipped.payment_no,
            },
            "logistics_type": VIRTUAL_GOODS,
            "delivery_mode": DELIVERED_AT_ONCE,
            "shipping_list": [{"item_desc": shipped.item}],
            "upload_time": rfc3339(shipped.at_ms),
            "payer": {"openid": shipped.openid},
        }
        await self._ask_with_token("/wxa/sec/order/upload_shipping_info", asked, done_before=ALREADY_SHIPPED)

    async def _fetch_token(self) -> AccessToken:
        asked = {
            "grant_type": "client_credential",
            "appid": self.options.appid,
            "secret": self.options.secret,
            "force_refresh": False,
        }
        return _read(await self._ask("POST", "/cgi-bin/stable_token", body=asked), AccessToken)

    async def _ask_with_token(
        self,
        path: str,
        body: Mapping[str, object],
        *,
        picture: bool = False,
        done_before: frozenset[int] = frozenset(),
    ) -> bytes:
        """Ask with the access token; once more with a fresh one when WeChat does not know it any more."""
        for last in (False, True):
            token = await self._tokens.token()
            answer = await self._answer("POST", path, query={"access_token": token}, body=body)
            said = _said(answer, picture=picture)
            if said.errcode in TOKEN_STALE:
                self._tokens.drop(token)
                if not last:
                    continue
            if said.errcode and said.errcode not in done_before:
                raise error_of(said.errcode, said.errmsg)
            return answer.content
        raise AssertionError("the second round always ends")

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> bytes:
        """Ask without a token; once more when WeChat says that it is busy."""
        answer = await self._answer(method, path, query=query, body=body)
        said = _said(answer)
        if said.errcode == BUSY:
            answer = await self._answer(method, path, query=query, body=body)
            said = _said(answer)
        if said.errcode:
            raise error_of(said.errcode, said.errmsg)
        return answer.content

    async def _answer(
        self, method: str, path: str, *, query: Mapping[str, str] | None, body: Mapping[str, object] | None
    ) -> "httpx.Response":
        import httpx

        began = self._clock.monotonic()
        content = None if body is None else msgspec.json.encode(body)
        try:
            answer = await self._client.request(
                method, self._base + path, params=query, content=content, headers={"Content-Type": "application/json"}
            )
        except httpx.HTTPError as error:
            log.warning("wechat.unreachable", path=path, error=type(error).__name__)
            raise unreachable(type(error).__name__) from None
        log.info("wechat.asked", path=path, status=answer.status_code, ms=int((self._clock.monotonic() - began) * 1000))
        if answer.status_code != 200:
            raise unreachable(f"HTTP {answer.status_code}")
        if len(answer.content) > MAX_ANSWER:
            raise unreachable("too large an answer")
        return answer


def _said(answer: "httpx.Response", *, picture: bool = False) -> _Said:
    """What an answer says of itself. A picture says nothing; JSON in its place is an error, whatever it holds."""
    kind = answer.headers.get("content-type", "")
    if picture and kind.startswith("image/"):
        return _Said()
    said = _read(answer.content, _Said)
    if picture and not said.errcode:
        raise unreachable(f"{kind or 'no type'} in place of a picture")
    if said.errcode:
        log.info("wechat.refused", errcode=said.errcode)
    return said


def _read(content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError:
        raise unreachable("an answer that cannot be read") from None
