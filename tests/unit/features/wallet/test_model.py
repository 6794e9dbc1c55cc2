"""The ledger's rules: every transfer balances, nothing goes below zero, arrears are paid first."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.features.wallet import model
from chargecloud.features.wallet.messages import (
    Account,
    Adjustment,
    Capture,
    Correction,
    Freeze,
    Hold,
    PayIn,
    PayOut,
    Posting,
    TopUp,
)
from chargecloud.features.wallet.model import Held, WalletState
from chargecloud.kernel.errors import Invalid, Refused

fens = st.integers(min_value=0, max_value=10**9)
states = st.one_of(
    st.builds(WalletState, cash_fen=fens, held_fen=fens, gift_fen=fens),
    st.builds(WalletState, held_fen=fens, arrears_fen=fens),
)


def fees(energy: int, service: int) -> Capture:
    return Capture(hold_id="h", transfer_id="t", energy_fee_fen=energy, service_fee_fen=service, operator_id=1)


def is_sound(state: WalletState) -> bool:
    least = min(state.cash_fen, state.held_fen, state.arrears_fen, state.gift_fen)
    return least >= 0 and not (state.available_fen and state.arrears_fen)


def worth(state: WalletState) -> int:
    return state.available_fen + state.held_fen - state.arrears_fen


def with_hold(state: WalletState, held: Held) -> WalletState:
    return replace(state, held_fen=state.held_fen + held.amount_fen)


holds = st.builds(lambda cash, gift: Held(cash + gift, gift), fens, fens)


@given(states, holds, fens, fens)
def test_capture_leaves_a_sound_wallet_and_earns_exactly_the_fees(
    state: WalletState, held: Held, energy: int, service: int
) -> None:
    state = with_hold(state, held)
    lines = model.capture(state, 7, held, fees(energy, service))
    after = state.after(lines)
    assert is_sound(after)
    assert after.held_fen == state.held_fen - held.amount_fen
    assert sum(line.amount_fen for line in lines) == 0
    assert worth(after) == worth(state) - energy - service


@given(states, holds, fens, fens)
def test_capture_spends_cash_before_gifts(state: WalletState, held: Held, energy: int, service: int) -> None:
    state = with_hold(state, held)
    after = state.after(model.capture(state, 7, held, fees(energy, service)))
    if after.gift_fen < state.gift_fen and not state.arrears_fen:
        assert after.cash_fen == 0
    elif after.cash_fen > state.cash_fen and not state.arrears_fen:
        assert after.gift_fen == state.gift_fen + held.gift_fen


@given(states, holds)
def test_release_and_top_up_pay_arrears_first(state: WalletState, held: Held) -> None:
    state = with_hold(state, held)
    given_back = model.release(state, 7, held)
    paid_in = model.pay_in(state, PayIn(driver_id=7, transfer_id="t", amount_fen=held.cash_fen, gift_fen=held.gift_fen))
    for lines in (given_back, paid_in):
        after = state.after(lines)
        assert is_sound(after)
        assert after.arrears_fen == max(0, state.arrears_fen - held.amount_fen)
    assert is_sound(state.after(model.top_up(state, 7, held.amount_fen)))


@given(states, fens)
def test_a_hold_takes_cash_before_gifts(state: WalletState, amount: int) -> None:
    if state.arrears_fen or amount > state.available_fen:
        with pytest.raises(Refused):
            model.to_hold(replace(state, arrears_fen=state.arrears_fen), amount + (amount == 0))
        return
    held = model.to_hold(state, amount)
    after = state.after(model.hold(7, held))
    assert is_sound(after) and held.amount_fen == amount
    assert held.gift_fen == 0 or after.cash_fen == 0


@given(states, holds, fens)
def test_what_is_paid_out_leaves_and_the_rest_goes_back_to_the_giver(state: WalletState, held: Held, paid: int) -> None:
    state = with_hold(state, held)
    paid = min(paid, held.cash_fen)
    lines = model.pay_out(7, held, PayOut(hold_id="h", transfer_id="t", amount_fen=paid, gift_from=3))
    after = state.after(lines)
    assert is_sound(after) and worth(after) == worth(state) - held.amount_fen
    sums = {(line.account, line.owner_id): line.amount_fen for line in lines}
    assert sums.get((Account.TOP_UP_CLEARING, 0), 0) == paid
    assert sums.get((Account.GIFTS, 3), 0) == held.amount_fen - paid


def test_a_refund_freezes_exactly_what_it_says() -> None:
    state = WalletState(cash_fen=100, gift_fen=20)
    freeze = Freeze(hold_id="r", driver_id=7, cash_fen=70, gift_fen=15)
    assert model.to_freeze(state, freeze) == Held(85, 15)
    for cash, gift in ((101, 0), (1, 21)):
        with pytest.raises(Refused):
            model.to_freeze(state, Freeze(hold_id="r", driver_id=7, cash_fen=cash, gift_fen=gift))


@given(states, st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_correction_turns_what_cash_cannot_pay_into_arrears(state: WalletState, energy: int, service: int) -> None:
    command = Correction(
        transfer_id="t", driver_id=7, operator_id=1, energy_fee_fen=energy, service_fee_fen=service, memo="late record"
    )
    after = state.after(model.correct(state, command))
    assert is_sound(after)
    assert worth(after) == worth(state) - energy - service


def test_capture_above_the_hold_takes_cash_then_makes_arrears() -> None:
    state = WalletState(cash_fen=30, held_fen=100)
    after = state.after(model.capture(state, 7, Held(100), fees(120, 40)))
    assert after == WalletState(cash_fen=0, held_fen=0, arrears_fen=30)


def test_capture_posts_to_the_operator_who_earned_it() -> None:
    state = WalletState(cash_fen=0, held_fen=100)
    lines = model.capture(state, 7, Held(100), fees(60, 15))
    assert Posting(Account.ENERGY_REVENUE, 1, 60) in lines
    assert Posting(Account.SERVICE_REVENUE, 1, 15) in lines
    assert Posting(Account.DRIVER_CASH, 7, 25) in lines


def test_staff_cannot_take_more_than_is_there() -> None:
    command = Adjustment(
        transfer_id="t", driver_id=7, operator_id=1, amount_fen=-31, reason="wrong top-up", actor="staff:1"
    )
    with pytest.raises(Refused) as refused:
        model.adjust(WalletState(cash_fen=30), command)
    assert refused.value.code == "balance_low"
    assert refused.value.facts == {"available_fen": 30, "needed_fen": 31}


def test_an_unbalanced_transfer_is_stopped() -> None:
    with pytest.raises(model.LedgerBroken):
        model.balanced(Posting(Account.DRIVER_CASH, 7, 10), Posting(Account.DRIVER_HELD, 7, -9))


def test_lines_that_move_nothing_are_left_out() -> None:
    assert model.balanced(Posting(Account.DRIVER_CASH, 7, 0)) == ()


def test_digest_tells_contents_apart() -> None:
    first = Hold(hold_id="h", driver_id=7, amount_fen=100)
    assert model.digest(first) == model.digest(Hold(hold_id="h", driver_id=7, amount_fen=100))
    assert model.digest(first) != model.digest(Hold(hold_id="h", driver_id=7, amount_fen=101))
    assert model.digest(TopUp(driver_id=7, transfer_id="h", amount_fen=100, source="")) != model.digest(first)


@pytest.mark.parametrize("name", ["", "x" * 81, "带中文", "line\nbreak"])
def test_ids_that_do_not_fit_are_named(name: str) -> None:
    with pytest.raises(Invalid) as invalid:
        model.check_id("transfer_id", name)
    assert invalid.value.facts["field"] == "transfer_id"


@pytest.mark.parametrize("amount", [0, -1, model.MAX_AMOUNT_FEN + 1])
def test_amounts_of_no_honest_size_are_named(amount: int) -> None:
    with pytest.raises(Invalid) as invalid:
        model.check_amount("amount_fen", amount)
    assert invalid.value.code == "invalid_amount"
