"""No list and no hot statement reads a whole table of orders, sessions or records, nor sorts one."""

from collections.abc import AsyncIterator
from typing import cast

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ClauseElement

from chargecloud.features.drivers import views_cards
from chargecloud.features.drivers.views_cards import CardFilter
from chargecloud.features.orders import views as order_views
from chargecloud.features.orders import views_figures as order_figures
from chargecloud.features.orders.views import OrderFilter
from chargecloud.features.payments import views as payment_views
from chargecloud.features.payments.views import CaseFilter, NoticeFilter, PaymentFilter, RefundFilter, Span
from chargecloud.features.sessions import sql as sessions_sql
from chargecloud.features.sessions import views as session_views
from chargecloud.features.sessions import views_figures as session_figures
from chargecloud.features.sessions.views import SessionFilter
from chargecloud.features.wallet import views_journal
from chargecloud.features.wallet.views_journal import JournalFilter
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.uow import UnitOfWork
from tests.support.world import CODE

NOW = 1_767_225_600_000
ONLY = frozenset({2, 3})
LARGE = ("orders", "order_flags", "sessions", "session_records", "session_samples", "device_commands",
         "payments", "refunds", "refund_parts", "payment_notices", "payment_cases")  # fmt: skip


class Nothing(list[object]):
    """No rows, however they are asked for."""

    def all(self) -> list[object]:
        return []


