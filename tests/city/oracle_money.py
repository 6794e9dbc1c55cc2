"""Money: the ledger balances, nothing is negative, every hold has its order, every session is settled once (I1 I2 I4).

I5 and I6 speak of payments and refunds: each payment is credited once and gives back no more than was paid.
"""

from collections.abc import Iterator

from tests.city.evidence import Books

OPEN_ORDERS = "('placed', 'charging', 'finishing')"
FINAL_ORDERS = "('settled', 'cancelled_no_energy', 'failed_no_energy', 'closed_by_operator')"
REVENUE = "('energy_revenue', 'service_revenue')"
TAKEN = "('requested', 'starting', 'awaiting_plug', 'unconfirmed', 'charging', 'stopping')"
FINAL_SESSIONS = "('recorded', 'estimated', 'rejected', 'failed')"
ON_ITS_WAY = "('requested', 'processing', 'abnormal')"
PATIENCE_MS = 45 * 60_000


def ledger(books: Books) -> Iterator[str]:
    """I1, I2."""
    for row in books.rows(
        "SELECT transfer_id, SUM(amount_fen) AS total FROM wallet_postings GROUP BY transfer_id HAVING total <> 0"
    ):
        yield f"I1 transfer {row['transfer_id']} sums to {row['total']} fen"
    total = books.value("SELECT COALESCE(SUM(amount_fen), 0) FROM wallet_postings")
    if total:
        yield f"I1 all postings sum to {total} fen"
    sums = {
        (row["account"], row["owner_id"]): row["total"]
        for row in books.rows(
            "SELECT account, owner_id, SUM(amount_fen) AS total FROM wallet_postings GROUP BY account, owner_id"
        )
    }
    for row in books.rows("SELECT * FROM wallets"):
        driver_id = row["driver_id"]
        for column, account, sign in (
            ("cash_fen", "driver_cash", 1), ("held_fen", "driver_held", 1), ("arrears_fen", "driver_arrears", -1),
            ("gift_fen", "driver_gift", 1),
        ):  # fmt: skip
            if row[column] < 0:
                yield f"I2 driver {driver_id}: {column} is {row[column]}"
            if row[column] != sign * sums.pop((account, driver_id), 0):
                yield f"I2 driver {driver_id}: {column} is {row[column]}, its postings say otherwise"
    for (account, owner_id), fen in sums.items():
        if account.startswith("driver_") and fen:
            yield f"I2 {account} of {owner_id} holds {fen} fen and has no wallet"


def holds(books: Books) -> Iterator[str]:
    """I2: what is held is what open holds hold, and each of them belongs to an order that is under way."""
    for row in books.rows(
        "SELECT w.driver_id, w.held_fen, COALESCE(SUM(h.amount_fen), 0) AS open_fen FROM wallets w LEFT JOIN "
        "wallet_holds h ON h.driver_id = w.driver_id AND h.state = 'open' GROUP BY w.driver_id "
        "HAVING w.held_fen <> open_fen"
    ):
        yield f"I2 driver {row['driver_id']}: {row['held_fen']} fen held, open holds sum to {row['open_fen']}"
    expected = {
        row["order_no"] if row["hold_no"] == 1 else f"{row['order_no']}-{row['hold_no']}": row["hold_fen"]
        for row in books.rows("SELECT order_no, hold_no, hold_fen FROM orders WHERE hold_open")
    }
    for row in books.rows("SELECT payment_no, held_fen FROM payments WHERE held_fen > 0"):
        expected[f"prepay:{row['payment_no']}"] = row["held_fen"]
    for row in books.rows(
        f"SELECT part_no, amount_fen + gift_fen AS frozen FROM refund_parts WHERE state IN {ON_ITS_WAY}"
    ):
        expected[row["part_no"]] = row["frozen"]
    held = {row["hold_id"]: row["amount_fen"] for row in books.rows("SELECT * FROM wallet_holds WHERE state = 'open'")}
    for hold_id in sorted(expected.keys() ^ held.keys()):
        whose = "an order without it" if hold_id in held else "no open hold behind the order"
        yield f"I7 hold {hold_id}: {whose}"
    for hold_id in sorted(expected.keys() & held.keys()):
        if expected[hold_id] != held[hold_id]:
            yield f"I2 hold {hold_id}: {held[hold_id]} fen, its order says {expected[hold_id]}"
    for row in books.rows(f"SELECT order_no, state FROM orders WHERE hold_open AND state NOT IN {OPEN_ORDERS}"):
        yield f"I7 order {row['order_no']} is {row['state']} and still holds money"


