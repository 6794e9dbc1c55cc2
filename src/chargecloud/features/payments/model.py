"""The lives of payments and of parts of refunds as tables, and the sums that go with them; no database, no provider."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from chargecloud.features.payments.channels.contract import ProviderPayment, ProviderState, RefundState
from chargecloud.features.payments.messages import CaseKind, PartState, Payment, PaymentState, Standing

MAX_REFUNDS = 50
"""Parts one payment is given back in, at most; providers allow no more."""
REFUND_APART_MS = 60_000
"""Between two refunds of one payment."""
LOOKS_MS = (5_000, 30_000, 60_000, 180_000, 300_000, 600_000)
"""When an unpaid payment is asked for, after it was made; then once more when it expires."""
CLOSE_AGAIN_MS = (30_000, 60_000, 180_000, 300_000, 600_000, 1_800_000)
"""When closing is tried again while the provider does not answer."""
ASK_AGAIN_MS = (10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000)
"""When a refund is asked for again, or about."""
LATE_MS = 600_000
"""So long a request without an answer may still be carried out; before that nothing is given up."""
POLL_MS = (10_000, 60_000, 300_000, 1_800_000, 3_600_000)
"""When a refund in processing is asked about."""
STUCK_MS = 86_400_000
"""A refund that has not ended by then is for people to look at."""


class Fact(StrEnum):
    """What happened to a payment."""

    ANNOUNCED = "announced"
    PAID = "paid"
    MISMATCHED = "mismatched"
    CLOSED = "closed"
    PART_RETURNED = "part_returned"
    ALL_RETURNED = "all_returned"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class PartFact(StrEnum):
    """What happened to a part of a refund."""

    ACCEPTED = "accepted"
    SUCCEEDED = "succeeded"
    CLOSED = "closed"
    ABNORMAL = "abnormal"
    HANDLED = "handled"


S = PaymentState
F = Fact

_WAITING = {F.ANNOUNCED: S.PREPAID, F.PAID: S.PAID, F.MISMATCHED: S.QUARANTINED, F.CLOSED: S.CLOSED}
_GIVING = {F.PART_RETURNED: S.PART_REFUNDED, F.ALL_RETURNED: S.REFUNDED}

_MOVES: dict[PaymentState, dict[Fact, PaymentState]] = {
    S.CREATED: _WAITING,
    S.PREPAID: _WAITING,
    S.CLOSED: {F.PAID: S.PAID, F.MISMATCHED: S.QUARANTINED, F.CLOSED: S.CLOSED},
    S.PAID: _GIVING,
    S.PART_REFUNDED: _GIVING,
    S.QUARANTINED: {F.ACCEPTED: S.PAID, F.DISMISSED: S.CLOSED},
}

TRANSITIONS: dict[tuple[PaymentState, Fact], PaymentState] = {
    (state, fact): target for state, moves in _MOVES.items() for fact, target in moves.items()
}

WAITING = frozenset({S.CREATED, S.PREPAID})
"""The payer may still pay."""
CREDITED = frozenset({S.PAID, S.PART_REFUNDED, S.REFUNDED})
FINAL = frozenset({S.PAID, S.PART_REFUNDED, S.REFUNDED, S.CLOSED})

P = PartState
_OPEN_PART = {
    PartFact.ACCEPTED: P.PROCESSING,
    PartFact.SUCCEEDED: P.SUCCEEDED,
    PartFact.CLOSED: P.CLOSED,
    PartFact.ABNORMAL: P.ABNORMAL,
}
_PART_MOVES: dict[PartState, dict[PartFact, PartState]] = {
    P.REQUESTED: _OPEN_PART,
    P.PROCESSING: _OPEN_PART,
    P.ABNORMAL: {PartFact.SUCCEEDED: P.SUCCEEDED, PartFact.CLOSED: P.CLOSED, PartFact.HANDLED: P.HANDLED},
}

PART_TRANSITIONS: dict[tuple[PartState, PartFact], PartState] = {
    (state, fact): target for state, moves in _PART_MOVES.items() for fact, target in moves.items()
}

PART_FINAL = frozenset({P.SUCCEEDED, P.CLOSED, P.HANDLED})
PAID_OUT = frozenset({P.SUCCEEDED, P.HANDLED})

_FACT_OF = {
    RefundState.PROCESSING: PartFact.ACCEPTED,
    RefundState.SUCCEEDED: PartFact.SUCCEEDED,
    RefundState.CLOSED: PartFact.CLOSED,
    RefundState.ABNORMAL: PartFact.ABNORMAL,
}


def after(state: PaymentState, fact: Fact) -> PaymentState | None:
    """Where a fact leads; None when it changes nothing."""
    return TRANSITIONS.get((state, fact))


def part_after(state: PartState, fact: PartFact) -> PartState | None:
    """Likewise for a part of a refund."""
    return PART_TRANSITIONS.get((state, fact))


def part_fact(state: RefundState) -> PartFact:
    """What the provider's word for a refund means."""
    return _FACT_OF[state]


