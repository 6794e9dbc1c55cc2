"""Violations made on purpose: the books or the evidence of a sound run, changed so that one invariant does not hold."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from tests.city.city import Outcome
from tests.city.evidence import Evidence
from tests.city.journal import START, Received
from tests.city.oracle import Oracle

BILLED = "(SELECT order_no FROM orders WHERE state = 'settled' AND energy_fee_fen > 0 ORDER BY order_no LIMIT 1)"
RECORDED = "(SELECT record_id FROM session_records WHERE standing = 'first' ORDER BY record_id LIMIT 1)"
PAID = "(SELECT driver_id FROM wallets WHERE cash_fen > 1000 ORDER BY driver_id LIMIT 1)"


@dataclass(frozen=True, slots=True)
class Planted:
    """One violation: what it is, how the complaint begins, how it is made."""

    name: str
    complaint: str
    sql: str = ""
    tamper: Callable[[Evidence], None] | None = None


def _send_a_start_again(evidence: Evidence) -> None:
    evidence.journal.sent.append(next(sent for sent in evidence.journal.sent if sent.frame_type == START))


def _send_a_start_late(evidence: Evidence) -> None:
    sent = evidence.journal.sent
    index = next(at for at, entry in enumerate(sent) if entry.frame_type == START)
    sent[index] = replace(sent[index], at_ms=sent[index].at_ms + 600_000)


def _command_two_connections(evidence: Evidence) -> None:
    received = next(iter(evidence.journal.received.values()))
    both = Received(received.code, False, received.first_ms + 1, received.last_ms + 1)
    evidence.journal.received[0] = both


def _begin_twice(evidence: Evidence) -> None:
    host = next(host for host in evidence.hosts if host.point.truth.sessions)
    host.point.truth.sessions.append(host.point.truth.sessions[0])


def _never_come_back(evidence: Evidence) -> None:
    evidence.hosts[0].point.board.online = False


PLANTED = (
    Planted("an altered posting", "I1", "UPDATE wallet_postings SET amount_fen = amount_fen + 1 WHERE rowid = 1"),
    Planted("money from nowhere", "I2", f"UPDATE wallets SET cash_fen = cash_fen + 1 WHERE driver_id = {PAID}"),
    Planted("a negative balance", "I2", f"UPDATE wallets SET cash_fen = -1 WHERE driver_id = {PAID}"),
    Planted("a gift from nowhere", "I2", f"UPDATE wallets SET gift_fen = 5 WHERE driver_id = {PAID}"),
    Planted("a lost record", "I3", f"DELETE FROM session_records WHERE record_id = {RECORDED}"),
    Planted(
        "one wrong byte", "I3",
        f"UPDATE session_records SET raw = CAST(raw || x'00' AS BLOB) WHERE record_id = {RECORDED}",
    ),
    Planted(
        "a second settlement", "I4",
        f"INSERT INTO settlements SELECT session_no || 'x', order_no, record_id, verdict, charged_fen, total_hao, "
        f"rounding_hao, comparison, at_ms FROM settlements WHERE order_no = {BILLED}",
    ),
    Planted("a settled order without settlement", "I4", f"DELETE FROM settlements WHERE order_no = {BILLED}"),
    Planted(
        "far more than was held", "A05",
        f"UPDATE settlements SET charged_fen = 90000 WHERE order_no = {BILLED}",
    ),
    Planted("a hold left open", "I7", "UPDATE wallet_holds SET state = 'open' WHERE rowid = 1"),
    Planted("an order without end", "I7", f"UPDATE orders SET state = 'charging' WHERE order_no = {BILLED}"),
    Planted("energy given away", "I8", f"UPDATE orders SET energy_mwh = 0 WHERE order_no = {BILLED}"),
    Planted("energy made up", "I8", f"UPDATE orders SET energy_mwh = energy_mwh * 2 WHERE order_no = {BILLED}"),
    Planted("two holders", "I9", tamper=_command_two_connections),
    Planted("a start sent twice", "I10", tamper=_send_a_start_again),
    Planted("a charge begun twice", "I10", tamper=_begin_twice),
    Planted(
        "a message never sent", "I11",
        "INSERT INTO outbox SELECT 1, 'k', 'K', '{}', '', 0, 0 WHERE NOT EXISTS (SELECT 1 FROM outbox)",
    ),
    Planted(
        "one fen too much", "I12", f"UPDATE orders SET energy_fee_fen = energy_fee_fen + 1 WHERE order_no = {BILLED}"
    ),
    Planted(
        "a price of another day", "I12",
        f"UPDATE order_bills SET energy_si_per_kwh = energy_si_per_kwh + 1 WHERE order_no = {BILLED}",
    ),
    Planted(
        "energy in the wrong band", "I12",
        f"UPDATE order_bills SET band = (band + 1) % 4 WHERE order_no = {BILLED}",
    ),
    Planted("a charge point that stays away", "I16", tamper=_never_come_back),
    Planted("an expired start", "a start", tamper=_send_a_start_late),
    Planted(
        "one connector, two sessions", "connector",
        "UPDATE sessions SET state = 'charging', charge_point_code = '1', connector_no = 1 WHERE rowid <= 2",
    ),
)  # fmt: skip


def caught(outcome: Outcome, database: Path, planted: Planted) -> list[str]:
    """What the oracle says of a sound run into which this was planted."""
    if outcome.evidence is None:
        raise ValueError("the run has no evidence: it did not come to its end")
    copy = database.with_name("planted.db")
    shutil.copyfile(database, copy)
    if planted.sql:
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {trigger}")
            connection.execute(planted.sql)
            if connection.total_changes == 0:
                raise ValueError(f"planting {planted.name!r} changed nothing")
            connection.commit()
    evidence = outcome.evidence
    kept = (list(evidence.journal.sent), dict(evidence.journal.received))
    truths = [list(host.point.truth.sessions) for host in evidence.hosts]
    if planted.tamper:
        planted.tamper(evidence)
    oracle = Oracle(copy, evidence, now_ms=outcome.ended_ms)
    complaints = [*oracle.running(), *oracle.final()]
    evidence.journal.sent, evidence.journal.received = kept
    for host, sessions in zip(evidence.hosts, truths, strict=True):
        host.point.truth.sessions[:] = sessions
        host.point.board.online = True
    return complaints
