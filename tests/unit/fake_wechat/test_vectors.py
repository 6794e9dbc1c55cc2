"""The fake's own signatures and checks against the public vectors: it is held to the same papers as the platform."""

from copy import copy
from typing import Any

import pytest

from chargecloud.fake_wechat.cashier import NotPayable, PayFields, payable
from chargecloud.fake_wechat.gate import Asked, Gate
from chargecloud.fake_wechat.keys import Platform
from chargecloud.fake_wechat.refusal import Refusal
from chargecloud.fake_wechat.sealing import signature_headers
from chargecloud.infra.wechat.pay_crypto import load_private_key
from chargecloud.infra.wechat.pay_signing import Authorization, authorization
from tests.support.fake_wechat import Stage
from tests.support.golden import GOLDEN, golden_entries
from tests.support.wechat_pay import certificate

VECTORS = dict(golden_entries("wechatpay"))


def of_kind(kind: str) -> list[str]:
    return [name for name, entry in VECTORS.items() if entry["kind"] == kind]


def merchant_of(entry: dict[str, Any], at_s: int) -> Stage:
    """A fake whose merchant is the vector's, at its time."""
    on = Stage()
    key = load_private_key((GOLDEN / "wechatpay" / "keys" / f"{entry['key']}.pem").read_bytes())
    keys = on.fake.world.keys
    keys.mchid, keys.appid = entry.get("mchid", keys.mchid), entry.get("appid", keys.appid)
    keys.merchant = Platform(certificate(key, serial=int(entry.get("serial_no", "AB12"), 16)), key)
    on.clock.jump(at_s * 1000 - on.clock.now_ms())
    return on


@pytest.mark.parametrize("name", of_kind("request_signature"))
def test_the_gate_lets_the_official_requests_in_and_no_other(name: str) -> None:
    entry = VECTORS[name]
    on = merchant_of(entry, int(entry["timestamp"]))
    said = {field: text for field, text in entry["expect"]["authorization_fields"].items() if field != "schema"}
    headers = {
        "authorization": authorization(Authorization(**said)),
        "user-agent": "t",
        "accept": "application/json",
        "content-type": "application/json",
    }
    asked = Asked(entry["method"], entry["url"], headers, entry["body"].encode())
    gate = Gate(on.fake.world)
    for other in (
        Asked("PUT", asked.path, headers, asked.body),
        Asked(asked.method, asked.path + "&a=1", headers, asked.body),
        Asked(asked.method, asked.path, headers, asked.body + b" "),
    ):
        with pytest.raises(Refusal, match="签名错误"):
            gate.check(other)
    gate.check(asked)
    with pytest.raises(Refusal, match="重复使用"):
        gate.check(asked)


@pytest.mark.parametrize("name", of_kind("pay_sign_jsapi"))
def test_the_sheet_verifies_the_official_pay_sign(name: str) -> None:
    entry = VECTORS[name]
    on = merchant_of(entry, int(entry["timeStamp"]))
    fields = {
        "appId": entry["appid"],
        "timeStamp": entry["timeStamp"],
        "nonceStr": entry["nonceStr"],
        "package": entry["expect"]["package"],
        "signType": entry["expect"]["signType"],
        "paySign": entry["expect"]["paySign"],
    }
    with pytest.raises(NotPayable, match="prepay_id 无效"):  # verified, but there is no such order here
        payable(on.fake.world, PayFields.model_validate(fields))
    for name in ("timeStamp", "nonceStr", "package", "appId"):
        with pytest.raises(NotPayable, match="签名失败"):
            payable(on.fake.world, PayFields.model_validate(fields | {name: fields[name] + "0"}))


def test_a_notice_is_signed_as_the_official_sdk_has_it() -> None:
    entry = VECTORS["go-notify-ok"]
    key = load_private_key((GOLDEN / "wechatpay" / "keys" / "go_test_private.pem").read_bytes())
    on = Stage()
    keys = copy(on.fake.world.keys)
    keys.public_key, keys.public_key_id = key, "PUB_KEY_ID_GO"
    on.fake.world.keys = keys
    wanted = entry["headers"]
    on.clock.jump(int(wanted["Wechatpay-Timestamp"]) * 1000 - on.clock.now_ms())
    made = signature_headers(on.fake.world, entry["body"].encode(), nonce=wanted["Wechatpay-Nonce"])
    for name in ("Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Signature"):
        assert made[name] == wanted[name]
