"""Answers and notices in one shape; what does not fit is unknown, not guessed."""

import pytest

from chargecloud.infra.wechat.pay_answers import WechatPayment, WechatRefund, decoded, moment
from chargecloud.infra.wechat.pay_errors import PayUnknown


def test_a_payment_with_fields_nobody_asked_for() -> None:
    body = (
        b'{"out_trade_no":"P1","trade_state":"SUCCESS","transaction_id":"4200","appid":"wx1","mchid":"19",'
        b'"amount":{"total":100,"payer_total":99,"currency":"CNY"},"payer":{"openid":"o1"},'
        b'"success_time":"2026-01-01T08:00:00+08:00","promotion_detail":[{"coupon_id":"1"}]}'
    )
    found = decoded(body, WechatPayment)
    assert (found.payment_no, found.state, found.paid_at_ms) == ("P1", "SUCCESS", 1_767_225_600_000)
    assert found.amount is not None and (found.amount.total, found.amount.payer_total) == (100, 99)
    unpaid = decoded(b'{"out_trade_no":"P1","trade_state":"NOTPAY"}', WechatPayment)
    assert (unpaid.amount, unpaid.payer.openid, unpaid.paid_at_ms) == (None, "", None)


def test_a_refund_from_an_answer_and_from_a_notice() -> None:
    answer = decoded(b'{"out_refund_no":"R1","status":"PROCESSING","amount":{"total":100,"refund":30}}', WechatRefund)
    notice = decoded(
        b'{"out_refund_no":"R1","refund_status":"SUCCESS","success_time":"2026-01-01T08:00:00+08:00"}', WechatRefund
    )
    assert (answer.state, answer.succeeded_at_ms) == ("PROCESSING", None)
    assert (notice.state, notice.succeeded_at_ms) == ("SUCCESS", 1_767_225_600_000)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"out_trade_no":1,"trade_state":"SUCCESS"}',
             b'{"out_trade_no":"P1","trade_state":"SUCCESS","amount":{"total":1.5}}'],
)  # fmt: skip
def test_another_shape_is_unknown(body: bytes) -> None:
    with pytest.raises(PayUnknown, match="something else"):
        decoded(body, WechatPayment)


def test_a_time_that_is_none() -> None:
    with pytest.raises(PayUnknown, match="tomorrow"):
        moment("tomorrow")
