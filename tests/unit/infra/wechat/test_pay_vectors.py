"""The public test vectors of WeChat Pay: official documentation and SDKs, each golden file asserted by its kind."""

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from cryptography import x509

from chargecloud.infra.wechat import pay_bill, pay_v2
from chargecloud.infra.wechat.pay_crypto import (
    decrypt_field,
    encrypt_field,
    load_private_key,
    load_public_key,
    open_sealed,
    seal,
    serial_text,
    sign,
    verifies,
)
from chargecloud.infra.wechat.pay_errors import NotAuthentic, Rejection
from chargecloud.infra.wechat.pay_keys import KeyRing, PlatformKey
from chargecloud.infra.wechat.pay_notice import open_notice
from chargecloud.infra.wechat.pay_signing import (
    Authorization,
    authorization,
    parse_authorization,
    pay_message,
    pay_parameters,
    request_message,
)
from chargecloud.infra.wechat.pay_verify import check_signature
from tests.support.golden import GOLDEN, golden_entries

Entry = dict[str, Any]
VECTORS = dict(golden_entries("wechatpay"))
REASONS = {
    "timestamp": Rejection.TIMESTAMP,
    "signature": Rejection.SIGNATURE,
    "serial unknown": Rejection.SERIAL_UNKNOWN,
    "header missing": Rejection.HEADER_MISSING,
}


def pem(name: str) -> bytes:
    return (GOLDEN / "wechatpay" / "keys" / f"{name}.pem").read_bytes()


def request_signature(entry: Entry) -> None:
    key = load_private_key(pem(entry["key"]))
    message = request_message(
        entry["method"], entry["url"], entry["timestamp"], entry["nonce_str"], entry["body"].encode()
    )
    assert message == entry["message"].encode()
    signature = sign(key, message)
    assert signature == entry["expect"]["signature"]
    assert verifies(key.public_key(), message, signature)
    said = entry["expect"]["authorization_fields"]
    fields = Authorization(**{name: value for name, value in said.items() if name != "schema"})
    header = authorization(fields)
    assert header.startswith(f"{said['schema']} ") and "\n" not in header
    assert parse_authorization(header) == fields


def pay_sign_jsapi(entry: Entry) -> None:
    key, expect = load_private_key(pem(entry["key"])), entry["expect"]
    stamp = int(entry["timeStamp"])
    message = pay_message(entry["appid"], entry["timeStamp"], entry["nonceStr"], expect["package"])
    assert message == entry["message"].encode()
    made = pay_parameters(key, entry["appid"], entry["prepay_id"], now_ms=stamp * 1000 + 999, nonce=entry["nonceStr"])
    assert made == {
        "timeStamp": entry["timeStamp"],
        "nonceStr": entry["nonceStr"],
        "package": expect["package"],
        "signType": expect["signType"],
        "paySign": expect["paySign"],
    }


def rsa_sha256_sign(entry: Entry) -> None:
    key = load_private_key(pem(entry["key"]))
    assert sign(key, entry["message"].encode()) == entry["expect"]["signature"]


def rsa_sha256_verify(entry: Entry) -> None:
    ring = KeyRing([PlatformKey(entry["public_key_id"], load_public_key(pem(entry["key"])))])
    assert len(entry["cases"]) == 7
    for case in entry["cases"]:
        key = ring.find(case["serial"], 0)
        accepted = key is not None and verifies(key, case["message"].encode(), case["signature"])
        assert accepted is case["valid"], case


def notify(entry: Entry) -> None:
    certificate = x509.load_pem_x509_certificate(pem(entry["key"]))
    ring = KeyRing([PlatformKey(serial_text(certificate), load_public_key(pem(entry["key"])))])
    headers = {name.lower(): value for name, value in entry["headers"].items()}
    expect = entry["expect"]

    def opened() -> Any:
        return open_notice(
            headers,
            entry["body"].encode(),
            keys=ring,
            apiv3_key=entry["api_v3_key"].encode(),
            now_ms=entry["now"] * 1000,
        )

    if expect["accept"]:
        notice = opened()
        assert notice.plaintext.decode() == expect["plaintext"]
        assert notice.notice_id == expect.get("id", notice.notice_id)
        assert notice.event_type == expect.get("event_type", notice.event_type)
        return
    with pytest.raises(NotAuthentic) as refused:
        opened()
    probe = "probe" in expect["reason"]
    named = next(reason for word, reason in REASONS.items() if expect["reason"].startswith(word))
    assert refused.value.reason is (Rejection.PROBE if probe else named)


def aead_decrypt(entry: Entry) -> None:
    key = entry["api_v3_key"].encode()
    if entry["expect"].get("error"):
        with pytest.raises(ValueError, match="does not open"):
            open_sealed(key, entry["nonce"], entry["associated_data"], entry["ciphertext"])
        return
    plaintext = open_sealed(key, entry["nonce"], entry["associated_data"], entry["ciphertext"])
    assert plaintext.decode() == entry["expect"]["plaintext"]
    assert seal(key, entry["nonce"], entry["associated_data"], plaintext) == entry["ciphertext"]


