"""The history the bench of orders asks, small: rows the platform itself reads, every state, method and flag in it."""

import sqlite3
from pathlib import Path

from chargecloud.kernel.clock import SystemClock
from tests.bench.order_history import DRIVERS, FLAGS, METHODS, PURPOSES, STATES, STATIONS, STOPS, History

SMALL = 20_000


def test_a_history_is_spread_and_keeps_its_indexes(tmp_path: Path, database_template: Path) -> None:
    path = tmp_path / "small.db"
    path.write_bytes(database_template.read_bytes())
    history = History(SMALL, SystemClock().now_ms())
    with sqlite3.connect(path) as connection:
        indexes = "SELECT name FROM sqlite_master WHERE type='index' ORDER BY name"
        before = connection.execute(indexes).fetchall()
        history.fill(path)
        assert connection.execute(indexes).fetchall() == before
        distinct = "SELECT count(DISTINCT station_id), count(DISTINCT driver_id), count(*) FROM orders"
        stations, drivers, count = connection.execute(distinct).fetchone()
        assert (stations, count) == (STATIONS, SMALL) and drivers > DRIVERS // 2
        assert {row[0] for row in connection.execute("SELECT DISTINCT state FROM orders")} <= set(STATES)
        assert {row[0] for row in connection.execute("SELECT DISTINCT flag FROM order_flags")} <= set(FLAGS)
        of_purposes = "SELECT DISTINCT purpose FROM wallet_transfers WHERE operator_id = 1"
        assert {row[0] for row in connection.execute(of_purposes)} == set(PURPOSES)
        unbalanced = "SELECT 1 FROM wallet_postings GROUP BY transfer_id HAVING SUM(amount_fen) <> 0 OR COUNT(*) <> 2"
        assert connection.execute(unbalanced).fetchall() == []
        newest, oldest = connection.execute("SELECT max(order_no), min(order_no) FROM orders").fetchone()
    assert (oldest, newest) == (history.number(0), history.number(SMALL - 1))
    assert sum(STATES.values()) == sum(METHODS.values()) == sum(FLAGS.values()) == sum(STOPS.values()) == 100_000
    assert sum(PURPOSES.values()) == 100_000
