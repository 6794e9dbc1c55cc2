"""Monthly cards and packs: no use is counted twice, none is lost, none is had for nothing."""

from collections import defaultdict
from collections.abc import Iterator

from tests.city.evidence import PEOPLE, Books, Evidence
from tests.city.settlement import Settlement

NO_ENERGY = ("cancelled_no_energy", "failed_no_energy")


def quotas(evidence: Evidence, books: Books) -> Iterator[str]:
    """Counts of days and packs are what orders used of them, and within what was sold."""
    by_day: dict[tuple[int, str], int] = defaultdict(int)
    by_pass: dict[int, int] = defaultdict(int)
    for row in books.rows("SELECT * FROM pass_uses WHERE given_back_at_ms IS NULL"):
        by_day[row["pass_id"], row["day"]] += 1
        by_pass[row["pass_id"]] += 1
    for row in books.rows("SELECT * FROM pass_days"):
        used = by_day.pop((row["pass_id"], row["day"]), 0)
        most = evidence.sheds.passes[row["pass_id"]].max_per_day
        if row["uses"] != used or (most and used > most):
            yield f"pass {row['pass_id']} counts {row['uses']} uses on {row['day']}, orders had {used}, {most} may be"
    for (pass_id, day), used in by_day.items():
        yield f"pass {pass_id} was used {used} times on {day} and counts none"
    for row in books.rows("SELECT id, uses_left FROM passes"):
        sold = evidence.sheds.passes[row["id"]]
        left = None if sold.uses is None else sold.uses - by_pass[row["id"]]
        if row["uses_left"] != left or (left is not None and left < 0):
            yield f"pass {row['id']} has {row['uses_left']} uses left, it should have {left} of {sold.uses}"


def given_back(books: Books) -> Iterator[str]:
    """At the end: a use was given back when nothing was delivered or the board failed, and only then."""
    decided = {row["order_no"] for row in books.rows(PEOPLE)}
    for row in books.rows(
        "SELECT o.order_no, o.state, o.energy_mwh, o.charge_point_code, u.given_back_at_ms, s.stop_reason, r.raw "
        "FROM orders o LEFT JOIN pass_uses u USING (order_no) JOIN sessions s ON s.session_no = o.session_no "
        "LEFT JOIN session_records r ON r.record_id = s.record_id WHERE o.pass_id IS NOT NULL"
    ):
        if row["order_no"] in decided:
            continue
        failed = row["stop_reason"] == "fire_guard" or (row["raw"] is not None and Settlement.of(row["raw"]).by_fault)
        due = row["state"] in NO_ENERGY or failed
        if due != (row["given_back_at_ms"] is not None):
            books.accuse(row["charge_point_code"])
            yield f"pass: order {row['order_no']} is {row['state']}, its use {'should be' if due else 'was'} given back"
