"""APIv2: works with a key and only with one; the refund notice opens and is no proof."""

import hashlib

import pytest

from chargecloud.infra.wechat import pay_v2
from chargecloud.infra.wechat.pay_errors import NotAuthentic, Rejection
from chargecloud.infra.wechat.pay_xml import flat

KEY = "0123456789abcdef0123456789ABCDEF"
FIELDS = {"appid": "wx1", "total_fee": "100", "out_trade_no": "P1", "empty": ""}


def message(kind: str = pay_v2.MD5, key: str = KEY, **changes: str) -> bytes:
    fields = FIELDS | {"sign": pay_v2.sign(FIELDS, key, kind)} | changes
    return flat(fields)


@pytest.mark.parametrize("kind", [pay_v2.MD5, pay_v2.HMAC_SHA256])
def test_a_signed_notice_is_taken(kind: str) -> None:
    assert pay_v2.open_v2_notice(message(kind), KEY)["out_trade_no"] == "P1"


@pytest.mark.parametrize(
    "changes", [{"total_fee": "1"}, {"extra": "1"}, {"sign": ""}, {"sign": "A" * 32}, {"sign": "Ä" * 32}]
)
def test_an_altered_one_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(NotAuthentic) as refused:
        pay_v2.open_v2_notice(message(**changes), KEY)
    assert refused.value.reason is Rejection.SIGNATURE


def test_lower_case_and_foreign_keys_do_not_fit() -> None:
    for body in (message(key=KEY.lower()), message(sign=pay_v2.sign(FIELDS, KEY).lower())):
        with pytest.raises(NotAuthentic):
            pay_v2.open_v2_notice(body, KEY)


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_proper_key_nothing_is_signed_or_taken(key: str) -> None:
    with pytest.raises(ValueError, match="32 characters"):
        pay_v2.sign(FIELDS, key)
    with pytest.raises(ValueError, match="32 characters"):
        pay_v2.open_v2_notice(message(), key)
    with pytest.raises(NotAuthentic):
        pay_v2.open_v2_refund_notice(flat({"req_info": "AAAA"}), key)


def test_an_unknown_sign_type_is_named() -> None:
    with pytest.raises(ValueError, match="SM3"):
        pay_v2.sign(FIELDS, KEY, "SM3")


def test_a_refund_notice_opens_with_the_hash_of_the_key() -> None:
    secret = hashlib.md5(KEY.encode(), usedforsecurity=False).hexdigest().encode()
    sealed = pay_v2.seal_ecb(secret, b"<root><out_refund_no>R1</out_refund_no></root>")
    assert pay_v2.open_v2_refund_notice(flat({"req_info": sealed}), KEY) == {"out_refund_no": "R1"}
    for wrong in ("AAAA", sealed[:-4], pay_v2.seal_ecb(b"k" * 32, b"<xml></xml>")):
        with pytest.raises(NotAuthentic) as refused:
            pay_v2.open_v2_refund_notice(flat({"req_info": wrong}), KEY)
        assert refused.value.reason is Rejection.SEALED
    with pytest.raises(NotAuthentic):
        pay_v2.open_v2_refund_notice(b"<!DOCTYPE x>", KEY)
