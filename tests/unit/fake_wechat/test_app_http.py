"""api.weixin.qq.com: codes once and for five minutes, one token, pictures that are pictures, and its error numbers."""

import json
from typing import Any

import pytest

from tests.support.fake_wechat import Stage, stage

PNG = b"\x89PNG\r\n\x1a\n"


async def session(on: Stage, code: str, **changes: str) -> dict[str, Any]:
    keys = on.fake.world.keys
    asked = {"appid": keys.appid, "secret": keys.app_secret, "js_code": code, "grant_type": "authorization_code"}
    answer = await on.http.get("/sns/jscode2session", params=asked | changes)
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    return said


async def code(on: Stage, name: str = "王小电", kind: str = "codes") -> str:
    said = await on.post(f"/control/people/{name}/{kind}")
    return str(said["code"])


async def token(on: Stage, **more: Any) -> str:
    keys = on.fake.world.keys
    asked = {"grant_type": "client_credential", "appid": keys.appid, "secret": keys.app_secret}
    said = await on.post("/cgi-bin/stable_token", asked | more)
    assert 0 < said["expires_in"] <= 7_200
    return str(said["access_token"])


async def asked(on: Stage, path: str, body: object, access: str | None = None) -> Any:
    return await on.http.post(path, params={"access_token": access or await token(on)}, content=json.dumps(body))


async def test_a_code_is_good_once_and_for_five_minutes() -> None:
    async with stage() as on:
        first = await code(on)
        said = await session(on, first)
        assert said["openid"] == on.openid and said["session_key"] and "errcode" not in said
        assert len(said["openid"]) == 28
        assert (await session(on, first))["errcode"] == 40163
        late = await code(on)
        on.fake.world.clock.advance(300_000)
        assert (await session(on, late))["errcode"] == 40029
        assert (await session(on, "made up"))["errcode"] == 40029


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [({"appid": "wxother"}, 40013), ({"secret": "wrong"}, 40125), ({"grant_type": "x"}, 40002)],
)
async def test_who_asks_has_to_be_right(changes: dict[str, str], errcode: int) -> None:
    async with stage() as on:
        made = await code(on)
        assert (await session(on, made, **changes))["errcode"] == errcode
        assert "openid" in await session(on, made)


async def test_blocked_and_too_busy_people() -> None:
    async with stage() as on:
        await on.post("/control/people", {"name": "王小电", "blocked": True})
        assert (await session(on, await code(on)))["errcode"] == 40226
        said = [await session(on, await code(on, "李大桩")) for _ in range(101)]
        assert [each.get("errcode", 0) for each in said] == [0] * 100 + [45011]
        on.fake.world.clock.advance(60_000)
        assert "openid" in await session(on, await code(on, "李大桩"))


async def test_the_token_is_one_until_it_is_forced() -> None:
    async with stage() as on:
        first = await token(on)
        assert await token(on) == first
        second = await token(on, force_refresh=True)
        for old, errcode in ((first, 42001), ("nonsense", 40001), ("", 41001)):
            answer = await on.http.post(f"/wxa/sec/order/is_trade_managed?access_token={old}", json={})
            assert answer.json()["errcode"] == errcode
        on.fake.world.clock.advance(7_200_000)
        assert await token(on) != second
        wrong = await on.http.post("/cgi-bin/stable_token", json={"grant_type": "client_credential", "appid": "x"})
        assert wrong.json()["errcode"] == 40013
        assert (await on.http.post("/cgi-bin/stable_token", json={})).json()["errcode"] == 40002
        assert (await on.http.post("/cgi-bin/stable_token", content=b"no json")).json()["errcode"] == 47001


