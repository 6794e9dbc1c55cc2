"""Comparing a provider's bill of a day with our books, in both directions; no database, no provider."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chargecloud.features.payments.channels.contract import LineKind, RefundState, StatementLine
from chargecloud.features.payments.messages import CaseKind, PartState


@dataclass(frozen=True, slots=True)
class OurPayment:
    """A payment as our books have it."""

    payment_no: str
    operator_id: int
    paid_fen: int
    state: str
    transaction_id: str
    credited: bool


@dataclass(frozen=True, slots=True)
class OurRefund:
    """A part of a refund as our books have it."""

    part_no: str
    operator_id: int
    amount_fen: int
    state: PartState


@dataclass(frozen=True, slots=True)
class Books:
    """What our books say: of everything the bill names, and of everything that should be in it."""

    payments: Mapping[str, OurPayment]
    refunds: Mapping[str, OurRefund]
    due_payments: Mapping[str, OurPayment]
    due_refunds: Mapping[str, OurRefund]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing bill and books do not agree on."""

    kind: CaseKind
    number: str
    operator_id: int | None
    """None where we know nothing of it."""
    facts: Mapping[str, object] = field(default_factory=dict)


def compare(lines: Sequence[StatementLine], books: Books) -> list[Difference]:
    """Every difference, each once."""
    return [*_of_payments(lines, books), *_of_refunds(lines, books)]


def _of_payments(lines: Sequence[StatementLine], books: Books) -> Iterator[Difference]:
    listed: set[str] = set()
    for line in lines:
        if line.kind is not LineKind.PAYMENT:
            continue
        theirs = {"bill_fen": line.amount_fen, "transaction_id": line.transaction_id}
        ours = books.payments.get(line.payment_no)
        if ours is None:
            yield Difference(CaseKind.PAYMENT_UNKNOWN, line.payment_no, None, theirs)
            continue
        facts = theirs | {"our_fen": ours.paid_fen, "our_state": ours.state}
        if line.payment_no in listed:
            yield Difference(CaseKind.PAYMENT_LISTED_TWICE, line.payment_no, ours.operator_id, facts)
        elif not ours.credited:
            yield Difference(CaseKind.PAYMENT_STATE, line.payment_no, ours.operator_id, facts)
        elif line.amount_fen != ours.paid_fen:
            yield Difference(CaseKind.PAYMENT_AMOUNT, line.payment_no, ours.operator_id, facts)
        elif line.transaction_id != ours.transaction_id:
            more = {"our_transaction_id": ours.transaction_id}
            yield Difference(CaseKind.PAYMENT_TRANSACTION, line.payment_no, ours.operator_id, facts | more)
        listed.add(line.payment_no)
    for number, ours in books.due_payments.items():
        if number not in listed:
            facts = {"our_fen": ours.paid_fen, "our_state": ours.state, "transaction_id": ours.transaction_id}
            yield Difference(CaseKind.PAYMENT_MISSING, number, ours.operator_id, facts)


def _of_refunds(lines: Sequence[StatementLine], books: Books) -> Iterator[Difference]:
    listed: set[str] = set()
    for line in lines:
        if line.kind is not LineKind.REFUND:
            continue
        theirs = {"bill_fen": line.amount_fen, "payment_no": line.payment_no, "refund_id": line.provider_refund_id}
        ours = books.refunds.get(line.refund_no)
        if ours is None:
            yield Difference(CaseKind.REFUND_UNKNOWN, line.refund_no, None, theirs)
            continue
        facts = theirs | {"our_fen": ours.amount_fen, "our_state": ours.state.value}
        if line.amount_fen != ours.amount_fen:
            yield Difference(CaseKind.REFUND_AMOUNT, line.refund_no, ours.operator_id, facts)
        elif not _agree(line.refund_state, ours.state):
            bill = line.refund_state.value if line.refund_state else ""
            yield Difference(CaseKind.REFUND_STATE, line.refund_no, ours.operator_id, facts | {"bill_state": bill})
        listed.add(line.refund_no)
    for number, ours in books.due_refunds.items():
        if number not in listed:
            facts = {"our_fen": ours.amount_fen, "our_state": ours.state.value}
            yield Difference(CaseKind.REFUND_MISSING, number, ours.operator_id, facts)


_AGREE = {
    RefundState.SUCCEEDED: {PartState.SUCCEEDED},
    RefundState.CLOSED: {PartState.CLOSED},
    RefundState.ABNORMAL: {PartState.ABNORMAL, PartState.HANDLED, PartState.CLOSED},
}


def _agree(theirs: RefundState | None, ours: PartState) -> bool:
    """A bill is made the day after: what was in processing then may have ended since."""
    if theirs is None or theirs is RefundState.PROCESSING:
        return True
    return ours in _AGREE[theirs]