def payments(books: Books) -> Iterator[str]:
    """I5, I6."""
    for row in books.rows(
        "SELECT p.payment_no, p.paid_fen, COUNT(t.transfer_id) AS n FROM payments p LEFT JOIN wallet_transfers t "
        "ON t.transfer_id = 'pay:' || p.payment_no GROUP BY p.payment_no "
        "HAVING n <> (p.credited_at_ms IS NOT NULL)"
    ):
        yield f"I5 payment {row['payment_no']} of {row['paid_fen']} fen is credited {row['n']} times"
    for row in books.rows(
        "SELECT t.transfer_id FROM wallet_transfers t LEFT JOIN payments p ON t.transfer_id = 'pay:' || p.payment_no "
        "WHERE t.transfer_id LIKE 'pay:%' AND p.payment_no IS NULL"
    ):
        yield f"I5 transfer {row['transfer_id']} credits a payment that is not there"
    for row in books.rows(
        "SELECT p.payment_no, p.paid_fen, COALESCE(SUM(r.amount_fen), 0) AS given FROM payments p JOIN refund_parts r "
        "ON r.payment_no = p.payment_no AND r.state <> 'closed' GROUP BY p.payment_no HAVING given > p.paid_fen"
    ):
        yield f"I6 payment {row['payment_no']} of {row['paid_fen']} fen gives back {row['given']} fen"


def revenue(books: Books) -> Iterator[str]:
    """What operators earned is what orders cost."""
    earned = books.value(f"SELECT COALESCE(SUM(amount_fen), 0) FROM wallet_postings WHERE account IN {REVENUE}")
    owed = books.value(
        "SELECT COALESCE(SUM(energy_fee_fen + service_fee_fen), 0) FROM orders WHERE driver_id IS NOT NULL"
    )
    sold = books.value("SELECT COALESCE(SUM(price_fen), 0) FROM passes")
    if earned != owed + sold:
        yield f"I1 operators earned {earned} fen, orders cost {owed} fen and passes {sold} fen"
    for row in books.rows(
        "SELECT o.order_no, o.energy_fee_fen + o.service_fee_fen AS cost, COALESCE(SUM(p.amount_fen), 0) AS earned "
        "FROM orders o LEFT JOIN wallet_transfers t ON t.memo = o.order_no LEFT JOIN wallet_postings p "
        f"ON p.transfer_id = t.transfer_id AND p.account IN {REVENUE} "
        "WHERE o.driver_id IS NOT NULL GROUP BY o.order_no HAVING cost <> earned"
    ):
        yield f"I4 order {row['order_no']} costs {row['cost']} fen, {row['earned']} fen were taken for it"


def settlements(books: Books) -> Iterator[str]:
    """I4: one settlement a session and an order, and none without."""
    for column in ("session_no", "order_no"):
        for row in books.rows(f"SELECT {column} AS it, COUNT(*) AS n FROM settlements GROUP BY {column} HAVING n > 1"):
            yield f"I4 {column} {row['it']} is settled {row['n']} times"
    for row in books.rows(
        "SELECT o.order_no, o.state, o.charge_point_code FROM orders o LEFT JOIN settlements s USING (session_no) "
        "WHERE o.state IN ('settled', 'disputed', 'closed_by_operator') AND s.session_no IS NULL "
        "AND o.settled_at_ms IS NOT NULL"
    ):
        books.accuse(row["charge_point_code"])
        yield f"I4 order {row['order_no']} is {row['state']} without a settlement"
    for row in books.rows(
        "SELECT hold_id, COUNT(*) AS n FROM wallet_transfers WHERE kind IN ('capture', 'release') "
        "GROUP BY hold_id HAVING n > 1"
    ):
        yield f"I4 hold {row['hold_id']} was ended {row['n']} times"


