"""Two connectors on one car: 0xA1/0xA2 asked for at the charge point, 0xA4/0xA3 from the platform (文档 §4.9).

All connectors of one operation start, or none does.
"""

from dataclasses import dataclass, field

from chargecloud.kernel.clock import local_time
from chargecloud.protocols.ykc16.frames import (
    ParallelRemoteStart,
    ParallelRemoteStartReply,
    ParallelStartRequest,
    ParallelStartResponse,
)
from chargecloud.sim import uplink
from chargecloud.sim.asking import ANSWER_WITHIN_S, CARD_MODE, PASSWORD_BYTES, card_bytes
from chargecloud.sim.board import Board
from chargecloud.sim.charging import Charging, Refusal
from chargecloud.sim.connector import Order, Phase, VirtualConnector
from chargecloud.sim.uplink import APP_START, CARD_START

PARTNERS = 2
PARTNER_WITHIN_S = 10
_MAIN, _AUXILIARY = 0, 1
_GRANTED = 1


@dataclass(slots=True)
class Group:
    """One parallel operation: the orders granted so far, by connector number."""

    number: str
    card: bytes
    members: tuple[VirtualConnector, ...] = ()
    orders: dict[int, Order] = field(default_factory=dict)
    sequences: dict[int, bytes] = field(default_factory=dict)


class Parallel:
    """Asks for and obeys parallel starts."""

    def __init__(self, board: Board, charging: Charging) -> None:
        self._board = board
        self._charging = charging
        self._asked: Group | None = None
        self._commanded: Group | None = None

    def swipe(self, main: VirtualConnector, auxiliary: VirtualConnector, digits: str, now: float) -> bool:
        """Hold a card to the reader with one car on two cables; False when nothing happens."""
        members = (main, auxiliary)
        able = all(self._charging.refusal(connector) is Refusal.NONE for connector in members)
        if not able or self._asked is not None or not self._board.online or 0xA2 in self._board.temper.ignores:
            return False
        stamp = local_time(self._board.clock.local_ms(now)).strftime("%y%m%d%H%M%S")
        card = card_bytes(digits, right_padded=self._board.temper.card_right_padded)
        self._asked = group = Group(stamp, card, members)
        for connector, role in zip(members, (_MAIN, _AUXILIARY), strict=True):
            connector.phase, connector.asked = Phase.ASKING, group
            self._board.send(self._request(connector, group, role))
        self._board.agenda.at("parallel ask", now + ANSWER_WITHIN_S, lambda _: self._give_up())
        return True

    def answered(self, frame: ParallelStartResponse, now: float) -> None:
        """0xA2 for one connector; the last one decides."""
        group, connector = self._asked, self._board.addressed(frame.gun_no)
        if group is None or connector not in group.members or frame.parallel_seq != group.number:
            return
        if frame.auth_result != _GRANTED:
            self._board.truth.counts.sessions_refused += 1
            self._give_up()
            return
        order = Order(frame.trade_no, CARD_START, group.card, frame.account_balance)
        group.orders[connector.number] = order
        if len(group.orders) == len(group.members):
            self._give_up()
            for member in group.members:
                self._charging.begin(member, group.orders[member.number], now)

    def commanded(self, frame: ParallelRemoteStart, sequence: bytes, now: float) -> None:
        """0xA4 for one connector; answered when its partner's has come as well."""
        group = self._commanded
        if group is None or group.number != frame.parallel_seq:
            if group is not None:
                self._refuse_lonely(group)
            self._commanded = group = Group(frame.parallel_seq, frame.physical_card_no)
            self._board.agenda.at("parallel partner", now + PARTNER_WITHIN_S, lambda _: self._refuse_lonely(group))
        connector = self._board.addressed(frame.gun_no)
        order = Order(frame.trade_no, APP_START, frame.physical_card_no, frame.account_balance)
        if connector is None or frame.pile_code != self._board.code:
            self._reply(frame.gun_no, order, Refusal.WRONG_CODE, group, sequence=sequence)
            return
        if connector not in group.members:
            group.members += (connector,)
        group.orders[connector.number] = order
        group.sequences[connector.number] = sequence
        if len(group.members) == PARTNERS:
            self._decide(group, now)

    def forget(self) -> None:
        """Power or link is gone."""
        self._give_up()
        self._commanded = None
        self._board.agenda.cancel("parallel partner")

    def _decide(self, group: Group, now: float) -> None:
        self._commanded = None
        self._board.agenda.cancel("parallel partner")
        members = sorted(group.members, key=lambda connector: connector.number)
        refusals = {connector.number: self._charging.refusal(connector) for connector in members}
        able = not any(refusals.values())
        for connector in members:
            refusal = Refusal.NONE if able else refusals[connector.number] or Refusal.FAULTED
            order, sequence = group.orders[connector.number], group.sequences[connector.number]
            self._reply(uplink.gun(connector), order, refusal, group, sequence=sequence)
        for connector in members if able else ():
            self._charging.begin(connector, group.orders[connector.number], now)

    def _refuse_lonely(self, group: Group) -> None:
        self._commanded = None
        for connector in group.members:
            order, sequence = group.orders[connector.number], group.sequences[connector.number]
            self._reply(uplink.gun(connector), order, Refusal.FAULTED, group, sequence=sequence)

    def _give_up(self) -> None:
        group, self._asked = self._asked, None
        self._board.agenda.cancel("parallel ask")
        for connector in group.members if group else ():
            if connector.phase is Phase.ASKING:
                connector.phase, connector.asked = Phase.IDLE, None

    def _request(self, connector: VirtualConnector, group: Group, role: int) -> ParallelStartRequest:
        return ParallelStartRequest(
            pile_code=self._board.code,
            gun_no=uplink.gun(connector),
            start_mode=CARD_MODE,
            password_required=0,
            account_or_card=group.card,
            password_md5=bytes(PASSWORD_BYTES),
            vin=b"",
            gun_role=role,
            parallel_seq=group.number,
        )

    def _reply(self, gun_no: str, order: Order, refusal: Refusal, group: Group, *, sequence: bytes) -> None:
        role = _MAIN if gun_no == min(f"{connector.number:02d}" for connector in self._board.connectors) else _AUXILIARY
        self._board.send(
            ParallelRemoteStartReply(
                trade_no=order.session_no,
                pile_code=self._board.code,
                gun_no=gun_no,
                start_result=int(refusal is Refusal.NONE),
                start_fail_reason=refusal,
                gun_role=role,
                parallel_seq=group.number,
            ),
            sequence,
        )
