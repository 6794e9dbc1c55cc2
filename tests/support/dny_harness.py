"""DNY boards that have just been admitted on one connection."""

from __future__ import annotations

from chargecloud.device.commands import AnswerBoot
from chargecloud.protocols.dny.codec import decode
from chargecloud.protocols.dny.connection import Connection
from chargecloud.protocols.wire.schema import Direction, Frame
from chargecloud.testing.commands import session_no
from chargecloud.testing.harness import Harness
from tests.support import dny

SESSION = session_no(dny.CODE)


def connected() -> Harness:
    """Nothing has been said yet."""
    return Harness(Connection(0.0))


def verdict(harness: Harness, code: str = dny.CODE, *, accepted: bool = True, command_id: str = "boot") -> AnswerBoot:
    """The platform's decision."""
    return AnswerBoot(
        command_id=command_id,
        charge_point_code=code,
        expires_at_ms=harness.wall_ms + 10_000,
        link_id="link",
        accepted=accepted,
    )


def admitted(*physical_ids: int, **registration: int) -> Harness:
    """These boards (or one) are admitted, a second ago."""
    harness = connected()
    harness.receive(dny.ICCID)
    for physical_id in physical_ids or (dny.PHYSICAL_ID,):
        code = f"{physical_id:08X}"
        harness.receive(dny.register(physical_id=physical_id, **registration))
        harness.submit(verdict(harness, code, command_id=f"boot {code}"))
        assert code in harness.connection.charge_point_codes  # type: ignore[attr-defined]
    harness.pass_time(1.0)
    harness.take_sent()
    harness.log.clear()
    harness.events.clear()
    return harness


def expiry(harness: Harness) -> int:
    """Far enough ahead."""
    return harness.wall_ms + 60_000


def said(harness: Harness) -> list[Frame]:
    """What we sent since the last look, typed."""
    frames = [decode(raw, Direction.DOWN).frame for raw in harness.take_sent()]
    return [frame for frame in frames if frame is not None]
