"""What other features may know of orders, and the events they can listen to."""

from enum import StrEnum

import msgspec

from chargecloud.device.events import StartMethod, StopClass
from chargecloud.features.sessions.messages import LimitKind
from chargecloud.kernel.message import Event


class OrderState(StrEnum):
    """Where an order stands; the table of moves is `model.TRANSITIONS`."""

    PLACED = "placed"
    CHARGING = "charging"
    FINISHING = "finishing"
    SETTLED = "settled"
    DISPUTED = "disputed"
    CANCELLED = "cancelled_no_energy"
    FAILED = "failed_no_energy"
    CLOSED = "closed_by_operator"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One charge as a matter of business."""

    order_no: str
    operator_id: int
    station_id: int
    charge_point_code: str
    connector_no: int
    session_no: str
    driver_id: int | None
    method: StartMethod
    card_label: str = ""
    parallel_no: str = ""
    limit_kind: LimitKind = LimitKind.NONE
    limit_value: int = 0
    tariff_version_id: int | None = None
    pass_id: int | None = None
    """The pass that pays, if one does."""
    payment_no: str | None = None
    """The prepayment that was made for this order, if one was; what is left of it goes back by itself."""
    hold_no: int = 1
    """Counts the holds of an order: a top-up during the charge replaces the first by a larger one."""
    hold_fen: int = 0
    hold_open: bool = False
    state: OrderState
    flags: tuple[str, ...] = ()
    stop_class: StopClass | None = None
    """How the charge came to its end, as its record says; None before, and when no energy was ever asked for."""
    stop_reason: str = ""
    """Why, in the protocol's own word; empty without a record."""
    energy_mwh: int = 0
    energy_fee_fen: int = 0
    service_fee_fen: int = 0
    """What the driver has been charged, corrections included."""
    bill_no: int = 0
    """Number of the bill that counts; 0 before the first."""
    bill_count: int = 0
    """How many bills were written, those that do not count included."""
    request_key: str | None = None
    request_digest: str = ""
    placed_at_ms: int
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    settled_at_ms: int | None = None
    revision: int = 0

    @property
    def total_fen(self) -> int:
        """What the driver has been charged."""
        return self.energy_fee_fen + self.service_fee_fen

    @property
    def refund_fen(self) -> int | None:
        """What of the money set aside was given back; None before the order is settled."""
        return None if self.hold_open else max(self.hold_fen - self.total_fen, 0)

    @property
    def hold_id(self) -> str:
        """The hold of an order bears its number."""
        return self.order_no if self.hold_no == 1 else f"{self.order_no}-{self.hold_no}"


class OrderEvent(Event, frozen=True, gc=False, kw_only=True):
    """Root of what orders tell."""

    order_no: str
    session_no: str
    charge_point_code: str


class OrderSettled(OrderEvent, frozen=True, gc=False, kw_only=True, tag=True):
    """A driver was charged, exactly once; later changes are `OrderCorrected`."""

    total_fen: int


class OrderCorrected(OrderEvent, frozen=True, gc=False, kw_only=True, tag=True):
    """What a settled order cost was changed by a later record or by staff."""

    change_fen: int


class OrderDisputed(OrderEvent, frozen=True, gc=False, kw_only=True, tag=True):
    """People have to look at this order."""

    reasons: tuple[str, ...]


class OrderResolved(OrderEvent, frozen=True, gc=False, kw_only=True, tag=True):
    """People have looked."""


class OrderEnded(OrderEvent, frozen=True, gc=False, kw_only=True, tag=True):
    """An order ended without energy."""

    state: OrderState
