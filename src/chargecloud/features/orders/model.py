"""The life of an order as a table."""

from enum import StrEnum

from chargecloud.features.orders.messages import OrderState


class Fact(StrEnum):
    """What happened to an order."""

    STARTED = "started"
    ENDED = "ended"
    BILLED = "billed"
    QUESTIONED = "questioned"
    CANCELLED = "cancelled"
    FAILED = "failed"
    RESOLVED = "resolved"
    CLOSED = "closed"


S = OrderState
F = Fact

_SETTLING = {
    F.STARTED: S.CHARGING,
    F.ENDED: S.FINISHING,
    F.BILLED: S.SETTLED,
    F.QUESTIONED: S.DISPUTED,
    F.CANCELLED: S.CANCELLED,
    F.FAILED: S.FAILED,
}

_MOVES: dict[OrderState, dict[Fact, OrderState]] = {
    S.PLACED: _SETTLING,
    S.CHARGING: _SETTLING,
    S.FINISHING: _SETTLING,
    S.SETTLED: {F.BILLED: S.SETTLED, F.QUESTIONED: S.DISPUTED, F.CANCELLED: S.SETTLED},
    S.DISPUTED: {F.BILLED: S.DISPUTED, F.QUESTIONED: S.DISPUTED, F.RESOLVED: S.SETTLED, F.CLOSED: S.CLOSED},
    S.CANCELLED: {F.BILLED: S.DISPUTED, F.QUESTIONED: S.DISPUTED, F.CANCELLED: S.CANCELLED},
    S.FAILED: {F.BILLED: S.DISPUTED, F.QUESTIONED: S.DISPUTED, F.CANCELLED: S.FAILED, F.FAILED: S.FAILED},
    S.CLOSED: {F.QUESTIONED: S.DISPUTED},
}

TRANSITIONS: dict[tuple[OrderState, Fact], OrderState] = {
    (state, fact): target for state, moves in _MOVES.items() for fact, target in moves.items()
}

FINAL = frozenset({S.SETTLED, S.CANCELLED, S.FAILED, S.CLOSED})
"""A disputed order has taken what evidence supports, but ends only by people."""
REFUNDED = "refunded"
"""Flag of an order of which people gave something back: no later record takes that away by itself."""
OPEN = frozenset({S.PLACED, S.CHARGING, S.FINISHING})


def after(state: OrderState, fact: Fact) -> OrderState | None:
    """Where a fact leads; None when it changes nothing."""
    return TRANSITIONS.get((state, fact))


def merged(flags: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """Flags without repetition, in the order they came."""
    return (*flags, *(flag for flag in dict.fromkeys(more) if flag not in flags))
