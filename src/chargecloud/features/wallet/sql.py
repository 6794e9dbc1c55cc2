"""Tables of the ledger and the statements that keep it right under concurrency.

Balances of drivers live in one row each and change only by conditional updates; balances of all other accounts are the
sums of their postings. Transfers and postings are only ever added.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    bindparam,
    insert,
    select,
    update,
)

from chargecloud.features.drivers import service as drivers
from chargecloud.features.wallet.messages import Account, Hold, HoldInfo, HoldState, Posting, Transfer, TransferKind
from chargecloud.features.wallet.model import MAX_ID_LENGTH, MAX_TEXT_LENGTH, Held, WalletState
from chargecloud.infra.sql.append_only import APPEND_ONLY
from chargecloud.infra.sql.bulk import insert_many
from chargecloud.infra.sql.types import big_id, big_int, code, epoch_ms, fen, metadata
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.infra.sql.upsert import insert_ignore

ID_LENGTH = MAX_ID_LENGTH + 16
"""Room for the suffixes of the platform's own ids."""

wallets = Table(
    "wallets",
    metadata,
    Column("driver_id", ForeignKey("drivers.id"), primary_key=True, autoincrement=False),
    Column("cash_fen", fen(), nullable=False),
    Column("held_fen", fen(), nullable=False),
    Column("arrears_fen", fen(), nullable=False),
    Column("gift_fen", fen(), nullable=False, server_default="0"),
    CheckConstraint("cash_fen >= 0", name="cash"),
    CheckConstraint("held_fen >= 0", name="held"),
    CheckConstraint("arrears_fen >= 0", name="arrears"),
    CheckConstraint("cash_fen = 0 OR arrears_fen = 0", name="arrears_first"),
    CheckConstraint("gift_fen >= 0", name="gift"),
    CheckConstraint("gift_fen = 0 OR arrears_fen = 0", name="arrears_before_gift"),
)

holds = Table(
    "wallet_holds",
    metadata,
    Column("hold_id", code(ID_LENGTH), primary_key=True),
    Column("driver_id", ForeignKey("wallets.driver_id"), nullable=False),
    Column("amount_fen", fen(), nullable=False),
    Column("state", code(16), nullable=False),
    Column("placed_at_ms", epoch_ms(), nullable=False),
    Column("ended_at_ms", epoch_ms()),
    Column("closing_transfer_id", code(ID_LENGTH)),
    Column("gift_fen", fen(), nullable=False, server_default="0"),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint("gift_fen >= 0 AND gift_fen <= amount_fen", name="gift"),
    Index(None, "driver_id", "state"),
)

BY_TIME = "ix_wallet_transfers_operator_id_at_ms"
BY_PURPOSE = "ix_wallet_transfers_operator_id_purpose_at_ms"

