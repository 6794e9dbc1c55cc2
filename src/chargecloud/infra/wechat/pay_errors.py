"""How calls to WeChat Pay and messages from it fail. Each type says what the caller may conclude.

None of them carries a key, a signature or a whole openid: `str(error)` can be logged.
"""

from enum import StrEnum


class PayError(Exception):
    """Root of what goes wrong between us and WeChat Pay."""


class PayRefused(PayError):
    """WeChat Pay has understood and said no (4xx): nothing happened because of this call.

    `code` is WeChat's word (ORDER_CLOSED, NOT_ENOUGH, …). Its spelling differs between endpoints and years, so money
    is decided by a query afterwards, never by the word alone.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"WeChat Pay refused with {status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class PayNotFound(PayRefused):
    """404: WeChat Pay does not know the number asked for."""


class PayDenied(PayRefused):
    """401 or 403: key, serial, clock or permission is wrong; nothing works until somebody mends the configuration."""


class PayBusy(PayRefused):
    """429: too many calls; nothing happened, ask again later."""


class PayUnknown(PayError):
    """Nobody knows whether it happened: no answer, a server error to the end, or an answer that is not WeChat's.

    Repeat with the *same* business numbers or query; never with new ones. `serial` is set when the answer was signed
    with a key we do not have.
    """

    def __init__(self, message: str, *, serial: str = "") -> None:
        super().__init__(message)
        self.serial = serial


class Rejection(StrEnum):
    """Why a message that claims to be from WeChat Pay is not taken."""

    HEADER_MISSING = "header_missing"
    SIGNATURE_TYPE = "signature_type"
    TIMESTAMP = "timestamp"
    SERIAL_UNKNOWN = "serial_unknown"
    PROBE = "probe"
    SIGNATURE = "signature"
    BODY = "body"
    SEALED = "sealed"


class NotAuthentic(PayError):
    """A message that claims to be from WeChat Pay and is not to be taken; answer it with 4xx and believe nothing."""

    def __init__(self, reason: Rejection, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
