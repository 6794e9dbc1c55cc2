"""Wallets: drivers see their own; staff see them, top up, and adjust for a reason."""

from typing import Annotated, Self

import msgspec
from fastapi import APIRouter, Depends, Header, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from chargecloud.features.drivers import service as drivers
from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import DEFAULT_OPERATOR_ID, Approval
from chargecloud.features.wallet import service, service_give, views, views_journal
from chargecloud.features.wallet.messages import Adjustment, Balance, TopUp, Transfer
from chargecloud.features.wallet.sql import ID_LENGTH
from chargecloud.features.wallet.views_journal import JournalFilter, JournalLine
from chargecloud.infra.http.auth import CurrentDriver, Principal, require
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.model import AmountFen, ApiModel, Fen, Id, Moment, MomentIn
from chargecloud.infra.http.paging import Page, Pages, Paging
from chargecloud.infra.http.requested import TWO_PEOPLE, requested
from chargecloud.infra.sql.uow import UnitOfWork

router = APIRouter(tags=["wallet"])

Reader = Annotated[Principal, Depends(require("wallets.read"))]
Writer = Annotated[Principal, Depends(require("wallets.write"))]
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=40,
        pattern=r"^[A-Za-z0-9._:-]+$",
        description="调用方选择的编号；同一编号同样内容只生效一次",
    ),
]
Purpose = Annotated[
    str | None,
    Query(pattern=r"^(top_up|hold|charge|release|correction|adjustment|freeze|refund)$", description="流水类型"),
]


def _wanted(
    purpose: Purpose = None,
    since: Annotated[MomentIn | None, Query(description="从（含）")] = None,
    until: Annotated[MomentIn | None, Query(description="到（不含）")] = None,
) -> JournalFilter:
    return JournalFilter(purpose=purpose, since_ms=since, until_ms=until)


Wanted = Annotated[JournalFilter, Depends(_wanted)]
DriverId = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="车主编号")]
TransferId = Annotated[str | None, Query(pattern=rf"^[ -~]{{1,{ID_LENGTH}}}$", description="完整流水号")]
HoldId = Annotated[
    str | None, Query(pattern=rf"^[ -~]{{1,{ID_LENGTH}}}$", description="完整冻结号；充电订单的冻结号以订单号开头")
]


def _wanted_of_all(
    wanted: Wanted, driver_id: DriverId = None, transfer_id: TransferId = None, hold_id: HoldId = None
) -> JournalFilter:
    return msgspec.structs.replace(wanted, driver_id=driver_id, transfer_id=transfer_id, hold_id=hold_id)


WantedOfAll = Annotated[JournalFilter, Depends(_wanted_of_all)]
Reason = Annotated[str, Field(min_length=1, max_length=200, description="原因，记入操作日志")]


class BalanceOut(ApiModel):
    """A driver's money. `cash_fen` and `gift_fen` are all of it; gifts are spent after cash and never paid out."""

    driver_id: int
    cash_fen: Fen
    held_fen: Fen
    available_fen: Fen
    arrears_fen: Fen
    gift_fen: Fen
    refundable_fen: Fen

    @classmethod
    def of(cls, balance: Balance) -> Self:
        return cls.model_validate(balance)


class JournalLineOut(ApiModel):
    """One transfer as its driver sees it; changes are signed."""

    transfer_id: str
    kind: str
    purpose: str
    memo: str
    hold_id: str | None
    at: Moment
    available_change_fen: Fen
    gift_change_fen: Fen
    held_change_fen: Fen
    arrears_change_fen: Fen

    @classmethod
    def of(cls, line: JournalLine) -> Self:
        return cls(
            transfer_id=line.transfer_id,
            kind=line.kind,
            purpose=line.purpose,
            memo=line.memo,
            hold_id=line.hold_id,
            at=line.at_ms,
            available_change_fen=line.available_change_fen,
            gift_change_fen=line.gift_change_fen,
            held_change_fen=line.held_change_fen,
            arrears_change_fen=line.arrears_change_fen,
        )


class ListedLineOut(JournalLineOut):
    """A transfer among those of all drivers, with whose it is and who made it."""

    driver_id: int
    driver_name: str
    actor: str

    @classmethod
    def listed(cls, line: JournalLine, driver_name: str) -> Self:
        shown = JournalLineOut.of(line)
        return cls(**dict(shown), driver_id=line.driver_id, driver_name=driver_name, actor=line.actor)


class TopUpBody(ApiModel):
    """Money taken in at the counter."""

    amount_fen: AmountFen
    reason: Reason


class AdjustmentBody(ApiModel):
    """Money given (positive) or taken (negative) by hand."""

    amount_fen: Annotated[Fen, Field(ge=-1_000_000_00, le=1_000_000_00)]
    reason: Reason


class MovedOut(ApiModel):
    """What was written, and the balance after it; `repeated` when this request had been carried out before."""

    transfer_id: str
    repeated: bool
    balance: BalanceOut

    @classmethod
    def of(cls, transfer: Transfer, balance: Balance) -> Self:
        return cls(transfer_id=transfer.transfer_id, repeated=transfer.repeated, balance=BalanceOut.of(balance))


@router.get("/wallet", operation_id="getMyWallet", summary="我的钱包")
async def my_wallet(driver: CurrentDriver, db: Db) -> BalanceOut:
    """My money."""
    async with db.read() as connection:
        return BalanceOut.of(await views.balance(connection, driver.id))


@router.get("/wallet/journal", operation_id="listMyJournal", summary="我的流水")
async def my_journal(driver: CurrentDriver, db: Db, pages: Pages, wanted: Wanted) -> Page[JournalLineOut]:
    """What moved it, newest first."""
    return await _journal(db, driver.id, pages, wanted)