class Explainer:
    """Stands where a connection does: asks for the plan of each statement instead of running it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.plans: list[str] = []

    async def execute(self, statement: ClauseElement, values: dict[str, object] | None = None) -> list[object]:
        written = str(
            statement.params(values or {}).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        )
        rows = await self.connection.execute(text("EXPLAIN QUERY PLAN " + written.replace(":", "\\:")))
        self.plans.append("\n".join(str(row[3]) for row in rows))
        return Nothing()

    def check(self) -> None:
        for plan in self.plans:
            for line in plan.splitlines():
                scanned = line.removeprefix("SCAN ").split()[0] if line.startswith("SCAN ") else ""
                through_index = "USING" in line
                assert scanned not in LARGE or through_index, plan
                assert "TEMP B-TREE" not in line, plan


@pytest.fixture
def engine() -> str:
    """Plans are read as SQLite writes them."""
    return "sqlite"


@pytest.fixture
async def explainer(database: Database) -> AsyncIterator[Explainer]:
    async with database.read() as connection:
        yield Explainer(connection)


@pytest.mark.parametrize(
    "wanted",
    [
        OrderFilter(),
        OrderFilter(operator_id=1),
        OrderFilter(driver_id=1),
        OrderFilter(operator_id=1, state="disputed"),
        OrderFilter(operator_id=1, station_ids=ONLY),
        OrderFilter(operator_id=1, station_ids=ONLY, state="disputed"),
        OrderFilter(state="disputed"),
        OrderFilter(operator_id=1, station_id=1),
        OrderFilter(operator_id=1, charge_point_code=CODE),
        OrderFilter(flag="clock"),
        OrderFilter(operator_id=1, flag="clock"),
        OrderFilter(operator_id=1, flag="clock", state="disputed", station_id=1, charge_point_code=CODE),
        OrderFilter(operator_id=1, since_ms=NOW, until_ms=NOW + 86_400_000),
        OrderFilter(driver_id=1, since_ms=NOW, state="settled"),
        OrderFilter(operator_id=1, method="vin"),
        OrderFilter(operator_id=1, stop_class="aborted"),
        OrderFilter(operator_id=1, stop_class="completed", station_id=1),
        OrderFilter(operator_id=1, stop_reason="overload"),
        OrderFilter(operator_id=1, stop_class="aborted", stop_reason="overload", station_id=1),
        OrderFilter(operator_id=1, number="202601"),
        OrderFilter(operator_id=1, session_no="1" * 32),
        OrderFilter(
            operator_id=1,
            state="settled",
            method="app",
            station_id=1,
            driver_id=1,
            charge_point_code=CODE,
            number="2026",
        ),
    ],
)
@pytest.mark.parametrize("before", [None, "2026010108000000000000"])
async def test_lists_of_orders(explainer: Explainer, wanted: OrderFilter, before: str | None) -> None:
    await order_views.list_orders(explainer, wanted, before_no=before, limit=51)  # type: ignore[arg-type]
    explainer.check()


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (OrderFilter(operator_id=1), "ix_orders_operator_id_order_no (operator_id=?"),
        (OrderFilter(operator_id=1, station_ids=ONLY), "ix_orders_operator_id_order_no (operator_id=?"),
        (OrderFilter(operator_id=1, station_ids=ONLY, station_id=2), "ix_orders_station_id_order_no (station_id=?"),
        (OrderFilter(operator_id=1, station_ids=ONLY, driver_id=1), "ix_orders_driver_id_order_no (driver_id=?"),
        (OrderFilter(operator_id=1, state="settled", station_id=1), "ix_orders_station_id_order_no (station_id=?"),
        (
            OrderFilter(operator_id=1, state="disputed", station_id=1),
            "ix_orders_operator_id_state_order_no (operator_id=?",
        ),
        (
            OrderFilter(operator_id=1, method="vin", state="settled"),
            "ix_orders_operator_id_method_order_no (operator_id=?",
        ),
        (
            OrderFilter(operator_id=1, station_id=1, method="other"),
            "ix_orders_operator_id_method_order_no (operator_id=?",
        ),
        (OrderFilter(operator_id=1, station_id=1, method="app"), "ix_orders_station_id_order_no (station_id=?"),
        (OrderFilter(operator_id=1, driver_id=1, station_id=1, state="charging"), "ix_orders_driver_id_order_no"),
        (
            OrderFilter(operator_id=1, number="2026", method="app"),
            "operator_id=? AND method=? AND order_no>? AND order_no<?",
        ),
        (OrderFilter(operator_id=1, session_no="1" * 32, state="settled"), "(session_no=?)"),
        (OrderFilter(operator_id=1, flag="clock", method="app"), "flag=?"),
        (
            OrderFilter(operator_id=1, stop_class="aborted", station_id=1),
            "ix_orders_operator_id_stop_class_order_no (operator_id=?",
        ),
        (OrderFilter(operator_id=1, stop_class="completed", station_id=1), "ix_orders_station_id_order_no"),
        (
            OrderFilter(operator_id=1, stop_class="aborted", stop_reason="overload", station_id=1),
            "ix_orders_operator_id_stop_reason_order_no (operator_id=?",
        ),
    ],
)
async def test_a_list_walks_the_index_that_leaves_the_fewest_orders(
    explainer: Explainer, wanted: OrderFilter, index: str
) -> None:
    await order_views.list_orders(explainer, wanted, before_no=None, limit=51)  # type: ignore[arg-type]
    assert index in explainer.plans[0] and "SEARCH" in explainer.plans[0], explainer.plans[0]


@pytest.mark.parametrize(
    "wanted",
    [
        SessionFilter(),
        SessionFilter(operator_id=1),
        SessionFilter(operator_id=1, station_ids=ONLY),
        SessionFilter(operator_id=1, charge_point_code=CODE),
        SessionFilter(operator_id=1, state="charging"),
    ],
)
async def test_lists_of_sessions(explainer: Explainer, wanted: SessionFilter) -> None:
    await session_views.list_sessions(explainer, wanted, before_id=100, limit=51)  # type: ignore[arg-type]
    explainer.check()


async def test_hot_statements_of_sessions(explainer: Explainer) -> None:
    uow = UnitOfWork(explainer, NOW)  # type: ignore[arg-type]
    await sessions_sql.find_here(uow, "1" * 32, f"{CODE}/1")
    await sessions_sql.find_here(uow, "", f"{CODE}/1")
    await sessions_sql.occupying(uow, driver_id=1, connector_keys=[f"{CODE}/1"])
    await sessions_sql.occupying(uow, driver_id=1, connector_keys=[])
    await session_views.samples_of(uow.connection, "1" * 32, after_id=0, limit=10)
    await session_views.records_of(uow.connection, "1" * 32)
    assert len(explainer.plans) == 6
    explainer.check()


async def test_figures_are_added_up_over_an_index(explainer: Explainer) -> None:
    connection = UnitOfWork(explainer, NOW).connection  # type: ignore[arg-type]
    await order_figures.order_sums(connection, 1, NOW, NOW + 86_400_000)
    await session_figures.start_sums(connection, 1, NOW, NOW + 86_400_000)
    await session_figures.flow(connection, NOW)
    indexes = ("operator_id_settled_at_ms", "operator_id_requested_at_ms", "state_id")
    for plan, index in zip(explainer.plans, indexes, strict=True):
        assert "SEARCH" in plan and index in plan, plan


SPAN = Span(since_ms=NOW, until_ms=NOW + 86_400_000)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (PaymentFilter(operator_id=1), "payments_payment_no (operator_id=?"),
        (PaymentFilter(operator_id=1, span=SPAN), "(operator_id=? AND payment_no>? AND payment_no<?)"),
        (PaymentFilter(operator_id=1, state="paid", channel="wechat"), "ix_payments_operator_id_payments_payment_no"),
        (
            PaymentFilter(operator_id=1, state="quarantined"),
            "payments_state_payments_payment_no (operator_id=? AND state=?",
        ),
        (PaymentFilter(operator_id=1, driver_id=1, state="paid", span=SPAN), "(driver_id=? AND payment_no>?"),
        (PaymentFilter(operator_id=1, span=Span(number="P2026")), "payment_no>? AND payment_no<?"),
        (PaymentFilter(operator_id=1, order_no="1"), "(order_no=?)"),
        (PaymentFilter(operator_id=1, channel="wechat", transaction_id="1"), "(channel=? AND transaction_id=?)"),
    ],
)
async def test_lists_of_payments(explainer: Explainer, wanted: PaymentFilter, index: str) -> None:
    asked = cast(AsyncConnection, explainer)
    await payment_views.payments_of(asked, wanted, before_no=None, limit=51)
    explainer.check()
    assert index in explainer.plans[0], explainer.plans[0]


@pytest.mark.parametrize(
    "wanted",
    [
        RefundFilter(operator_id=1, span=SPAN),
        RefundFilter(operator_id=1, standing="done", channel="wechat", span=SPAN),
        RefundFilter(operator_id=1, driver_id=1, kind="staff"),
        RefundFilter(operator_id=1, standing="open"),
        CaseFilter(operator_id=1, span=SPAN),
        CaseFilter(operator_id=1, state="open", kind="paid_late", channel="wechat"),
        NoticeFilter(channel="wechat", span=SPAN),
        NoticeFilter(outcome="credited"),
    ],
)
async def test_lists_of_refunds_cases_and_notices(
    explainer: Explainer, wanted: RefundFilter | CaseFilter | NoticeFilter
) -> None:
    asked = cast(AsyncConnection, explainer)
    match wanted:
        case RefundFilter():
            await payment_views.refunds_of(asked, wanted, before_no=None, limit=51)
        case CaseFilter():
            await payment_views.cases_list(asked, wanted, before_id=None, limit=51)
        case NoticeFilter():
            await payment_views.notices_log(asked, wanted, before_id=None, limit=51)
    plan = explainer.plans[0]
    assert "TEMP B-TREE" not in plan, plan
    assert isinstance(wanted, NoticeFilter) or not plan.startswith("SCAN "), plan


@pytest.mark.parametrize("operator_id", [None, 1])
@pytest.mark.parametrize(
    ("wanted", "before", "walked"),
    [
        (CardFilter(), None, "SCAN driver_cards"),
        (CardFilter(), 9, "SEARCH driver_cards USING INTEGER PRIMARY KEY (rowid<?)"),
        (CardFilter(frozen=True), 9, "SEARCH driver_cards USING INTEGER PRIMARY KEY (rowid<?)"),
        (CardFilter(driver_id=1), None, "SEARCH driver_cards USING INDEX ix_driver_cards_driver_id (driver_id=?"),
        (CardFilter(driver_id=1), 9, "SEARCH driver_cards USING INDEX ix_driver_cards_driver_id (driver_id=?"),
        (CardFilter(card_label="1"), None, "(card_label>? AND card_label<?)"),
        (CardFilter(card_label="1", frozen=False), "19", "(card_label>? AND card_label<?)"),
        (CardFilter(card_id="A1B1", card_label="1"), None, "(card_key=?)"),
    ],
)
async def test_the_list_of_cards_is_walked_in_its_order(
    explainer: Explainer, operator_id: int | None, wanted: CardFilter, before: int | str | None, walked: str
) -> None:
    """Never sorted; only the list without any filter goes through all of them, newest first, and stops at a page."""
    await views_cards.cards_page(cast(AsyncConnection, explainer), operator_id, wanted, before=before, limit=51)
    plan = explainer.plans[0]
    assert walked in plan and "TEMP B-TREE" not in plan, plan
    assert plan.count("SCAN ") == plan.count("SCAN driver_cards"), plan


async def test_a_card_is_found_by_its_physical_number(explainer: Explainer) -> None:
    """One card at most: sorting it costs nothing."""
    asked = cast(AsyncConnection, explainer)
    await views_cards.cards_page(asked, 1, CardFilter(card_id="A1B1"), before=None, limit=51)
    plan = explainer.plans[0]
    assert "(card_key=?)" in plan.splitlines()[0] and "SCAN " not in plan, plan


BY_TIME = "SEARCH wallet_transfers USING INDEX ix_wallet_transfers_operator_id_at_ms (operator_id=?"
BY_PURPOSE = (
    "SEARCH wallet_transfers USING INDEX ix_wallet_transfers_operator_id_purpose_at_ms (operator_id=? AND purpose=?"
)
OF_A_DRIVER = "SEARCH wallet_transfers USING INDEX ix_wallet_transfers_driver_id_wallet_transfers_id (driver_id=?"
A_SPAN = {"since_ms": NOW, "until_ms": NOW + 86_400_000}


@pytest.mark.parametrize("before_id", [None, 9])
@pytest.mark.parametrize(
    ("wanted", "walked"),
    [
        (JournalFilter(operator_id=1), BY_TIME),
        (JournalFilter(operator_id=1, **A_SPAN), f"{BY_TIME} AND at_ms>? AND at_ms<?)"),
        (JournalFilter(operator_id=1, purpose="refund"), BY_PURPOSE),
        (JournalFilter(operator_id=1, purpose="refund", **A_SPAN), f"{BY_PURPOSE} AND at_ms>? AND at_ms<?)"),
        (JournalFilter(operator_id=1, driver_id=1), OF_A_DRIVER),
        (JournalFilter(operator_id=1, driver_id=1, purpose="refund", **A_SPAN), OF_A_DRIVER),
        (JournalFilter(driver_id=1), OF_A_DRIVER),
        (JournalFilter(operator_id=1, transfer_id="x"), "(transfer_id=?)"),
    ],
)
async def test_the_journal_is_walked_in_its_order(
    explainer: Explainer, wanted: JournalFilter, walked: str, before_id: int | None
) -> None:
    asked = cast(AsyncConnection, explainer)
    await views_journal.journal(asked, wanted, before_id=before_id, limit=51)
    plan = explainer.plans[-1]
    assert walked in plan and "SCAN" not in plan and "TEMP B-TREE" not in plan, plan


async def test_the_lines_of_a_hold_are_found_by_their_numbers(explainer: Explainer) -> None:
    """Two at most: sorting them costs nothing."""
    asked = cast(AsyncConnection, explainer)
    await views_journal.journal(asked, JournalFilter(operator_id=1, hold_id="x"), before_id=None, limit=51)
    plan = explainer.plans[-1]
    assert "(transfer_id=?)" in plan.splitlines()[0] and "SCAN" not in plan, plan
