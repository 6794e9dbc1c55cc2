"""The API of api.weixin.qq.com the platform uses. Errors are JSON with status 200, as there."""

import io
import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import cast

import segno
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chargecloud.fake_wechat import people
from chargecloud.fake_wechat.payments import PAID_STATES
from chargecloud.fake_wechat.people import AccessToken
from chargecloud.fake_wechat.refusal import AppRefusal
from chargecloud.fake_wechat.world import Order, World

SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
PAGE = re.compile(r"[^/?\s][^?\s]{0,127}")
DELIVERY = (1, 2, 3, 4)
SHIPMENTS = 2
"""A second upload corrects the first; a third is refused."""
Json = dict[str, object]
Act = Callable[[World, AccessToken, Request], Awaitable[Response]]


def routes(world: World) -> list[Route]:
    """All of them; one access token for all."""
    token = AccessToken(world)

    def route(path: str, act: Act, method: str) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                answer = await act(world, token, request)
                world.note(f"{method} {path}", ok=True)
            except AppRefusal as refusal:
                world.note(f"{method} {path}", ok=False, detail=f"{refusal.errcode} {refusal.errmsg}")
                answer = JSONResponse({"errcode": refusal.errcode, "errmsg": refusal.errmsg})
            return answer

        return Route(path, endpoint, methods=[method])

    return [
        route("/sns/jscode2session", _session, "GET"),
        route("/cgi-bin/stable_token", _stable_token, "POST"),
        route("/wxa/getwxacodeunlimit", _code_picture, "POST"),
        route("/wxa/business/getuserphonenumber", _phone, "POST"),
        route("/cgi-bin/message/subscribe/send", _message, "POST"),
        route("/wxa/sec/order/upload_shipping_info", _shipping, "POST"),
        route("/wxa/sec/order/is_trade_managed", _managed, "POST"),
    ]


async def _session(world: World, _: AccessToken, request: Request) -> Response:
    asked = request.query_params
    if asked.get("grant_type") != "authorization_code":
        raise AppRefusal(40002, "invalid grant_type")
    said = people.session_of(
        world, appid=asked.get("appid", ""), secret=asked.get("secret", ""), code=asked.get("js_code", "")
    )
    return JSONResponse(said)


async def _stable_token(world: World, token: AccessToken, request: Request) -> Response:
    body = await _json(request)
    if body.get("grant_type") != "client_credential":
        raise AppRefusal(40002, "invalid grant_type")
    people.check_app(world, str(body.get("appid", "")), str(body.get("secret", "")))
    return JSONResponse(token.issue(forced=body.get("force_refresh") is True))


