"""Forty ways to alter a valid notice, and the one that is taken."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from chargecloud.infra.wechat.pay_crypto import seal
from chargecloud.infra.wechat.pay_errors import NotAuthentic, Rejection
from chargecloud.infra.wechat.pay_keys import KeyRing, PlatformKey
from chargecloud.infra.wechat.pay_notice import MAX_BODY, open_notice
from chargecloud.infra.wechat.pay_verify import PROBE, WINDOW_S, verify
from tests.support.wechat_pay import APIV3_KEY, NOW_MS, PUBLIC_KEY_ID, ring, rsa_key, signed

PLAIN = b'{"out_trade_no":"P1","amount":{"total":100}}'


def envelope(**changes: object) -> bytes:
    resource = {
        "original_type": "transaction",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": seal(APIV3_KEY, "abcdefghijkl", "transaction", PLAIN),
        "associated_data": "transaction",
        "nonce": "abcdefghijkl",
    }
    whole: dict[str, object] = {
        "id": "EV-1",
        "create_time": "2026-01-01T08:00:00+08:00",
        "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS",
        "summary": "支付成功",
        "resource": {**resource, **{name: value for name, value in changes.items() if name in resource}},
    }
    whole |= {name: value for name, value in changes.items() if name not in resource}
    return json.dumps(whole, ensure_ascii=False).encode()


@dataclass
class Message:
    body: bytes = field(default_factory=envelope)
    headers: dict[str, str] = field(default_factory=dict)
    now_ms: int = NOW_MS
    keys: KeyRing = field(default_factory=ring)
    apiv3_key: bytes = APIV3_KEY

    def __post_init__(self) -> None:
        self.headers = self.headers or signed(self.body)

    def open(self) -> bytes:
        opened = open_notice(self.headers, self.body, keys=self.keys, apiv3_key=self.apiv3_key, now_ms=self.now_ms)
        return opened.plaintext


def header(name: str, value: str | None) -> Callable[[], Message]:
    def made() -> Message:
        message = Message()
        if value is None:
            del message.headers[f"wechatpay-{name}"]
        else:
            message.headers[f"wechatpay-{name}"] = value
        return message

    return made


def altered(change: Callable[[bytes], bytes]) -> Callable[[], Message]:
    return lambda: Message(body=change(envelope()), headers=signed(envelope()))


def signed_but(**changes: object) -> Callable[[], Message]:
    """Correctly signed, wrong inside: what only somebody with WeChat's key could send, and still not taken."""
    return lambda: Message(body=envelope(**changes))


