"""Every case of payments is an alarm, and shows nothing that opens a payment."""

import pytest

from chargecloud.features.alarms import model
from chargecloud.features.alarms.messages import AlarmAbout, AlarmKind
from chargecloud.features.alarms.model_money import KIND_OF, cause_of
from chargecloud.features.payments.messages import CaseClosed, CaseKind, CaseOpened


def opened(
    kind: CaseKind, day: str | None = None, operator_id: int = 1, number: str = "P1", **facts: str
) -> CaseOpened:
    return CaseOpened(
        case_id=1, operator_id=operator_id, channel="wechat", kind=kind, number=number, day=day, facts=facts
    )


@pytest.mark.parametrize("kind", CaseKind)
@pytest.mark.parametrize("day", [None, "2026-01-01"])
def test_opening_and_closing_name_the_same_alarm_about_money(kind: CaseKind, day: str | None) -> None:
    closed = CaseClosed(case_id=1, operator_id=1, channel="wechat", kind=kind, number="P1", day=day)
    cause = cause_of(opened(kind, day, amount_fen="1"))
    assert model.open_key(cause) == model.open_key(cause_of(closed))
    assert model.KINDS[cause.kind].about is AlarmAbout.MONEY
    assert cause.charge_point_code == "" and len(model.open_key(cause)) <= 160


def test_each_kind_that_is_seen_as_it_happens_has_an_alarm_of_its_own_and_a_bill_has_one() -> None:
    assert {*KIND_OF.values(), AlarmKind.BILL_DIFFERS} == model.MONEY_KINDS
    day = "2026-01-01"
    keys = {
        model.open_key(cause_of(opened(CaseKind.PAYMENT_MISSING, day))),
        model.open_key(cause_of(opened(CaseKind.REFUND_AMOUNT, day, number="R1-1"))),
    }
    assert len(keys) == 1
    others = {
        model.open_key(cause_of(opened(CaseKind.PAYMENT_MISSING, "2026-01-02"))),
        model.open_key(cause_of(opened(CaseKind.PAYMENT_MISSING, day, operator_id=2))),
        model.open_key(cause_of(opened(CaseKind.PAID_TWICE))),
        model.open_key(cause_of(opened(CaseKind.PAID_TWICE, number="P2"))),
    }
    assert len(keys | others) == 5


def test_facts_are_those_that_may_be_shown() -> None:
    secrets = {"openid": "o-secret", "client": "prepay-secret", "token": "t-secret", "transaction_id": "42"}
    cause = cause_of(opened(CaseKind.DELIVERY_REFUSED, said="支付单不存在", amount_fen="100", **secrets))
    assert cause.facts == {"channel": "wechat", "number": "P1", "said": "支付单不存在", "amount_fen": "100"}
