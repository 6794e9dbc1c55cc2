"""A million orders and as many lines of the journal: the console's questions over the API, `-m tests.bench orders`.

The server runs on core 0, the questions come from core 1, one after the other over one connection.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx

from chargecloud.features.operators import service as operators
from chargecloud.features.operators import sql_sign_in
from chargecloud.features.operators.messages import Role
from chargecloud.features.operators.model import secret_hash
from chargecloud.infra.http.paging import cursor_of
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.ids import new_secret
from tests.bench.load import pinned
from tests.bench.order_history import (
    DAY_MS,
    DAYS,
    DRIVERS,
    FIRST_DRIVER,
    FIRST_STATION,
    FIRST_TRANSFER,
    FLAGS,
    METHODS,
    PURPOSES,
    STATES,
    STATIONS,
    STOPS,
    History,
    point_code,
    session_no,
)
from tests.support.platform_process import Platform
from tests.support.populated import Plan, build

ORDERS = 1_000_000
TURNS = 60
"""Of each question, with other values each time."""
MUST_MS, AIM_MS = 300, 100
COUNTED_WITHIN_S = 180
PACE = {"CHARGECLOUD_LOG__LEVEL": "warning"}

Ask = Callable[["Questions"], Mapping[str, object]]
Figures = dict[str, object]


class Questions:
    """Values to ask for, from a seed."""

    def __init__(self, history: History, dice: random.Random) -> None:
        self._history, self._dice = history, dice

    @property
    def station(self) -> int:
        return FIRST_STATION + self._dice.randrange(STATIONS)

    @property
    def driver(self) -> int:
        return FIRST_DRIVER + self._dice.randrange(DRIVERS)

    @property
    def point(self) -> str:
        return point_code(self._dice.randrange(STATIONS), self._dice.randrange(10))

    @property
    def number(self) -> str:
        return self._dice.choice(self._history.numbers)

    @property
    def deep(self) -> str:
        """A cursor somewhere in the older half."""
        return cursor_of(self._history.numbers[self._dice.randrange(len(self._history.numbers) // 2) + 1])

    @property
    def session(self) -> str:
        return session_no(self._dice.randrange(self._history.orders))

    @property
    def transfer(self) -> str:
        return self._history.transfer_id(self._dice.randrange(self._history.orders))

    @property
    def purpose(self) -> str:
        return self._dice.choice(list(PURPOSES))

    @property
    def deep_line(self) -> str:
        """A cursor somewhere in the older half of the journal."""
        return cursor_of(FIRST_TRANSFER + self._dice.randrange(self._history.orders // 2) + 1)

    @property
    def old_flag(self) -> str:
        return self._dice.choice([name for name in FLAGS if name])

    @property
    def state(self) -> str:
        return self._dice.choice(list(STATES))

    @property
    def stop(self) -> str:
        return self._dice.choice(list(STOPS))

    @property
    def method(self) -> str:
        return self._dice.choice(list(METHODS))

    def span(self, days: int) -> dict[str, object]:
        """Some days anywhere in the two years."""
        first_ms = self._history.now_ms - self._dice.randrange(days, DAYS) * DAY_MS
        return {"since": _rfc3339(first_ms), "until": _rfc3339(first_ms + days * DAY_MS)}


def _rfc3339(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1_000, UTC).isoformat()


LISTS: dict[str, Ask] = {
    "first page": lambda q: {},
    "first page of 200": lambda q: {"limit": 200},
    "deep cursor": lambda q: {"before": q.deep},
    "station": lambda q: {"station_id": q.station},
    "station, deep cursor": lambda q: {"station_id": q.station, "before": q.deep},
    "station, a day": lambda q: {"station_id": q.station, **q.span(1)},
    "station, a month": lambda q: {"station_id": q.station, **q.span(30)},
    "station, state": lambda q: {"station_id": q.station, "state": q.state},
    "station, start method": lambda q: {"station_id": q.station, "method": q.method},
    "station, start method, state, a month": lambda q: {
        "station_id": q.station, "method": q.method, "state": q.state, **q.span(30)
    },
    "charge point": lambda q: {"charge_point_code": q.point},
    "charge point, state": lambda q: {"charge_point_code": q.point, "state": q.state},
    "charge point, a week": lambda q: {"charge_point_code": q.point, **q.span(7)},
    "state": lambda q: {"state": q.state},
    "state, deep cursor": lambda q: {"state": q.state, "before": q.deep},
    "state, a day": lambda q: {"state": q.state, **q.span(1)},
    "start method": lambda q: {"method": q.method},
    "start method, state": lambda q: {"method": q.method, "state": q.state},
    "start method, a week": lambda q: {"method": q.method, **q.span(7)},
    "how it ended": lambda q: {"stop_class": q.stop},
    "how it ended, station": lambda q: {"stop_class": q.stop, "station_id": q.station},
    "how it ended, a day": lambda q: {"stop_class": q.stop, **q.span(1)},
    "a day": lambda q: q.span(1),
    "a year": lambda q: q.span(365),
    "number, whole": lambda q: {"number": q.number},
    "number, its day": lambda q: {"number": q.number[:8]},
    "number, its minute": lambda q: {"number": q.number[:12]},
    "number, its day, start method": lambda q: {"number": q.number[:8], "method": q.method},
    "session": lambda q: {"session_no": q.session},
    "driver": lambda q: {"driver_id": q.driver},
    "driver, state": lambda q: {"driver_id": q.driver, "state": q.state},
    "driver, a month": lambda q: {"driver_id": q.driver, **q.span(30)},
    "anomaly": lambda q: {"flag": q.old_flag},
    "anomaly, deep cursor": lambda q: {"flag": q.old_flag, "before": q.deep},
    "anomaly, a week": lambda q: {"flag": q.old_flag, **q.span(7)},
    "anomaly, station": lambda q: {"flag": q.old_flag, "station_id": q.station},
    "anomaly, state": lambda q: {"flag": q.old_flag, "state": q.state},
    "anomaly, start method": lambda q: {"flag": q.old_flag, "method": q.method},
}  # fmt: skip
JOURNAL: dict[str, Ask] = {
    "first page": lambda q: {},
    "first page of 200": lambda q: {"limit": 200},
    "deep cursor": lambda q: {"before": q.deep_line},
    "kind": lambda q: {"purpose": q.purpose},
    "kind, deep cursor": lambda q: {"purpose": q.purpose, "before": q.deep_line},
    "kind, a week": lambda q: {"purpose": "charge", **q.span(7)},
    "a day": lambda q: q.span(1),
    "a year": lambda q: q.span(365),
    "driver": lambda q: {"driver_id": q.driver},
    "driver, kind, a year": lambda q: {"driver_id": q.driver, "purpose": "charge", **q.span(365)},
    "transfer": lambda q: {"transfer_id": q.transfer},
}
READS: dict[str, tuple[str, Ask]] = {
    "workbench": ("/statistics/workbench", lambda q: {}),
    "trend of 30 days": ("/statistics/trend", lambda q: {"days": 30}),
    "trend of a station": ("/statistics/trend", lambda q: {"days": 30, "station_id": q.station}),
    "ranking": ("/statistics/ranking", lambda q: {"days": 30, "by": "orders"}),
}


async def _administrator(database: Path) -> str:
    """The token of one."""
    opened = Database(f"sqlite:///{database}", SystemClock())
    await opened.start()
    token = new_secret()
    async with opened.unit() as uow:
        new = operators.NewStaff(
            username="bench", display_name="bench", role=Role.ADMINISTRATOR, password_hash="", operator_id=1
        )
        member = await operators.create_staff(uow, new)
        await sql_sign_in.add_session(
            uow, member.staff_id, token_hash=secret_hash(token), source="127.0.0.1", agent="bench"
        )
    await opened.stop()
    return token


def orders_of_a_million(count: int = ORDERS) -> Figures:
    """95th percentiles of every question, in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="chargecloud-bench-") as temporary:
        directory = Path(temporary)
        database = directory / "chargecloud.db"
        asyncio.run(build(directory, Plan(card_points=5, app_points=1, card_holders=1)))
        token = asyncio.run(_administrator(database))
        history = History(count, SystemClock().now_ms())
        began = time.monotonic()
        history.fill(database)
        filled_s = time.monotonic() - began
        process = Platform(directory, prefix=pinned(0), settings=PACE)
        process.start()
        process.wait_ready()
        try:
            lists, journal, reads = _measure(process.http, token, history)
        finally:
            process.stop()
        size_mib = database.stat().st_size // 2**20
    return {
        "bench": "orders",
        "orders": count,
        "filled_s": round(filled_s),
        "database_mib": size_mib,
        "must_ms": MUST_MS,
        "aim_ms": AIM_MS,
        "lists_p95_ms": lists,
        "slowest_list_p95_ms": max(lists.values()),
        "journal_p95_ms": journal,
        "slowest_journal_p95_ms": max(journal.values()),
        "statistics_p95_ms": reads,
        "slowest_statistics_p95_ms": max(reads.values()),
    }


