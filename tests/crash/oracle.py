"""Judges a database after the kills, with nothing but sqlite3 and what the charge points saw.

It shares no code with the features: tables are read as they lie on the disk.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OVER = {"settled", "disputed", "cancelled_no_energy", "failed_no_energy", "closed_by_operator"}


@dataclass(frozen=True)
class Verdict:
    """What was compared, and what was found wrong."""

    confirmed: int
    stored: int
    settled: int
    open_orders: int
    faults: tuple[str, ...]


def judge(database: Path, ledgers: list[Path]) -> Verdict:
    """Compare the database with what the charge points were told."""
    confirmed = list(_confirmed(ledgers))
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        faults = [
            *_sound(connection),
            *_records(connection, confirmed),
            *_settled_once(connection, confirmed),
            *_sums(connection),
            *_balances(connection),
            *_holds(connection),
        ]
        return Verdict(
            confirmed=len(confirmed),
            stored=_number(connection, "SELECT count(*) FROM session_records"),
            settled=_number(connection, "SELECT count(*) FROM settlements"),
            open_orders=_number(
                connection,
                f"SELECT count(*) FROM orders WHERE state NOT IN ({','.join('?' * len(OVER))})",
                *sorted(OVER),
            ),
            faults=tuple(faults),
        )


def _confirmed(ledgers: list[Path]) -> Iterator[dict[str, object]]:
    for ledger in ledgers:
        for line in ledger.read_text("utf-8").splitlines():
            entry = json.loads(line)
            if entry["event"] == "confirmed":
                yield entry


def _number(connection: sqlite3.Connection, statement: str, *values: object) -> int:
    return int(connection.execute(statement, values).fetchone()[0] or 0)


def _sound(connection: sqlite3.Connection) -> Iterator[str]:
    answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if answer != "ok":
        yield f"the file is damaged: {answer}"


def _records(connection: sqlite3.Connection, confirmed: list[dict[str, object]]) -> Iterator[str]:
    """I3: what was confirmed is stored, byte for byte."""
    stored: dict[str, set[bytes]] = {}
    for row in connection.execute("SELECT session_no, raw FROM session_records"):
        stored.setdefault(row["session_no"], set()).add(bytes(row["raw"]))
    for entry in confirmed:
        copies = stored.get(str(entry["session_no"]))
        if not copies:
            yield f"I3: confirmed record of {entry['session_no']} is not stored"
        elif bytes.fromhex(str(entry["record"])) not in copies:
            yield f"I3: confirmed record of {entry['session_no']} is stored with other content"


def _settled_once(connection: sqlite3.Connection, confirmed: list[dict[str, object]]) -> Iterator[str]:
    """I4: one settlement a session and one capture a hold, and every confirmed record leads to one."""
    settlements = Counter(row[0] for row in connection.execute("SELECT session_no FROM settlements"))
    for session_no, times in settlements.items():
        if times != 1:
            yield f"I4: session {session_no} is settled {times} times"
    captures = Counter(
        row[0]
        for row in connection.execute("SELECT hold_id FROM wallet_transfers WHERE kind IN ('capture', 'release')")
    )
    for hold_id, times in captures.items():
        if times != 1:
            yield f"I4: hold {hold_id} is closed {times} times"
    for session_no in {str(entry["session_no"]) for entry in confirmed} - set(settlements):
        yield f"I4: the confirmed record of {session_no} is not settled"


def _sums(connection: sqlite3.Connection) -> Iterator[str]:
    """I1: every transfer sums to zero, and so does everything."""
    statement = (
        "SELECT transfer_id, sum(amount_fen) FROM wallet_postings GROUP BY transfer_id HAVING sum(amount_fen) <> 0"
    )
    for row in connection.execute(statement):
        yield f"I1: transfer {row[0]} sums to {row[1]} fen"
    bare = "SELECT transfer_id FROM wallet_transfers WHERE transfer_id NOT IN (SELECT transfer_id FROM wallet_postings)"
    for row in connection.execute(bare):
        yield f"I1: transfer {row[0]} has no postings"


def _balances(connection: sqlite3.Connection) -> Iterator[str]:
    """I2: wallets are the sums of their postings, and nobody is below zero."""
    accounts = (
        ("cash_fen", "driver_cash", 1), ("held_fen", "driver_held", 1), ("arrears_fen", "driver_arrears", -1),
        ("gift_fen", "driver_gift", 1),
    )  # fmt: skip
    for column, account, sign in accounts:
        sums = dict(
            connection.execute(
                "SELECT owner_id, sum(amount_fen) FROM wallet_postings WHERE account = ? GROUP BY owner_id", (account,)
            ).fetchall()
        )
        for driver_id, balance in connection.execute(f"SELECT driver_id, {column} FROM wallets"):
            posted = sign * sums.get(driver_id, 0)
            if balance != posted or balance < 0:
                yield f"I2: {column} of driver {driver_id} is {balance}, its postings give {posted}"


def _holds(connection: sqlite3.Connection) -> Iterator[str]:
    """I7: an order that is over holds nothing; what wallets hold is what open holds say."""
    open_holds = dict(
        connection.execute(
            "SELECT driver_id, sum(amount_fen) FROM wallet_holds WHERE state = 'open' GROUP BY driver_id"
        )
    )
    for driver_id, held in connection.execute("SELECT driver_id, held_fen FROM wallets"):
        if held != open_holds.get(driver_id, 0):
            yield f"I2: driver {driver_id} has {held} fen held, open holds say {open_holds.get(driver_id, 0)}"
    over = ",".join("?" * len(OVER))
    statement = f"SELECT order_no, state FROM orders WHERE hold_open AND state IN ({over}) AND state <> 'disputed'"
    for row in connection.execute(statement, sorted(OVER)):
        yield f"I7: order {row['order_no']} is {row['state']} and still holds money"