STAMP = NOW_MS // 1000
R = Rejection
MUTATIONS: dict[str, tuple[Callable[[], Message], Rejection]] = {
    **{f"no {name}": (header(name, None), R.HEADER_MISSING) for name in ("timestamp", "nonce", "signature", "serial")},
    **{f"empty {name}": (header(name, ""), R.HEADER_MISSING) for name in ("timestamp", "nonce", "signature", "serial")},
    "other nonce": (header("nonce", "nonce0123456789abcdeg"), R.SIGNATURE),
    "nonce with a space": (header("nonce", " nonce0123456789abcdef"), R.SIGNATURE),
    "nonce with a line": (header("nonce", "a\nb"), R.SIGNATURE),
    "timestamp one later": (header("timestamp", str(STAMP + 1)), R.SIGNATURE),
    "timestamp too old": (header("timestamp", str(STAMP - WINDOW_S)), R.TIMESTAMP),
    "timestamp from the future": (header("timestamp", str(STAMP + WINDOW_S)), R.TIMESTAMP),
    "timestamp in ms": (header("timestamp", str(NOW_MS)), R.TIMESTAMP),
    "timestamp with a sign": (header("timestamp", f"+{STAMP}"), R.TIMESTAMP),
    "timestamp in other digits": (header("timestamp", "١٧٦٧٢٢٥٦٠٠"), R.TIMESTAMP),
    "timestamp is text": (header("timestamp", "now"), R.TIMESTAMP),
    "replayed after 300 s": (lambda: Message(now_ms=NOW_MS + WINDOW_S * 1000), R.TIMESTAMP),
    "replayed after a day": (lambda: Message(now_ms=NOW_MS + 86_400_000), R.TIMESTAMP),
    "our clock 300 s behind": (lambda: Message(now_ms=NOW_MS - WINDOW_S * 1000), R.TIMESTAMP),
    "unknown serial": (header("serial", "PUB_KEY_ID_OTHER"), R.SERIAL_UNKNOWN),
    "serial in lower case": (header("serial", PUBLIC_KEY_ID.lower()), R.SERIAL_UNKNOWN),
    "signed by somebody else": (
        lambda: Message(headers=signed(envelope(), key=rsa_key(1))), R.SIGNATURE
    ),
    "another's key under our serial": (
        lambda: Message(keys=KeyRing([PlatformKey(PUBLIC_KEY_ID, rsa_key(1).public_key())])), R.SIGNATURE
    ),
    "no key at all": (lambda: Message(keys=KeyRing()), R.SERIAL_UNKNOWN),
    "signature of another body": (lambda: Message(headers=signed(b"{}")), R.SIGNATURE),
    "signature is no base64": (header("signature", "not base64!"), R.SIGNATURE),
    "signature of zeros": (header("signature", base64.b64encode(bytes(256)).decode()), R.SIGNATURE),
    "signature too long": (header("signature", "A" * 2_000), R.SIGNATURE),
    "probe": (header("signature", PROBE + "bbD3ZE5LiIm"), R.PROBE),
    "signature type of another scheme": (header("signature-type", "WECHATPAY2-SM2-WITH-SM3"), R.SIGNATURE_TYPE),
    "empty signature type": (header("signature-type", ""), R.SIGNATURE_TYPE),
    "body with a space more": (altered(lambda body: body + b" "), R.SIGNATURE),
    "body cut": (altered(lambda body: body[:-1]), R.SIGNATURE),
    "body reordered": (altered(lambda body: json.dumps(json.loads(body), sort_keys=True).encode()), R.SIGNATURE),
    "body re-escaped": (altered(lambda body: json.dumps(json.loads(body)).encode()), R.SIGNATURE),
    "other id": (altered(lambda body: body.replace(b"EV-1", b"EV-2")), R.SIGNATURE),
    "other event": (altered(lambda body: body.replace(b"TRANSACTION.SUCCESS", b"REFUND.SUCCESS")), R.SIGNATURE),
    "empty body": (altered(lambda _: b""), R.SIGNATURE),
    "body too large": (lambda: Message(body=envelope(summary="x" * MAX_BODY)), R.BODY),
    "signed, no JSON": (lambda: Message(body=b"<xml/>", headers=signed(b"<xml/>")), R.BODY),
    "signed, bad UTF-8": (lambda: Message(body=b'{"id":"\xff"}', headers=signed(b'{"id":"\xff"}')), R.BODY),
    "signed, no id": (signed_but(id=""), R.BODY),
    "signed, plain resource": (signed_but(resource_type="plain"), R.BODY),
    "signed, other algorithm": (signed_but(algorithm="AEAD_SM4_GCM"), R.SEALED),
    "signed, sealed with another key": (lambda: Message(apiv3_key=b"j" * 32), R.SEALED),
    "signed, other associated data": (signed_but(associated_data="refund"), R.SEALED),
    "signed, other seal nonce": (signed_but(nonce="abcdefghijkm"), R.SEALED),
    "signed, short seal nonce": (signed_but(nonce="abc"), R.SEALED),
    "signed, seal altered": (signed_but(ciphertext=seal(b"i" * 32, "abcdefghijkl", "transaction", PLAIN)), R.SEALED),
}  # fmt: skip


def test_the_valid_one_is_taken() -> None:
    assert Message().open() == PLAIN
    assert Message(now_ms=NOW_MS + WINDOW_S * 1000 - 1).open() == PLAIN
    assert Message(now_ms=NOW_MS - (WINDOW_S - 1) * 1000).open() == PLAIN


def test_an_older_message_without_a_signature_type_is_taken() -> None:
    message = Message()
    del message.headers["wechatpay-signature-type"]
    assert message.open() == PLAIN


def test_there_are_forty_mutations_at_least() -> None:
    assert len(MUTATIONS) >= 40


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_refused_for_its_reason(name: str) -> None:
    made, reason = MUTATIONS[name]
    with pytest.raises(NotAuthentic) as refused:
        made().open()
    assert refused.value.reason is reason


def test_an_empty_answer_is_signed_as_an_empty_line() -> None:
    verify(signed(b""), b"", ring(), NOW_MS)


def test_nothing_of_the_message_is_in_the_complaint() -> None:
    message = Message()
    message.headers["wechatpay-signature"] = "AAAA" + message.headers["wechatpay-signature"][4:]
    with pytest.raises(NotAuthentic) as refused:
        message.open()
    assert "AAAA" not in str(refused.value)
