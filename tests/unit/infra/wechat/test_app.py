"""What we ask WeChat, what we make of its answers, and that no secret shows anywhere."""

import logging

import httpx
import pytest
import structlog

from chargecloud.infra.wechat.app import AppOptions, Shipped, SubscribeMessage, http_client
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import (
    ChargeCloudError,
    Forbidden,
    Invalid,
    Refused,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from tests.support.wechat import APPID, PNG, SECRET, WechatStub, phone

SESSION, PHONE, CODE = "/sns/jscode2session", "/wxa/business/getuserphonenumber", "/wxa/getwxacodeunlimit"
SEND, SHIP, TOKEN = "/cgi-bin/message/subscribe/send", "/wxa/sec/order/upload_shipping_info", "/cgi-bin/stable_token"


@pytest.fixture
def wechat() -> WechatStub:
    return WechatStub(codes={"c1": {"openid": "oA", "unionid": "uA"}, "c2": {"openid": "oB"}})


async def test_a_code_names_somebody_once(wechat: WechatStub, clock: ManualClock) -> None:
    app = wechat.app(clock)
    known = await app.code_to_identity("c1")
    assert (known.openid, known.unionid) == ("oA", "uA")
    assert (await app.code_to_identity("c2")).unionid == ""
    assert not hasattr(known, "session_key")
    with pytest.raises(Unauthenticated) as caught:
        await app.code_to_identity("c1")
    assert caught.value.code == "code_invalid"
    path, query, _ = wechat.asked[0]
    assert (path, query["appid"], query["grant_type"]) == (SESSION, APPID, "authorization_code")


REFUSALS = [
    (40029, Unauthenticated, "code_invalid"),
    (40163, Unauthenticated, "code_invalid"),
    (40226, Forbidden, "wechat_user_blocked"),
    (45011, TooMany, "wechat_too_often"),
    (40013, Unavailable, "wechat_misconfigured"),
    (40125, Unavailable, "wechat_misconfigured"),
    (-1, Unavailable, "wechat_unavailable"),
    (61024, Refused, "wechat_refused"),
]


@pytest.mark.parametrize(("errcode", "kind", "code"), REFUSALS)
async def test_each_refusal_has_its_meaning(
    wechat: WechatStub, clock: ManualClock, errcode: int, kind: type[ChargeCloudError], code: str
) -> None:
    wechat.says[SESSION] = [{"errcode": errcode, "errmsg": "no"}] * 2
    with pytest.raises(kind) as caught:
        await wechat.app(clock).code_to_identity("c1")
    assert caught.value.code == code
    assert caught.value.facts["errcode"] == errcode


async def test_busy_is_asked_once_more(wechat: WechatStub, clock: ManualClock) -> None:
    wechat.says[SESSION] = [{"errcode": -1, "errmsg": "system busy"}]
    assert (await wechat.app(clock).code_to_identity("c1")).openid == "oA"


SILENCES = [httpx.ConnectTimeout("late"), httpx.ReadError("broken"), 500, 302]


@pytest.mark.parametrize("failure", SILENCES, ids=str)
async def test_no_answer_is_not_asked_again_and_named(
    wechat: WechatStub, clock: ManualClock, failure: Exception | int
) -> None:
    wechat.fails[SESSION] = failure
    with pytest.raises(Unavailable) as caught:
        await wechat.app(clock).code_to_identity("c1")
    assert caught.value.code == "wechat_unavailable"
    assert len(wechat.asked) == 1


@pytest.mark.parametrize("answer", [b"<html>", b"", b"[]"])
async def test_an_answer_that_is_none_is_named(wechat: WechatStub, clock: ManualClock, answer: bytes) -> None:
    wechat.says[SESSION] = [answer]
    with pytest.raises(Unavailable, match="cannot be read"):
        await wechat.app(clock).code_to_identity("c1")


async def test_a_phone_number_comes_with_its_country(wechat: WechatStub, clock: ManualClock) -> None:
    app = wechat.app(clock)
    wechat.phones = {
        "p1": phone("13800001234"),
        "p2": phone("7700900123", "44"),
        "p3": {**phone("13800001234"), "watermark": {"appid": "wxsomebodyelse", "timestamp": 1}},
    }
    assert await app.phone_number("p1") == "13800001234"
    assert await app.phone_number("p2") == "+447700900123"
    with pytest.raises(Refused) as caught:
        await app.phone_number("p3")
    assert caught.value.code == "phone_of_another_app"
    assert wechat.tokens == 1


async def test_a_token_wechat_forgot_is_fetched_anew_once(wechat: WechatStub, clock: ManualClock) -> None:
    app = wechat.app(clock)
    assert await app.holds_payments_back()
    wechat.token_in_force = ""
    assert await app.holds_payments_back()
    assert wechat.tokens == 2
    stale = {"errcode": 42001, "errmsg": "access_token expired"}
    wechat.says["/wxa/sec/order/is_trade_managed"] = [stale, stale, stale]
    with pytest.raises(Unavailable) as caught:
        await app.holds_payments_back()
    assert caught.value.code == "wechat_misconfigured"
    assert len(wechat.says["/wxa/sec/order/is_trade_managed"]) == 1


async def test_a_code_for_posters_is_a_picture_or_an_error(wechat: WechatStub, clock: ManualClock) -> None:
    app = wechat.app(clock, version="trial")
    assert await app.unlimited_code("3201060000000101", page="/pages/scan/index") == PNG
    assert wechat.of(CODE) == [
        {
            "scene": "3201060000000101",
            "width": 430,
            "check_path": False,
            "env_version": "trial",
            "page": "pages/scan/index",
        }
    ]
    wechat.says[CODE] = [{"errcode": 41030, "errmsg": "invalid page"}]
    with pytest.raises(Refused) as caught:
        await app.unlimited_code("a")
    assert caught.value.facts["errcode"] == 41030
    wechat.says[CODE] = [{"errcode": 0, "errmsg": "ok"}]
    with pytest.raises(Unavailable, match="in place of a picture"):
        await app.unlimited_code("a")


@pytest.mark.parametrize("scene", ["", "x" * 33, "a%20b", "枪"])
async def test_a_scene_wechat_would_refuse_is_not_sent(wechat: WechatStub, clock: ManualClock, scene: str) -> None:
    with pytest.raises(Invalid):
        await wechat.app(clock).unlimited_code(scene)
    assert wechat.asked == []


async def test_a_message_is_sent_to_who_agreed(wechat: WechatStub, clock: ManualClock) -> None:
    app = wechat.app(clock)
    message = SubscribeMessage(openid="oA", template_id="T1", data={"thing1": "东站"}, page="pages/order?no=1")
    await app.send(message)
    assert wechat.of(SEND) == [
        {
            "touser": "oA",
            "template_id": "T1",
            "data": {"thing1": {"value": "东站"}},
            "miniprogram_state": "formal",
            "lang": "zh_CN",
            "page": "pages/order?no=1",
        }
    ]
    wechat.says[SEND] = [{"errcode": 43101, "errmsg": "user refuse to accept the msg"}]
    with pytest.raises(Refused) as caught:
        await app.send(message)
    assert caught.value.code == "wechat_not_subscribed"


async def test_deliveries_are_told_and_told_again_harmlessly(wechat: WechatStub, clock: ManualClock) -> None:
    app = wechat.app(clock)
    shipped = Shipped(mchid="1230000109", payment_no="P1", openid="oA", item="充电余额充值", at_ms=1_767_225_600_000)
    await app.tell_shipped(shipped)
    (asked,) = wechat.of(SHIP)
    assert asked["order_key"] == {"order_number_type": 1, "mchid": "1230000109", "out_trade_no": "P1"}
    assert asked["upload_time"] == "2026-01-01T08:00:00.000+08:00"
    assert (asked["logistics_type"], asked["payer"]) == (3, {"openid": "oA"})
    wechat.says[SHIP] = [{"errcode": 10060002, "errmsg": "shipped before"}]
    await app.tell_shipped(shipped)
    wechat.says[SHIP] = [{"errcode": 10060001, "errmsg": "no such payment"}]
    with pytest.raises(Unavailable):
        await app.tell_shipped(shipped)


async def test_no_secret_is_logged_or_told(
    wechat: WechatStub, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wechat.phones = {"canary-phone-code": phone("13800001234")}
    wechat.codes["canary-code"] = {"openid": "canary-openid"}
    app = wechat.app(clock)
    await http_client().aclose()
    with structlog.testing.capture_logs() as logged:
        await app.code_to_identity("canary-code")
        await app.phone_number("canary-phone-code")
        wechat.fails[SESSION] = httpx.ConnectError(f"https://wechat.test?secret={SECRET}")
        with pytest.raises(Unavailable) as caught:
            await app.code_to_identity("canary-code")
    assert logged
    seen = f"{logged}{caplog.text}{caught.value}{caught.value.facts}{caught.value.__cause__}{app.options}"
    assert "canary" not in seen


def test_options_hide_their_secret() -> None:
    assert SECRET not in repr(AppOptions(appid=APPID, secret=SECRET))
