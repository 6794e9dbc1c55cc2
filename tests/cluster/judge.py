"""What the run left behind: plain SQL over a copy of the tables on one side, what the charge points saw on the other.

Shares no code with the product's features. The money is judged by the judges of the crash test and of the city; energy
and the end of every charge are judged here.
"""

import json
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.city import oracle_money
from tests.city.evidence import Books
from tests.crash import oracle as crash_oracle

OVERDRAFT_FEN, OFFLINE_FEN = 2_000, 20_000
"""What an installation takes without people beyond a hold, and without one from an offline card, by default."""
OVER_SQL = (
    "SELECT (SELECT count(*) FROM orders WHERE state IN ('placed', 'charging', 'finishing')) + "
    "(SELECT count(*) FROM wallet_holds WHERE state = 'open') + (SELECT count(*) FROM outbox) + "
    "(SELECT count(*) FROM device_commands WHERE outcome = '')"
)
"""How much is still under way in the books; 0 when everything has come to its end."""


@dataclass(frozen=True)
class Verdict:
    """What was compared and what was found wrong."""

    facts: dict[str, int]
    faults: tuple[str, ...]


@dataclass
class Seen:
    """What the charge points say, from their ledgers."""

    confirmed: dict[str, dict[str, Any]] = field(default_factory=dict)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """How every charge stood at the end."""
    begun: Counter[str] = field(default_factory=Counter)
    """How often a session number was executed."""

    @classmethod
    def read(cls, ledgers: Sequence[Path]) -> "Seen":
        seen = cls()
        for ledger in ledgers:
            for line in ledger.read_text("utf-8").splitlines():
                entry = json.loads(line)
                if entry["event"] == "confirmed":
                    seen.confirmed[entry["session_no"]] = entry
                else:
                    seen.sessions[entry["session_no"]] = entry
                    seen.begun[entry["session_no"]] += 1
        return seen


def judge(copy: Path, ledgers: Sequence[Path]) -> Verdict:
    """Everything that was promised, looked for in the copy."""
    crash = crash_oracle.judge(copy, list(ledgers))
    seen = Seen.read(ledgers)
    faults = list(crash.faults)
    books = Books(copy, int(time.time() * 1000))
    with closing(books):
        for complaints in (
            oracle_money.ledger(books), oracle_money.holds(books), oracle_money.revenue(books),
            oracle_money.settlements(books), oracle_money.occupation(books), oracle_money.at_rest(books),
            oracle_money.debits(books, overdraft_fen=OVERDRAFT_FEN, offline_fen=OFFLINE_FEN),
        ):  # fmt: skip
            faults += complaints
    with closing(sqlite3.connect(copy)) as connection:
        connection.row_factory = sqlite3.Row
        faults += _energy(connection, seen)
        faults += _begun_once(seen)
        faults += _came(seen)
        facts = _facts(connection, seen)
    return Verdict({"confirmed": crash.confirmed, **facts}, tuple(dict.fromkeys(faults)))


def _energy(connection: sqlite3.Connection, seen: Seen) -> Iterator[str]:
    """I8: what flowed by a confirmed record is what the order bills; nothing else is billed."""
    billed: dict[str, int] = defaultdict(int)
    for row in connection.execute("SELECT session_no, energy_mwh FROM orders"):
        billed[row["session_no"]] += row["energy_mwh"]
    for session_no, entry in seen.confirmed.items():
        if billed.get(session_no) != entry["energy_mwh"]:
            yield f"I8 session {session_no}: {entry['energy_mwh']} mWh flowed, {billed.get(session_no)} mWh are billed"
    for session_no, energy_mwh in billed.items():
        if energy_mwh and session_no not in seen.confirmed:
            yield f"I8 session {session_no}: {energy_mwh} mWh are billed and no record was confirmed"


def _begun_once(seen: Seen) -> Iterator[str]:
    """I10: a start has effect once."""
    for session_no, times in seen.begun.items():
        if times > 1:
            yield f"I10 session {session_no} was begun {times} times"


def _came(seen: Seen) -> Iterator[str]:
    """At the end no charge point still has a record for itself."""
    for session_no, entry in seen.sessions.items():
        if not entry["confirmed"]:
            stands = "ended" if entry["ended_at_ms"] else "still charging"
            yield f"I3 session {session_no}: {stands}, {entry['uploads']} uploads, no confirmation"


def _facts(connection: sqlite3.Connection, seen: Seen) -> dict[str, int]:
    facts = {
        "sessions_at_charge_points": len(seen.sessions),
        "energy_confirmed_mwh": sum(entry["energy_mwh"] for entry in seen.confirmed.values()),
    }
    for table in ("orders", "settlements", "session_records", "wallet_postings", "wallet_transfers"):
        facts[table] = int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    facts["energy_billed_mwh"] = int(
        connection.execute("SELECT coalesce(sum(energy_mwh), 0) FROM orders").fetchone()[0]
    )
    facts["ledger_sum_fen"] = int(
        connection.execute("SELECT coalesce(sum(amount_fen), 0) FROM wallet_postings").fetchone()[0]
    )
    for state, count in connection.execute("SELECT state, count(*) FROM orders GROUP BY state"):
        facts[f"orders_{state}"] = count
    return facts
