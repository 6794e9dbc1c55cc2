"""Who may decide a request, and until when."""

import msgspec
import pytest

from chargecloud.features.operators.messages import Approval, ApprovalState
from chargecloud.features.operators.model_approvals import check_decidable, check_second, needs_second, outdated
from chargecloud.kernel.errors import Conflict, Forbidden, Refused

ASKED = Approval(
    approval_id=7, operator_id=1, kind="orders.refund", about="order:1", amount_fen=6_000, body={}, basis="3",
    reason="投诉", state=ApprovalState.WAITING, requested_by=11, requested_name="小红", requested_at_ms=0,
    expires_at_ms=1_000, decided_by=None, decided_name="", decided_at_ms=None, note="",
)  # fmt: skip


def test_a_waiting_request_is_decided_in_time_and_by_another() -> None:
    check_decidable(ASKED, now_ms=999)
    check_second(ASKED, 12)
    with pytest.raises(Refused) as late:
        check_decidable(ASKED, now_ms=1_000)
    assert late.value.code == "approval_expired"
    with pytest.raises(Forbidden) as own:
        check_second(ASKED, 11)
    assert own.value.code == "approval_by_requester"


@pytest.mark.parametrize("state", [state for state in ApprovalState if state is not ApprovalState.WAITING])
def test_what_has_come_to_an_end_stays_there(state: ApprovalState) -> None:
    with pytest.raises(Conflict) as decided:
        check_decidable(msgspec.structs.replace(ASKED, state=state), now_ms=0)
    assert decided.value.code == "approval_decided" and decided.value.facts["state"] == state.value


def test_what_has_changed_meanwhile_is_named() -> None:
    assert outdated(ASKED).code == "approval_outdated" and "order:1" in outdated(ASKED).message


def test_the_limit_counts_what_was_given_before_and_what_gives_nothing_needs_nobody() -> None:
    assert [needs_second(amount, 0, 5_000) for amount in (0, 4_999, 5_000, 5_001)] == [False, False, False, True]
    assert needs_second(3_000, 3_000, 5_000) and not needs_second(0, 90_000, 5_000)
    assert needs_second(1, 0, 0)
