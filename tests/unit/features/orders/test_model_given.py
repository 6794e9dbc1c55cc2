"""What a decision gives away, in fen."""

from hypothesis import given
from hypothesis import strategies as st

from chargecloud.features.orders.model_given import Fees, given_fen, paid_back

FEN = st.integers(min_value=0, max_value=10_000_000)


def test_what_is_not_charged_is_given_away_whether_it_was_charged_or_only_proposed() -> None:
    assert given_fen(charged_fen=1_100, proposed_fen=[1_320], after_fen=0) == 1_320
    assert given_fen(charged_fen=1_100, proposed_fen=[1_320], after_fen=1_100) == 220
    assert given_fen(charged_fen=1_100, proposed_fen=[1_320], after_fen=1_320) == 0
    assert given_fen(charged_fen=0, proposed_fen=[], after_fen=500) == 0
    assert given_fen(charged_fen=0, proposed_fen=[30_000, 3_000], after_fen=3_000) == 27_000


@given(FEN, FEN, st.data())
def test_a_refund_takes_the_service_fee_first_and_no_more_than_there_is(
    energy: int, service: int, data: st.DataObject
) -> None:
    amount = data.draw(st.integers(min_value=0, max_value=energy + service))
    change = paid_back(Fees(energy, service), amount)
    assert change.total_fen == -amount
    assert 0 <= energy + change.energy_fee_fen <= energy and 0 <= service + change.service_fee_fen <= service
    assert change.energy_fee_fen == 0 or service + change.service_fee_fen == 0
