"""What the platform sets: clock, tariff, working parameters, balance, offline cards, QR prefix (文档 §4.3–4.13)."""

from chargecloud.kernel.clock import from_local
from chargecloud.protocols.wire.values import read_cp56
from chargecloud.protocols.ykc16 import frames
from chargecloud.sim import uplink
from chargecloud.sim.asking import same_card
from chargecloud.sim.board import Board
from chargecloud.sim.charging import Charging
from chargecloud.sim.memory import CARD_ROOM
from chargecloud.sim.opening import Opening

LOWEST_POWER_PCT, FULL_POWER_PCT = 30, 100
_CARD_DONE, _CARD_FAILED = 1, 0
_ROOM_SHORT = 2
_UPDATED, _WRONG_CODE, _WRONG_CARD = 0, 1, 2


class Settings:
    """Takes settings and answers them."""

    def __init__(self, board: Board, *, charging: Charging, opening: Opening) -> None:
        self._board = board
        self._charging = charging
        self._opening = opening
        self.qr_prefix = ""
        """Until the power goes."""

    def set_clock(self, frame: frames.TimeSync, sequence: bytes, now: float) -> None:
        """0x56."""
        board = self._board
        moment = read_cp56(frame.current_time)
        if moment is not None and not board.spec.keeps_own_clock:
            for connector in board.connectors:
                connector.advance(now, board.limits())
            board.clock.set(now, from_local(moment))
        shown = bytes(7) if board.temper.blank_clock_reply else uplink.wire_time(board.clock.local_ms(now))
        board.send(frames.TimeSyncReply(pile_code=board.code, current_time=shown), sequence)

    def set_tariff(self, frame: frames.BillingModelSet, sequence: bytes, now: float) -> None:
        """0x58."""
        done = self._opening.pushed(frame, now)
        self._board.send(frames.BillingModelSetReply(pile_code=self._board.code, set_result=int(done)), sequence)
        if done:
            self._opening.after_push(now)

    def set_work(self, frame: frames.WorkParamSet, sequence: bytes, now: float) -> None:
        """0x52: out of service counts for the next start, the power limit at once."""
        memory = self._board.memory
        fits = LOWEST_POWER_PCT <= frame.max_power_percent <= FULL_POWER_PCT and frame.work_disabled in (0, 1)
        if fits:
            memory.in_service = frame.work_disabled == 0
            memory.power_limit_pct = frame.max_power_percent
            self._charging.limits_changed(now)
        self._board.send(frames.WorkParamSetReply(pile_code=self._board.code, set_result=int(fits)), sequence)

    def set_balance(self, frame: frames.BalanceUpdate, sequence: bytes, now: float) -> None:
        """0x42: for the card that charges, or without a card for whoever charges."""
        connector = self._board.addressed(frame.gun_no)
        session = connector.session if connector else None
        if connector is None or frame.pile_code != self._board.code:
            result = _WRONG_CODE
        elif session and (not any(frame.physical_card_no) or same_card(session.order.card, frame.physical_card_no)):
            session.balance_fen = frame.account_balance
            result = _UPDATED
        else:
            result = _WRONG_CARD
        self._board.send(
            frames.BalanceUpdateReply(
                pile_code=self._board.code, physical_card_no=frame.physical_card_no, update_result=result
            ),
            sequence,
        )

    def store_cards(self, frame: frames.OfflineCardSync, sequence: bytes, now: float) -> None:
        """0x44: all or none."""
        cards = self._board.memory.cards
        merged = cards | {card.physical_card_no.strip(b"\0"): card.logical_card_no for card in frame.cards}
        fits = len(merged) <= CARD_ROOM
        if fits:
            cards.update(merged)
        self._board.send(
            frames.OfflineCardSyncReply(
                pile_code=self._board.code, save_result=int(fits), save_fail_reason=0 if fits else _ROOM_SHORT
            ),
            sequence,
        )

    def remove_cards(self, frame: frames.OfflineCardClear, sequence: bytes, now: float) -> None:
        """0x46: a card that is not there counts as removed."""
        for card in frame.cards:
            self._board.memory.cards.pop(card.physical_card_no.strip(b"\0"), None)
        results = tuple(
            frames.ClearedCard(physical_card_no=card.physical_card_no, clear_result=_CARD_DONE, fail_reason=0)
            for card in frame.cards
        )
        self._board.send(frames.OfflineCardClearReply(pile_code=self._board.code, results=results), sequence)

    def query_cards(self, frame: frames.OfflineCardQuery, sequence: bytes, now: float) -> None:
        """0x48."""
        held = self._board.memory.cards
        results = tuple(
            frames.QueriedCard(
                physical_card_no=card.physical_card_no,
                query_result=_CARD_DONE if card.physical_card_no.strip(b"\0") in held else _CARD_FAILED,
            )
            for card in frame.cards
        )
        self._board.send(frames.OfflineCardQueryReply(pile_code=self._board.code, results=results), sequence)

    def set_qr_prefix(self, frame: frames.QrPrefixSet, sequence: bytes, now: float) -> None:
        """0xF0; makers disagree about which number means success (D9)."""
        self.qr_prefix = frame.qr_prefix.decode("ascii", "replace")
        reply = frames.QrPrefixSetReply(pile_code=self._board.code, set_result=self._board.temper.qr_success)
        self._board.send(reply, sequence)
