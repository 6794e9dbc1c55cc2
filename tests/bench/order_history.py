"""Two years of business in a database: orders over stations, charge points, drivers, states and days, from a seed."""

import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chargecloud.infra.sql.walk import second_text

DAY_MS = 86_400_000
DAYS = 730
STATIONS, POINTS_EACH, DRIVERS = 40, 10, 5_000
FIRST_STATION, FIRST_DRIVER = 1_000, 100_000
SESSION_DAYS = 15
"""Sessions are made for the last days only: nothing that is measured reads older ones."""
STATES = {
    "settled": 96_000,
    "cancelled_no_energy": 1_500,
    "failed_no_energy": 2_000,
    "disputed": 300,
    "closed_by_operator": 180,
    "charging": 20,
}
METHODS = {"app": 70_000, "card": 20_000, "vin": 5_000, "offline": 3_000, "code": 1_990, "other": 10}
STOPS = {"completed": 96_500, "start_failed": 2_000, "aborted": 1_000, "unknown": 500}
FLAGS = {"": 95_000, "clock": 3_000, "energy_mismatch": 1_500, "no_record": 480, "zero_energy": 20}
PURPOSES = {"charge": 45_000, "hold": 45_000, "top_up": 9_000, "release": 800, "refund": 150, "correction": 50}
"""Of 100,000 each."""
FIRST_TRANSFER = 1_000_000

ORDER_COLUMNS = (
    "id", "order_no", "session_no", "station_id", "charge_point_code", "driver_id", "method", "state", "flags",
    "stop_class", "energy_mwh", "energy_fee_fen", "service_fee_fen", "placed_at_ms", "started_at_ms", "ended_at_ms",
    "settled_at_ms",
)  # fmt: skip
SESSION_COLUMNS = (
    "id", "session_no", "order_no", "station_id", "charge_point_code", "driver_id", "method", "state",
    "requested_at_ms", "began_at_ms",
)  # fmt: skip
TRANSFER_COLUMNS = ("id", "transfer_id", "purpose", "driver_id", "hold_id", "memo", "at_ms")
POSTING_COLUMNS = ("transfer_id", "line_no", "account", "owner_id", "amount_fen", "at_ms")
Row = tuple[object, ...]


