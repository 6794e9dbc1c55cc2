"""The template keeps what every protocol owes."""

from __future__ import annotations

from chargecloud.protocols._template.plugin import Plugin
from chargecloud.testing.protocol import ProtocolContract


class TestTemplate(ProtocolContract):
    code = "32010600019236"
    plugin = Plugin()

    def boot(self) -> bytes:
        return f"BOOT {self.code} 2 V1.0\n".encode()

    def beat(self) -> bytes:
        return b"BEAT 1 0\n"

    def sample(self, session: str) -> bytes:
        return f"METER 1 {session or '-'} {3 if session else 2} 1200000 18000\n".encode()

    def record(self, session: str) -> bytes:
        return f"RECORD 1 {session} 1200000 18000\n".encode()

    def started(self, session: str) -> bytes:
        return f"STARTED 1 {session} ok\n".encode()

    def damaged(self) -> bytes:
        return b"B\xc5AT 1 0\n"
