"""The Authorization header is taken apart strictly."""

import pytest

from chargecloud.infra.wechat.pay_signing import SCHEMA, Authorization, authorization, parse_authorization

FIELDS = Authorization("1900000001", "AB12", "nonce", "1767225600", "c2ln")


def test_fields_come_in_any_order() -> None:
    turned = f'{SCHEMA} serial_no="AB12", timestamp="1767225600",signature="c2ln",nonce_str="nonce",mchid="1900000001"'
    assert parse_authorization(turned) == parse_authorization(authorization(FIELDS)) == FIELDS
    assert "c2ln" not in repr(FIELDS)


@pytest.mark.parametrize(
    ("header", "word"),
    [
        ("", "scheme"),
        ("Bearer x", "scheme"),
        (authorization(FIELDS).replace("RSA2048", "RSA4096"), "scheme"),
        (SCHEMA, "scheme|not a list"),
        (f"{SCHEMA} nonsense", "not a list"),
        (authorization(FIELDS) + ',mchid="2"', "twice"),
        (authorization(FIELDS) + ',more="2"', "unknown"),
        (authorization(FIELDS).replace('nonce_str="nonce",', ""), "missing: nonce_str"),
        (authorization(FIELDS).replace('"nonce"', '""'), "missing: nonce_str"),
        (authorization(FIELDS).replace('"', ""), "not a list"),
    ],
)
def test_what_is_wrong_with_a_header_is_said(header: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        parse_authorization(header)
