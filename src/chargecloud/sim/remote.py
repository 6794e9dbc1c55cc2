"""Starts and stops the platform commands: 0x34/0x33 with the 60 s to plug in, 0x36/0x35 (文档 §4.4)."""

from chargecloud.protocols.ykc16.frames import RemoteStart, RemoteStartReply, RemoteStop, RemoteStopReply
from chargecloud.sim import stops, uplink
from chargecloud.sim.board import Board
from chargecloud.sim.charging import Charging, Refusal
from chargecloud.sim.connector import Order, Phase, VirtualConnector
from chargecloud.sim.uplink import APP_START

PLUG_WITHIN_S = 60
_NOT_CHARGING = 2


class Remote:
    """Obeys start and stop."""

    def __init__(self, board: Board, charging: Charging) -> None:
        self._board = board
        self._charging = charging

    def start(self, frame: RemoteStart, sequence: bytes, now: float) -> None:
        """0x34. The same start again is confirmed again, as the platform may have missed the first answer; one that
        has been executed, and whose record still waits, is not executed twice."""
        connector = self._board.addressed(frame.gun_no)
        order = Order(frame.trade_no, APP_START, frame.physical_card_no, frame.account_balance)
        if connector is None or frame.pile_code != self._board.code:
            self._reply(frame.gun_no, order, Refusal.WRONG_CODE, sequence)
            return
        if connector.session is not None and connector.session.order.session_no == order.session_no:
            self._reply(frame.gun_no, order, Refusal.NONE, sequence)
            return
        executed = order.session_no in self._board.memory.records
        refusal = Refusal.BUSY if executed else self._charging.refusal(connector)
        self._reply(frame.gun_no, order, refusal, sequence)
        if refusal is Refusal.NONE:
            self._charging.begin(connector, order, now)
        elif refusal is Refusal.NOT_PLUGGED:
            connector.phase, connector.asked = Phase.WAITING_FOR_PLUG, order
            self._board.agenda.at(("plug", connector.number), now + PLUG_WITHIN_S, lambda _: self.give_up(connector))

    def plugged(self, connector: VirtualConnector, now: float) -> None:
        """The cable came within the 60 s: a second 0x33, then the charge."""
        order = connector.asked
        if connector.phase is not Phase.WAITING_FOR_PLUG or not isinstance(order, Order):
            return
        self.give_up(connector)
        refusal = self._charging.refusal(connector)
        if refusal is Refusal.NONE:
            self._reply(uplink.gun(connector), order, Refusal.NONE, None)
            self._charging.begin(connector, order, now)

    def give_up(self, connector: VirtualConnector) -> None:
        """Nobody plugged in."""
        self._board.agenda.cancel(("plug", connector.number))
        if connector.phase is Phase.WAITING_FOR_PLUG:
            connector.phase, connector.asked = Phase.IDLE, None

    def stop(self, frame: RemoteStop, sequence: bytes, now: float) -> None:
        """0x36: unconditional, also while starting or waiting for the plug."""
        connector = self._board.addressed(frame.gun_no)
        if connector is None or frame.pile_code != self._board.code:
            self._answer_stop(frame.gun_no, Refusal.WRONG_CODE, sequence)
            return
        active = connector.session is not None or connector.phase is Phase.WAITING_FOR_PLUG
        self.give_up(connector)
        self._answer_stop(frame.gun_no, 0 if active else _NOT_CHARGING, sequence)
        self._charging.stop(connector, stops.REMOTE, now)

    def _reply(self, gun_no: str, order: Order, refusal: Refusal, sequence: bytes | None) -> None:
        ok = refusal is Refusal.NONE
        in_result = self._board.temper.refusal_in_result and not ok
        self._board.send(
            RemoteStartReply(
                trade_no=order.session_no,
                pile_code=self._board.code,
                gun_no=gun_no,
                start_result=refusal if in_result else int(ok),
                start_fail_reason=0 if in_result else refusal,
            ),
            sequence,
        )

    def _answer_stop(self, gun_no: str, reason: int, sequence: bytes) -> None:
        result = int(reason == 0)
        frame = RemoteStopReply(pile_code=self._board.code, gun_no=gun_no, stop_result=result, stop_fail_reason=reason)
        if self._board.temper.short_stop_reply and self._board.online:
            self._board.line.send_body(frame.code, bytes((result, reason)), sequence)
        else:
            self._board.send(frame, sequence)
