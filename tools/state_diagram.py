"""docs/states.md."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from chargecloud.features.orders import model as orders
from chargecloud.features.orders.messages import OrderState
from chargecloud.features.payments import model as payments
from chargecloud.features.payments.messages import PartState, PaymentState
from chargecloud.features.sessions import model as sessions
from chargecloud.features.sessions.messages import SessionState

HEAD = """# States

Generated from the `TRANSITIONS` tables by `make docs`; do not edit. A pair that is not in a table changes nothing and
is counted. Every state reaches an end; a test walks the tables.
"""

SESSIONS = """
## Charging session

`features/sessions/model.py`. A session is moved by evidence, which may come in any order, late or twice. *Unanswered is
not refused*: without proof that no energy flows, connector, place and hold stay taken. Late records count in any state.
"""

ORDERS = """
## Order

`features/orders/model.py`. A disputed order has been charged what our own samples support, never more than was held;
only people end a dispute.
"""

PAYMENTS = """
## Payment

`features/payments/model.py`. Only the provider's own word pays a payment, and only people end a quarantine; see
[payments.md](payments.md).
"""

REFUND_PARTS = """
## Part of a refund

A refund is given back by the payments it came through, each part under a number of its own that never changes. An error
is no failure: a part ends by the provider's word, or, once abnormal, by people.
"""

State = TypeVar("State", bound=StrEnum)
Fact = TypeVar("Fact", bound=StrEnum)
Table = Mapping[tuple[State, Fact], State]


def render() -> str:
    """The whole document."""
    return (
        HEAD
        + SESSIONS
        + _diagram(sessions.TRANSITIONS, sessions.FINAL, SessionState.REQUESTED)
        + _table(sessions.TRANSITIONS)
        + ORDERS
        + _diagram(orders.TRANSITIONS, orders.FINAL, OrderState.PLACED)
        + _table(orders.TRANSITIONS)
        + PAYMENTS
        + _diagram(payments.TRANSITIONS, payments.FINAL, PaymentState.CREATED)
        + _table(payments.TRANSITIONS)
        + REFUND_PARTS
        + _diagram(payments.PART_TRANSITIONS, payments.PART_FINAL, PartState.REQUESTED)
        + _table(payments.PART_TRANSITIONS)
    )


def _diagram(table: Table[State, Fact], final: frozenset[State], first: State) -> str:
    """The moves that lead somewhere else; facts with the same way share an arrow."""
    lines = ["", "```mermaid", "stateDiagram-v2", f"    [*] --> {first.value}"]
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, fact), target in table.items():
        if state is not target:
            arrows.setdefault((state.value, target.value), []).append(fact.value)
    lines += [f"    {source} --> {target} : {', '.join(facts)}" for (source, target), facts in arrows.items()]
    lines += [f"    {state.value} --> [*]" for state in sorted(final)]
    return "\n".join([*lines, "```", ""])


def _table(table: Table[State, Fact]) -> str:
    return "\n".join(["", "| in state | on fact | to state |", "|---|---|---|", *_rows(table), ""])


def _rows(table: Table[State, Fact]) -> Iterator[str]:
    for (state, fact), target in table.items():
        yield f"| {state.value} | {fact.value} | {target.value} |"


def outputs() -> dict[str, str]:
    """Path and text of what is generated."""
    return {"docs/states.md": render()}
