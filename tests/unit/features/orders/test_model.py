"""The table of order states."""

import pytest

from chargecloud.features.orders import model
from chargecloud.features.orders.messages import OrderState
from chargecloud.features.orders.model import FINAL, OPEN, TRANSITIONS, Fact


def reachable(start: OrderState) -> set[OrderState]:
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for (state, _), target in TRANSITIONS.items():
            if state is here and target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


@pytest.mark.parametrize("state", list(OrderState))
def test_every_state_reaches_an_end(state: OrderState) -> None:
    assert reachable(state) & FINAL


def test_all_states_and_facts_are_used() -> None:
    assert reachable(OrderState.PLACED) == set(OrderState)
    assert {fact for _, fact in TRANSITIONS} == set(Fact)
    assert not OPEN & FINAL and set(OrderState) - OPEN - FINAL == {OrderState.DISPUTED}


def test_an_ended_order_never_runs_again() -> None:
    for (state, _), target in TRANSITIONS.items():
        if state not in OPEN:
            assert target not in OPEN


def test_only_people_end_a_dispute() -> None:
    ways_out = {fact for (state, fact), target in TRANSITIONS.items() if state is OrderState.DISPUTED is not target}
    assert ways_out == {Fact.RESOLVED, Fact.CLOSED}


def test_what_is_not_in_the_table_leads_nowhere() -> None:
    assert model.after(OrderState.CLOSED, Fact.STARTED) is None


def test_flags_are_kept_once_in_their_order() -> None:
    assert model.merged(("a",), ("b", "a", "b", "c")) == ("a", "b", "c")
