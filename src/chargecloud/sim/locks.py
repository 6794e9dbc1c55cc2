"""Parking locks: 0x61 on change and every 5 min, 0x62/0x63 to move them (文档 §4.12)."""

from chargecloud.protocols.ykc16.frames import GroundLockControl, GroundLockControlReply, GroundLockStatus
from chargecloud.sim.board import Board
from chargecloud.sim.connector import VirtualConnector

EVERY_S = 300
MOVES_S = 4
UP, DOWN, MOVING = 0x55, 0xFF, 0x00
_FREE, _OCCUPIED = 0x00, 0xFF
_RESERVED = bytes(4)
_BATTERY_PCT = 88


class Locks:
    """One lock before each connector, where the firmware knows locks."""

    def __init__(self, board: Board) -> None:
        self._board = board

    @property
    def present(self) -> bool:
        """Whether this charge point has locks."""
        return 0x62 not in self._board.temper.ignores

    def begin(self, now: float) -> None:
        """Report all locks, and again every 5 min."""
        if not self.present:
            return
        for connector in self._board.connectors:
            self._report(connector)
        self._board.agenda.at("locks", now + EVERY_S, self.begin)

    def pause(self) -> None:
        """The link is gone."""
        self._board.agenda.cancel("locks")

    def command(self, frame: GroundLockControl, sequence: bytes, now: float) -> None:
        """0x62: authorise, move, report."""
        connector = self._board.addressed(f"{frame.gun_no:02d}")
        action = frame.lock_action[0]
        accepted = connector is not None and action in (UP, DOWN)
        self._board.send(
            GroundLockControlReply(
                pile_code=self._board.code, gun_no=frame.gun_no, control_result=int(accepted), reserved=_RESERVED
            ),
            sequence,
        )
        if connector is not None and accepted:
            self._board.agenda.at(
                ("lock", connector.number), now + MOVES_S, lambda _: self._moved(connector, lowered=action == DOWN)
            )

    def _moved(self, connector: VirtualConnector, *, lowered: bool) -> None:
        connector.lock_lowered = lowered
        self._report(connector)

    def _report(self, connector: VirtualConnector) -> None:
        moving = ("lock", connector.number) in self._board.agenda
        state = MOVING if moving else DOWN if connector.lock_lowered else UP
        self._board.send(
            GroundLockStatus(
                pile_code=self._board.code,
                gun_no=connector.number,
                lock_status=state,
                parking_status=_OCCUPIED if connector.plugged else _FREE,
                lock_battery=_BATTERY_PCT,
                alarm_status=0,
                reserved=_RESERVED,
            )
        )
