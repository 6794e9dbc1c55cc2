"""One-time codes of a phone (RFC 6238: SHA-1, six digits, 30 seconds) and recovery codes."""

import base64
import hashlib
import hmac
import re
import secrets
import struct
from urllib.parse import quote, urlencode

STEP_MS = 30_000
DIGITS = 6
DRIFT_STEPS = 1
"""A phone's clock may be so many steps off, either way."""
SECRET_BYTES = 20
RECOVERY_CODES = 10
TICKET_MS = 5 * 60_000
"""So long after the password the code may come."""

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Of recovery codes: nothing that looks like another."""
_GROUPS, _GROUP = 4, 4
_CODE = re.compile(rf"[0-9]{{{DIGITS}}}")


def new_totp_secret() -> str:
    """160 random bits in base32, as authenticator apps take them."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def totp(secret: str, step: int) -> str:
    """The code of a step of thirty seconds."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 0x0F)
    return f"{(number & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}d}"


def step_of(secret: str, code: str, now_ms: int, last_step: int) -> int | None:
    """The step a code belongs to, within the drift and after the last that was used; None for a wrong code."""
    plain = code.replace(" ", "")
    if not _CODE.fullmatch(plain):
        return None
    now = now_ms // STEP_MS
    near = range(max(0, last_step + 1, now - DRIFT_STEPS), now + DRIFT_STEPS + 1)
    return next((step for step in near if hmac.compare_digest(totp(secret, step), plain)), None)


def totp_address(secret: str, username: str, issuer: str) -> str:
    """What the QR code for an authenticator app says."""
    query = urlencode({"secret": secret, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": 30})
    return f"otpauth://totp/{quote(f'{issuer}:{username}')}?{query}"


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits, each good for one sign-in without the phone."""
    return ["-".join(_group() for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]


def recovery_hash(code: str) -> str:
    """The only thing kept of a recovery code; dashes, blanks and case do not matter."""
    plain = code.upper().replace("-", "").replace(" ", "")
    return hashlib.sha256(f"recovery code:{plain}".encode()).hexdigest()


def _group() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP))
