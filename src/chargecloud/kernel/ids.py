"""Identifiers: session numbers, order numbers, opaque ids and secrets."""

import secrets

from chargecloud.kernel.clock import local_time

SESSION_NO_DIGITS = 32


def new_id() -> str:
    """An opaque 128-bit identifier as 32 hex digits."""
    return secrets.token_hex(16)


def new_secret() -> str:
    """A 256-bit bearer secret, URL-safe."""
    return secrets.token_urlsafe(32)


def new_session_no(charge_point_code: str, connector_no: int, at_ms: int) -> str:
    """A 32-digit session number: charge point (zeros up to 14), connector (2), YYMMDDhhmmss local (12), random (4).

    The four random digits make a clash within one second on one connector unlikely; a unique key in the database
    makes it impossible.
    """
    stamp = local_time(at_ms).strftime("%y%m%d%H%M%S")
    return f"{charge_point_code:0>14}{connector_no:02d}{stamp}{secrets.randbelow(10_000):04d}"


def new_order_no(at_ms: int) -> str:
    """An order number people can read out: date, time and eight random digits."""
    return f"{local_time(at_ms):%Y%m%d%H%M%S}{secrets.randbelow(100_000_000):08d}"
