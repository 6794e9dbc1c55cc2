"""Money given to a wallet by hand, and what one person may not give alone."""

import msgspec

from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import Approval, ApprovalWish
from chargecloud.features.wallet import service, sql, views_journal
from chargecloud.features.wallet.messages import Adjustment, Transfer
from chargecloud.features.wallet.views_journal import JournalFilter
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict

ADJUST = "wallet.adjust"
"""The act that may need a second person, as requests name it."""
DAY_MS = 86_400_000
LOOKED_AT = 200
"""So many adjustments of a driver within a day are added up; more of them than that need a second person anyway."""


def object_of(driver_id: int) -> str:
    """A driver as requests and the audit log name them."""
    return f"driver:{driver_id}"


async def adjust(uow: UnitOfWork, staff: Principal, command: Adjustment) -> Transfer | Approval:
    """Give or take money by hand, or ask for a second person when more is given than one alone may.

    The same transfer id again answers with what became of it, be that a transfer or a request that still waits.
    """
    book = await sql.open_wallet(uow, command.driver_id, command.transfer_id)  # whoever else gives waits from here on
    if book is None or book.known_digest is None:
        waiting = await operators.waiting_about(uow.connection, object_of(command.driver_id), uow.now_ms)
        if waiting is not None and waiting.body.get("transfer_id") == command.transfer_id:
            return _same(waiting, command)
        if await _too_much_alone(uow, command):
            return await operators.ask_approval(uow, staff, _wish(command))
    return await service.adjust(uow, command)


async def carry_out(uow: UnitOfWork, request: Approval) -> Transfer:
    """Do what was asked for, in the name of whoever asked."""
    command = Adjustment(
        driver_id=msgspec.convert(request.body["driver_id"], int),
        transfer_id=str(request.body["transfer_id"]),
        amount_fen=msgspec.convert(request.body["amount_fen"], int),
        operator_id=request.operator_id,
        reason=request.reason,
        actor=f"staff:{request.requested_by}",
    )
    return await service.adjust(uow, command)


async def _too_much_alone(uow: UnitOfWork, command: Adjustment) -> bool:
    if command.amount_fen <= 0:
        return False
    limit_fen = uow.options.payments.adjust_alone_fen
    before_fen = await _given_lately(uow, command.driver_id, limit_fen)
    return operators.needs_second(command.amount_fen, before_fen, limit_fen)


async def _given_lately(uow: UnitOfWork, driver_id: int, limit_fen: int) -> int:
    """What a driver was given by hand within a day, whoever gave it; what was taken does not make up for it."""
    wanted = JournalFilter(driver_id=driver_id, purpose="adjustment", since_ms=uow.now_ms - DAY_MS)
    lines = await views_journal.journal(uow.connection, wanted, before_id=None, limit=LOOKED_AT)
    if len(lines) == LOOKED_AT:
        return limit_fen
    return sum(max(0, line.available_change_fen - line.arrears_change_fen) for line in lines)


def _wish(command: Adjustment) -> ApprovalWish:
    return ApprovalWish(
        operator_id=command.operator_id,
        kind=ADJUST,
        about=object_of(command.driver_id),
        amount_fen=command.amount_fen,
        body={
            "driver_id": command.driver_id,
            "transfer_id": command.transfer_id,
            "amount_fen": command.amount_fen,
        },
        basis="",
        reason=command.reason,
    )


def _same(waiting: Approval, command: Adjustment) -> Approval:
    if (waiting.amount_fen, waiting.reason) != (command.amount_fen, command.reason):
        raise Conflict(
            f"流水 {command.transfer_id} 已提交审批且内容不同，请换一个编号",
            "transfer_differs",
            transfer_id=command.transfer_id,
        )
    return waiting
