"""The primitives of WeChat Pay APIv3: RSA-SHA256, AES-GCM, RSA-OAEP, and reading keys. Pure: bytes in, bytes out."""

import base64
import binascii

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

GCM_NONCE_BYTES = 12
MIN_RSA_BITS = 2048
APIV3_KEY_BYTES = 32
"""What a merchant's APIv3 key has to have; a rule for configuration, not for the cipher (the public vectors use 16)."""

_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)


def load_private_key(pem: bytes) -> RSAPrivateKey:
    """An RSA private key in PKCS#8 or PKCS#1 PEM without a passphrase; ValueError says what it is instead."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise ValueError("the private key has a passphrase; give it without one, in a file only we can read") from None
    except ValueError:
        raise ValueError("not a PEM private key; apiclient_key.pem of the merchant platform is one") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("the private key is not an RSA key")
    if key.key_size < MIN_RSA_BITS:
        raise ValueError(f"the RSA key has {key.key_size} bits; {MIN_RSA_BITS} are the least")
    return key


def load_public_key(pem: bytes) -> RSAPublicKey:
    """An RSA public key from PEM, bare or inside a certificate; ValueError says what it is instead."""
    try:
        certified = b"BEGIN CERTIFICATE" in pem
        key: object = (
            x509.load_pem_x509_certificate(pem).public_key() if certified else serialization.load_pem_public_key(pem)
        )
    except ValueError:
        raise ValueError("neither a PEM public key nor a PEM certificate") from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("the public key is not an RSA key")
    return key


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """RSA-SHA256 PKCS#1 v1.5 over the message, base64."""
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode("ascii")


def verifies(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Whether the base64 signature is this key's over this message; anything malformed is a plain no."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def open_sealed(key: bytes, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """AES-GCM as notices and certificates use it: base64 of text and 16-byte tag. ValueError when it does not open."""
    raw_nonce = nonce.encode()
    if len(raw_nonce) != GCM_NONCE_BYTES:
        raise ValueError(f"the nonce has {len(raw_nonce)} bytes instead of {GCM_NONCE_BYTES}")
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        return AESGCM(key).decrypt(raw_nonce, sealed, associated_data.encode())
    except (InvalidTag, binascii.Error):
        raise ValueError("it does not open with this key; it was altered, or the APIv3 key is another one") from None


def seal(key: bytes, nonce: str, associated_data: str, plaintext: bytes) -> str:
    """The other direction: what `open_sealed` opens."""
    return base64.b64encode(AESGCM(key).encrypt(nonce.encode(), plaintext, associated_data.encode())).decode("ascii")


def encrypt_field(key: RSAPublicKey, text: str) -> str:
    """A sensitive field for WeChat Pay (RSA-OAEP with SHA-1), base64."""
    return base64.b64encode(key.encrypt(text.encode(), _OAEP)).decode("ascii")


def decrypt_field(key: RSAPrivateKey, ciphertext: str) -> str:
    """A sensitive field from WeChat Pay; ValueError when it is not for this key."""
    try:
        return key.decrypt(base64.b64decode(ciphertext, validate=True), _OAEP).decode()
    except (binascii.Error, ValueError):
        raise ValueError("the field does not open with this private key") from None


def serial_text(certificate: x509.Certificate) -> str:
    """A certificate's serial number as WeChat Pay writes it: upper-case hex without leading zeros."""
    return f"{certificate.serial_number:X}"
