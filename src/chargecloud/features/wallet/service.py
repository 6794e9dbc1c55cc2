"""Moving money. Every function is one transfer inside the caller's unit of work, shown to the driver's app with it.

Calling one twice is harmless.
"""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.drivers import service as drivers
from chargecloud.features.wallet import model, sql, views
from chargecloud.features.wallet.messages import (
    Adjustment,
    AuditReport,
    Balance,
    Capture,
    Correction,
    Freeze,
    Hold,
    HoldInfo,
    HoldState,
    PayIn,
    PayOut,
    Posting,
    Release,
    ToppedUp,
    TopUp,
    Transfer,
    TransferKind,
)
from chargecloud.features.wallet.model import Held, WalletState
from chargecloud.features.wallet.service_captures import capture_entry, capture_many
from chargecloud.features.wallet.service_live import show, show_state
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, Invalid, NotFound, Unavailable

Lines = Callable[[WalletState], tuple[Posting, ...]]


async def balance(uow: UnitOfWork, driver_id: int) -> Balance:
    """A driver's money."""
    return await views.balance(uow.connection, driver_id)


async def audit(connection: AsyncConnection) -> AuditReport:
    """Prove I1 and I2 over the whole ledger, or name what breaks them."""
    return await views.audit(connection)


async def find_hold(uow: UnitOfWork, hold_id: str) -> HoldInfo | None:
    """A hold as it stands, None when there is none."""
    return await sql.find_hold(uow, hold_id)


async def top_up(uow: UnitOfWork, command: TopUp) -> Transfer:
    """Take money in from outside; arrears are paid first."""
    model.check_amount("amount_fen", command.amount_fen)
    entry = _direct(command, "top_up", memo=command.reason or command.source, actor=command.actor)
    transfer = await _move(uow, entry, lambda state: model.top_up(state, command.driver_id, command.amount_fen))
    if not transfer.repeated:
        uow.publish(ToppedUp(driver_id=command.driver_id), key=f"driver:{command.driver_id}")
    return transfer


async def pay_in(uow: UnitOfWork, command: PayIn) -> Transfer:
    """Credit a payment, with its gift; the same payment again moves nothing."""
    model.check_amount("amount_fen", command.amount_fen)
    model.check_amount("gift_fen", command.gift_fen, least=0)
    entry = _direct(command, "top_up", memo=command.memo)
    transfer = await _move(uow, entry, lambda state: model.pay_in(state, command))
    if not transfer.repeated:
        uow.publish(ToppedUp(driver_id=command.driver_id), key=f"driver:{command.driver_id}")
    return transfer


async def correct(uow: UnitOfWork, command: Correction) -> Transfer:
    """Change what a settled charge cost; what the driver cannot pay becomes arrears."""
    model.check_amount("energy_fee_fen", abs(command.energy_fee_fen), least=0)
    model.check_amount("service_fee_fen", abs(command.service_fee_fen), least=0)
    if not (command.energy_fee_fen or command.service_fee_fen):
        raise Invalid("更正金额全为零，没有需要更正的内容", "nothing_to_correct")
    entry = _direct(command, "correction", memo=command.memo)
    return await _move(uow, entry, lambda state: model.correct(state, command))


async def adjust(uow: UnitOfWork, command: Adjustment) -> Transfer:
    """Give or take money by hand. Refused "balance_low" when more is taken than is available."""
    model.check_amount("amount_fen", abs(command.amount_fen))
    entry = _direct(command, "adjustment", memo=command.reason, actor=command.actor)
    return await _move(uow, entry, lambda state: model.adjust(state, command))


async def hold(uow: UnitOfWork, command: Hold) -> Transfer:
    """Set money aside, cash before gifts. Refused "balance_low" or "arrears"; nothing is written then."""
    model.check_amount("amount_fen", command.amount_fen)
    entry = _setting_aside(command, "hold")
    if not await sql.set_aside(uow, command):
        return await _set_aside(uow, entry, lambda state: model.to_hold(state, command.amount_fen))
    held = Held(command.amount_fen)
    await sql.add_hold(uow, command.hold_id, command.driver_id, held)
    await show(uow, command.driver_id)
    return await sql.add_transfer(uow, entry, model.hold(command.driver_id, held))


async def freeze(uow: UnitOfWork, command: Freeze) -> Transfer:
    """Set aside what is to be paid back: so much cash and so much of the gifts. Refused "balance_low"."""
    model.check_amount("cash_fen", command.cash_fen)
    model.check_amount("gift_fen", command.gift_fen, least=0)
    return await _set_aside(uow, _setting_aside(command, "freeze"), lambda state: model.to_freeze(state, command))


def _setting_aside(command: Hold | Freeze, purpose: str) -> sql.Entry:
    model.check_id("hold_id", command.hold_id)
    return sql.Entry(
        transfer_id=command.hold_id,
        kind=TransferKind.HOLD,
        purpose=purpose,
        driver_id=command.driver_id,
        digest=model.digest(command),
        hold_id=command.hold_id,
        memo=model.fitting(command.reason),
    )


