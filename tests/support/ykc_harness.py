"""A YKC charge point that has just been admitted, with the pushes of its login behind it."""

from __future__ import annotations

from chargecloud.device.commands import ApplyTariff
from chargecloud.protocols.ykc16.connection import Connection
from chargecloud.testing.commands import TARIFF
from chargecloud.testing.harness import Harness, admit
from tests.support.ykc import CODE, login


def connected() -> Harness:
    """Nothing has been said yet."""
    return Harness(Connection(0.0))


def admitted(*, firmware: bytes = b"V1.6.3", code: str = CODE) -> Harness:
    """Admitted a minute ago: the clock push has gone unanswered, everything is quiet."""
    harness = connected()
    admit(harness, login(code, firmware=firmware), code)
    harness.pass_time(30.0)
    harness.take_sent()
    harness.log.clear()
    return harness


def expiry(harness: Harness) -> int:
    """Far enough ahead."""
    return harness.wall_ms + 30_000


def tariff(harness: Harness, command_id: str = "tariff") -> ApplyTariff:
    """The tariff of the tests as a command."""
    return ApplyTariff(command_id=command_id, charge_point_code=CODE, expires_at_ms=expiry(harness), tariff=TARIFF)
