"""Keys are read or refused with a reason, and nothing malformed verifies or opens."""

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from chargecloud.infra.wechat import pay_crypto
from tests.support.wechat_pay import rsa_key

PKCS8, PKCS1 = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
PLAIN = serialization.NoEncryption()


def written(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    form: serialization.PrivateFormat = PKCS8,
    lock: serialization.KeySerializationEncryption = PLAIN,
) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, form, lock)


@pytest.mark.parametrize("form", [PKCS8, PKCS1])
def test_both_forms_of_a_private_key_are_read(form: serialization.PrivateFormat) -> None:
    assert pay_crypto.load_private_key(written(rsa_key(), form)).private_numbers() == rsa_key().private_numbers()


@pytest.mark.parametrize(
    ("pem", "word"),
    [
        (b"nonsense", "not a PEM private key"),
        (written(rsa_key(), lock=serialization.BestAvailableEncryption(b"x")), "passphrase"),
        (written(ec.generate_private_key(ec.SECP256R1())), "not an RSA"),
        (written(rsa.generate_private_key(65537, 1024)), "1024 bits"),
    ],
    ids=["nonsense", "passphrase", "ec", "short"],
)
def test_what_is_no_merchant_key_is_named(pem: bytes, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        pay_crypto.load_private_key(pem)


def test_what_is_no_public_key_is_named() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = curve.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ValueError, match="not an RSA"):
        pay_crypto.load_public_key(pem)
    for nonsense in (b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(ValueError, match="PEM"):
            pay_crypto.load_public_key(nonsense)


def test_a_signature_verifies_only_as_it_was_made() -> None:
    key = rsa_key()
    signature = pay_crypto.sign(key, b"message")
    assert pay_crypto.verifies(key.public_key(), b"message", signature)
    raw = base64.b64decode(signature)
    for wrong in ("", "!", signature[:-4], signature + " ", base64.b64encode(raw[:-1]).decode(), signature.lower()):
        assert not pay_crypto.verifies(key.public_key(), b"message", wrong)
    assert not pay_crypto.verifies(rsa_key(1).public_key(), b"message", signature)


def test_a_seal_opens_only_whole() -> None:
    key, nonce = b"k" * 32, "n" * 12
    sealed = pay_crypto.seal(key, nonce, "", "余额".encode())
    assert pay_crypto.open_sealed(key, nonce, "", sealed).decode() == "余额"
    with pytest.raises(ValueError, match="11 bytes"):
        pay_crypto.open_sealed(key, "n" * 11, "", sealed)
    for wrong in ("", "AAAA", "*", sealed[:-4], "A" + sealed[1:]):
        with pytest.raises(ValueError, match="does not open"):
            pay_crypto.open_sealed(key, nonce, "", wrong)
    with pytest.raises(ValueError, match="does not open"):
        pay_crypto.open_sealed(b"j" * 32, nonce, "", sealed)


def test_a_sensitive_field_for_somebody_else_stays_closed() -> None:
    sealed = pay_crypto.encrypt_field(rsa_key().public_key(), "张三")
    assert pay_crypto.decrypt_field(rsa_key(), sealed) == "张三"
    for wrong in (sealed[4:], "*"):
        with pytest.raises(ValueError, match="does not open"):
            pay_crypto.decrypt_field(rsa_key(), wrong)
    with pytest.raises(ValueError, match="does not open"):
        pay_crypto.decrypt_field(rsa_key(1), sealed)
