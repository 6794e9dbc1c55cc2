"""One-time codes against the examples of RFC 6238 (appendix B, SHA-1, the last six of its eight digits)."""

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from chargecloud.features.operators import model_second_factor as rules

SECRET = base64.b32encode(b"12345678901234567890").decode()
EXAMPLES = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize(("at_s", "code"), EXAMPLES.items())
def test_codes_are_those_of_the_paper(at_s: int, code: str) -> None:
    assert rules.totp(SECRET, at_s // 30) == code


@pytest.mark.parametrize(("late_steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phone_may_be_one_step_off(late_steps: int, taken: bool) -> None:
    code = rules.totp(SECRET, 1000 + late_steps)
    found = rules.step_of(SECRET, code, 1000 * rules.STEP_MS, -1)
    assert found == (1000 + late_steps if taken else None)


def test_no_code_is_good_twice_nor_after_a_later_one() -> None:
    now_ms = 1000 * rules.STEP_MS
    assert rules.step_of(SECRET, rules.totp(SECRET, 1000), now_ms, 1000) is None
    assert rules.step_of(SECRET, rules.totp(SECRET, 999), now_ms, 1000) is None
    assert rules.step_of(SECRET, rules.totp(SECRET, 1001), now_ms, 1000) == 1001


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "28708२", "-28708"])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert rules.step_of(SECRET, code, 59_000, -1) is None


def test_blanks_as_apps_show_them_do_not_matter() -> None:
    assert rules.step_of(SECRET, "287 082", 59_000, -1) == 1


def test_the_address_says_what_an_app_needs() -> None:
    address = urlsplit(rules.totp_address(SECRET, "wangfang", "智充 运营"))
    assert (address.scheme, address.netloc, unquote(address.path)) == ("otpauth", "totp", "/智充 运营:wangfang")
    said = {key: values[0] for key, values in parse_qs(address.query).items()}
    assert said == {"secret": SECRET, "issuer": "智充 运营", "algorithm": "SHA1", "digits": "6", "period": "30"}


def test_secrets_and_recovery_codes_are_long_and_different() -> None:
    assert len(base64.b32decode(rules.new_totp_secret())) == 20
    codes = rules.new_recovery_codes()
    assert len(codes) == len(set(codes)) == 10
    assert all(len(code.replace("-", "")) == 16 for code in codes)
    assert rules.recovery_hash(codes[0]) == rules.recovery_hash(codes[0].lower().replace("-", " "))
    assert rules.recovery_hash(codes[0]) != rules.recovery_hash(codes[1])
