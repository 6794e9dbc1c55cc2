"""云快充 V1.6 keeps what every protocol owes."""

from __future__ import annotations

from chargecloud.protocols.ykc16.plugin import Plugin
from chargecloud.testing.protocol import ProtocolContract
from tests.support import ykc


class TestYkc16(ProtocolContract):
    code = ykc.CODE
    plugin = Plugin()

    def boot(self) -> bytes:
        return ykc.login()

    def beat(self) -> bytes:
        return ykc.heartbeat()

    def sample(self, session: str) -> bytes:
        return ykc.up(ykc.realtime(session), 2)

    def record(self, session: str) -> bytes:
        return ykc.up(ykc.record(session), 3)

    def started(self, session: str) -> bytes:
        return ykc.start_reply(session)

    def damaged(self) -> bytes:
        return ykc.heartbeat()[:-1] + b"\x00"
