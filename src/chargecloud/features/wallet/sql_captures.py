"""The statements of many captures at once: each kind of row in one statement."""

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, select

from chargecloud.features.drivers import service as drivers
from chargecloud.features.wallet.messages import HoldState, Posting
from chargecloud.features.wallet.model import WalletState
from chargecloud.features.wallet.sql import (
    HOLD_COLUMNS,
    WALLET_COLUMNS,
    Entry,
    OpenBook,
    hold_info,
    holds,
    posting_rows,
    postings,
    state_columns,
    state_of,
    transfer_row,
    transfers,
    wallets,
)
from chargecloud.infra.sql.bulk import Change, insert_many, update_many
from chargecloud.infra.sql.uow import UnitOfWork

_OPEN_HOLDS = (
    select(*HOLD_COLUMNS, *WALLET_COLUMNS, drivers.operator_of(holds.c.driver_id).label("operator_id"))
    .join(wallets, wallets.c.driver_id == holds.c.driver_id)
    .where(holds.c.hold_id.in_(bindparam("ids", expanding=True)), holds.c.state == HoldState.OPEN.value)
)


async def open_holds(uow: UnitOfWork, hold_ids: Sequence[str]) -> dict[str, OpenBook]:
    """Open holds with their wallets; nothing is locked, `move_many` notices what others change meanwhile."""
    return {
        row.hold_id: OpenBook(row.driver_id, state_of(row), None, hold_info(row), row.operator_id)
        for row in (await uow.connection.execute(_OPEN_HOLDS, {"ids": hold_ids})).all()
    }


async def end_holds(uow: UnitOfWork, closed: Sequence[tuple[str, str]]) -> bool:
    """Capture open holds, each by a transfer; False when one of them is not open any more."""
    changes = [
        Change(
            {"hold_id": hold_id, "state": HoldState.OPEN.value},
            {"state": HoldState.CAPTURED.value, "ended_at_ms": uow.now_ms, "closing_transfer_id": transfer_id},
        )
        for hold_id, transfer_id in closed
    ]
    return await update_many(uow.connection, holds, changes) == len(changes)


async def move_many(uow: UnitOfWork, moves: Sequence[tuple[int, WalletState, WalletState]]) -> bool:
    """Change wallets, each from exactly what was read; False when one of them is not that any more."""
    changes = [
        Change({"driver_id": driver_id} | state_columns(before), state_columns(after))
        for driver_id, before, after in moves
    ]
    return await update_many(uow.connection, wallets, changes) == len(changes)


async def add_transfers(
    uow: UnitOfWork, written: Sequence[tuple[Entry, tuple[Posting, ...]]], operators: Mapping[int, int | None]
) -> None:
    """Write transfers with their postings; one that is there already breaks the unit. `operators`: by driver."""
    rows = [{**transfer_row(entry, uow.now_ms), "operator_id": operators[entry.driver_id]} for entry, _ in written]
    await insert_many(uow.connection, transfers, rows)
    lines = [row for entry, posted in written for row in posting_rows(entry.transfer_id, posted, uow.now_ms)]
    await insert_many(uow.connection, postings, lines)
