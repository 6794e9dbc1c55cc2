"""Everything secret between a merchant and WeChat, made at the first start and kept in one folder with mode 0600."""

import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from chargecloud.infra.wechat.pay_crypto import load_private_key, serial_text

PLATFORM_DAYS, MERCHANT_DAYS = 5 * 365, 5 * 365
FILE = "fake-wechat.json"


@dataclass(frozen=True, slots=True)
class Platform:
    """One certificate of WeChat Pay with its private key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)

    @property
    def serial(self) -> str:
        """As it appears in `Wechatpay-Serial`."""
        return serial_text(self.certificate)

    @property
    def pem(self) -> bytes:
        """The certificate itself."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(slots=True)
class Keys:
    """One merchant, one mini program, and the keys of both sides."""

    mchid: str
    appid: str
    app_secret: str = field(repr=False)
    apiv3_key: str = field(repr=False)
    apiv2_key: str = field(repr=False)
    merchant: Platform
    """The merchant's API certificate: signs requests and paySign, verifies them here."""
    public_key_id: str
    public_key: rsa.RSAPrivateKey = field(repr=False)
    platforms: list[Platform]
    """WeChat Pay's certificates, the one in use last."""

    def rotate(self, now_ms: int) -> Platform:
        """One certificate more; the two newest stay known, the newest signs."""
        self.platforms.append(_certificate("Tenpay.com Root CA (fake)", now_ms, PLATFORM_DAYS))
        del self.platforms[:-2]
        return self.platforms[-1]


def make(now_ms: int) -> Keys:
    """A new world's keys."""
    digits = str(1_900_000_000 + secrets.randbelow(99_999_999))
    return Keys(
        mchid=digits,
        appid=f"wx{secrets.token_hex(8)}",
        app_secret=secrets.token_hex(16),
        apiv3_key=secrets.token_hex(16),
        apiv2_key=secrets.token_hex(16),
        merchant=_certificate("chargecloud test merchant", now_ms, MERCHANT_DAYS),
        public_key_id=f"PUB_KEY_ID_0{digits}{secrets.randbelow(10**23):023d}",
        public_key=rsa.generate_private_key(65537, 2048),
        platforms=[_certificate("Tenpay.com Root CA (fake)", now_ms, PLATFORM_DAYS)],
    )


def load_or_make(directory: Path, now_ms: int) -> Keys:
    """The keys of this folder, made when there are none. ValueError when the file is not ours."""
    path = directory / FILE
    if path.is_file():
        return _read(path)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = make(now_ms)
    save(keys, directory)
    return keys


def save(keys: Keys, directory: Path) -> None:
    """Write them; also after a rotation."""
    stored = {
        "mchid": keys.mchid,
        "appid": keys.appid,
        "app_secret": keys.app_secret,
        "apiv3_key": keys.apiv3_key,
        "apiv2_key": keys.apiv2_key,
        "public_key_id": keys.public_key_id,
        "public_key": private_pem(keys.public_key).decode(),
        "merchant": _stored(keys.merchant),
        "platforms": [_stored(each) for each in keys.platforms],
    }
    write_private(directory / FILE, json.dumps(stored, indent=1).encode())


def write_private(path: Path, content: bytes) -> None:
    """A file only its owner reads, never half written."""
    draft = path.with_suffix(path.suffix + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    """PKCS#8 without a passphrase."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    """The public half."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _read(path: Path) -> Keys:
    try:
        stored = json.loads(path.read_text("utf-8"))
        return Keys(
            **{name: stored[name] for name in ("mchid", "appid", "app_secret", "apiv3_key", "apiv2_key")},
            public_key_id=stored["public_key_id"],
            public_key=load_private_key(stored["public_key"].encode()),
            merchant=_restored(stored["merchant"]),
            platforms=[_restored(each) for each in stored["platforms"]],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not what this program wrote ({error}); name another folder") from None


def _stored(made: Platform) -> dict[str, str]:
    return {"certificate": made.pem.decode(), "key": private_pem(made.key).decode()}


def _restored(stored: dict[str, str]) -> Platform:
    certificate = x509.load_pem_x509_certificate(stored["certificate"].encode())
    return Platform(certificate, load_private_key(stored["key"].encode()))


def _certificate(common_name: str, now_ms: int, days: int) -> Platform:
    key = rsa.generate_private_key(65537, 2048)
    begins = datetime.fromtimestamp(now_ms // 1000, UTC) - timedelta(hours=1)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number((1 << 158) | x509.random_serial_number() >> 1)  # 40 hex digits, as WeChat's have
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return Platform(made, key)
