"""Cards as charge points read them, passwords as they send them, VINs as vehicles say them."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.features.drivers import model
from chargecloud.kernel.errors import Invalid

card_bytes = st.binary(min_size=1, max_size=8).filter(lambda raw: any(raw))


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("00000000D14B0A54", "00000000D14B0A54"),
        ("7805AF3703000000", "0000007805AF3703"),
        ("d14b0a54", "00000000D14B0A54"),
    ],
)
def test_card_numbers_are_stripped_and_padded(sent: str, stored: str) -> None:
    assert model.normal_card_id(sent) == stored


def test_a_card_read_backwards_is_the_same_card() -> None:
    """The vendor document reads 540A4CE1 as 00000000E14C0A54 (D16)."""
    assert model.card_key("00000000E14C0A54") == model.card_key("540A4CE100000000") == model.card_key("540A4CE1")


@given(card_bytes, st.integers(0, 7), st.booleans())
def test_padding_and_direction_do_not_matter(core: bytes, left: int, backwards: bool) -> None:
    core = core.strip(b"\x00")
    turned = core[::-1] if backwards else core
    padded = (b"\x00" * left + turned)[-8:] if left + len(turned) <= 8 else turned
    assert model.card_key(padded.hex()) == model.card_key(core.hex())


@pytest.mark.parametrize("text", ["", "0000000000000000", "XYZ", "123", "11" * 9])
def test_what_is_no_card_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as invalid:
        model.normal_card_id(text)
    assert invalid.value.code == "invalid_card_id"
    assert model.card_key_or_none(text) is None


@pytest.mark.parametrize("text", ["", "12345678901234567", "12a4", "１２３"])
def test_card_labels_are_digits(text: str) -> None:
    with pytest.raises(Invalid):
        model.normal_card_label(text)


def test_vins_are_cleaned_and_checked() -> None:
    assert model.normal_vin(" lsvau2180n2183294 ") == "LSVAU2180N2183294"
    for text in ("LSVAU2180N218329", "LSVAU2180N218329I", "LSVAU2180N21832O4", "'; DROP TABLE--01", "\x00" * 17):
        assert model.vin_or_none(text) is None
        with pytest.raises(Invalid):
            model.normal_vin(text)


def test_both_forms_of_a_password_open_the_card() -> None:
    """ "16-bit MD5" is either the middle of the hex text or the raw digest (D23)."""
    digests = model.password_digests("salt", "123456")
    md5 = hashlib.md5(b"123456").hexdigest()
    assert model.password_matches("salt", digests, md5)
    assert model.password_matches("salt", digests, md5[8:24].encode().hex())
    assert not model.password_matches("salt", digests, md5[:16].encode().hex())
    assert not model.password_matches("other", digests, md5)
    assert not model.password_matches("salt", digests, "")
    assert not model.password_matches("salt", digests, "not hex")


def test_the_stored_password_is_not_what_travels() -> None:
    stored = " ".join(model.password_digests("salt", "123456"))
    md5 = hashlib.md5(b"123456").hexdigest()
    assert md5 not in stored and md5[8:24] not in stored


@pytest.mark.parametrize("text", ["123", "1" * 17, "密码密码", "12 34"])
def test_passwords_a_keypad_cannot_type_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        model.password_forms(text)


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("13800001234", "138****1234"), ("+8613800001234", "+86****1234"), ("123456", "****56"), ("", "")],
)
def test_phones_are_masked(phone: str, masked: str) -> None:
    assert model.masked_phone(phone) == masked


def test_phones_are_cleaned_and_checked() -> None:
    assert model.normal_phone("138 0000-1234") == "13800001234"
    for text in ("12345", "phone", "1" * 16, "138000012３4"):
        with pytest.raises(Invalid):
            model.normal_phone(text)


def test_vins_are_masked() -> None:
    assert model.masked_vin("LSVAU2180N2183294") == "LSV**********3294"


def test_names_are_cleaned_and_checked() -> None:
    assert model.normal_name("  韩梅梅 ") == "韩梅梅"
    for text in ("", "   ", "a\nb", "x" * 81):
        with pytest.raises(Invalid):
            model.normal_name(text)


def test_only_a_hash_of_a_token_is_kept() -> None:
    assert model.token_hash("secret") == hashlib.sha256(b"secret").hexdigest()
