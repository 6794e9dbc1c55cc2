"""Cases and compared days over the API: finance looks, closes with a reason, and signs."""

from datetime import date
from typing import Annotated, Self, cast

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.requests import Request

from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID
from chargecloud.features.payments import service_cases, service_reconcile, views
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.http_spans import AnySpan, ChannelQuery
from chargecloud.features.payments.messages import Case, CaseKind, CaseState, ComparedDay
from chargecloud.features.payments.service_desk import Desk
from chargecloud.features.payments.views import CaseFilter
from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import ApiModel, Fen, Id, Moment
from chargecloud.infra.http.paging import Page, Pages
from chargecloud.kernel.errors import Forbidden, Invalid

case_routes = APIRouter()
Reader = Annotated[Principal, Depends(require("wallets.read"))]
Writer = Annotated[Principal, Depends(require("wallets.write"))]
ChannelPath = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{1,15}$")]
DayPath = Annotated[str, Path(pattern=r"^\d{4}-\d{2}-\d{2}$", description="北京时间的日期")]


class CaseOut(ApiModel):
    """Something about a payment or refund that people have to look at."""

    id: int
    channel: str
    kind: CaseKind
    number: Annotated[str, Field(description="支付单号或退款单号")]
    day: str | None
    state: CaseState
    facts: dict[str, object]
    opened_at: Moment
    closed_at: Moment | None
    closed_by: str
    reason: str

    @classmethod
    def of(cls, case: Case) -> Self:
        values = {name: getattr(case, name) for name in case.__struct_fields__ if name != "operator_id"}
        for name in ("opened_at", "closed_at"):
            values[name] = values.pop(f"{name}_ms")
        return cls(**values)


class ComparedDayOut(ApiModel):
    """A day of a channel beside its bill."""

    channel: str
    day: str
    lines: int
    bill_paid_fen: Fen
    bill_refunded_fen: Fen
    our_paid_fen: Fen
    our_refunded_fen: Fen
    differences: int
    runs: int
    compared_at: Moment
    signed_at: Moment | None
    signed_by: str
    note: str

    @classmethod
    def of(cls, day: ComparedDay) -> Self:
        values = {name: getattr(day, name) for name in day.__struct_fields__ if name != "id"}
        for name in ("compared_at", "signed_at"):
            values[name] = values.pop(f"{name}_ms")
        return cls(**values)


class ClosingIn(ApiModel):
    """What came of it."""

    reason: Annotated[str, Field(min_length=1, max_length=200, description="原因，记入操作日志")]


class SigningIn(ApiModel):
    """Finance vouches for a day."""

    note: Annotated[str, Field(max_length=200)] = ""


def _filter(
    reader: Reader,
    span: AnySpan,
    state: Annotated[CaseState | None, Query()] = None,
    kind: Annotated[CaseKind | None, Query()] = None,
    channel: ChannelQuery = "",
    day: Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="账单日")] = "",
) -> CaseFilter:
    return CaseFilter(
        operator_id=reader.operator_id,
        state=state.value if state else "",
        kind=kind.value if kind else "",
        channel=channel,
        day=day,
        span=span,
    )


@case_routes.get("/payment-cases", operation_id="listPaymentCases", summary="支付与对账差异")
async def list_cases(wanted: Annotated[CaseFilter, Depends(_filter)], db: Db, pages: Pages) -> Page[CaseOut]:
    """Whatever people have to look at, newest first."""
    async with db.read() as connection:
        rows = await views.cases_list(connection, wanted, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.id)
    return Page(items=[CaseOut.of(row) for row in shown], next=following)


@case_routes.post("/payment-cases/{case_id}/closing", operation_id="closePaymentCase", summary="处理差异")
async def close_case(case_id: Id, body: ClosingIn, writer: Writer, db: Db) -> CaseOut:
    """Somebody has looked, and says what came of it."""
    async with db.unit() as uow:
        case = await service_cases.close(
            uow, case_id, operator_id=writer.operator_id, by=f"staff:{writer.id}", reason=body.reason
        )
        facts = {"kind": case.kind.value, "number": case.number, "reason": body.reason}
        operators.audit(uow, writer, "payment_case.close", f"payment_case:{case_id}", facts)
    return CaseOut.of(case)


@case_routes.get("/reconciliation/days", operation_id="listReconciliationDays", summary="对账日列表")
async def list_days(reader: Reader, db: Db, pages: Pages) -> Page[ComparedDayOut]:
    """Days that were compared with a provider's bill, newest first."""
    _of_the_merchant(reader)
    async with db.read() as connection:
        rows = await views.days_list(connection, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda row: row.id)
    return Page(items=[ComparedDayOut.of(row) for row in shown], next=following)


@case_routes.post("/reconciliation/days/{channel}/{day}/run", operation_id="runReconciliation", summary="对账")
async def run_day(channel: ChannelPath, day: DayPath, writer: Writer, db: Db, request: Request) -> ComparedDayOut:
    """Compare a day with its bill, now or once more."""
    _of_the_merchant(writer)
    channels = cast(Channels, request.app.state.channels)
    wanted = _date(day)
    await service_reconcile.reconcile_day(Desk(db, channels), channels.named(channel), wanted)
    async with db.unit() as uow:
        operators.audit(uow, writer, "reconciliation.run", f"reconciliation:{channel}/{day}")
        return ComparedDayOut.of(await service_cases.compared(uow, channel, wanted))


@case_routes.post("/reconciliation/days/{channel}/{day}/signing", operation_id="signReconciliation", summary="对账签核")
async def sign_day(channel: ChannelPath, day: DayPath, body: SigningIn, writer: Writer, db: Db) -> ComparedDayOut:
    """Finance vouches for a day; every difference has to be closed before."""
    _of_the_merchant(writer)
    async with db.unit() as uow:
        signed = await service_cases.sign(uow, channel, _date(day), by=f"staff:{writer.id}", note=body.note)
        operators.audit(uow, writer, "reconciliation.sign", f"reconciliation:{channel}/{day}", {"note": body.note})
    return ComparedDayOut.of(signed)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text} 不是日期", "invalid_day", field="day") from None


def _of_the_merchant(who: Principal) -> None:
    """The merchant's account belongs to the operator the installation starts with."""
    if who.operator_id not in (None, DEFAULT_OPERATOR_ID):
        raise Forbidden("对账属于收款商户所在的运营商", "not_the_merchant")
