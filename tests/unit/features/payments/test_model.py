"""The tables of payments and parts of refunds, and the sums of refunds."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.features.payments import model
from chargecloud.features.payments.channels.contract import ProviderPayment, ProviderState, RefundState
from chargecloud.features.payments.messages import PartState, Payment, PaymentState, Purpose, Standing
from chargecloud.features.payments.model import FINAL, PART_FINAL, PART_TRANSITIONS, TRANSITIONS, Fact, PartFact

fens = st.integers(min_value=0, max_value=100_000)


def payment(**more: object) -> Payment:
    values: dict[str, object] = {
        "payment_no": "P1", "driver_id": 1, "operator_id": 1, "channel": "till", "purpose": Purpose.TOP_UP,
        "amount_fen": 10_000, "paid_fen": 10_000, "payer_id": "me", "state": PaymentState.PREPAID,
        "created_at_ms": 0, "expires_at_ms": 900_000,
    }  # fmt: skip
    return msgspec.convert(values | more, Payment)


def paid(**more: object) -> ProviderPayment:
    values: dict[str, object] = {
        "payment_no": "P1", "state": ProviderState.PAID, "transaction_id": "42", "amount_fen": 10_000, "payer_id": "me",
    }  # fmt: skip
    return msgspec.convert(values | more, ProviderPayment)


def reachable(table: dict[tuple[object, object], object], start: object) -> set[object]:
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        found = {target for (state, _), target in table.items() if state is here} - seen
        seen |= found
        waiting += found
    return seen


@pytest.mark.parametrize("state", list(PaymentState))
def test_every_payment_reaches_an_end(state: PaymentState) -> None:
    assert reachable({**TRANSITIONS}, state) & FINAL


@pytest.mark.parametrize("state", list(PartState))
def test_every_part_reaches_an_end(state: PartState) -> None:
    assert reachable({**PART_TRANSITIONS}, state) & PART_FINAL


def test_all_states_and_facts_are_used() -> None:
    assert reachable({**TRANSITIONS}, PaymentState.CREATED) == set(PaymentState)
    assert {fact for _, fact in TRANSITIONS} == set(Fact)
    assert reachable({**PART_TRANSITIONS}, PartState.REQUESTED) == set(PartState)
    assert {fact for _, fact in PART_TRANSITIONS} == set(PartFact)


def test_an_end_state_of_a_part_is_the_end() -> None:
    assert not {state for state, _ in PART_TRANSITIONS} & PART_FINAL
    assert model.part_after(PartState.CLOSED, PartFact.SUCCEEDED) is None


def test_every_word_of_the_provider_means_something() -> None:
    assert {model.part_fact(state) for state in RefundState} == set(PartFact) - {PartFact.HANDLED}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, ""),
        ({"payer_id": ""}, ""),
        ({"amount_fen": 9_999}, "amount"),
        ({"currency": "HKD"}, "currency"),
        ({"payer_id": "you"}, "payer"),
        ({"transaction_id": ""}, "transaction"),
        ({"state": ProviderState.REFUNDED}, "refunded_elsewhere"),
    ],
)
def test_what_differs_from_what_was_agreed(changes: dict[str, object], wrong: str) -> None:
    assert model.mismatch(payment(), paid(**changes)) == wrong


def test_looks_come_on_schedule_and_end_with_the_expiry() -> None:
    asked, now_ms = [], 0
    while now_ms < 900_000:
        now_ms = model.next_look_ms(payment(), now_ms)
        asked.append(now_ms // 1000)
    assert asked == [5, 30, 60, 180, 300, 600, 900]
    assert model.next_look_ms(payment(), 900_000) > 900_000


@given(fens, fens, fens, st.integers(min_value=0, max_value=10_000), st.integers(min_value=0, max_value=10_000))
def test_a_share_fits_the_wallet_and_no_larger_one_would(
    wanted: int, cash: int, gift: int, plan_gift: int, returned: int
) -> None:
    due = -(-plan_gift * returned // 10_000)
    one = payment(gift_fen=plan_gift, returned_fen=returned, gift_back_fen=due)
    share = model.share(one, wanted, cash_fen=cash, gift_fen=gift)
    assert 0 <= share.amount_fen <= min(wanted, one.rest_fen)
    assert share.cash_fen <= cash and share.free_gift_fen <= gift
    more = share.amount_fen + 1
    if more <= min(wanted, one.rest_fen):
        assert more + max(model.gift_due(one, more) - gift, 0) > cash


@given(st.lists(st.integers(min_value=1, max_value=10_000), min_size=1, max_size=20))
def test_all_the_gift_is_back_when_all_was_given_back(pieces: list[int]) -> None:
    one = payment(gift_fen=3_333)
    for piece in pieces:
        amount = min(piece, one.rest_fen)
        one = msgspec.structs.replace(
            one, returned_fen=one.returned_fen + amount, gift_back_fen=one.gift_back_fen + model.gift_due(one, amount)
        )
        assert one.gift_back_fen * one.paid_fen >= one.gift_fen * one.returned_fen
    if not one.rest_fen:
        assert one.gift_back_fen == one.gift_fen


@pytest.mark.parametrize(
    ("states", "standing"),
    [
        (["requested"], Standing.OPEN),
        (["succeeded", "abnormal"], Standing.OPEN),
        (["succeeded", "handled"], Standing.DONE),
        (["succeeded", "closed"], Standing.PART_DONE),
        (["closed", "closed"], Standing.FAILED),
    ],
)
def test_what_a_refund_came_to(states: list[str], standing: Standing) -> None:
    assert model.standing([PartState(state) for state in states]) is standing


def test_the_last_pause_is_for_all_that_come_after() -> None:
    assert [model.step_of((1, 2, 3), number) for number in range(5)] == [1, 2, 3, 3, 3]
    assert model.merged(("a",), "b", "", "a") == ("a", "b")
