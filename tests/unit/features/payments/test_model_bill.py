"""A bill beside our books: every kind of difference, once, and none where there is none."""

import pytest

from chargecloud.features.payments.channels.contract import LineKind, RefundState, StatementLine
from chargecloud.features.payments.messages import CaseKind, PartState
from chargecloud.features.payments.model_bill import Books, OurPayment, OurRefund, compare


def paid(number: str = "P1", fen: int = 100, transaction: str = "t1") -> StatementLine:
    return StatementLine(kind=LineKind.PAYMENT, payment_no=number, transaction_id=transaction, amount_fen=fen)


def given(number: str = "R1", fen: int = 40, state: RefundState | None = RefundState.SUCCEEDED) -> StatementLine:
    return StatementLine(
        kind=LineKind.REFUND, payment_no="P1", transaction_id="t1", amount_fen=fen, refund_no=number, refund_state=state
    )


def ours(fen: int = 100, *, credited: bool = True) -> dict[str, OurPayment]:
    return {"P1": OurPayment("P1", 3, fen, "paid" if credited else "closed", "t1", credited)}


def our_refund(state: PartState = PartState.SUCCEEDED, fen: int = 40) -> dict[str, OurRefund]:
    return {"R1": OurRefund("R1", 3, fen, state)}


def books(
    payments: dict[str, OurPayment] | None = None,
    refunds: dict[str, OurRefund] | None = None,
    *,
    due: dict[str, OurPayment] | None = None,
    due_refunds: dict[str, OurRefund] | None = None,
) -> Books:
    return Books(payments or {}, refunds or {}, due or {}, due_refunds or {})


@pytest.mark.parametrize(
    ("lines", "known", "kinds"),
    [
        ([], books(), []),
        ([paid(), given()], books(ours(), our_refund()), []),
        ([paid()], books(ours(), due=ours()), []),
        ([given(state=RefundState.PROCESSING)], books(refunds=our_refund(PartState.PROCESSING)), []),
        ([given(state=None)], books(refunds=our_refund(PartState.CLOSED)), []),
        ([given(state=RefundState.ABNORMAL)], books(refunds=our_refund(PartState.HANDLED)), []),
        ([paid()], books(), [CaseKind.PAYMENT_UNKNOWN]),
        ([], books(due=ours()), [CaseKind.PAYMENT_MISSING]),
        ([paid(fen=101)], books(ours()), [CaseKind.PAYMENT_AMOUNT]),
        ([paid()], books(ours(credited=False)), [CaseKind.PAYMENT_STATE]),
        ([paid(transaction="t2")], books(ours()), [CaseKind.PAYMENT_TRANSACTION]),
        ([paid(), paid()], books(ours()), [CaseKind.PAYMENT_LISTED_TWICE]),
        ([given()], books(), [CaseKind.REFUND_UNKNOWN]),
        ([], books(due_refunds=our_refund()), [CaseKind.REFUND_MISSING]),
        ([given(fen=41)], books(refunds=our_refund()), [CaseKind.REFUND_AMOUNT]),
        ([given()], books(refunds=our_refund(PartState.PROCESSING)), [CaseKind.REFUND_STATE]),
        ([given(state=RefundState.CLOSED)], books(refunds=our_refund()), [CaseKind.REFUND_STATE]),
    ],
)
def test_what_bill_and_books_do_not_agree_on(lines: list[StatementLine], known: Books, kinds: list[CaseKind]) -> None:
    found = compare(lines, known)
    assert [each.kind for each in found] == kinds
    assert all(each.number and each.facts for each in found)
