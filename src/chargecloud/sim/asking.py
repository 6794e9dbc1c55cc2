"""What a driver asks for at the charge point: card and VIN starts, 0x31/0x32, and offline cards (文档 §4.5, §4.8)."""

from dataclasses import dataclass

from chargecloud.kernel.clock import local_time
from chargecloud.protocols.ykc16.frames import StartChargeRequest, StartChargeResponse
from chargecloud.sim import stops, uplink
from chargecloud.sim.board import Board
from chargecloud.sim.charging import Charging, Refusal
from chargecloud.sim.connector import NO_CARD, Order, Phase, VirtualConnector
from chargecloud.sim.uplink import CARD_START, OFFLINE_CARD_START, VIN_START

ANSWER_WITHIN_S = 30
CARD_MODE, VIN_MODE = 1, 3
CARD_BYTES = 8
PASSWORD_BYTES = 16
_GRANTED = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that waits for its 0x32."""

    mark: int
    card: bytes


def same_card(one: bytes, other: bytes) -> bool:
    """Whether two numbers mean one card, however they are padded (D16)."""
    return one.strip(b"\0") == other.strip(b"\0") != b""


def card_bytes(digits: str, *, right_padded: bool = False) -> bytes:
    """Hex digits of a physical card as the eight bytes of the wire; ValueError says what is wrong with them."""
    try:
        number = bytes.fromhex(digits).strip(b"\0")
    except ValueError:
        raise ValueError(f"card {digits!r}: write up to 16 hex digits, two a byte") from None
    if not 0 < len(number) <= CARD_BYTES:
        raise ValueError(f"card {digits!r}: write up to 16 hex digits that are not all zero")
    return number.ljust(CARD_BYTES, b"\0") if right_padded else number.rjust(CARD_BYTES, b"\0")


class Asking:
    """The card reader and the screen."""

    def __init__(self, board: Board, charging: Charging) -> None:
        self._board = board
        self._charging = charging

    def swipe(self, connector: VirtualConnector, digits: str, now: float, *, password: bytes = b"") -> bool:
        """Hold a card to the reader: stops the charge it may stop, else asks for one. False when nothing happens."""
        card = card_bytes(digits, right_padded=self._board.temper.card_right_padded)
        if connector.session is not None:
            bound = same_card(connector.session.order.card, card)
            return bound and self._charging.stop(connector, stops.SCREEN, now)
        if self._charging.refusal(connector) is not Refusal.NONE:
            return False
        if not self._board.online:
            return self._start_offline(connector, card, now)
        self._ask(connector, Asked(CARD_START, card), CARD_MODE, now, password=password)
        return True

    def present_vin(self, connector: VirtualConnector, now: float) -> bool:
        """Plug and charge: the car names itself. False when nothing happens."""
        if self._charging.refusal(connector) is not Refusal.NONE or not self._board.online:
            return False
        self._ask(connector, Asked(VIN_START, NO_CARD), VIN_MODE, now)
        return True

    def answered(self, frame: StartChargeResponse, now: float) -> None:
        """0x32: begin, or thank for nothing."""
        connector = self._board.addressed(frame.gun_no)
        if connector is None or not isinstance(connector.asked, Asked) or connector.phase is not Phase.ASKING:
            return
        asked = connector.asked
        self.give_up(connector)
        if frame.auth_result != _GRANTED:
            self._board.truth.counts.sessions_refused += 1
            return
        order = Order(frame.trade_no, asked.mark, asked.card, frame.account_balance)
        if self._charging.refusal(connector) is Refusal.NONE:
            self._charging.begin(connector, order, now)
        else:
            self._charging.fail(connector, order, stops.NEVER_CONNECTED, now)

    def give_up(self, connector: VirtualConnector) -> None:
        """Nobody waits for the answer any more."""
        self._board.agenda.cancel(("ask", connector.number))
        connector.asked = None
        if connector.phase is Phase.ASKING:
            connector.phase = Phase.IDLE

    def _ask(self, connector: VirtualConnector, asked: Asked, mode: int, now: float, *, password: bytes = b"") -> None:
        vin = connector.car.vin if connector.car and mode == VIN_MODE else ""
        connector.phase, connector.asked = Phase.ASKING, asked
        self._board.send(
            StartChargeRequest(
                pile_code=self._board.code,
                gun_no=uplink.gun(connector),
                start_mode=mode,
                password_required=int(bool(password)),
                account_or_card=asked.card,
                password_md5=password.ljust(PASSWORD_BYTES, b"\0"),
                vin=vin[::-1].encode("ascii"),
            )
        )
        self._board.agenda.at(("ask", connector.number), now + ANSWER_WITHIN_S, lambda _: self.give_up(connector))

    def _start_offline(self, connector: VirtualConnector, card: bytes, now: float) -> bool:
        if card.strip(b"\0") not in self._board.memory.cards:
            return False
        order = Order(self._own_session_no(connector, now), OFFLINE_CARD_START, card)
        self._charging.begin(connector, order, now)
        return True

    def _own_session_no(self, connector: VirtualConnector, now: float) -> str:
        """Made by the charge point while it is offline, by the rule of the document (文档 §2, 交易流水号)."""
        memory = self._board.memory
        memory.offline_counter = (memory.offline_counter + 1) % 10_000
        stamp = local_time(self._board.clock.local_ms(now)).strftime("%y%m%d%H%M%S")
        return f"{self._board.code}{connector.number:02d}{stamp}{memory.offline_counter:04d}"
