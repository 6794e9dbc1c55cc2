"""Cards, VINs, phones and tokens as text: cleaning, comparing, masking, hashing."""

import hashlib
import hmac
import re

from chargecloud.kernel.errors import Invalid

CARD_BYTES = 8
LABEL_DIGITS = 16
TOKEN_LIFETIME_MS = 7 * 86_400_000
TOKEN_TOUCH_MS = 3_600_000
"""A token's life is extended at most once an hour; writing at each request would buy nothing."""
MAX_TOKENS = 10
"""A driver's living tokens; signing in once more ends the oldest."""
NEW_DRIVER_NAME = "微信车主"
_DEVICE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_PHONE = re.compile(r"\+?[0-9]{6,15}")
_PASSWORD = re.compile(r"[!-~]{4,16}")


def normal_card_id(text: str) -> str:
    """A physical card number as 16 hex digits: zero bytes stripped on both sides, then padded on the left (D16)."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raise Invalid("物理卡号为最多 16 位十六进制数字", "invalid_card_id", field="card_id") from None
    core = raw.strip(b"\x00")
    if not core or len(raw) > CARD_BYTES:
        raise Invalid("物理卡号为 1 至 8 字节且不能全为零", "invalid_card_id", field="card_id")
    return core.rjust(CARD_BYTES, b"\x00").hex().upper()


def card_key(card_id: str) -> str:
    """What two readings of one card share, whichever way round the reader delivers the bytes (D16)."""
    core = bytes.fromhex(normal_card_id(card_id)).strip(b"\x00")
    return min(core, core[::-1]).hex().upper()


def card_key_or_none(card_id: str) -> str | None:
    """The key of what a charge point sent as a card number; None when it cannot be one."""
    try:
        return card_key(card_id)
    except Invalid:
        return None


def normal_card_label(text: str) -> str:
    """A printed card number: one to sixteen digits."""
    if not (0 < len(text) <= LABEL_DIGITS and text.isascii() and text.isdigit()):
        raise Invalid("卡面号为 1 至 16 位数字", "invalid_card_label", field="card_label")
    return text


def normal_vin(text: str) -> str:
    """A VIN in capitals; Invalid when it cannot be one (17 characters, no I, O, Q)."""
    vin = text.strip().upper()
    if not _VIN.fullmatch(vin):
        raise Invalid("车架号为 17 位字母和数字，不含 I、O、Q", "invalid_vin", field="vin")
    return vin


def vin_or_none(text: str) -> str | None:
    """What a vehicle said, if it is a VIN at all: text off the wire is not to be trusted."""
    try:
        return normal_vin(text)
    except Invalid:
        return None


def normal_name(text: str) -> str:
    """A name without blanks around it and without control characters."""
    name = text.strip()
    if not 0 < len(name) <= 80 or not name.isprintable():
        raise Invalid("姓名为 1 至 80 个可见字符", "invalid_name", field="name")
    return name


def normal_phone(text: str) -> str:
    """Digits of a phone number, with + for a country code."""
    phone = re.sub(r"[ ()-]", "", text)
    if not _PHONE.fullmatch(phone):
        raise Invalid("电话号码为 6 至 15 位数字", "invalid_phone", field="phone")
    return phone


def normal_device_id(text: str) -> str:
    """What an app calls the phone it runs on."""
    if not _DEVICE.fullmatch(text):
        raise Invalid("device_id 为 8 至 64 位字母、数字、点、下划线或连字符", "invalid_device_id", field="device_id")
    return text


def masked_phone(phone: str) -> str:
    """138****1234: enough to recognise, too little to call."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****" + phone[-2:] if phone else ""


def masked_vin(vin: str) -> str:
    """First three and last four characters."""
    return f"{vin[:3]}**********{vin[-4:]}"


def password_forms(password: str) -> tuple[bytes, bytes]:
    """The two readings of "16-bit MD5" that charge points send: the middle half as text, or the plain digest (D23)."""
    if not _PASSWORD.fullmatch(password):
        raise Invalid("卡密码为 4 至 16 个可见 ASCII 字符", "invalid_password", field="password")
    digest = hashlib.md5(password.encode(), usedforsecurity=False)
    return digest.hexdigest()[8:24].encode(), digest.digest()


def password_digest(salt: str, form: bytes) -> str:
    """What we keep of a password form, so that a stolen table opens no card."""
    return hashlib.sha256(salt.encode() + form).hexdigest()


def password_digests(salt: str, password: str) -> tuple[str, ...]:
    """Both forms, salted and hashed."""
    return tuple(password_digest(salt, form) for form in password_forms(password))


def password_matches(salt: str, digests: tuple[str, ...], sent_hex: str) -> bool:
    """Whether the 16 bytes a charge point sent are one of the forms."""
    try:
        sent = password_digest(salt, bytes.fromhex(sent_hex))
    except ValueError:
        return False
    return any(hmac.compare_digest(sent, known) for known in digests)


def token_hash(token: str) -> str:
    """The only thing kept of a bearer token."""
    return hashlib.sha256(token.encode()).hexdigest()
