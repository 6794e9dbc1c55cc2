"""Our client against the strict stand-in: what we send is what it takes, what it refuses is what we say."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from chargecloud.infra.wechat.app import AppOptions, Shipped, SubscribeMessage, WechatApp
from chargecloud.kernel.errors import ChargeCloudError, Refused, Unauthenticated, Unavailable
from tests.support.fake_wechat import BASE, Stage, stage


@pytest.fixture
async def on() -> AsyncIterator[Stage]:
    async with stage() as made:
        yield made


def app_of(on: Stage, **more: str) -> WechatApp:
    keys = on.fake.world.keys
    options = AppOptions(appid=keys.appid, secret=keys.app_secret, base_url=BASE)
    return WechatApp(msgspec.structs.replace(options, **more), on.http, on.clock)


async def code(on: Stage, kind: str = "codes") -> str:
    return str((await on.post(f"/control/people/王小电/{kind}"))["code"])


async def test_a_code_names_its_person_once(on: Stage) -> None:
    app, made = app_of(on), await code(on)
    assert (await app.code_to_identity(made)).openid == on.openid
    with pytest.raises(Unauthenticated) as caught:
        await app.code_to_identity(made)
    assert (caught.value.code, caught.value.facts["errcode"]) == ("code_invalid", 40163)


async def test_a_code_dies_after_five_minutes(on: Stage) -> None:
    made = await code(on)
    await on.pass_s(300)
    with pytest.raises(Unauthenticated):
        await app_of(on).code_to_identity(made)


@pytest.mark.parametrize("wrong", [{"secret": "wrong"}, {"appid": "wxother"}])
async def test_a_wrong_mini_program_is_our_fault(on: Stage, wrong: dict[str, str]) -> None:
    with pytest.raises(Unavailable) as caught:
        await app_of(on, **wrong).code_to_identity(await code(on))
    assert caught.value.code == "wechat_misconfigured"


async def test_a_phone_number_is_told_once(on: Stage) -> None:
    app, made = app_of(on), await code(on, "phone-codes")
    assert (await app.phone_number(made)).isdecimal()
    with pytest.raises(ChargeCloudError):
        await app.phone_number(made)


async def test_one_token_serves_until_shortly_before_it_dies(on: Stage) -> None:
    app = app_of(on)
    await app.holds_payments_back()
    first = await app._tokens.token()
    await on.pass_s(6_600)
    assert await app._tokens.token() == first
    await on.pass_s(590)
    assert isinstance(await app.holds_payments_back(), bool)


async def test_a_poster_is_a_picture(on: Stage) -> None:
    assert (await app_of(on).unlimited_code("abcdefgh23", page="pages/index/index")).startswith(b"\x89PNG")


async def test_a_message_needs_consent(on: Stage) -> None:
    message = SubscribeMessage(openid=on.openid, template_id="T" * 20, data={"thing1": "东站"})
    with pytest.raises(Refused) as caught:
        await app_of(on).send(message)
    assert caught.value.code == "wechat_not_subscribed"


async def test_a_paid_order_is_told_as_delivered_and_again_harmlessly(on: Stage) -> None:
    await on.paid()
    app = app_of(on)
    shipped = Shipped(
        mchid=on.merchant.mchid, payment_no="P00001", openid=on.openid, item="充电余额充值", at_ms=on.clock.now_ms()
    )
    for _ in range(4):
        await app.tell_shipped(shipped)
        await on.pass_s(1)


async def test_an_unpaid_order_is_not_delivered(on: Stage) -> None:
    await on.fields("P00002")
    shipped = Shipped(
        mchid=on.merchant.mchid, payment_no="P00002", openid=on.openid, item="充电余额充值", at_ms=on.clock.now_ms()
    )
    with pytest.raises(ChargeCloudError):
        await app_of(on).tell_shipped(shipped)