async def _code_picture(_: World, token: AccessToken, request: Request) -> Response:
    token.check(request.query_params.get("access_token", ""))
    body = await _json(request)
    scene, page, width = str(body.get("scene", "")), str(body.get("page", "")), body.get("width", 430)
    if not SCENE.fullmatch(scene):
        raise AppRefusal(40169, "invalid length for scene, or the data is not json string")
    if page and not PAGE.fullmatch(page):
        raise AppRefusal(41030, "invalid page")
    if body.get("env_version", "release") not in ("release", "trial", "develop"):
        raise AppRefusal(40097, "invalid args")
    if not isinstance(width, int) or not 280 <= width <= 1280:
        raise AppRefusal(40097, "invalid args")
    code = segno.make(f"{page or 'pages/index/index'}?scene={scene}", error="m")
    picture = io.BytesIO()
    code.save(picture, kind="png", scale=max(1, width // code.symbol_size()[0]))
    return Response(picture.getvalue(), media_type="image/png")


async def _phone(world: World, token: AccessToken, request: Request) -> Response:
    token.check(request.query_params.get("access_token", ""))
    body, appid = await _json(request), world.keys.appid
    person = people.take_code(world, world.phone_codes, str(body.get("code", "")), appid)
    info = {
        "phoneNumber": person.phone,
        "purePhoneNumber": person.phone,
        "countryCode": "86",
        "watermark": {"timestamp": world.now_ms() // 1000, "appid": appid},
    }
    return JSONResponse({"errcode": 0, "errmsg": "ok", "phone_info": info})


async def _message(world: World, token: AccessToken, request: Request) -> Response:
    token.check(request.query_params.get("access_token", ""))
    body = await _json(request)
    person = world.by_openid(world.keys.appid, str(body.get("touser", "")))
    template, data = str(body.get("template_id", "")), body.get("data")
    if person is None:
        raise AppRefusal(40003, "invalid openid")
    if not template:
        raise AppRefusal(40037, "invalid template_id")
    if not isinstance(data, dict) or not data or not all(_is_value(each) for each in data.values()):
        raise AppRefusal(47003, "argument invalid! data is not {name: {value}}")
    if person.messages_allowed.get(template, 0) < 1:
        raise AppRefusal(43101, "user refuse to accept the msg")
    person.messages_allowed[template] -= 1
    world.note(f"message to {person.name}", ok=True, detail=json.dumps(data, ensure_ascii=False)[:500])
    return JSONResponse({"errcode": 0, "errmsg": "ok"})


def _is_value(each: object) -> bool:
    return isinstance(each, dict) and isinstance(each.get("value"), str) and 0 < len(each["value"]) <= 20


async def _shipping(world: World, token: AccessToken, request: Request) -> Response:
    token.check(request.query_params.get("access_token", ""))
    body = await _json(request)
    order = _shipped_order(world, body.get("order_key"))
    listed, payer = body.get("shipping_list"), body.get("payer")
    if order is None:
        raise AppRefusal(10060001, "支付单不存在")
    if body.get("logistics_type") not in DELIVERY or body.get("delivery_mode") not in (1, 2):
        raise AppRefusal(10060023, "发货信息未更新：logistics_type 或 delivery_mode 有误")
    if not isinstance(listed, list) or not listed or not all(_has_description(each) for each in listed):
        raise AppRefusal(10060012, "缺少 shipping_list 或 item_desc")
    if not isinstance(payer, dict) or payer.get("openid") != order.openid:
        raise AppRefusal(10060014, "payer.openid 与支付单不一致")
    if not _is_moment(body.get("upload_time")):
        raise AppRefusal(10060031, "upload_time 不是 RFC 3339 时间")
    if order.shipped >= SHIPMENTS:
        raise AppRefusal(10060003, "支付单已使用重新发货机会")
    order.shipped += 1
    return JSONResponse({"errcode": 0, "errmsg": "ok"})


def _shipped_order(world: World, key: object) -> Order | None:
    if not isinstance(key, dict):
        return None
    if key.get("order_number_type") == 2:
        found = [each for each in world.orders.values() if each.transaction_id == key.get("transaction_id")]
        order = found[0] if found else None
    else:
        order = world.orders.get(str(key.get("out_trade_no"))) if key.get("mchid") == world.keys.mchid else None
    return order if order is not None and order.state in PAID_STATES else None


def _has_description(each: object) -> bool:
    return isinstance(each, dict) and isinstance(each.get("item_desc"), str) and 0 < len(each["item_desc"]) <= 120


def _is_moment(text: object) -> bool:
    try:
        return datetime.fromisoformat(str(text)).tzinfo is not None
    except ValueError:
        return False


async def _managed(world: World, token: AccessToken, request: Request) -> Response:
    token.check(request.query_params.get("access_token", ""))
    if (await _json(request)).get("appid") != world.keys.appid:
        raise AppRefusal(40013, "invalid appid")
    return JSONResponse({"errcode": 0, "errmsg": "ok", "is_trade_managed": world.managed})


async def _json(request: Request) -> Json:
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise AppRefusal(47001, "data format error") from None
    if not isinstance(body, dict):
        raise AppRefusal(47001, "data format error")
    return cast(Json, body)