def rsa_oaep_sha1_decrypt(entry: Entry) -> None:
    key = load_private_key(pem(entry["key"]))
    plain = decrypt_field(key, entry["ciphertext"])
    assert plain == entry["expect"]["plaintext"]
    assert decrypt_field(key, encrypt_field(key.public_key(), plain)) == plain


def v2_sign(entry: Entry) -> None:
    key, expect = entry["api_v2_key"], entry["expect"]
    assert pay_v2.text_to_sign(entry["params"], key) == expect["string_to_sign"]
    assert pay_v2.sign(entry["params"], key, entry["sign_type"]) == expect["sign"]


def v2_key_order(entry: Entry) -> None:
    text = pay_v2.text_to_sign(dict.fromkeys(entry["keys"], "1"), "k")
    assert [pair.partition("=")[0] for pair in text.split("&")] == [*entry["expect"]["order"], "key"]


def v2_aes_256_ecb(entry: Entry) -> None:
    key = entry["aes_key"].encode()
    plain = pay_v2.open_ecb(key, entry["ciphertext"])
    assert plain.decode() == entry["expect"]["plaintext"]
    assert pay_v2.seal_ecb(key, plain) == entry["ciphertext"]


def v2_notify(entry: Entry) -> None:
    body, expect = entry["body"].encode(), entry["expect"]
    if expect["accept"]:
        assert pay_v2.open_v2_notice(body, entry["api_v2_key"]) == expect["fields"]
        assert expect["answer_ok"] == pay_v2.ANSWER_OK
        return
    with pytest.raises(NotAuthentic) as refused:
        pay_v2.open_v2_notice(body, entry["api_v2_key"])
    assert refused.value.reason is Rejection.SIGNATURE


def trade_bill_csv(entry: Entry) -> None:
    bill, expect = pay_bill.parse_bill(entry["body"]), entry["expect"]
    assert list(bill.header) == expect["header"]
    assert dict(bill.rows[0]) == expect["first_row"]
    assert (bill.disagreements() == []) is expect["summary_row_agrees"]
    rows = list(pay_bill.payments_of(bill))
    assert len(rows) == expect["count"]
    assert Counter(row.kind for row in rows) == expect["states"]
    paid, back = (sum(row.amount_fen for row in rows if row.kind == kind) for kind in ("SUCCESS", "REFUND"))
    assert (paid, back) == (expect["order_total_fen"], expect["apply_refund_total_fen"])
    settled, given = (sum(row.settled_fen for row in rows if row.kind == kind) for kind in ("SUCCESS", "REFUND"))
    assert (settled, given) == (expect["settlement_total_fen"], expect["refund_total_fen"])
    assert sum(row.fee_si for row in rows) == Decimal(expect["fee_total_yuan"]).scaleb(5)
    coupons = sum(pay_bill.fen_of(row["充值券退款金额"]) for row in bill.rows)
    assert coupons == expect["coupon_refund_total_fen"]


ASSERTED: dict[str, Callable[[Entry], None]] = {
    each.__name__: each
    for each in (
        request_signature, pay_sign_jsapi, rsa_sha256_sign, rsa_sha256_verify, notify, aead_decrypt,
        rsa_oaep_sha1_decrypt, v2_sign, v2_key_order, v2_aes_256_ecb, v2_notify, trade_bill_csv,
    )
}  # fmt: skip


@pytest.mark.parametrize("name", VECTORS)
def test_vector(name: str) -> None:
    ASSERTED[VECTORS[name]["kind"]](VECTORS[name])


def test_all_of_the_public_set_is_here_and_says_where_it_is_from() -> None:
    assert len(VECTORS) == 31
    assert {entry["kind"] for entry in VECTORS.values()} == set(ASSERTED)
    for name, entry in VECTORS.items():
        assert entry["id"] == name
        assert entry["source"]["name"] and entry["source"]["what"]
        public = entry["source"]["name"] in {"wechatpay-go", "wechatpay-java", "wechatpay-php"}
        assert not public or (entry["source"]["commit"] and entry["source"]["path"] and entry["source"]["licence"])


def test_every_byte_of_the_derived_notice_counts() -> None:
    entry = VECTORS["derived-notify-transaction-success"]
    key = load_public_key(pem(entry["key"]))
    body = entry["body"].encode()
    stamp, nonce = entry["headers"]["Wechatpay-Timestamp"], entry["headers"]["Wechatpay-Nonce"]
    signature = entry["headers"]["Wechatpay-Signature"]
    message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    check_signature(key, signature, message)
    for position in range(0, len(message), 97):
        altered = bytearray(message)
        altered[position] ^= 1
        with pytest.raises(NotAuthentic):
            check_signature(key, signature, bytes(altered))
    reordered = json.dumps(json.loads(body), ensure_ascii=False, sort_keys=True).encode()
    with pytest.raises(NotAuthentic):
        check_signature(key, signature, f"{stamp}\n{nonce}\n".encode() + reordered + b"\n")