def _measure(port: int, token: str, history: History) -> tuple[dict[str, float], ...]:
    base, headers = f"http://127.0.0.1:{port}/api/v1", {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=base, headers=headers, timeout=60) as client:
        _wait_until_counted(client)
        lists = {name: _p95_ms(client, "/orders", ask, history) for name, ask in LISTS.items()}
        journal = {name: _p95_ms(client, "/wallet-journal", ask, history) for name, ask in JOURNAL.items()}
        reads = {name: _p95_ms(client, path, ask, history) for name, (path, ask) in READS.items()}
    return lists, journal, reads


def _wait_until_counted(client: httpx.Client) -> None:
    """The worker counts the days that are over first, once; that is not what is measured."""
    until = time.monotonic() + COUNTED_WITHIN_S
    while not all(day["counted"] for day in client.get("/statistics/trend", params={"days": 30}).json()["days"]):
        if time.monotonic() > until:
            raise TimeoutError(f"the days were not counted within {COUNTED_WITHIN_S} s")
        time.sleep(0.5)


def _p95_ms(client: httpx.Client, path: str, ask: Ask, history: History) -> float:
    questions, took_ms, found = Questions(history, random.Random(7)), [], 0
    for _ in range(TURNS):
        asked = {name: str(value) for name, value in ask(questions).items()}
        began = time.perf_counter()
        answer = client.get(path, params=asked)
        took_ms.append((time.perf_counter() - began) * 1_000)
        assert answer.status_code == 200, (path, asked, answer.text)
        found += len(answer.json().get("items", ("something",)))
    assert found, (path, asked, "nothing is found by this question, so it measures nothing")
    took_ms.sort()
    return round(took_ms[TURNS * 95 // 100], 1)
