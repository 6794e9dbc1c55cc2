"""What may be sent, and where feedback can go."""

import pytest

from chargecloud.features.feedback import model
from chargecloud.features.feedback.messages import FeedbackKind, FeedbackState
from chargecloud.features.feedback.model import Act
from chargecloud.kernel.errors import Invalid


def test_every_state_can_be_closed_and_what_is_closed_opened_again() -> None:
    assert {state for state, _ in model.TRANSITIONS} == set(FeedbackState)
    for state in (FeedbackState.OPEN, FeedbackState.ANSWERED):
        assert model.after(state, Act.CLOSE) is FeedbackState.CLOSED
        assert model.after(state, Act.REPLY) is FeedbackState.ANSWERED
        assert model.after(state, Act.REOPEN) is None
    assert model.after(FeedbackState.CLOSED, Act.REOPEN) is FeedbackState.OPEN
    assert model.after(FeedbackState.CLOSED, Act.REPLY) is None


@pytest.mark.parametrize(
    ("kind", "code", "order", "field"),
    [
        (FeedbackKind.FAULT, None, None, "charge_point_code"),
        (FeedbackKind.FAULT, "32010200000001", None, ""),
        (FeedbackKind.FAULT, None, "2026", ""),
        (FeedbackKind.DISPUTE, "32010200000001", None, "order_no"),
        (FeedbackKind.DISPUTE, None, "2026", ""),
        (FeedbackKind.SUGGESTION, None, None, ""),
    ],
)
def test_a_fault_names_a_place_and_a_dispute_an_order(
    kind: FeedbackKind, code: str | None, order: str | None, field: str
) -> None:
    if not field:
        model.check_reference(kind, charge_point_code=code, order_no=order)
        return
    with pytest.raises(Invalid) as refused:
        model.check_reference(kind, charge_point_code=code, order_no=order)
    assert (refused.value.code, refused.value.facts["field"]) == ("feedback_reference", field)


def test_text_is_cleaned_and_bounded() -> None:
    assert model.cleaned("  枪头\r\n坏了 \n", field="text", most=500) == "枪头\n坏了"
    assert model.cleaned("好" * 500, field="text", most=500) == "好" * 500
    for bad in ("好" * 501, "a\x00b", "a\x1b[31m", "a\u202eb"):
        with pytest.raises(Invalid) as refused:
            model.cleaned(bad, field="text", most=500)
        assert refused.value.facts["field"] == "text"


def test_a_contact_is_masked() -> None:
    assert model.masked_contact("13800001234") == "138****34"
    assert model.masked_contact("a@b.cn") == "****" and model.masked_contact("") == ""
