"""Every word of WeChat Pay has one meaning here, and a word nobody knows is no knowledge."""

from typing import Any

import pytest

from chargecloud.features.payments.channels.contract import (
    LineKind,
    ProviderSilent,
    ProviderState,
    RefundState,
)
from chargecloud.features.payments.channels.wechat_words import line_of, payment_of, refund_of
from chargecloud.infra.wechat.pay_answers import Payer, PaymentAmount, RefundAmount, WechatPayment, WechatRefund
from chargecloud.infra.wechat.pay_bill import BillPayment


def payment(state: str, **more: Any) -> WechatPayment:
    values: dict[str, Any] = {"amount": PaymentAmount(100), "payer": Payer("o1"), "transaction_id": "4200"}
    return WechatPayment(payment_no="P1", state=state, **(values | more))


@pytest.mark.parametrize(
    ("word", "state", "amount_fen"),
    [
        ("NOTPAY", ProviderState.UNPAID, 0),
        ("USERPAYING", ProviderState.UNPAID, 0),
        ("SUCCESS", ProviderState.PAID, 100),
        ("REFUND", ProviderState.REFUNDED, 100),
        ("CLOSED", ProviderState.CLOSED, 0),
        ("REVOKED", ProviderState.CLOSED, 0),
        ("PAYERROR", ProviderState.CLOSED, 0),
    ],
)
def test_states_of_a_payment(word: str, state: ProviderState, amount_fen: int) -> None:
    found = payment_of(payment(word))
    assert (found.state, found.amount_fen) == (state, amount_fen)


@pytest.mark.parametrize(
    "said", [payment("NEW_WORD"), payment("SUCCESS", amount=None), payment("SUCCESS", transaction_id="")]
)
def test_a_payment_that_says_too_little_is_no_knowledge(said: WechatPayment) -> None:
    with pytest.raises(ProviderSilent):
        payment_of(said)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("PROCESSING", RefundState.PROCESSING),
        ("SUCCESS", RefundState.SUCCEEDED),
        ("CLOSED", RefundState.CLOSED),
        ("ABNORMAL", RefundState.ABNORMAL),
    ],
)
def test_states_of_a_refund(word: str, state: RefundState) -> None:
    assert refund_of(WechatRefund(refund_no="R1", said=word, amount=RefundAmount(100, 30))).state is state
    assert refund_of(WechatRefund(refund_no="R1", refund_status=word, amount=RefundAmount(100, 30))).amount_fen == 30


def test_a_refund_that_says_too_little_is_no_knowledge() -> None:
    for said in (WechatRefund(refund_no="R1", said="SUCCESS"), WechatRefund(refund_no="R1", amount=RefundAmount(1, 1))):
        with pytest.raises(ProviderSilent):
            refund_of(said)


def row(kind: str) -> BillPayment:
    return BillPayment(
        at_ms=1, kind=kind, appid="", mchid="", transaction_id="4200", payment_no="P1", refund_id="50", refund_no="R1",
        openid="", amount_fen=5, settled_fen=5, currency="CNY", refund_state="SUCCESS", fee_si=0,
    )  # fmt: skip


def test_rows_of_a_bill() -> None:
    assert (line_of(row("SUCCESS")).kind, line_of(row("SUCCESS")).refund_state) == (LineKind.PAYMENT, None)
    assert (line_of(row("REFUND")).kind, line_of(row("REFUND")).refund_state) == (
        LineKind.REFUND, RefundState.SUCCEEDED,
    )  # fmt: skip
    with pytest.raises(ProviderSilent, match="NEW_WORD"):
        line_of(row("NEW_WORD"))
