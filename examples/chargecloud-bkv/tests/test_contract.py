"""BKV keeps what every protocol owes."""

from __future__ import annotations

from chargecloud.testing.commands import session_no, start
from chargecloud.testing.harness import Harness
from chargecloud.testing.protocol import ProtocolContract
from chargecloud_bkv import virtual
from chargecloud_bkv.plugin import Plugin


def counter_of(session: str) -> int:
    """The contract's sessions end in a counter."""
    return int(session[-4:])


class TestBkv(ProtocolContract):
    code = virtual.GATEWAY
    plugin = Plugin()
    silent_after_s = 150.0
    refusal_frames = 0
    beat_introduces = True

    def acquaint(self, harness: Harness) -> None:
        """A charge gets its number, which we make its session's counter, with the answer to its start."""
        harness.submit(start(self.code, harness.wall_ms + 30_000, command_id="acquainted"))
        harness.receive(virtual.control_reply(1, counter_of(session_no(self.code))))

    def boot(self) -> bytes:
        return virtual.heartbeat()

    def beat(self) -> bytes:
        return virtual.heartbeat()

    def sample(self, session: str) -> bytes:
        if not session:
            return virtual.state(virtual.hole())
        return virtual.state(virtual.hole(status=virtual.BUSY, business_no=counter_of(session), energy_wh=40))

    def record(self, session: str) -> bytes:
        return virtual.charge_end(counter_of(session))

    def started(self, session: str) -> bytes:
        return virtual.control_reply(1 + counter_of(session), counter_of(session))

    def damaged(self) -> bytes:
        return virtual.damaged()
