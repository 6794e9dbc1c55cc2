"""A host in the city: one modem, boards for e-bikes behind it, and the cable between them."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from chargecloud.protocols.dny.codec import seal
from chargecloud.sim.dny.board import VirtualBoard
from chargecloud.sim.dny.modem import ModemSpec, VirtualModem
from chargecloud.sim.faults import NO_FAULTS, Faults
from tests.city.dialler import Dialler
from tests.city.network import Network
from tests.city.wires import ALARM, SETTLEMENT, Report, board_code, dny_frames, dny_reports

UNASKED = 0xC000
"""Message ids of what a board says that its own firmware would not."""


class Hub(Dialler[VirtualModem]):
    """One host on the network, with everything behind it."""

    protocol = "dny"

    def __init__(
        self,
        spec: ModemSpec,
        network: Network,
        *,
        seed: int,
        wall_ms: int,
        source: str,
        faults: Faults = NO_FAULTS,
        honest: bool = True,
    ) -> None:
        self.said: dict[str, list[Report]] = defaultdict(list)
        """What its boards reported of each session, in order."""
        self.alarms: dict[str, list[int]] = defaultdict(list)
        """When the detector above a board told of smoke."""
        self.torn: dict[str, float] = {}
        """Until when nothing comes through between the host and a board."""
        self.unheard_until = 0.0
        """Until then no board hears that a settlement was taken."""
        point = VirtualModem(spec, seed=seed, now=network.loop.time(), wall_ms=wall_ms, faults=faults)
        super().__init__(point, network, seed=seed, source=source, honest=honest)

    @property
    def boards(self) -> Sequence[VirtualBoard]:
        """Everything behind it, in the order of addresses."""
        return tuple(self.point.boards.values())

    def heard(self, data: bytes) -> bytes:
        now = self._loop.time()
        if now < self.unheard_until:
            data = _without(data, lambda frame: frame[11] == SETTLEMENT)
        return self._through_cables(data, now)

    def saying(self, data: bytes) -> bytes:
        data = self._through_cables(data, self._loop.time())
        for report in dny_reports(data):
            self.said[report.session_no].append(report)
        for frame in dny_frames(data):
            if frame[11] == ALARM:
                self.alarms[board_code(frame)].append(self._network.journal.clock.now_ms())
        return data

    def upload(self, board: VirtualBoard, body: bytes) -> None:
        """Send a settlement that the board's own firmware would not."""
        if self.connection is not None:
            number = UNASKED + self._rng.randrange(0x1000)
            self.connection.send(seal(SETTLEMENT, body, board.spec.physical_id, number))

    def mend(self) -> None:
        """Every cable whole, every answer heard, every detector quiet."""
        self.torn.clear()
        self.unheard_until = 0.0
        for board in self.boards:
            board.smoky = False
            for port in board.ports:
                port.fault_state = 0

    def _through_cables(self, data: bytes, now: float) -> bytes:
        torn = {code for code, until in self.torn.items() if now < until}
        return _without(data, lambda frame: board_code(frame) in torn) if torn else data


def _without(data: bytes, lost: Callable[[bytes], bool]) -> bytes:
    """The bytes without those whole frames."""
    for frame in list(dny_frames(data)):
        if lost(frame):
            data = data.replace(frame, b"", 1)
    return data
