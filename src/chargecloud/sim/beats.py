"""Heartbeats 0x03 every 10 s; three without an answer make the charge point hang up (文档 §6.3)."""

from chargecloud.protocols.ykc16.frames import Heartbeat
from chargecloud.sim import uplink
from chargecloud.sim.board import Board
from chargecloud.sim.connector import VirtualConnector
from chargecloud.sim.temper import Beats

EVERY_S = 10
PATIENCE = 3


class Heart:
    """Beats while logged in."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._unanswered = 0
        self._turn = 0

    def begin(self, now: float, *, first_s: float) -> None:
        """Start beating so long after now, unless it beats already."""
        if "beat" not in self._board.agenda:
            self._unanswered = 0
            self._board.agenda.at("beat", now + first_s, self._beat)

    def pause(self) -> None:
        """The link is gone."""
        self._board.agenda.cancel("beat")

    def answered(self) -> None:
        """0x04."""
        self._unanswered = 0

    def _beat(self, now: float) -> None:
        if self._unanswered >= PATIENCE:
            self._board.truth.counts.hang_ups += 1
            self._board.closing = True
            return
        self._unanswered += 1
        self._board.agenda.at("beat", now + EVERY_S, self._beat)
        for connector in self._speakers():
            faulted = connector.fault is not None and connector.fault.bit > 0
            self._board.send(
                Heartbeat(pile_code=self._board.code, gun_no=uplink.gun(connector), gun_status=int(faulted))
            )

    def _speakers(self) -> tuple[VirtualConnector, ...]:
        connectors = self._board.connectors
        if self._board.temper.beats is Beats.ALL:
            return connectors
        if self._board.temper.beats is Beats.ONE:
            return (next((connector for connector in connectors if connector.fault), connectors[0]),)
        self._turn += 1
        return (connectors[(self._turn - 1) % len(connectors)],)
