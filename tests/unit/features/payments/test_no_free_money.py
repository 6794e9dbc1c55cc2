"""Abuse A17: no sequence of top-ups with gifts, charges, refunds and failed refunds leaves a driver better off."""

from collections import Counter
from dataclasses import dataclass

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from chargecloud.features.payments import model
from chargecloud.features.payments.messages import Payment, PaymentState, Purpose
from chargecloud.features.wallet import model as ledger
from chargecloud.features.wallet.messages import (
    Account,
    Adjustment,
    Capture,
    Correction,
    Freeze,
    PayIn,
    PayOut,
    Posting,
)
from chargecloud.features.wallet.model import Held, WalletState
from chargecloud.kernel.errors import Refused

DRIVER, OPERATOR = 7, 1
AMOUNTS = st.integers(min_value=1, max_value=300)


@dataclass(frozen=True)
class Frozen:
    """A part of a refund that is under way."""

    index: int
    amount_fen: int
    gift_fen: int
    held: Held


class NoFreeMoney(RuleBasedStateMachine):
    """A driver with every way there is of moving money, and the books beside."""

    holds: Bundle[Held] = Bundle("holds")
    refunds: Bundle[Frozen] = Bundle("refunds")

    def __init__(self) -> None:
        super().__init__()
        self.wallet = WalletState()
        self.accounts: Counter[Account] = Counter()
        self.payments: list[Payment] = []
        self.counter_fen = 0

    def write(self, lines: tuple[Posting, ...]) -> None:
        assert sum(line.amount_fen for line in lines) == 0
        for line in lines:
            self.accounts[line.account] += line.amount_fen
        self.wallet = self.wallet.after(lines)

    @rule(amount=AMOUNTS, gift_pct=st.integers(min_value=0, max_value=100))
    def top_up(self, amount: int, gift_pct: int) -> None:
        gift = amount * gift_pct // 100
        paid = PayIn(driver_id=DRIVER, transfer_id="t", amount_fen=amount, gift_fen=gift, gift_from=OPERATOR)
        self.write(ledger.pay_in(self.wallet, paid))
        payment = Payment(
            payment_no=f"P{len(self.payments)}", driver_id=DRIVER, operator_id=OPERATOR, channel="till",
            purpose=Purpose.TOP_UP, amount_fen=amount, gift_fen=gift, paid_fen=amount, state=PaymentState.PAID,
            created_at_ms=0, expires_at_ms=0,
        )  # fmt: skip
        self.payments.append(payment)

    @rule(amount=AMOUNTS)
    def pay_at_the_counter(self, amount: int) -> None:
        self.write(ledger.top_up(self.wallet, DRIVER, amount))
        self.counter_fen += amount

    @rule(target=holds, amount=AMOUNTS)
    def start_a_charge(self, amount: int) -> Held:
        try:
            held = ledger.to_hold(self.wallet, amount)
        except Refused:
            return Held(0)
        self.write(ledger.hold(DRIVER, held))
        return held

    @rule(held=consumes(holds), fees=st.integers(min_value=0, max_value=400))
    def settle(self, held: Held, fees: int) -> None:
        if held.amount_fen:
            capture = Capture(
                hold_id="h", transfer_id="c", energy_fee_fen=fees, service_fee_fen=0, operator_id=OPERATOR
            )
            self.write(ledger.capture(self.wallet, DRIVER, held, capture))

    @rule(held=consumes(holds))
    def cancel(self, held: Held) -> None:
        self.write(ledger.release(self.wallet, DRIVER, held))

    @rule(change=st.integers(min_value=-100, max_value=100))
    def correct_a_bill(self, change: int) -> None:
        if change < 0:
            change = -min(-change, self.accounts[Account.ENERGY_REVENUE])
        correction = Correction(
            transfer_id="k", driver_id=DRIVER, operator_id=OPERATOR, energy_fee_fen=change, service_fee_fen=0, memo="m"
        )
        self.write(ledger.correct(self.wallet, correction))

    @rule(amount=AMOUNTS)
    def staff_take_money(self, amount: int) -> None:
        taken = Adjustment(
            transfer_id="a", driver_id=DRIVER, operator_id=OPERATOR, amount_fen=-amount, reason="r", actor="s"
        )
        try:
            self.write(ledger.adjust(self.wallet, taken))
        except Refused:
            assert amount > self.wallet.cash_fen

    @rule(target=refunds, amount=AMOUNTS, oldest_first=st.booleans())
    def ask_for_a_refund(self, amount: int, oldest_first: bool) -> Frozen:
        cash, gift = self.wallet.cash_fen, self.wallet.gift_fen
        order = self.payments if oldest_first else self.payments[::-1]
        shares = model.spread([each for each in order if each.rest_fen], amount, cash_fen=cash, gift_fen=gift)
        assert sum(share.amount_fen for share in shares) <= amount
        if not shares:
            return Frozen(0, 0, 0, Held(0))
        share = shares[0]
        freeze = Freeze(hold_id="r", driver_id=DRIVER, cash_fen=share.cash_fen, gift_fen=share.free_gift_fen)
        held = ledger.to_freeze(self.wallet, freeze)
        self.write(ledger.hold(DRIVER, held))
        index = self.payments.index(share.payment)
        self.change(index, share.amount_fen, share.gift_fen)
        return Frozen(index, share.amount_fen, share.gift_fen, held)

    @rule(frozen=consumes(refunds))
    def refund_succeeds(self, frozen: Frozen) -> None:
        if frozen.amount_fen:
            out = PayOut(hold_id="r", transfer_id="o", amount_fen=frozen.amount_fen, gift_from=OPERATOR)
            self.write(ledger.pay_out(DRIVER, frozen.held, out))

    @rule(frozen=consumes(refunds))
    def refund_fails(self, frozen: Frozen) -> None:
        if frozen.amount_fen:
            self.write(ledger.release(self.wallet, DRIVER, frozen.held))
            self.change(frozen.index, -frozen.amount_fen, -frozen.gift_fen)

    def change(self, index: int, returned: int, gift_back: int) -> None:
        before = self.payments[index]
        self.payments[index] = msgspec.structs.replace(
            before, returned_fen=before.returned_fen + returned, gift_back_fen=before.gift_back_fen + gift_back
        )

    @invariant()
    def the_ledger_sums_to_zero(self) -> None:
        assert sum(self.accounts.values()) == 0
        assert min(self.wallet.cash_fen, self.wallet.gift_fen, self.wallet.held_fen, self.wallet.arrears_fen) >= 0

    @invariant()
    def no_payment_gives_back_more_than_was_paid(self) -> None:
        for payment in self.payments:
            assert 0 <= payment.returned_fen <= payment.paid_fen
            assert 0 <= payment.gift_back_fen <= payment.gift_fen

    @invariant()
    def the_driver_has_no_gain(self) -> None:
        """Charged and unpaid debts apart: at most what was paid for good, with the gifts of that part alone."""
        paid_fen = sum(payment.paid_fen for payment in self.payments) + self.counter_fen
        out_fen = paid_fen + self.accounts[Account.TOP_UP_CLEARING]
        charged_fen = self.accounts[Account.ENERGY_REVENUE] - self.wallet.arrears_fen
        taken_fen = self.accounts[Account.ADJUSTMENTS]
        earned_fen = sum(
            payment.gift_fen * (payment.paid_fen - payment.returned_fen) // payment.paid_fen
            for payment in self.payments
        )
        assert charged_fen + taken_fen + out_fen <= paid_fen + earned_fen


TestNoFreeMoney = NoFreeMoney.TestCase
TestNoFreeMoney.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