@dataclass
class History:
    """What was made, for whoever asks for it."""

    orders: int
    now_ms: int
    seed: int = 1
    numbers: list[str] = field(default_factory=list)
    """Every thousandth order number, oldest first."""

    def moment_ms(self, index: int) -> int:
        """When an order was placed: evenly over the days, the last one a second ago."""
        return self.now_ms - 1_000 - (self.orders - 1 - index) * DAYS * DAY_MS // self.orders

    def number(self, index: int) -> str:
        return f"{second_text(self.moment_ms(index))}{index:08d}"

    def fill(self, database: Path) -> None:
        """Into a database that has the newest schema."""
        usual = {"operator_id": 1, "connector_no": 1, "limit_kind": "none"}
        with sqlite3.connect(database) as connection:
            connection.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-400000;")
            with _bare(connection, "orders"), _bare(connection, "sessions"):
                names = ((FIRST_STATION + number, f"站点 {number:02d}") for number in range(STATIONS))
                _insert(connection, "stations", {"operator_id": 1}, ("id", "name"), names)
                _insert(connection, "orders", usual, ORDER_COLUMNS, self._orders())
                _insert(connection, "order_flags", {}, ("flag", "order_no"), self._flags())
                same = {"segments": "[]", "flags": "[]", "voltage_mv": 400_000, "current_ma": 100_000}
                same |= {"evidence_at_ms": self.now_ms}
                _insert(connection, "sessions", usual | same, SESSION_COLUMNS, self._sessions())
            with _bare(connection, "wallet_transfers"), _bare(connection, "wallet_postings"):
                same = {"operator_id": 1, "kind": "direct", "digest": "0" * 64, "actor": "system"}
                _insert(connection, "wallet_transfers", same, TRANSFER_COLUMNS, self._transfers())
                _insert(connection, "wallet_postings", {}, POSTING_COLUMNS, self._postings())
        connection.close()

    def _choices(self) -> Iterator[tuple[str, str, str, int, int]]:
        """State, method, flag, station and driver of one order after the other; the same each time."""
        dice = random.Random(self.seed)
        for _ in range(self.orders):
            state, method, flag = (_pick(table, dice.randrange(100_000)) for table in (STATES, METHODS, FLAGS))
            # Some stations and some drivers come far more often than others.
            station = min(dice.randrange(STATIONS), dice.randrange(STATIONS))
            driver = min(dice.randrange(DRIVERS), dice.randrange(DRIVERS))
            yield state, method, flag, station, driver

    def _orders(self) -> Iterator[Row]:
        for index, (state, method, flag, station, driver) in enumerate(self._choices()):
            placed_ms, number = self.moment_ms(index), self.number(index)
            if index % 1_000 == 0:
                self.numbers.append(number)
            ended = state != "charging"
            energy_wh = 5_000 + index * 37 % 40_000 if state in ("settled", "disputed") else 0
            yield (
                index + 1,
                number,
                session_no(index),
                FIRST_STATION + station,
                point_code(station, index),
                FIRST_DRIVER + driver,
                method,
                state,
                f'["{flag}"]' if flag else "[]",
                _pick(STOPS, index * 7_919 % 100_000) if ended else None,
                energy_wh * 1_000,
                energy_wh // 10,
                energy_wh // 20,
                placed_ms,
                placed_ms + 20_000,
                placed_ms + 2_400_000 if ended else None,
                min(placed_ms + 2_410_000, self.now_ms) if ended else None,
            )

    def _flags(self) -> Iterator[Row]:
        for index, (_, _, flag, _, _) in enumerate(self._choices()):
            if flag:
                yield flag, self.number(index)

    def _sessions(self) -> Iterator[Row]:
        for index, (state, method, _, station, driver) in enumerate(self._choices()):
            requested_ms = self.moment_ms(index)
            if requested_ms < self.now_ms - SESSION_DAYS * DAY_MS:
                continue
            yield (
                index + 1,
                session_no(index),
                self.number(index),
                FIRST_STATION + station,
                point_code(station, index),
                FIRST_DRIVER + driver,
                method,
                "charging" if state == "charging" else "settled",
                requested_ms,
                requested_ms + 20_000 if state in ("settled", "disputed", "charging") else None,
            )

    def transfer_id(self, index: int) -> str:
        """As many transfers as orders, one at each moment."""
        return f"{self.number(index)}:{self._purpose(index)}"

    def _purpose(self, index: int) -> str:
        return _pick(PURPOSES, index * 7_919 % 100_000)

    def _transfers(self) -> Iterator[Row]:
        for index, (_, _, _, _, driver) in enumerate(self._choices()):
            number, purpose = self.number(index), self._purpose(index)
            hold_id = number if purpose in ("charge", "hold", "release") else None
            transfer = (FIRST_TRANSFER + index, self.transfer_id(index), purpose, FIRST_DRIVER + driver)
            yield (*transfer, hold_id, number, self.moment_ms(index))

    def _postings(self) -> Iterator[Row]:
        for index, (_, _, _, _, driver) in enumerate(self._choices()):
            transfer_id, at_ms = self.transfer_id(index), self.moment_ms(index)
            yield transfer_id, 1, "driver_cash", FIRST_DRIVER + driver, -100, at_ms
            yield transfer_id, 2, "energy_revenue", 1, 100, at_ms


def session_no(index: int) -> str:
    """Of the order with this index."""
    return f"{index:032d}"


def point_code(station: int, index: int) -> str:
    """The charge point an order with this index used at a station."""
    return f"3299{station:04d}{index % POINTS_EACH:06d}"


def _pick(table: Mapping[str, int], value: int) -> str:
    for name, share in table.items():
        if value < share:
            return name
        value -= share
    raise AssertionError("the shares do not add up to 100,000")


def _columns(connection: sqlite3.Connection, table: str) -> list[tuple[str, str, bool]]:
    """Name, type and whether it must not be empty."""
    return [(row[1], row[2].upper(), bool(row[3])) for row in connection.execute(f"PRAGMA table_info({table})")]


def _insert(
    connection: sqlite3.Connection, table: str, same: Mapping[str, object], names: Sequence[str], rows: Iterator[Row]
) -> None:
    """Rows that differ in some columns, have the same in others, and nothing (0, "" or NULL) in the rest."""
    values = dict.fromkeys(names, "?")
    for name, kind, needed in _columns(connection, table):
        nothing = ("''" if "CHAR" in kind or "TEXT" in kind else "0") if needed else "NULL"
        values.setdefault(name, repr(same[name]) if name in same else nothing)
    connection.executemany(f"INSERT INTO {table} ({','.join(values)}) VALUES ({','.join(values.values())})", rows)


class _bare:
    """Takes a table's indexes away and makes them again at the end, which is several times faster."""

    def __init__(self, connection: sqlite3.Connection, table: str) -> None:
        self._connection, self._table = connection, table
        self._made: list[str] = []

    def __enter__(self) -> None:
        query = "SELECT name, sql FROM sqlite_master WHERE type='index' AND tbl_name=? AND sql IS NOT NULL"
        for name, sql in self._connection.execute(query, (self._table,)).fetchall():
            self._connection.execute(f'DROP INDEX "{name}"')
            self._made.append(sql)

    def __exit__(self, kind: object, *_: object) -> None:
        for sql in self._made if kind is None else ():
            self._connection.execute(sql)
