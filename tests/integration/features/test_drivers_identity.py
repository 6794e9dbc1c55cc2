"""Signing in through WeChat: who becomes whom, what a token is bound to, and whose phone number it is."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers import service_identity
from chargecloud.features.drivers.http_door import SIGN_INS_A_MINUTE
from chargecloud.features.drivers.messages import Identity
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import TopUp
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from tests.support.api import Api, Caller
from tests.support.wechat import APPID, WechatStub, phone

DAY_MS = 86_400_000
PHONE_A, PHONE_B = "device-of-anna", "device-of-bella"


@pytest.fixture
def wechat() -> WechatStub:
    return WechatStub()


@pytest.fixture
async def api(database: Database, clock: ManualClock, wechat: WechatStub) -> AsyncIterator[Api]:
    async with Api.over(database, clock, state={"wechat_apps": {APPID: wechat.app(clock)}}) as made:
        yield made


async def sign_in(api: Api, wechat: WechatStub, openid: str, device: str = PHONE_A, **more: str) -> dict[str, Any]:
    wechat.codes["code"] = {"openid": openid, **more}
    body = {"channel": "wechat", "appid": APPID, "code": "code", "device_id": device}
    answer: dict[str, Any] = await api.nobody().post("/driver/sign-in", body)
    return answer


def caller(api: Api, signed: dict[str, Any]) -> Caller:
    return Caller(api.client, signed["driver_id"], signed["token"])


async def test_whoever_comes_for_the_first_time_becomes_a_driver(api: Api, wechat: WechatStub) -> None:
    first = await sign_in(api, wechat, "oA")
    assert first["new_driver"] and first["openid"] == "oA" and first["phone_masked"] == ""
    again = await sign_in(api, wechat, "oA", PHONE_B)
    assert not again["new_driver"] and again["driver_id"] == first["driver_id"]
    myself = await caller(api, again).get("/driver")
    assert (myself["name"], myself["frozen"]) == ("微信车主", False)
    staff = await api.staff()
    assert [one["id"] for one in (await staff.get("/drivers"))["items"]] == [first["driver_id"]]
    assert "canary" not in str((first, again, myself))


async def test_one_person_in_two_apps_is_one_driver(api: Api, wechat: WechatStub, clock: ManualClock) -> None:
    first = await sign_in(api, wechat, "oA", unionid="uA")
    async with api.database.unit() as uow:
        elsewhere = await service_identity.sign_in(
            uow,
            service_identity.SignIn(
                identity=Identity(channel="wechat", appid="wxother", openid="oZ", unionid="uA"),
                device_id=PHONE_B,
                operator_id=1,
            ),
        )
    assert elsewhere.session.driver.driver_id == first["driver_id"] and not elsewhere.new_driver
    stranger = await sign_in(api, wechat, "oB")
    assert stranger["driver_id"] != first["driver_id"]


async def test_a_union_that_is_told_later_counts_from_then_on(api: Api, wechat: WechatStub) -> None:
    first = await sign_in(api, wechat, "oA")
    await sign_in(api, wechat, "oA", unionid="uA")
    async with api.database.unit() as uow:
        known = await service_identity.identities_of(uow.connection, first["driver_id"])
    assert [(each.openid, each.unionid) for each in known] == [("oA", "uA")]


async def test_signing_in_again_ends_the_token_of_that_device_only(api: Api, wechat: WechatStub) -> None:
    old, other = await sign_in(api, wechat, "oA"), await sign_in(api, wechat, "oA", PHONE_B)
    new = await sign_in(api, wechat, "oA")
    await caller(api, old).get("/driver", 401)
    await caller(api, other).get("/driver")
    listed = (await caller(api, new).get("/driver/tokens"))["items"]
    shown = [(one["device_id"], one["appid"], one["current"]) for one in listed]
    assert shown == [(PHONE_A, APPID, True), (PHONE_B, APPID, False)]


async def test_a_driver_is_signed_in_on_ten_devices_at_most(api: Api, wechat: WechatStub) -> None:
    signed = [await sign_in(api, wechat, "oA", f"device-{number:04d}") for number in range(11)]
    await caller(api, signed[0]).get("/driver", 401)
    assert len((await caller(api, signed[-1]).get("/driver/tokens"))["items"]) == 10


async def test_signing_out_and_revoking_end_a_session(api: Api, wechat: WechatStub) -> None:
    one, two = await sign_in(api, wechat, "oA"), await sign_in(api, wechat, "oA", PHONE_B)
    await caller(api, one).delete(f"/driver/tokens/{two['token_id']}")
    await caller(api, two).get("/driver", 401)
    await caller(api, one).post("/driver/sign-out", status=204)
    await caller(api, one).post("/driver/sign-out", status=401)
    other = await sign_in(api, wechat, "oB")
    await caller(api, other).delete(f"/driver/tokens/{one['token_id']}", 404)


async def test_a_session_lives_seven_days_after_its_last_use(api: Api, wechat: WechatStub, clock: ManualClock) -> None:
    signed = await sign_in(api, wechat, "oA")
    for _ in range(3):
        clock.advance(6 * DAY_MS)
        await caller(api, signed).get("/driver")
    clock.advance(7 * DAY_MS)
    await caller(api, signed).get("/driver", 401)


REFUSED = [
    ({"code": "unknown"}, 401, "code_invalid"),
    ({"appid": "wxsomebodyelse"}, 422, "appid_unknown"),
    ({"device_id": "short"}, 422, "invalid_request"),
    ({"openid": "oA"}, 422, "invalid_request"),
    ({"channel": "alipay"}, 422, "invalid_request"),
]


@pytest.mark.parametrize(("change", "status", "code"), REFUSED)
async def test_what_opens_nothing(api: Api, wechat: WechatStub, change: dict[str, str], status: int, code: str) -> None:
    wechat.codes["code"] = {"openid": "oA"}
    body = {"channel": "wechat", "appid": APPID, "code": "code", "device_id": PHONE_A, **change}
    assert (await api.nobody().post("/driver/sign-in", body, status))["code"] == code


async def test_without_a_mini_program_the_setting_is_named(database: Database, clock: ManualClock) -> None:
    async with Api.over(database, clock) as bare:
        body = {"code": "code", "device_id": PHONE_A}
        refused = await bare.nobody().post("/driver/sign-in", body, 503)
    assert (refused["code"], refused["facts"]) == ("wechat_not_configured", {"setting": "wechat.appid"})


async def test_sign_ins_of_one_address_are_limited(api: Api) -> None:
    body = {"code": "unknown", "device_id": PHONE_A}
    for _ in range(SIGN_INS_A_MINUTE):
        await api.nobody().post("/driver/sign-in", body, 401)
    assert (await api.nobody().post("/driver/sign-in", body, 429))["code"] == "too_many_logins"


async def bind(api: Api, wechat: WechatStub, signed: dict[str, Any], number: str, status: int = 200) -> dict[str, Any]:
    wechat.phones["p"] = phone(number)
    answer: dict[str, Any] = await caller(api, signed).post("/driver/phone", {"code": "p"}, status)
    return answer


async def test_a_phone_nobody_had_is_kept_and_may_change(api: Api, wechat: WechatStub) -> None:
    signed = await sign_in(api, wechat, "oA")
    assert (await bind(api, wechat, signed, "13800001234"))["phone_masked"] == "138****1234"
    assert (await bind(api, wechat, signed, "13800001234"))["phone_masked"] == "138****1234"
    assert (await bind(api, wechat, signed, "13900005678"))["phone_masked"] == "139****5678"
    staff = await api.staff()
    log = (await staff.get("/audit-log", action="driver.bind_phone"))["items"]
    assert len(log) == 3 and "13900005678" not in str(log)


async def test_a_driver_staff_entered_is_joined(api: Api, wechat: WechatStub) -> None:
    staff = await api.staff()
    entered = await staff.post("/drivers", {"name": "韩梅梅", "phone": "13800001234"})
    await staff.post(f"/drivers/{entered['id']}/cards", {"card_id": "D14B0A54", "card_label": "1000000573"})
    signed = await sign_in(api, wechat, "oA")
    joined = await bind(api, wechat, signed, "13800001234")
    assert (joined["id"], joined["name"]) == (entered["id"], "韩梅梅")
    assert (await caller(api, signed).get("/driver"))["id"] == entered["id"]
    assert (await sign_in(api, wechat, "oA"))["driver_id"] == entered["id"]
    left = await staff.get(f"/drivers/{signed['driver_id']}")
    assert left["frozen"] and left["frozen_reason"] == f"已并入车主 {entered['id']}"
    (entry,) = (await staff.get("/audit-log", action="driver.bind_phone"))["items"]
    assert entry["facts"]["joined_from"] == signed["driver_id"]


async def test_a_number_with_a_wechat_account_is_not_taken_over(api: Api, wechat: WechatStub) -> None:
    anna = await sign_in(api, wechat, "oA")
    await bind(api, wechat, anna, "13800001234")
    bella = await sign_in(api, wechat, "oB", PHONE_B)
    assert (await bind(api, wechat, bella, "13800001234", 409))["code"] == "phone_taken"
    assert (await caller(api, bella).get("/driver"))["id"] == bella["driver_id"]


async def test_who_has_money_does_not_become_another(api: Api, wechat: WechatStub) -> None:
    staff = await api.staff()
    await staff.post("/drivers", {"name": "韩梅梅", "phone": "13800001234"})
    signed = await sign_in(api, wechat, "oA")
    async with api.database.unit() as uow:
        await wallet.top_up(
            uow, TopUp(driver_id=signed["driver_id"], transfer_id="t1", amount_fen=100, source="counter")
        )
    assert (await bind(api, wechat, signed, "13800001234", 409))["code"] == "driver_in_use"


async def test_a_token_of_staff_has_no_wechat_account_to_ask(api: Api, wechat: WechatStub) -> None:
    given = await api.driver()
    assert (await given.post("/driver/phone", {"code": "p"}, 422))["code"] == "no_wechat_identity"


async def test_phone_codes_are_limited(api: Api, wechat: WechatStub) -> None:
    signed = await sign_in(api, wechat, "oA")
    for _ in range(5):
        await bind(api, wechat, signed, "13800001234")
    assert (await bind(api, wechat, signed, "13800001234", 429))["code"] == "too_many_phones"


async def test_an_openid_alone_is_looked_up_by_its_app(api: Api, wechat: WechatStub) -> None:
    signed = await sign_in(api, wechat, "oA")
    async with api.database.read() as connection:
        found = await service_identity.session_of_openid(connection, "wechat", APPID, "oA")
        assert found is not None and found.driver.driver_id == signed["driver_id"] and found.token_id == 0
        assert await service_identity.session_of_openid(connection, "wechat", "wxother", "oA") is None
        assert (await drivers.detail(connection, signed["driver_id"], None)).driver == found.driver