transfers = Table(
    "wallet_transfers",
    metadata,
    Column("id", big_id(), primary_key=True, autoincrement=True),
    Column("transfer_id", code(ID_LENGTH), nullable=False, unique=True),
    Column("kind", code(16), nullable=False),
    Column("purpose", code(32), nullable=False),
    Column("driver_id", ForeignKey("drivers.id"), nullable=False),
    Column("hold_id", code(ID_LENGTH)),
    Column("digest", code(64), nullable=False),
    Column("memo", String(MAX_TEXT_LENGTH), nullable=False),
    Column("actor", code(64), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    Column("operator_id", big_int()),
    Index(None, "driver_id", "id"),
    Index(BY_TIME, "operator_id", "at_ms"),
    Index(BY_PURPOSE, "operator_id", "purpose", "at_ms"),
    info=APPEND_ONLY,
)
"""`operator_id` is the driver's, which never changes: with it a list of an operator walks one index, newest first. Both
engines keep rows that are equal in an index in the order of the key, so `id` needs no place in one."""

postings = Table(
    "wallet_postings",
    metadata,
    Column("transfer_id", code(ID_LENGTH), ForeignKey("wallet_transfers.transfer_id"), primary_key=True),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    Column("account", code(32), nullable=False),
    Column("owner_id", big_int(), nullable=False),
    Column("amount_fen", fen(), nullable=False),
    Column("at_ms", epoch_ms(), nullable=False),
    CheckConstraint("amount_fen <> 0", name="amount"),
    Index(None, "account", "owner_id", "at_ms"),
    info=APPEND_ONLY,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a transfer says of itself, besides its postings."""

    transfer_id: str
    kind: TransferKind
    purpose: str
    driver_id: int
    digest: str
    hold_id: str | None = None
    memo: str = ""
    actor: str = "system"


@dataclass(frozen=True, slots=True)
class OpenBook:
    """A wallet locked for a change, and the digest of a transfer that already bears the wanted id."""

    driver_id: int
    state: WalletState
    known_digest: str | None
    hold: HoldInfo | None = None
    operator_id: int | None = None
    """The driver's; read where many are opened at once."""

    @property
    def held(self) -> Held:
        """What its hold has set aside; nothing without one."""
        return Held(self.hold.amount_fen, self.hold.gift_fen) if self.hold else Held(0)


def for_driver(entry: Entry, driver_id: int) -> Entry:
    """The entry, once it is known whose hold it ends."""
    return replace(entry, driver_id=driver_id)


HOLD_COLUMNS = (
    holds.c.hold_id,
    holds.c.driver_id,
    holds.c.amount_fen,
    holds.c.state,
    holds.c.placed_at_ms,
    holds.c.ended_at_ms,
    holds.c.closing_transfer_id,
    holds.c.gift_fen.label("held_gift_fen"),
)
WALLET_COLUMNS = (wallets.c.cash_fen, wallets.c.held_fen, wallets.c.arrears_fen, wallets.c.gift_fen)


_ADD_TRANSFER = insert(transfers).values(operator_id=drivers.operator_of(bindparam("whose_id", type_=big_int())))


async def open_wallet(uow: UnitOfWork, driver_id: int, transfer_id: str) -> OpenBook | None:
    """Lock a driver's wallet; None when there is none yet."""
    known = select(transfers.c.digest).where(transfers.c.transfer_id == transfer_id).scalar_subquery()
    statement = select(*WALLET_COLUMNS, known).where(wallets.c.driver_id == driver_id).with_for_update()
    row = (await uow.connection.execute(statement)).first()
    return OpenBook(driver_id, WalletState(*row[:4]), row[4]) if row else None


async def create_wallet(uow: UnitOfWork, driver_id: int) -> None:
    """An empty wallet, unless somebody made it at this very moment."""
    empty = {"driver_id": driver_id, "cash_fen": 0, "held_fen": 0, "arrears_fen": 0, "gift_fen": 0}
    await uow.connection.execute(insert_ignore(wallets, empty))


async def open_hold(uow: UnitOfWork, hold_id: str, transfer_id: str) -> OpenBook | None:
    """Lock a hold together with its wallet; None when there is no such hold."""
    known = select(transfers.c.digest).where(transfers.c.transfer_id == transfer_id).scalar_subquery()
    statement = (
        select(*HOLD_COLUMNS, *WALLET_COLUMNS, known.label("known_digest"))
        .join(wallets, wallets.c.driver_id == holds.c.driver_id)
        .where(holds.c.hold_id == hold_id)
        .with_for_update()
    )
    row = (await uow.connection.execute(statement)).first()
    if row is None:
        return None
    return OpenBook(row.driver_id, state_of(row), row.known_digest, hold_info(row))


def state_of(row: Row[*tuple[Any, ...]]) -> WalletState:
    """A wallet from its columns."""
    return WalletState(row.cash_fen, row.held_fen, row.arrears_fen, row.gift_fen)


def hold_info(row: Row[*tuple[Any, ...]]) -> HoldInfo:
    """A hold from its columns."""
    return HoldInfo(
        hold_id=row.hold_id,
        driver_id=row.driver_id,
        amount_fen=row.amount_fen,
        state=HoldState(row.state),
        placed_at_ms=row.placed_at_ms,
        ended_at_ms=row.ended_at_ms,
        closing_transfer_id=row.closing_transfer_id,
        gift_fen=row.held_gift_fen,
    )


async def find_hold(uow: UnitOfWork, hold_id: str) -> HoldInfo | None:
    """A hold by its id, as of now even inside a long transaction."""
    statement = select(*HOLD_COLUMNS).where(holds.c.hold_id == hold_id).with_for_update()
    row = (await uow.connection.execute(statement)).first()
    return hold_info(row) if row else None


async def set_aside(uow: UnitOfWork, command: Hold) -> bool:
    """Hold cash alone, in one conditional update; False when there is too little, a debt, or the hold exists."""
    taken = select(holds.c.hold_id).where(holds.c.hold_id == command.hold_id).exists()
    statement = (
        update(wallets)
        .where(
            wallets.c.driver_id == command.driver_id,
            wallets.c.cash_fen >= command.amount_fen,
            wallets.c.arrears_fen == 0,
            ~taken,
        )
        .values(cash_fen=wallets.c.cash_fen - command.amount_fen, held_fen=wallets.c.held_fen + command.amount_fen)
    )
    return (await uow.connection.execute(statement)).rowcount == 1


async def add_hold(uow: UnitOfWork, hold_id: str, driver_id: int, held: Held) -> None:
    """Write an open hold."""
    await uow.connection.execute(
        insert(holds).values(
            hold_id=hold_id,
            driver_id=driver_id,
            amount_fen=held.amount_fen,
            gift_fen=held.gift_fen,
            state=HoldState.OPEN.value,
            placed_at_ms=uow.now_ms,
        )
    )


async def end_hold(uow: UnitOfWork, hold_id: str, state: HoldState, transfer_id: str) -> bool:
    """Close an open hold; False when somebody closed it before."""
    statement = (
        update(holds)
        .where(holds.c.hold_id == hold_id, holds.c.state == HoldState.OPEN.value)
        .values(state=state.value, ended_at_ms=uow.now_ms, closing_transfer_id=transfer_id)
    )
    return (await uow.connection.execute(statement)).rowcount == 1


async def move(uow: UnitOfWork, book: OpenBook, after: WalletState) -> bool:
    """Change a wallet from exactly what was read; False when it is not that any more."""
    statement = update(wallets).where(wallets.c.driver_id == book.driver_id)
    for name, value in state_columns(book.state).items():
        statement = statement.where(wallets.c[name] == value)
    return (await uow.connection.execute(statement.values(state_columns(after)))).rowcount == 1


def state_columns(state: WalletState) -> dict[str, object]:
    """A wallet as its columns."""
    return {
        "cash_fen": state.cash_fen,
        "held_fen": state.held_fen,
        "arrears_fen": state.arrears_fen,
        "gift_fen": state.gift_fen,
    }


async def add_transfer(uow: UnitOfWork, entry: Entry, lines: tuple[Posting, ...]) -> Transfer:
    """Write a transfer with its postings."""
    row = transfer_row(entry, uow.now_ms)
    await uow.connection.execute(_ADD_TRANSFER, {**row, "whose_id": entry.driver_id})
    await insert_many(uow.connection, postings, posting_rows(entry.transfer_id, lines, uow.now_ms))
    return Transfer(
        transfer_id=entry.transfer_id,
        kind=entry.kind,
        driver_id=entry.driver_id,
        hold_id=entry.hold_id,
        postings=lines,
        at_ms=uow.now_ms,
    )


def transfer_row(entry: Entry, at_ms: int) -> dict[str, object]:
    """A transfer as it is stored, but for the operator."""
    return {
        "transfer_id": entry.transfer_id,
        "kind": entry.kind.value,
        "purpose": entry.purpose,
        "driver_id": entry.driver_id,
        "hold_id": entry.hold_id,
        "digest": entry.digest,
        "memo": entry.memo,
        "actor": entry.actor,
        "at_ms": at_ms,
    }


def posting_rows(transfer_id: str, lines: tuple[Posting, ...], at_ms: int) -> list[dict[str, object]]:
    """The lines of a transfer as they are stored."""
    return [
        {
            "transfer_id": transfer_id,
            "line_no": number,
            "account": line.account.value,
            "owner_id": line.owner_id,
            "amount_fen": line.amount_fen,
            "at_ms": at_ms,
        }
        for number, line in enumerate(lines, 1)
    ]


async def find_transfer(uow: UnitOfWork, transfer_id: str) -> tuple[str, Transfer] | None:
    """A transfer written before, with its digest."""
    row = (await uow.connection.execute(select(transfers).where(transfers.c.transfer_id == transfer_id))).first()
    if row is None:
        return None
    lines = await uow.connection.execute(
        select(postings.c.account, postings.c.owner_id, postings.c.amount_fen)
        .where(postings.c.transfer_id == transfer_id)
        .order_by(postings.c.line_no)
    )
    return row.digest, Transfer(
        transfer_id=row.transfer_id,
        kind=TransferKind(row.kind),
        driver_id=row.driver_id,
        hold_id=row.hold_id,
        postings=tuple(Posting(Account(line.account), line.owner_id, line.amount_fen) for line in lines),
        at_ms=row.at_ms,
        repeated=True,
    )
