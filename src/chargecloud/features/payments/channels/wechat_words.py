"""WeChat Pay's words for payments and refunds as the words of the contract. Pure."""

from collections.abc import Mapping

from chargecloud.features.payments.channels.contract import (
    LineKind,
    ProviderPayment,
    ProviderRefund,
    ProviderSilent,
    ProviderState,
    RefundState,
    StatementLine,
)
from chargecloud.infra.wechat.pay_answers import WechatPayment, WechatRefund
from chargecloud.infra.wechat.pay_bill import BillPayment

STATES: Mapping[str, ProviderState] = {
    "NOTPAY": ProviderState.UNPAID,
    "USERPAYING": ProviderState.UNPAID,
    "ACCEPT": ProviderState.UNPAID,
    "SUCCESS": ProviderState.PAID,
    "REFUND": ProviderState.REFUNDED,
    "CLOSED": ProviderState.CLOSED,
    "REVOKED": ProviderState.CLOSED,
    "PAYERROR": ProviderState.CLOSED,
}
REFUNDS: Mapping[str, RefundState] = {
    "PROCESSING": RefundState.PROCESSING,
    "SUCCESS": RefundState.SUCCEEDED,
    "CLOSED": RefundState.CLOSED,
    "ABNORMAL": RefundState.ABNORMAL,
}
LINES: Mapping[str, LineKind] = {"SUCCESS": LineKind.PAYMENT, "REFUND": LineKind.REFUND, "REVOKED": LineKind.REFUND}
PAID = (ProviderState.PAID, ProviderState.REFUNDED)


def payment_of(said: WechatPayment) -> ProviderPayment:
    """A payment; ProviderSilent for a state nobody knows, or one that is paid without amount or transaction."""
    state = STATES.get(said.state)
    if state is None:
        raise ProviderSilent(f"微信支付给出了未知的交易状态 {said.state[:32]}，请查看微信商户平台")
    if state not in PAID:
        return ProviderPayment(payment_no=said.payment_no, state=state)
    if said.amount is None or not said.transaction_id:
        raise ProviderSilent("微信支付称已支付，但没有给出金额或交易单号")
    return ProviderPayment(
        payment_no=said.payment_no,
        state=state,
        transaction_id=said.transaction_id,
        amount_fen=said.amount.total,
        currency=said.amount.currency,
        payer_id=said.payer.openid,
        paid_at_ms=said.paid_at_ms,
    )


def refund_of(said: WechatRefund) -> ProviderRefund:
    """A refund; ProviderSilent for a state nobody knows."""
    state = REFUNDS.get(said.state)
    if state is None or said.amount is None:
        raise ProviderSilent(f"微信支付给出了未知的退款状态 {said.state[:32]}，请查看微信商户平台")
    return ProviderRefund(
        refund_no=said.refund_no,
        state=state,
        payment_no=said.payment_no,
        provider_refund_id=said.refund_id,
        amount_fen=said.amount.refund,
        finished_at_ms=said.succeeded_at_ms,
    )


def line_of(row: BillPayment) -> StatementLine:
    """A row of the bill; ProviderSilent for a kind nobody knows: a row left out would be a difference lost."""
    kind = LINES.get(row.kind)
    if kind is None:
        raise ProviderSilent(f"微信账单里有未知的交易状态 {row.kind[:32]}，对账未进行")
    return StatementLine(
        kind=kind,
        payment_no=row.payment_no,
        transaction_id=row.transaction_id,
        amount_fen=row.amount_fen,
        refund_no=row.refund_no,
        provider_refund_id=row.refund_id,
        refund_state=REFUNDS.get(row.refund_state) if kind is LineKind.REFUND else None,
        at_ms=row.at_ms,
    )
