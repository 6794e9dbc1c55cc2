"""What a database knew and its restored backup does not: for people to enter again, or to look at."""

import csv
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from chargecloud.kernel.clock import rfc3339

COLUMNS = ("kind", "number", "about", "driver_id", "at", "amount_fen")
_LISTS = {
    "transfers": """
        SELECT t.transfer_id, t.purpose, t.driver_id, t.at_ms,
            (SELECT SUM(p.amount_fen) FROM old.wallet_postings p
             WHERE p.transfer_id = t.transfer_id AND p.amount_fen > 0)
        FROM old.wallet_transfers t
        WHERE NOT EXISTS (SELECT 1 FROM main.wallet_transfers n WHERE n.transfer_id = t.transfer_id) ORDER BY t.id""",
    "orders": """
        SELECT o.order_no, o.state, o.driver_id, o.placed_at_ms, o.energy_fee_fen + o.service_fee_fen
        FROM old.orders o
        WHERE NOT EXISTS (SELECT 1 FROM main.orders n WHERE n.order_no = o.order_no) ORDER BY o.id""",
    "records": """
        SELECT r.session_no, r.charge_point_code, NULL, r.received_at_ms, NULL
        FROM old.session_records r
        WHERE NOT EXISTS (SELECT 1 FROM main.session_records n WHERE n.record_id = r.record_id)
        ORDER BY r.received_at_ms, r.record_id""",
}
"""Number, what it is about, driver, moment and money of each row that is in `old` and not in `main`."""


def list_missing(restored: Path, old: Path, target: Path) -> Mapping[str, int]:
    """Write them as CSV and count them by kind; sqlite3.Error when the old file cannot be read."""
    with closing(sqlite3.connect(restored, isolation_level=None)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("ATTACH ? AS old", (str(old),))
        found = {kind: connection.execute(statement).fetchall() for kind, statement in _LISTS.items()}
    with target.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for kind, rows in found.items():
            lines.writerows((kind, number, about, driver, rfc3339(at), fen) for number, about, driver, at, fen in rows)
    return {kind: len(rows) for kind, rows in found.items()}
