"""Live values 0x13, and for DC 0x23 and 0x25: every 5 min idle, every 15 s charging, at once on a change."""

from collections import deque

from chargecloud.device.events import PowerType
from chargecloud.protocols.ykc16.frames import RealtimeData
from chargecloud.sim import uplink
from chargecloud.sim.board import Board
from chargecloud.sim.connector import Phase, VirtualConnector

CHARGING_S = 15
IDLE_S = 300


class Samples:
    """Paces the live values of all connectors."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._stored: deque[RealtimeData] = deque(maxlen=board.temper.stores_samples)
        self._turn = 0

    def begin(self, now: float) -> None:
        """The opening is over: stored values, then a first word of each connector."""
        while self._stored:
            self._board.send(self._stored.popleft())
        forced = True if self._board.temper.first_sample_plugged else None
        for connector in self._board.connectors:
            self._refresh(connector, now)
            self._board.send(uplink.realtime(self._board, connector, now, plugged=forced))
            self._schedule(connector, now)
        if self._board.temper.samples_in_turns:
            self._board.agenda.at(("sample", 0), now + CHARGING_S, self._next_turn)

    def pause(self) -> None:
        """The link is gone: only charging connectors go on, into the store."""
        self._board.agenda.cancel(("sample", 0))

    def changed(self, connector: VirtualConnector, now: float) -> None:
        """Status or cable changed: tell at once."""
        self._tell(connector, now)
        self._schedule(connector, now)

    def answer(self, connector: VirtualConnector, sequence: bytes, now: float) -> None:
        """0x12."""
        self._refresh(connector, now)
        self._board.send(uplink.realtime(self._board, connector, now), sequence)

    def _schedule(self, connector: VirtualConnector, now: float) -> None:
        if self._board.temper.samples_in_turns:
            return
        gap = CHARGING_S if connector.phase in (Phase.CHARGING, Phase.STOPPING) else IDLE_S
        self._board.agenda.at(("sample", connector.number), now + gap, lambda then: self.changed(connector, then))

    def _next_turn(self, now: float) -> None:
        connectors = self._board.connectors
        connector = connectors[self._turn % len(connectors)]
        self._turn += 1
        self._board.agenda.at(("sample", 0), now + CHARGING_S, self._next_turn)
        self._tell(connector, now)

    def _tell(self, connector: VirtualConnector, now: float) -> None:
        board, session = self._board, connector.session
        self._refresh(connector, now)
        sample = uplink.realtime(board, connector, now)
        if not (board.online and board.ready):
            self._stored.append(sample)
            return
        board.send(sample)
        if connector.flowing and session and board.spec.power_type is PowerType.DC:
            board.send(uplink.demand(board, connector, session, now))
            board.send(uplink.battery_info(board, connector, session))

    def _refresh(self, connector: VirtualConnector, now: float) -> None:
        connector.advance(now, self._board.limits())
