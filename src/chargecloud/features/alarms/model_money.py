"""Which alarm a case of payments is, and what of it may be shown."""

from chargecloud.features.alarms.messages import AlarmKind, Cause
from chargecloud.features.payments.messages import CaseEvent, CaseKind, CaseOpened

KIND_OF = {
    CaseKind.QUARANTINED: AlarmKind.PAYMENT_QUARANTINED,
    CaseKind.PAID_LATE: AlarmKind.PAYMENT_LATE,
    CaseKind.PAID_TWICE: AlarmKind.PAYMENT_TWICE,
    CaseKind.REFUND_ABNORMAL: AlarmKind.REFUND_ABNORMAL,
    CaseKind.REFUND_STUCK: AlarmKind.REFUND_STUCK,
    CaseKind.REFUND_AFTER_CLOSE: AlarmKind.REFUND_AFTER_CLOSE,
    CaseKind.REFUND_AMOUNT: AlarmKind.REFUND_DIFFERS,
    CaseKind.DELIVERY_REFUSED: AlarmKind.DELIVERY_REFUSED,
}
"""Of cases that are seen as they happen; what a bill brings is one alarm a bill, however much of it differs."""
SHOWN = frozenset({"amount_fen", "paid_fen", "agreed_fen", "provider_fen", "reason", "said", "error", "payment_no"})
"""Facts of a case that an alarm repeats. What opens a payment or tells who paid is not among them."""


def cause_of(event: CaseEvent) -> Cause:
    """The alarm a case belongs to."""
    if event.day is not None or event.kind not in KIND_OF:
        day = event.day or event.number
        return Cause(
            kind=AlarmKind.BILL_DIFFERS,
            operator_id=event.operator_id,
            subject=f"{event.channel}/{day}"[:64],
            facts={"channel": event.channel, "day": day},
        )
    facts: dict[str, object] = {"channel": event.channel, "number": event.number}
    if isinstance(event, CaseOpened):
        facts |= {name: value for name, value in event.facts.items() if name in SHOWN}
    return Cause(kind=KIND_OF[event.kind], operator_id=event.operator_id, subject=event.number, facts=facts)
