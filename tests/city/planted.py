"""Violations made on purpose: the books or the evidence of a sound run, changed so that one invariant does not hold."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from tests.city.city import Outcome
from tests.city.evidence import Evidence
from tests.city.host import Host
from tests.city.hub import Hub
from tests.city.oracle import Oracle
from tests.city.wires import CODE_DIGITS, Kind

_OF_A_CAR = "length(charge_point_code) = 14"
BILLED = (
    f"(SELECT order_no FROM orders WHERE state = 'settled' AND energy_fee_fen > 0 AND {_OF_A_CAR} "
    "ORDER BY order_no LIMIT 1)"
)
RECORDED = (
    f"(SELECT record_id FROM session_records WHERE standing = 'first' AND {_OF_A_CAR} ORDER BY record_id LIMIT 1)"
)
PAID = "(SELECT driver_id FROM wallets WHERE cash_fen > 1000 ORDER BY driver_id LIMIT 1)"


@dataclass(frozen=True, slots=True)
class Planted:
    """One violation: what it is, how the complaint begins, how it is made."""

    name: str
    complaint: str
    sql: str = ""
    tamper: Callable[[Evidence], None] | None = None


def _a_start(evidence: Evidence, *, of_a_board: bool) -> int:
    sent = evidence.journal.sent
    return next(
        at
        for at, entry in enumerate(sent)
        if entry.act.kind is Kind.START and (len(entry.act.code) == CODE_DIGITS) is of_a_board
    )


def _send_a_start_again(evidence: Evidence) -> None:
    evidence.journal.sent.append(evidence.journal.sent[_a_start(evidence, of_a_board=False)])


def _send_a_start_late(evidence: Evidence) -> None:
    sent, index = evidence.journal.sent, _a_start(evidence, of_a_board=False)
    sent[index] = replace(sent[index], at_ms=sent[index].at_ms + 600_000)


def _command_two_connections(evidence: Evidence) -> None:
    received = next(one for one in evidence.journal.received if one.last_ms > one.first_ms)
    evidence.journal.received.append(replace(received, link_no=0, honest=False, first_ms=received.first_ms + 1))


def _begin_twice(evidence: Evidence) -> None:
    host = next(host for host in evidence.hosts if host.point.truth.sessions)
    host.point.truth.sessions.append(host.point.truth.sessions[0])


def _never_come_back(evidence: Evidence) -> None:
    evidence.hosts[0].point.board.online = False


def _a_slave_stays_away(evidence: Evidence) -> None:
    evidence.hubs[0].boards[-1].registered = False


def _start_a_board_twice(evidence: Evidence) -> None:
    sent, index = evidence.journal.sent, _a_start(evidence, of_a_board=True)
    sent.append(replace(sent[index], act=replace(sent[index].act, number=0xFFFF)))


def _let_it_run_longer(evidence: Evidence) -> None:
    sent, index = evidence.journal.sent, _a_start(evidence, of_a_board=True)
    sent[index] = replace(sent[index], act=replace(sent[index].act, longest_s=0xFFFF))


def _ride_twice(evidence: Evidence) -> None:
    sessions = next(hub.point.truth.sessions for hub in evidence.hubs if hub.point.truth.sessions)
    sessions.append(sessions[0])


RIDDEN = "(SELECT order_no FROM orders WHERE order_no IN (SELECT order_no FROM order_usage_lines WHERE kind = '{kind}')\
 AND state = 'settled' AND flags = '[]' AND energy_fee_fen + service_fee_fen > 0 ORDER BY order_no LIMIT 1)"
BY_TIME, BY_ENERGY = RIDDEN.format(kind="time"), RIDDEN.format(kind="energy")
RIDE = f"(SELECT session_no FROM orders WHERE order_no = {BY_TIME})"
SETTLED_RIDE = (
    "(SELECT record_id FROM session_records WHERE standing = 'first' AND length(charge_point_code) = 8 "
    "ORDER BY record_id LIMIT 1)"
)
USED_PASS = (
    "(SELECT order_no FROM pass_uses JOIN orders USING (order_no) WHERE given_back_at_ms IS NULL "
    "AND state = 'settled' ORDER BY order_no LIMIT 1)"
)
BROKEN = "0498C159"
"""An id of a broken memory, as a code."""

PLANTED = (
    Planted("an altered posting", "I1", "UPDATE wallet_postings SET amount_fen = amount_fen + 1 WHERE rowid = 1"),
    Planted("money from nowhere", "I2", f"UPDATE wallets SET cash_fen = cash_fen + 1 WHERE driver_id = {PAID}"),
    Planted("a negative balance", "I2", f"UPDATE wallets SET cash_fen = -1 WHERE driver_id = {PAID}"),
    Planted("a gift from nowhere", "I2", f"UPDATE wallets SET gift_fen = 5 WHERE driver_id = {PAID}"),
    Planted(
        "a credit without a payment", "I5",
        "INSERT INTO wallet_transfers SELECT 999999999, 'pay:P0', kind, purpose, driver_id, hold_id, digest, memo, "
        "actor, at_ms, operator_id FROM wallet_transfers LIMIT 1",
    ),
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
    Planted("a lost settlement", "I3", f"DELETE FROM session_records WHERE record_id = {SETTLED_RIDE}"),
    Planted(
        "one wrong byte of a settlement", "I3",
        f"UPDATE session_records SET raw = CAST(raw || x'00' AS BLOB) WHERE record_id = {SETTLED_RIDE}",
    ),
    Planted("a ride's energy given away", "I8", f"UPDATE orders SET energy_mwh = 0 WHERE order_no = {BY_ENERGY}"),
    Planted("a ride nobody had", "I8", f"UPDATE orders SET session_no = '{'77' * 16}' WHERE order_no = {BY_TIME}"),
    Planted(
        "a report nobody made", "I8",
        f"UPDATE sessions SET intervals = '[[7,1,1,false,null]]' WHERE session_no = {RIDE}",
    ),
    Planted(
        "a fen too much for time", "I12",
        f"UPDATE orders SET service_fee_fen = service_fee_fen + 1 WHERE order_no = {BY_TIME}",
    ),
    Planted(
        "a fen too little for energy", "I12",
        f"UPDATE orders SET energy_fee_fen = energy_fee_fen - 1 WHERE order_no = {BY_ENERGY}",
    ),
    Planted(
        "an hour's price of another day", "I12",
        f"UPDATE order_usage_lines SET fen_per_hour = fen_per_hour + 1 WHERE order_no = {BY_TIME}",
    ),
    Planted(
        "a sound charger cut off", "I12",
        f"UPDATE sessions SET stop_reason = 'fire_guard' WHERE session_no = {RIDE}",
    ),
    Planted("another deposit", "I12", f"UPDATE orders SET hold_fen = hold_fen + 9999 WHERE order_no = {BY_TIME}"),
    Planted("a start for longer than was bought", "I12", tamper=_let_it_run_longer),
    Planted(
        "more than was prepaid", "A05",
        f"UPDATE settlements SET charged_fen = (SELECT hold_fen + 1 FROM orders WHERE order_no = {BY_TIME}) "
        f"WHERE order_no = {BY_TIME}",
    ),
    Planted("a use of a pass counted twice", "pass", "UPDATE pass_days SET uses = uses + 1 WHERE rowid = 1"),
    Planted("a use of a pass not counted", "pass", "UPDATE passes SET uses_left = uses_left + 1"),
    Planted(
        "a use of a pass for nothing", "pass",
        f"UPDATE pass_uses SET given_back_at_ms = 1 WHERE order_no = {USED_PASS}",
    ),
    Planted(
        "a ride on a broken memory", "a board with a broken memory",
        f"UPDATE sessions SET charge_point_code = '{BROKEN}' WHERE session_no = {RIDE}",
    ),
    Planted("a board that stays away", "I16", tamper=_a_slave_stays_away),
    Planted("a board started twice", "I10", tamper=_start_a_board_twice),
    Planted("a ride begun twice", "I10", tamper=_ride_twice),
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
    kept = (list(evidence.journal.sent), list(evidence.journal.received))
    diallers: list[Host | Hub] = [*evidence.hosts, *evidence.hubs]
    truths = [list(dialler.point.truth.sessions) for dialler in diallers]
    if planted.tamper:
        planted.tamper(evidence)
    oracle = Oracle(copy, evidence, now_ms=outcome.ended_ms)
    complaints = [*oracle.running(), *oracle.final()]
    evidence.journal.sent, evidence.journal.received = kept
    for dialler, sessions in zip(diallers, truths, strict=True):
        dialler.point.truth.sessions[:] = sessions
    for host in evidence.hosts:
        host.point.board.online = True
    for hub in evidence.hubs:
        for board in hub.boards:
            board.registered = True
    return complaints
