"""What can be wrong, how bad it is, and what is to be done."""

from enum import StrEnum

import msgspec

from chargecloud.kernel.message import Event


class AlarmKind(StrEnum):
    """Causes; at most one alarm is open for each cause at one place."""

    LOGIN_CONTESTED = "login_contested"
    WIRE_FAULTED = "wire_faulted"
    CONNECTOR_FAULTED = "connector_faulted"
    TARIFF_MISMATCH = "tariff_mismatch"
    CLOCK_SKEW = "clock_skew"
    ORDER_DISPUTED = "order_disputed"
    PORT_OVER_POWER = "port_over_power"
    PORT_NO_TAPER = "port_no_taper"
    PORT_RISE_AFTER_FULL = "port_rise_after_full"
    PORT_OVER_TIME = "port_over_time"
    PORT_OVER_TEMP = "port_over_temp"
    HAZARD = "hazard"
    FIRE = "fire"
    PAYMENT_QUARANTINED = "payment_quarantined"
    PAYMENT_LATE = "payment_late"
    PAYMENT_TWICE = "payment_twice"
    REFUND_ABNORMAL = "refund_abnormal"
    REFUND_STUCK = "refund_stuck"
    REFUND_AFTER_CLOSE = "refund_after_close"
    REFUND_DIFFERS = "refund_differs"
    DELIVERY_REFUSED = "delivery_refused"
    BILL_DIFFERS = "bill_differs"


class AlarmAbout(StrEnum):
    """What an alarm is about; those about money belong to an operator and to no station."""

    DEVICES = "devices"
    MONEY = "money"


class AlarmLevel(StrEnum):
    """How bad."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


class AlarmState(StrEnum):
    """Open until somebody saw it, then until the cause is gone or somebody closes it."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """What happened where. `subject` tells apart causes at one place, such as an order number."""

    kind: AlarmKind
    charge_point_code: str = ""
    connector_no: int = 0
    """0: the whole charge point."""
    operator_id: int | None = None
    """Whose it is, of a cause without a charge point."""
    subject: str = ""
    facts: dict[str, object] = {}


class AlarmRaised(Event, frozen=True, gc=False, kw_only=True, tag=True):
    """Something is wrong that was not wrong before."""

    alarm_id: int
    kind: AlarmKind
    charge_point_code: str
    connector_no: int


class AlarmClosed(Event, frozen=True, gc=False, kw_only=True, tag=True):
    """It is mended, or somebody says so."""

    alarm_id: int
    kind: AlarmKind
    charge_point_code: str
    connector_no: int
