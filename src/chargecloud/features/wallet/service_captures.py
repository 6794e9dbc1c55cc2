"""Many captures at once. What is not plain makes the whole unit fail; whoever calls tries them one by one then."""

from collections.abc import Sequence
from dataclasses import replace

from chargecloud.features.wallet import model, sql, sql_captures
from chargecloud.features.wallet.messages import Capture, Posting, TransferKind
from chargecloud.features.wallet.model import WalletState
from chargecloud.features.wallet.service_live import show_state
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.errors import Conflict, Unavailable


def capture_entry(command: Capture) -> sql.Entry:
    """What the transfer of a capture says of itself; whose it is comes with the hold."""
    model.check_id("transfer_id", command.transfer_id)
    model.check_amount("energy_fee_fen", command.energy_fee_fen, least=0)
    model.check_amount("service_fee_fen", command.service_fee_fen, least=0)
    return sql.Entry(
        transfer_id=command.transfer_id,
        kind=TransferKind.CAPTURE,
        purpose="charge",
        driver_id=0,
        digest=model.digest(command),
        hold_id=command.hold_id,
        memo=model.fitting(command.memo),
    )


async def capture_many(uow: UnitOfWork, commands: Sequence[Capture]) -> None:
    """Take the fees of many charges from their open holds. Conflict when a hold is not open or comes twice."""
    books = await sql_captures.open_holds(uow, [command.hold_id for command in commands])
    if len(books) != len(commands):
        raise Conflict("有预付冻结已结束或不存在", "holds_not_open")
    states: dict[int, WalletState] = {}
    written: list[tuple[sql.Entry, tuple[Posting, ...]]] = []
    for command in commands:
        book = books[command.hold_id]
        state = states.get(book.driver_id, book.state)
        lines = model.capture(state, book.driver_id, book.held, command)
        states[book.driver_id] = state.after(lines)
        written.append((replace(capture_entry(command), driver_id=book.driver_id), lines))
    before = {book.driver_id: book.state for book in books.values()}
    moves = [(driver_id, before[driver_id], states[driver_id]) for driver_id in sorted(states)]
    if not await sql_captures.move_many(uow, moves):
        raise Unavailable("钱包刚刚发生变化，请重试", "wallet_changed")
    if not await sql_captures.end_holds(uow, [(command.hold_id, command.transfer_id) for command in commands]):
        raise Conflict("有预付冻结刚刚结束", "holds_not_open")
    for driver_id, state in states.items():
        show_state(uow, driver_id, state)
    operators = {book.driver_id: book.operator_id for book in books.values()}
    await sql_captures.add_transfers(uow, written, operators)
