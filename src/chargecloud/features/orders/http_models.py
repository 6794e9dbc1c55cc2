"""What requests about orders carry and what they are answered."""

from typing import Annotated, Self

import msgspec
from pydantic import Field, model_validator

from chargecloud.features.orders import views
from chargecloud.features.orders.messages import Order
from chargecloud.features.orders.service_resolve import Action
from chargecloud.features.sessions.messages import Limit, LimitKind
from chargecloud.features.tariffs.messages import TwoWheelPlan, UsageLine
from chargecloud.infra.http.model import AmountFen, ApiModel, Id, Moment
from chargecloud.infra.http.outward import outward
from chargecloud.kernel.money import hao_text, si_text

ConnectorNo = Annotated[int, Field(ge=1, le=16)]
AnyConnectorNo = Annotated[int, Field(ge=0, le=16, description="0: the charge point chooses, where it can")]
Code = Annotated[str, Field(pattern="^([0-9]{14}|[0-9A-F]{8})$")]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
BANDS = ("sharp", "peak", "flat", "valley")


class LimitIn(ApiModel):
    """Stop when so much is reached: fen, mWh, minutes or per cent."""

    kind: Annotated[LimitKind, Field(strict=False)] = LimitKind.NONE
    value: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0

    def limit(self) -> Limit:
        """As the services know it."""
        return Limit(self.kind, self.value)


class OrderIn(ApiModel):
    """Where to charge, named by code and number or by a scanned text, and how much."""

    charge_point_code: Code | None = None
    connector_no: AnyConnectorNo | None = None
    qr_code: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    second_connector_no: Annotated[ConnectorNo | None, Field(description="other connector of a parallel charge")] = None
    limit: LimitIn = LimitIn()
    pass_id: Annotated[Id | None, Field(description="monthly card or pack that pays")] = None
    payment_no: Annotated[
        str | None, Field(pattern=r"^P[0-9]{22}$", description="prepayment made for this order; the rest goes back")
    ] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_code = self.charge_point_code is not None and self.connector_no is not None
        if by_code == (self.qr_code is not None):
            raise ValueError("name the connector by charge_point_code and connector_no, or by qr_code, not by both")
        return self


class OrderOut(ApiModel):
    """An order as lists show it."""

    order_no: str
    session_no: str
    operator_id: int
    station_id: int
    charge_point_code: str
    connector_no: int
    driver_id: int | None
    method: str
    card_label: str
    parallel_no: str
    limit: LimitIn
    tariff_version_id: int | None
    pass_id: int | None
    payment_no: str | None
    hold_fen: int
    hold_open: bool
    state: str
    flags: list[str]
    stop_class: str | None
    stop_reason: Annotated[str, Field(description="the charge point's own reason, as its protocol names it")]
    energy_mwh: int
    energy_fee_fen: int
    service_fee_fen: int
    total_fen: int
    refund_fen: int | None
    placed_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    settled_at: Moment | None

    @classmethod
    def of(cls, order: Order) -> Self:
        return cls(**shown(order))


def shown(order: Order) -> dict[str, object]:
    """An order under the names of the API."""
    return {
        "order_no": order.order_no,
        "session_no": order.session_no,
        "operator_id": order.operator_id,
        "station_id": order.station_id,
        "charge_point_code": order.charge_point_code,
        "connector_no": order.connector_no,
        "driver_id": order.driver_id,
        "method": order.method.value,
        "card_label": order.card_label,
        "parallel_no": order.parallel_no,
        "limit": LimitIn(kind=order.limit_kind, value=order.limit_value),
        "tariff_version_id": order.tariff_version_id,
        "pass_id": order.pass_id,
        "payment_no": order.payment_no,
        "hold_fen": order.hold_fen,
        "hold_open": order.hold_open,
        "state": order.state.value,
        "flags": list(order.flags),
        "stop_class": None if order.stop_class is None else order.stop_class.value,
        "stop_reason": order.stop_reason,
        "energy_mwh": order.energy_mwh,
        "energy_fee_fen": order.energy_fee_fen,
        "service_fee_fen": order.service_fee_fen,
        "total_fen": order.total_fen,
        "refund_fen": order.refund_fen,
        "placed_at": order.placed_at_ms,
        "started_at": order.started_at_ms,
        "ended_at": order.ended_at_ms,
        "settled_at": order.settled_at_ms,
    }


class PlacedOut(ApiModel):
    """What was placed: one order, or two for a parallel charge."""

    orders: list[OrderOut]


class OrderLineOut(ApiModel):
    """What one band costs."""

    band: str
    energy_mwh: int
    energy_yuan_per_kwh: str
    service_yuan_per_kwh: str
    energy_fee_yuan: str
    service_fee_yuan: str

    @classmethod
    def of(cls, row: views.BillLineRow) -> Self:
        values = msgspec.structs.asdict(row)
        del values["bill_no"]
        return cls.model_validate(outward(values) | {"band": BANDS[row.band]})