def debits(books: Books, *, overdraft_fen: int, offline_fen: int) -> Iterator[str]:
    """A05: whatever a record says, no more is taken without people than was held, but for a little; of what was
    prepaid for an e-bike never more, and of what a pass pays nothing."""
    for row in books.rows(
        "SELECT o.order_no, o.charge_point_code, o.hold_fen, o.energy_fee_fen + o.service_fee_fen AS cost, "
        "s.charged_fen FROM orders o LEFT JOIN settlements s USING (order_no) "
        "WHERE length(o.charge_point_code) = 8 AND MAX(o.energy_fee_fen + o.service_fee_fen, "
        "COALESCE(s.charged_fen, 0)) > CASE WHEN o.hold_fen > 0 OR o.pass_id IS NOT NULL THEN o.hold_fen ELSE ? END",
        offline_fen,
    ):
        books.accuse(row["charge_point_code"])
        yield f"A05 order {row['order_no']}: {row['cost']} fen were taken, {row['hold_fen']} were prepaid"
    for row in books.rows(
        "SELECT o.order_no, o.charge_point_code, o.hold_fen, s.charged_fen FROM settlements s JOIN orders o "
        "USING (order_no) WHERE s.charged_fen > CASE WHEN o.hold_fen > 0 THEN o.hold_fen + ? ELSE ? END",
        overdraft_fen,
        offline_fen,
    ):
        books.accuse(row["charge_point_code"])
        yield f"A05 order {row['order_no']}: {row['charged_fen']} fen were taken at once, {row['hold_fen']} were held"


def occupation(books: Books) -> Iterator[str]:
    """A connector is never in two sessions, and a session never in two orders."""
    for row in books.rows(
        f"SELECT charge_point_code, connector_no, COUNT(*) AS n FROM sessions WHERE state IN {TAKEN} "
        "GROUP BY charge_point_code, connector_no HAVING n > 1"
    ):
        books.accuse(row["charge_point_code"])
        yield f"connector {row['charge_point_code']}/{row['connector_no']} is in {row['n']} open sessions"


def stuck(books: Books, estimate_after_s: int) -> Iterator[str]:
    """I7: an order that nothing has been heard of ends within its bound, without people."""
    bound_ms = estimate_after_s * 1000 + PATIENCE_MS
    for row in books.rows(
        "SELECT o.order_no, o.charge_point_code, o.state, s.state AS session_state, s.evidence_at_ms FROM orders o "
        f"JOIN sessions s USING (session_no) WHERE o.state IN {OPEN_ORDERS} AND s.evidence_at_ms < ?",
        books.now_ms - bound_ms,
    ):
        books.accuse(row["charge_point_code"])
        quiet_min = (books.now_ms - row["evidence_at_ms"]) // 60_000
        yield f"I7 order {row['order_no']} is {row['state']} ({row['session_state']}), unheard of for {quiet_min} min"


def at_rest(books: Books) -> Iterator[str]:
    """I7, I11: nothing is under way any more."""
    for row in books.rows(f"SELECT order_no, state, charge_point_code FROM orders WHERE state NOT IN {FINAL_ORDERS}"):
        books.accuse(row["charge_point_code"])
        yield f"I7 order {row['order_no']} is still {row['state']}"
    for row in books.rows(
        f"SELECT session_no, state, charge_point_code FROM sessions WHERE state NOT IN {FINAL_SESSIONS}"
    ):
        books.accuse(row["charge_point_code"])
        yield f"I7 session {row['session_no']} is still {row['state']}"
    for row in books.rows("SELECT hold_id FROM wallet_holds WHERE state = 'open'"):
        yield f"I7 hold {row['hold_id']} was never ended"
    for row in books.rows("SELECT command_id, kind, charge_point_code FROM device_commands WHERE outcome = ''"):
        yield f"I10 command {row['command_id']} ({row['kind']}) never ended"
    for table, what in (("outbox", "I11 messages in the outbox"), ("dead_messages", "I11 messages set aside")):
        count = books.value(f"SELECT COUNT(*) FROM {table}")
        if count:
            column = "kind" if table == "outbox" else "kind || ': ' || error"
            first = books.value(f"SELECT {column} FROM {table} LIMIT 1")
            yield f"{what}: {count}, the first is {str(first)[:300]}"