def mismatch(payment: Payment, evidence: ProviderPayment) -> str:
    """In what a paid payment differs from what was agreed; empty when in nothing."""
    if evidence.state is ProviderState.REFUNDED:
        return "refunded_elsewhere"
    if evidence.currency != "CNY":
        return "currency"
    if evidence.amount_fen != payment.amount_fen:
        return "amount"
    if evidence.payer_id and payment.payer_id and evidence.payer_id != payment.payer_id:
        return "payer"
    return "" if evidence.transaction_id else "transaction"


def next_look_ms(payment: Payment, now_ms: int) -> int:
    """When an unpaid payment is asked for next."""
    for after_ms in LOOKS_MS:
        at_ms = payment.created_at_ms + after_ms
        if now_ms < at_ms < payment.expires_at_ms:
            return at_ms
    return max(payment.expires_at_ms, now_ms + 1_000)


def step_of(steps: Sequence[int], number: int) -> int:
    """The pause before try `number` (from 0); the last one for all that come after."""
    return steps[min(number, len(steps) - 1)]


@dataclass(frozen=True, slots=True)
class Share:
    """What one payment is to give back, and what of its gift that takes back."""

    payment: Payment
    amount_fen: int
    gift_fen: int
    """In all, of which `free_gift_fen` comes from gifts and the rest from cash."""
    free_gift_fen: int

    @property
    def cash_fen(self) -> int:
        """What is frozen of the cash."""
        return self.amount_fen + self.gift_fen - self.free_gift_fen


def gift_due(payment: Payment, amount_fen: int) -> int:
    """What of a payment's gift goes with so much more given back: pro rata of all that was, rounded up."""
    if not payment.gift_fen:
        return 0
    returned_fen = payment.returned_fen + amount_fen
    return -(-payment.gift_fen * returned_fen // payment.paid_fen) - payment.gift_back_fen


def share(payment: Payment, wanted_fen: int, *, cash_fen: int, gift_fen: int) -> Share:
    """The most a payment can give back, up to `wanted_fen`, from a wallet with so much free cash and free gifts."""
    low, high = 0, max(min(wanted_fen, payment.rest_fen, cash_fen), 0)
    while low < high:  # what it costs in cash grows with the amount, so the largest that fits is found by halving
        middle = (low + high + 1) // 2
        if middle + max(gift_due(payment, middle) - gift_fen, 0) <= cash_fen:
            low = middle
        else:
            high = middle - 1
    due_fen = gift_due(payment, low) if low else 0
    return Share(payment, low, due_fen, min(due_fen, gift_fen))


def spread(payments: Iterable[Payment], wanted_fen: int, *, cash_fen: int, gift_fen: int) -> list[Share]:
    """A refund over payments in the order given, newest first, until it is all or nothing more can be."""
    shares: list[Share] = []
    for payment in payments:
        part = share(payment, wanted_fen, cash_fen=cash_fen, gift_fen=gift_fen)
        if part.amount_fen:
            shares.append(part)
            wanted_fen -= part.amount_fen
            cash_fen -= part.cash_fen
            gift_fen -= part.free_gift_fen
        if not wanted_fen:
            break
    return shares


def standing(states: Sequence[PartState]) -> Standing:
    """What a refund came to, from its parts."""
    if any(state not in PART_FINAL for state in states):
        return Standing.OPEN
    paid_out = sum(state in PAID_OUT for state in states)
    if paid_out == len(states):
        return Standing.DONE
    return Standing.PART_DONE if paid_out else Standing.FAILED


def merged(flags: tuple[str, ...], *more: str) -> tuple[str, ...]:
    """Flags without repetition, in the order they came."""
    return (*flags, *(flag for flag in dict.fromkeys(more) if flag and flag not in flags))


@dataclass(frozen=True, slots=True)
class Trouble:
    """What people have to look at, before there is a case of it."""

    operator_id: int
    channel: str
    kind: CaseKind
    number: str
    day: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