class UsageLineOut(ApiModel):
    """A line of a two-wheel bill."""

    kind: str
    duration_s: int
    energy_mwh: int
    max_power_w: int | None
    fen_per_hour: int | None
    energy_yuan_per_kwh: str | None
    service_yuan_per_kwh: str | None
    energy_fee_yuan: str
    service_fee_yuan: str

    @classmethod
    def of(cls, line: UsageLine) -> Self:
        values = msgspec.structs.asdict(line)
        names = ("energy_si_per_kwh", "service_si_per_kwh")
        for name in names:
            price = values.pop(name)
            shown_as = name.replace("_si_", "_yuan_")
            values[shown_as] = None if price is None else si_text(price)
        fees = {
            "energy_fee_yuan": hao_text(values.pop("energy_fee_hao")),
            "service_fee_yuan": hao_text(values.pop("service_fee_hao")),
        }
        return cls(**values, **fees)


class SettlementOut(ApiModel):
    """The one settlement, with our figures beside the charge point's."""

    record_id: str | None
    verdict: str
    charged_fen: int
    total_yuan: str
    rounding_yuan: str
    comparison: dict[str, object]
    at: Moment

    @classmethod
    def of(cls, row: views.SettlementRow) -> Self:
        values = msgspec.structs.asdict(row)
        at_ms = values.pop("at_ms")
        return cls.model_validate(outward(values) | {"at": at_ms})


class CorrectionOut(ApiModel):
    """A later change of what an order costs; `reason` says why people gave something back."""

    correction_id: str
    record_id: str | None
    kind: str
    standing: str
    reason: str
    energy_mwh: int
    energy_fee_fen: int
    service_fee_fen: int
    bill_no: int
    change_fen: int
    comparison: dict[str, object]
    at: Moment

    @classmethod
    def of(cls, row: views.CorrectionRow) -> Self:
        values = msgspec.structs.asdict(row)
        at_ms = values.pop("at_ms")
        return cls.model_validate(outward(values) | {"at": at_ms})


class EventOut(ApiModel):
    """One line of the timeline."""

    at: Moment
    kind: str
    detail: dict[str, object]

    @classmethod
    def of(cls, row: views.EventRow) -> Self:
        return cls(at=row.at_ms, kind=row.kind, detail=row.detail)


class TwoWheelLimitsOut(ApiModel):
    """What ends a two-wheel charge by itself, as the plan it was placed under had it."""

    max_duration_s: int
    max_power_w: Annotated[int, Field(description="0：插座板自身的上限")]

    @classmethod
    def of(cls, plan: TwoWheelPlan) -> Self:
        return cls(max_duration_s=plan.max_duration_s, max_power_w=plan.max_power_w)


class OrderDetailOut(OrderOut):
    """An order with bill, settlement, corrections and timeline."""

    bill: list[OrderLineOut]
    usage_bill: list[UsageLineOut]
    two_wheel_limits: Annotated[TwoWheelLimitsOut | None, Field(description="汽车为空")]
    settlement: SettlementOut | None
    bill_record_id: Annotated[str | None, Field(description="当前账单依据的交易记录；按采样估算的为空")]
    comparison: Annotated[dict[str, object], Field(description="当前账单与桩侧、采样数据的比较；尚无账单时为空对象")]
    corrections: list[CorrectionOut]
    timeline: list[EventOut]

    @classmethod
    def with_all(cls, found: views.OrderDetail, plan: TwoWheelPlan | None) -> Self:
        """Everything together; the timeline begins with the placing."""
        placed = EventOut(at=found.order.placed_at_ms, kind="placed", detail={"hold_fen": found.order.hold_fen})
        billed_by = found.billed_by()
        return cls(
            **shown(found.order),
            bill=[OrderLineOut.of(row) for row in found.bill],
            usage_bill=[UsageLineOut.of(line) for line in found.usage_bill],
            two_wheel_limits=TwoWheelLimitsOut.of(plan) if plan else None,
            settlement=SettlementOut.of(found.settlement) if found.settlement else None,
            bill_record_id=billed_by.record_id if billed_by else None,
            comparison=outward(billed_by.comparison) if billed_by else {},
            corrections=[CorrectionOut.of(row) for row in found.corrections],
            timeline=[placed, *(EventOut.of(row) for row in found.events)],
        )


class CloseIn(ApiModel):
    """Why nobody waits for the record any more."""

    reason: Reason


class ResolutionIn(ApiModel):
    """A decision about a disputed order."""

    action: Annotated[Action, Field(strict=False)]
    reason: Reason
    correction_id: Annotated[str, Field(max_length=96)] = ""
    driver_id: Id | None = None


class OrderRefundIn(ApiModel):
    """Give back a part of a settled order."""

    amount_fen: AmountFen
    reason: Reason


class AnomalyOut(ApiModel):
    """A kind of trouble, and how many orders that wait for a decision have it."""

    flag: str
    orders: int


class AnomaliesOut(ApiModel):
    """Orders that wait for a decision, by kind; one may have several."""

    orders: int
    kinds: list[AnomalyOut]