@router.get("/drivers/{driver_id}/wallet", operation_id="getWallet", summary="车主钱包")
async def wallet(driver_id: Id, reader: Reader, db: Db) -> BalanceOut:
    """A driver's money."""
    async with db.read() as connection:
        await drivers.detail(connection, driver_id, reader.operator_id)
        return BalanceOut.of(await views.balance(connection, driver_id))


@router.get("/drivers/{driver_id}/wallet/journal", operation_id="listJournal", summary="车主流水")
async def journal(driver_id: Id, reader: Reader, db: Db, pages: Pages, wanted: Wanted) -> Page[JournalLineOut]:
    """What moved it, newest first."""
    async with db.read() as connection:
        await drivers.detail(connection, driver_id, reader.operator_id)
    return await _journal(db, driver_id, pages, wanted)


@router.get("/wallet-journal", operation_id="listAllJournal", summary="钱包流水")
async def all_journal(reader: Reader, db: Db, pages: Pages, wanted: WantedOfAll) -> Page[ListedLineOut]:
    """What moved the money of all drivers, newest first."""
    asked = msgspec.structs.replace(wanted, operator_id=reader.operator_id)
    async with db.read() as connection:
        rows = await views_journal.journal(connection, asked, before_id=pages.before_id, limit=pages.fetch)
        names = await drivers.names_of(connection, {line.driver_id for line in rows})
    shown, following = pages.page(rows, lambda line: line.line_id)
    items = [ListedLineOut.listed(line, names.get(line.driver_id, "")) for line in shown]
    return Page[ListedLineOut](items=items, next=following)


@router.post("/drivers/{driver_id}/top-ups", operation_id="topUp", status_code=201, summary="柜台充值")
async def top_up(driver_id: Id, body: TopUpBody, key: IdempotencyKey, writer: Writer, db: Db) -> MovedOut:
    """Take money in at the counter; the same key again changes nothing."""
    command = TopUp(
        driver_id=driver_id,
        transfer_id=f"top-up:{driver_id}:{key}",
        amount_fen=body.amount_fen,
        source="counter",
        reason=body.reason,
        actor=f"staff:{writer.id}",
    )
    async with db.unit() as uow:
        await drivers.detail(uow.connection, driver_id, writer.operator_id)
        transfer = await service.top_up(uow, command)
        if not transfer.repeated:
            facts = {"amount_fen": body.amount_fen, "reason": body.reason, "transfer_id": command.transfer_id}
            operators.audit(uow, writer, "wallet.top_up", f"driver:{driver_id}", facts)
        return MovedOut.of(transfer, await service.balance(uow, driver_id))


@router.post(
    "/drivers/{driver_id}/adjustments",
    operation_id="adjustWallet",
    status_code=201,
    summary="余额调整",
    response_model=MovedOut,
    responses=TWO_PEOPLE,
)
async def adjust(
    driver_id: Id, body: AdjustmentBody, key: IdempotencyKey, writer: Writer, db: Db
) -> MovedOut | Response:
    """Give or take money by hand; no more can be taken than is available.

    More than one person alone may give becomes a request: 202, and nothing moves before it is approved.
    """
    command = Adjustment(
        driver_id=driver_id,
        transfer_id=f"adjust:{driver_id}:{key}",
        amount_fen=body.amount_fen,
        operator_id=writer.operator_id or DEFAULT_OPERATOR_ID,
        reason=body.reason,
        actor=f"staff:{writer.id}",
    )
    async with db.unit() as uow:
        await drivers.detail(uow.connection, driver_id, writer.operator_id)
        done = await service_give.adjust(uow, writer, command)
        if isinstance(done, Approval):
            return requested(done.approval_id, amount_fen=done.amount_fen, expires_at_ms=done.expires_at_ms)
        if not done.repeated:
            facts = {"amount_fen": body.amount_fen, "reason": body.reason, "transfer_id": command.transfer_id}
            operators.audit(uow, writer, "wallet.adjust", service_give.object_of(driver_id), facts)
        return MovedOut.of(done, await service.balance(uow, driver_id))


async def _carry_out(uow: UnitOfWork, request: Approval, approver: Principal) -> None:
    """A second person has said yes: the act stands in the audit log under its own name as well."""
    transfer = await service_give.carry_out(uow, request)
    facts: dict[str, object] = {
        "approval_id": request.approval_id,
        "requested_by": f"staff:{request.requested_by}",
        "amount_fen": request.amount_fen,
        "reason": request.reason,
        "transfer_id": transfer.transfer_id,
    }
    operators.audit(uow, approver, "wallet.adjust", request.about, facts)


APPROVAL_KINDS = (operators.ApprovalKind(service_give.ADJUST, _carry_out),)


async def _journal(db: Db, driver_id: int, pages: Paging, wanted: JournalFilter) -> Page[JournalLineOut]:
    asked = msgspec.structs.replace(wanted, driver_id=driver_id)
    async with db.read() as connection:
        rows = await views_journal.journal(connection, asked, before_id=pages.before_id, limit=pages.fetch)
    shown, following = pages.page(rows, lambda line: line.line_id)
    return Page[JournalLineOut](items=[JournalLineOut.of(line) for line in shown], next=following)


async def _state_of(connection: AsyncConnection, driver_id: int) -> dict[str, object]:
    return views.live_balance(await views.balance(connection, driver_id))


DRIVER_PARTS = (drivers.DriverPart("wallet", _state_of),)
DRIVER_HOLDINGS = (views.has_history,)
