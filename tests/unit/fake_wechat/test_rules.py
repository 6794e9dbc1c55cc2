"""The rules below HTTP: bodies, numbers of WeChat's own, bills by kind, tokens, refusals."""

import json

import pytest

from chargecloud.fake_wechat import payments, returns
from chargecloud.fake_wechat.bills import Bills
from chargecloud.fake_wechat.bodies import CloseBody, JsapiBody, fingerprint, read
from chargecloud.fake_wechat.pages import page
from chargecloud.fake_wechat.people import AccessToken, login_code, session_of, take_code
from chargecloud.fake_wechat.refusal import AppRefusal, Refusal, wrong_field
from chargecloud.fake_wechat.world import MAX_LOG
from tests.support.fake_wechat import NOTIFY, Stage, stage


def asked(on: Stage) -> JsapiBody:
    return read(
        json.dumps(
            {
                "appid": on.merchant.appid,
                "mchid": on.merchant.mchid,
                "description": "充电",
                "out_trade_no": "P00001",
                "notify_url": NOTIFY,
                "amount": {"total": 100},
                "payer": {"openid": on.openid},
            }
        ).encode(),
        JsapiBody,
    )


def test_a_body_is_the_same_in_whatever_order() -> None:
    first = read(b'{"mchid":"1"}', CloseBody)
    assert fingerprint(first) == fingerprint(read(b' {"mchid" : "1"} ', CloseBody))
    with pytest.raises(Refusal) as refused:
        read(b'{"mchid":1}', CloseBody)
    assert refused.value.detail == {"field": "/mchid", "issue": "Expected `str`, got `int`", "location": "body"}
    with pytest.raises(Refusal, match="过大"):
        read(b'{"mchid":"' + b"1" * 65_536 + b'"}', CloseBody)


def test_refusals_are_written_as_wechat_writes_them() -> None:
    said = json.loads(wrong_field("/amount/total", "太小").body())
    assert (said["code"], said["detail"]["field"]) == ("PARAM_ERROR", "/amount/total")
    assert json.loads(Refusal(404, "ORDER_NOT_EXIST", "订单不存在").body()) == {
        "code": "ORDER_NOT_EXIST", "message": "订单不存在",
    }  # fmt: skip


def test_an_order_lives_seven_days_and_its_prepay_id_two_hours() -> None:
    on = Stage()
    first = payments.place(on.fake.world, asked(on))
    on.fake.world.clock.advance(7_200_000 - 1)
    assert payments.place(on.fake.world, asked(on)) == first
    on.fake.world.clock.advance(1)
    assert payments.place(on.fake.world, asked(on)) != first
    on.fake.world.clock.advance(7 * 86_400_000)
    assert payments.find(on.fake.world, "P00001").state == "CLOSED"


async def test_transaction_and_refund_numbers_are_wechats_own_and_differ() -> None:
    async with stage() as on:
        await on.paid("P00001")
        await on.paid("P00002")
        orders = list(on.fake.world.orders.values())
        assert len({order.transaction_id for order in orders}) == 2
        assert all(len(order.transaction_id) == 28 for order in orders)
        await on.pay.refund(on.refund())
        refund = on.fake.world.refunds["R1"]
        assert len(refund.refund_id) == 29
        assert returns.end(on.fake.world, refund, "PROCESSING") is False
        before = on.fake.world.person("王小电").balance_fen
        assert returns.end(on.fake.world, refund, "SUCCESS") is True
        assert on.fake.world.person("王小电").balance_fen == before + 3_000
        with pytest.raises(Refusal, match="不存在"):
            payments.find_transaction(on.fake.world, "")


async def test_bills_by_kind_and_packing() -> None:
    async with stage() as on:
        await on.paid()
        await on.pay.refund(on.refund())
        on.fake.world.bills_at_once = True
        bills = Bills(on.fake.world)

        def rows(kind: str) -> int:
            link = bills.payments_link("2026-01-01", kind, "")
            return bills.fetch(str(link["download_url"]).partition("token=")[2]).count(b"\r\n") - 3

        assert {kind: rows(kind) for kind in ("ALL", "SUCCESS", "REFUND")} == {"ALL": 2, "SUCCESS": 1, "REFUND": 1}
        for wrong in (("2026-01-01", "SOME", ""), ("yesterday", "ALL", ""), ("2026-01-01", "ALL", "ZIP")):
            with pytest.raises(Refusal):
                bills.payments_link(*wrong)
        with pytest.raises(Refusal, match="NO_STATEMENT_EXIST"):
            bills.flow_link("2026-01-01", "FEES", "")
        with pytest.raises(Refusal, match="account_type"):
            bills.flow_link("2026-01-01", "OTHER", "")


def test_a_code_belongs_to_one_mini_program() -> None:
    on = Stage()
    world, person = on.fake.world, on.fake.world.person("王小电")
    foreign = login_code(world, person, "wxother")
    with pytest.raises(AppRefusal, match="40029"):
        session_of(world, appid=world.keys.appid, secret=world.keys.app_secret, code=foreign)
    assert take_code(world, world.codes, login_code(world, person, "wxother"), "wxother") is person
    assert person.openid("wxother") != person.openid(world.keys.appid)
    assert world.by_openid("wxother", person.openid(world.keys.appid)) is None


def test_a_token_is_renewed_five_minutes_before_its_end() -> None:
    on = Stage()
    token = AccessToken(on.fake.world)
    first = token.issue(forced=False)
    on.fake.world.clock.advance(6_900_000 - 1)
    assert token.issue(forced=False)["access_token"] == first["access_token"]
    on.fake.world.clock.advance(1)
    assert token.issue(forced=False)["access_token"] != first["access_token"]


def test_the_log_forgets_the_oldest() -> None:
    on = Stage()
    for number in range(MAX_LOG + 1):
        on.fake.world.note(str(number), ok=True)
    assert (len(on.fake.world.log), on.fake.world.log[0].what) == (MAX_LOG, "1")


def test_a_page_is_not_kept() -> None:
    assert page("cashier.html").headers["cache-control"] == "no-store"
