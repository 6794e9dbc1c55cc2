"""The journal: transfers of one driver or of all drivers of an operator, newest first, and what each changed."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.wallet.messages import Account
from chargecloud.features.wallet.sql import BY_PURPOSE, BY_TIME, holds, postings, transfers
from chargecloud.infra.sql.walk import unwalked

_OF_DRIVERS = (Account.DRIVER_CASH, Account.DRIVER_GIFT, Account.DRIVER_HELD, Account.DRIVER_ARREARS)


class JournalFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which transfers are wanted, from a moment (included) until another (not included); None: any."""

    operator_id: int | None = None
    """The driver's."""
    driver_id: int | None = None
    purpose: str | None = None
    transfer_id: str | None = None
    hold_id: str | None = None
    """A hold is begun by one transfer and ended by another: two at most."""
    since_ms: int | None = None
    until_ms: int | None = None

    @property
    def by_time(self) -> bool:
        """Whether the list walks an index of times; else it goes by id, where a driver or some ids leave few lines."""
        narrow = (self.driver_id, self.transfer_id, self.hold_id)
        return self.operator_id is not None and all(each is None for each in narrow)


class JournalLine(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer and what it changed for its driver."""

    line_id: int
    transfer_id: str
    driver_id: int
    kind: str
    purpose: str
    memo: str
    actor: str
    hold_id: str | None
    at_ms: int
    available_change_fen: int
    """Change of what may be spent, gifts included."""
    gift_change_fen: int
    """The part of it that is gifts."""
    held_change_fen: int
    arrears_change_fen: int


async def journal(
    connection: AsyncConnection, wanted: JournalFilter, *, before_id: int | None, limit: int
) -> list[JournalLine]:
    """Transfers, newest first; `before_id` is the line before this page."""
    t = transfers.c
    before_ms = await _moment_of(connection, before_id) if before_id is not None and wanted.by_time else None
    statement = select(transfers).where(*_conditions(wanted), *_span(wanted, before_ms, before_id)).limit(limit)
    if wanted.by_time:
        # A server would look for the operator alone and pass over every newer line; told the index, it walks a range.
        hint = f"FORCE INDEX ({BY_TIME if wanted.purpose is None else BY_PURPOSE})"
        statement = statement.with_hint(transfers, hint, "mysql").order_by(t.at_ms.desc(), t.id.desc())
    else:
        statement = statement.order_by(t.id.desc())
    rows = list(await connection.execute(statement))
    changes = await _changes(connection, [row.transfer_id for row in rows])
    return [_line(row, changes) for row in rows]


async def _moment_of(connection: AsyncConnection, line_id: int) -> int:
    """When a line was written; 0 for one there is not."""
    rows = await connection.execute(select(transfers.c.at_ms).where(transfers.c.id == line_id))
    return next((int(row.at_ms) for row in rows), 0)


def _span(wanted: JournalFilter, before_ms: int | None, before_id: int | None) -> list[ColumnElement[bool]]:
    """The times and the page that are wanted; of two ends the earlier alone, for SQLite takes another index with both.

    `before_ms`: when the line before this page was written, where the list goes by time.
    """
    t = transfers.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.since_ms is not None:
        conditions.append(t.at_ms >= wanted.since_ms)
    if before_ms is not None and (wanted.until_ms is None or before_ms < wanted.until_ms):
        return [*conditions, t.at_ms <= before_ms, or_(t.at_ms < before_ms, t.id < before_id)]
    if wanted.until_ms is not None:
        conditions.append(t.at_ms < wanted.until_ms)
    if before_ms is None and before_id is not None:
        conditions.append(t.id < before_id)
    return conditions


def _conditions(wanted: JournalFilter) -> list[ColumnElement[bool]]:
    t = transfers.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.operator_id is not None:
        conditions.append((t.operator_id if wanted.by_time else unwalked(t.operator_id)) == wanted.operator_id)
    if wanted.driver_id is not None:
        conditions.append(t.driver_id == wanted.driver_id)
    if wanted.purpose is not None:
        conditions.append(t.purpose == wanted.purpose)
    if wanted.transfer_id is not None:
        conditions.append(t.transfer_id == wanted.transfer_id)
    if wanted.hold_id is not None:
        closing = select(holds.c.closing_transfer_id).where(holds.c.hold_id == wanted.hold_id).scalar_subquery()
        conditions.append(t.transfer_id.in_([wanted.hold_id, closing]))
        conditions.append(t.hold_id == wanted.hold_id)
    return conditions


async def _changes(connection: AsyncConnection, transfer_ids: Sequence[str]) -> dict[tuple[str, str], int]:
    """Sums of what transfers posted, by transfer and account.

    All their postings are read: a condition on accounts would walk the index of those.
    """
    if not transfer_ids:
        return {}
    p = postings.c
    statement = (
        select(p.transfer_id, p.account, func.sum(p.amount_fen).label("fen"))
        .where(p.transfer_id.in_(transfer_ids))
        .group_by(p.transfer_id, p.account)
    )
    return {(row.transfer_id, row.account): int(row.fen) for row in await connection.execute(statement)}


def _line(row: Row[*tuple[Any, ...]], changes: Mapping[tuple[str, str], int]) -> JournalLine:
    cash_fen, gift_fen, held_fen, arrears_fen = (
        changes.get((row.transfer_id, account.value), 0) for account in _OF_DRIVERS
    )
    return JournalLine(
        line_id=row.id,
        transfer_id=row.transfer_id,
        driver_id=row.driver_id,
        kind=row.kind,
        purpose=row.purpose,
        memo=row.memo,
        actor=row.actor,
        hold_id=row.hold_id,
        at_ms=row.at_ms,
        available_change_fen=cash_fen + gift_fen,
        gift_change_fen=gift_fen,
        held_change_fen=held_fen,
        arrears_change_fen=-arrears_fen,
    )
