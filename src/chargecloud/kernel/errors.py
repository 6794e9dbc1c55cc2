"""The one root of errors the platform raises on purpose; categories map to HTTP status at the edge."""


class ChargeCloudError(Exception):
    """Something was refused. `code` is a stable word front ends translate; `facts` say what and how to mend it."""

    def __init__(self, message: str, code: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.facts = facts


class NotFound(ChargeCloudError):
    """The thing named does not exist, or not for the one who asks."""


class Conflict(ChargeCloudError):
    """The request contradicts what is already there."""


class Refused(ChargeCloudError):
    """A business rule says no."""


class Invalid(ChargeCloudError):
    """The request itself is malformed."""


class Unauthenticated(ChargeCloudError):
    """Nobody we know is asking."""


class Forbidden(ChargeCloudError):
    """Somebody we know asks for what they may not do."""


class Unsupported(ChargeCloudError):
    """This charge point or protocol cannot do that."""


class TooMany(ChargeCloudError):
    """A limit of rate or number was reached."""


class Unavailable(ChargeCloudError):
    """Something we depend on does not answer just now."""
