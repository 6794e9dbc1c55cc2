"""Reading the ledger: balances, and the proof that it is whole."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.wallet.messages import Account, AuditReport, Balance, HoldState
from chargecloud.features.wallet.model import WalletState
from chargecloud.features.wallet.sql import WALLET_COLUMNS, holds, postings, transfers, wallets

PROBLEMS_SHOWN = 20
"""Of each kind; a ledger that is broken in more places is broken enough."""


async def balance(connection: AsyncConnection, driver_id: int) -> Balance:
    """A driver's money; nothing when none ever came."""
    statement = select(*WALLET_COLUMNS).where(wallets.c.driver_id == driver_id)
    row = (await connection.execute(statement)).one_or_none()
    return balance_of(driver_id, WalletState(*row) if row else WalletState())


def balance_of(driver_id: int, state: WalletState) -> Balance:
    """The same money as people read it."""
    return Balance(
        driver_id=driver_id,
        cash_fen=state.cash_fen + state.held_fen,
        held_fen=state.held_fen,
        available_fen=state.available_fen,
        arrears_fen=state.arrears_fen,
        gift_fen=state.gift_fen,
    )


def live_balance(balance: Balance) -> dict[str, object]:
    """A driver's money as their state shows it; patches have the same shape."""
    values = msgspec.structs.asdict(balance) | {"refundable_fen": balance.refundable_fen}
    return {name: value for name, value in values.items() if name != "driver_id"}


async def has_history(connection: AsyncConnection, driver_id: int) -> bool:
    """Whether money of this driver ever moved."""
    statement = select(transfers.c.id).where(transfers.c.driver_id == driver_id).limit(1)
    return (await connection.execute(statement)).first() is not None


async def audit(connection: AsyncConnection) -> AuditReport:
    """Everything the ledger promises of itself, recomputed from its postings."""
    problems: list[str] = []
    for statement, text in _PROOFS:
        rows = await connection.execute(statement.limit(PROBLEMS_SHOWN))
        problems.extend(text.format(*row) for row in rows)
    total_fen = int((await connection.execute(select(func.coalesce(func.sum(postings.c.amount_fen), 0)))).scalar_one())
    if total_fen:
        problems.append(f"all postings together sum to {total_fen} fen instead of 0")
    counts = [await _count(connection, statement) for statement in _COUNTS]
    return AuditReport(
        transfers=counts[0], postings=counts[1], drivers=counts[2], open_holds=counts[3], problems=tuple(problems)
    )


async def _count(connection: AsyncConnection, statement: Select[int]) -> int:
    return int((await connection.execute(statement)).scalar_one())


def _posted(account: Account) -> ColumnElement[int]:
    """Sum of a driver's postings on one account."""
    return (
        select(func.coalesce(func.sum(postings.c.amount_fen), 0))
        .where(postings.c.account == account.value, postings.c.owner_id == wallets.c.driver_id)
        .scalar_subquery()
    )


def _differs(column: ColumnElement[int], other: ColumnElement[int]) -> Select[int, int, int]:
    return select(wallets.c.driver_id, column, other).where(column != other)


_OPEN = (
    select(func.coalesce(func.sum(holds.c.amount_fen), 0))
    .where(holds.c.driver_id == wallets.c.driver_id, holds.c.state == HoldState.OPEN.value)
    .scalar_subquery()
)

_UNBALANCED = (
    select(transfers.c.transfer_id, func.coalesce(func.sum(postings.c.amount_fen), 0))
    .outerjoin(postings, postings.c.transfer_id == transfers.c.transfer_id)
    .group_by(transfers.c.transfer_id)
    .having(or_(func.sum(postings.c.amount_fen) != 0, func.count(postings.c.transfer_id) < 2))
)

_NEGATIVE = select(wallets.c.driver_id, *WALLET_COLUMNS).where(or_(*(column < 0 for column in WALLET_COLUMNS)))

_WALLETLESS = (
    select(postings.c.transfer_id, postings.c.owner_id)
    .outerjoin(wallets, wallets.c.driver_id == postings.c.owner_id)
    .where(
        postings.c.account.in_([account for account in Account if account.startswith("driver_")]),
        wallets.c.driver_id.is_(None),
    )
)

_HOLD_WITHOUT_END = (
    select(holds.c.hold_id, holds.c.state)
    .outerjoin(transfers, transfers.c.transfer_id == holds.c.closing_transfer_id)
    .where(
        or_(
            and_(holds.c.state != HoldState.OPEN.value, transfers.c.transfer_id.is_(None)),
            and_(holds.c.state == HoldState.OPEN.value, holds.c.closing_transfer_id.is_not(None)),
        )
    )
)

_PROOFS: tuple[tuple[Select[*tuple[Any, ...]], str], ...] = (
    (_UNBALANCED, "transfer {0} sums to {1} fen instead of 0, or has fewer than two lines"),
    (_differs(wallets.c.cash_fen, _posted(Account.DRIVER_CASH)), "driver {0}: cash {1} fen, postings say {2}"),
    (_differs(wallets.c.gift_fen, _posted(Account.DRIVER_GIFT)), "driver {0}: gifts {1} fen, postings say {2}"),
    (_differs(wallets.c.held_fen, _posted(Account.DRIVER_HELD)), "driver {0}: held {1} fen, postings say {2}"),
    (
        _differs(wallets.c.arrears_fen, -_posted(Account.DRIVER_ARREARS)),
        "driver {0}: arrears {1} fen, postings say {2}",
    ),
    (_differs(wallets.c.held_fen, _OPEN), "driver {0}: held {1} fen, open holds say {2}"),
    (_NEGATIVE, "driver {0} has a negative balance: cash {1}, held {2}, arrears {3}, gifts {4} fen"),
    (_WALLETLESS, "transfer {0} posts to driver {1}, who has no wallet"),
    (_HOLD_WITHOUT_END, "hold {0} is {1}, but its closing transfer says otherwise"),
)

_COUNTS = (
    select(func.count()).select_from(transfers),
    select(func.count()).select_from(postings),
    select(func.count()).select_from(wallets),
    select(func.count()).select_from(holds).where(holds.c.state == HoldState.OPEN.value),
)
