"""DNY keeps what every protocol owes."""

from __future__ import annotations

from chargecloud.protocols.dny.codec import decode
from chargecloud.protocols.dny.frames.commands import QueryStatus
from chargecloud.protocols.dny.plugin import Plugin
from chargecloud.protocols.wire.schema import Direction
from chargecloud.testing.protocol import ProtocolContract
from tests.support import dny


class TestDny(ProtocolContract):
    code = dny.CODE
    plugin = Plugin()
    silent_after_s = 300.0

    def boot(self) -> bytes:
        return dny.ICCID + dny.register()

    def beat(self) -> bytes:
        return dny.heartbeat()

    def sample(self, session: str) -> bytes:
        return dny.progress(session)

    def record(self, session: str) -> bytes:
        return dny.settlement(order=bytes.fromhex(session))

    def started(self, session: str) -> bytes:
        return dny.control_reply(session, message_id=1)

    def damaged(self) -> bytes:
        return dny.heartbeat()[:-1] + b"\x00"

    def is_harmless(self, sent: bytes) -> bool:
        """A board that says anything before its registration is asked to register."""
        return isinstance(decode(sent, Direction.DOWN).frame, QueryStatus)