async def _set_aside(uow: UnitOfWork, entry: sql.Entry, part: Callable[[WalletState], Held]) -> Transfer:
    """The way that looks at the wallet: for gifts, for refunds, and to say why not."""
    book = await sql.open_wallet(uow, entry.driver_id, entry.transfer_id)
    if book is not None and book.known_digest is not None:
        return await _repeated(uow, entry)
    held = part(book.state if book else WalletState())
    if book is None:
        raise model.balance_low(available_fen=0, needed_fen=held.amount_fen)
    await sql.add_hold(uow, entry.transfer_id, entry.driver_id, held)
    return await _write(uow, book, entry, model.hold(entry.driver_id, held))


async def capture(uow: UnitOfWork, command: Capture) -> Transfer:
    """Take the fees of a charge from its hold, free the rest; an excess comes from cash, then becomes arrears."""
    entry = capture_entry(command)
    return await _close(
        uow,
        entry,
        HoldState.CAPTURED,
        lambda book: model.capture(book.state, book.driver_id, book.held, command),
    )


async def pay_out(uow: UnitOfWork, command: PayOut) -> Transfer:
    """Frozen money has left: end its hold."""
    model.check_id("transfer_id", command.transfer_id)
    model.check_amount("amount_fen", command.amount_fen)
    entry = sql.Entry(
        transfer_id=command.transfer_id,
        kind=TransferKind.CAPTURE,
        purpose="refund",
        driver_id=0,
        digest=model.digest(command),
        hold_id=command.hold_id,
        memo=model.fitting(command.memo),
    )
    return await _close(uow, entry, HoldState.CAPTURED, lambda book: model.pay_out(book.driver_id, book.held, command))


async def release(uow: UnitOfWork, command: Release) -> Transfer:
    """Free a hold; a second release is harmless whatever its reason, after a capture it is a Conflict."""
    entry = sql.Entry(
        transfer_id=f"{command.hold_id}:release",
        kind=TransferKind.RELEASE,
        purpose="release",
        driver_id=0,
        digest=model.digest(Release(hold_id=command.hold_id)),
        hold_id=command.hold_id,
        memo=model.fitting(command.reason),
    )
    return await _close(
        uow, entry, HoldState.RELEASED, lambda book: model.release(book.state, book.driver_id, book.held)
    )


async def _close(
    uow: UnitOfWork,
    entry: sql.Entry,
    state: HoldState,
    lines: Callable[[sql.OpenBook], tuple[Posting, ...]],
) -> Transfer:
    """End a hold with a transfer; the same transfer again is a success."""
    book = await sql.open_hold(uow, entry.hold_id or "", entry.transfer_id)
    if book is None or book.hold is None:
        raise NotFound(f"没有预付冻结 {entry.hold_id}", "hold_unknown", hold_id=entry.hold_id)
    if book.known_digest is not None:
        return await _repeated(uow, entry)
    if not await sql.end_hold(uow, book.hold.hold_id, state, entry.transfer_id):
        raise Conflict(
            f"预付冻结 {book.hold.hold_id} 已结束（{book.hold.state}）",
            f"hold_{book.hold.state}",
            closing_transfer_id=book.hold.closing_transfer_id,
        )
    return await _write(uow, book, entry, lines(book))


def _direct(
    command: TopUp | PayIn | Correction | Adjustment, purpose: str, *, memo: str, actor: str = "system"
) -> sql.Entry:
    model.check_id("transfer_id", command.transfer_id)
    return sql.Entry(
        transfer_id=command.transfer_id,
        kind=TransferKind.DIRECT,
        purpose=purpose,
        driver_id=command.driver_id,
        digest=model.digest(command),
        memo=model.fitting(memo),
        actor=actor,
    )


async def _move(uow: UnitOfWork, entry: sql.Entry, lines: Lines) -> Transfer:
    """A direct transfer on a driver's wallet, made when it is the first one."""
    book = await sql.open_wallet(uow, entry.driver_id, entry.transfer_id)
    if book is None:
        await drivers.driver(uow, entry.driver_id)
        await sql.create_wallet(uow, entry.driver_id)
        book = await sql.open_wallet(uow, entry.driver_id, entry.transfer_id)
    if book is None:
        raise Unavailable("钱包暂时无法打开，请重试", "wallet_changed")
    if book.known_digest is not None:
        return await _repeated(uow, entry)
    return await _write(uow, book, entry, lines(book.state))


async def _write(uow: UnitOfWork, book: sql.OpenBook, entry: sql.Entry, lines: tuple[Posting, ...]) -> Transfer:
    """Change the wallet and write the transfer that says why."""
    after = book.state.after(lines)
    if not await sql.move(uow, book, after):
        raise Unavailable("钱包刚刚发生变化，请重试", "wallet_changed")
    show_state(uow, book.driver_id, after)
    return await sql.add_transfer(uow, sql.for_driver(entry, book.driver_id), lines)


async def _repeated(uow: UnitOfWork, entry: sql.Entry) -> Transfer:
    """The transfer that bears this id, when its content is the same."""
    known = await sql.find_transfer(uow, entry.transfer_id)
    if known is None or known[0] != entry.digest:
        raise Conflict(
            f"流水 {entry.transfer_id} 已存在且内容不同，请换一个编号",
            "transfer_differs",
            transfer_id=entry.transfer_id,
        )
    return known[1]


__all__ = [
    "adjust",
    "audit",
    "balance",
    "capture",
    "capture_many",
    "correct",
    "find_hold",
    "freeze",
    "hold",
    "pay_in",
    "pay_out",
    "release",
    "top_up",
]