async def test_a_code_picture_is_a_png_and_bad_scenes_are_errors() -> None:
    async with stage() as on:
        path = "/wxa/getwxacodeunlimit"
        answer = await asked(on, path, {"scene": "c=3201060000000101", "page": "pages/start/start", "width": 430})
        assert answer.headers["content-type"] == "image/png" and answer.content.startswith(PNG)
        width = int.from_bytes(answer.content[16:20], "big")
        assert 280 <= width <= 430
        for body, errcode in (
            ({}, 40169),
            ({"scene": "x" * 33}, 40169),
            ({"scene": "50%"}, 40169),
            ({"scene": "a", "page": "/pages/x"}, 41030),
            ({"scene": "a", "page": "pages/x?y"}, 41030),
            ({"scene": "a", "width": 100}, 40097),
            ({"scene": "a", "env_version": "beta"}, 40097),
        ):
            refused = await asked(on, path, body)
            assert (refused.status_code, refused.json()["errcode"]) == (200, errcode)


async def test_a_phone_number_for_a_code_once() -> None:
    async with stage() as on:
        made = await code(on, kind="phone-codes")
        info = (await asked(on, "/wxa/business/getuserphonenumber", {"code": made})).json()["phone_info"]
        assert info["purePhoneNumber"].startswith("1700000")
        assert info["watermark"]["appid"] == on.merchant.appid
        again = await asked(on, "/wxa/business/getuserphonenumber", {"code": made})
        assert again.json()["errcode"] == 40163


async def test_messages_reach_who_allowed_them() -> None:
    async with stage() as on:
        message: dict[str, Any] = {"touser": on.openid, "template_id": "T1", "data": {"thing1": {"value": "充电完成"}}}
        path = "/cgi-bin/message/subscribe/send"
        assert (await asked(on, path, message)).json()["errcode"] == 43101
        await on.post("/control/people/王小电/messages", {"template_id": "T1", "count": 1})
        assert (await asked(on, path, message)).json()["errcode"] == 0
        assert (await asked(on, path, message)).json()["errcode"] == 43101
        for change, errcode in (
            ({"touser": "o"}, 40003),
            ({"template_id": ""}, 40037),
            ({"data": {}}, 47003),
            ({"data": {"thing1": "text"}}, 47003),
            ({"data": {"thing1": {"value": "长" * 21}}}, 47003),
        ):
            assert (await asked(on, path, message | change)).json()["errcode"] == errcode
        log = (await on.http.get("/control/log")).json()
        assert any("充电完成" in line["detail"] for line in log)


async def test_shipping_information_twice_and_only_for_what_was_paid() -> None:
    async with stage() as on:
        whole: dict[str, Any] = {
            "order_key": {"order_number_type": 1, "mchid": on.merchant.mchid, "out_trade_no": "P00001"},
            "logistics_type": 3,
            "delivery_mode": 1,
            "shipping_list": [{"item_desc": "充电余额"}],
            "upload_time": "2026-01-01T08:00:00.000+08:00",
            "payer": {"openid": on.openid},
        }
        path = "/wxa/sec/order/upload_shipping_info"
        await on.fields()
        assert (await asked(on, path, whole)).json()["errcode"] == 10060001
        assert (await on.press(await on.fields()))["errMsg"] == "requestPayment:ok"
        for change, errcode in (
            ({"order_key": {}}, 10060001),
            ({"logistics_type": 9}, 10060023),
            ({"shipping_list": []}, 10060012),
            ({"payer": {"openid": "o"}}, 10060014),
            ({"upload_time": "now"}, 10060031),
        ):
            assert (await asked(on, path, whole | change)).json()["errcode"] == errcode
        by_transaction = {
            "order_key": {
                "order_number_type": 2,
                "transaction_id": on.fake.world.orders["P00001"].transaction_id,
            }
        }
        said = [(await asked(on, path, each)).json()["errcode"] for each in (whole, whole | by_transaction, whole)]
        assert said == [0, 0, 10060003]
        managed = await asked(on, "/wxa/sec/order/is_trade_managed", {"appid": on.merchant.appid})
        assert managed.json() == {"errcode": 0, "errmsg": "ok", "is_trade_managed": True}
        await on.post("/control/world", {"managed": False})
        managed = await asked(on, "/wxa/sec/order/is_trade_managed", {"appid": on.merchant.appid})
        assert managed.json()["is_trade_managed"] is False
        assert (await asked(on, "/wxa/sec/order/is_trade_managed", {"appid": "wx"})).json()["errcode"] == 40013
