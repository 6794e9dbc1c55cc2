"""Boards for e-bikes: what was confirmed is kept, what was used is billed or in people's hands, at the right price.

I3, I8, I12 and I16 as for charge points for cars; a board only counts, so the bill is made of its settlement's own
words and of the reports that came.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction

from chargecloud.sim.truth import SessionTruth
from tests.city.evidence import PEOPLE, Books, Evidence, truths
from tests.city.fare import Bought, Plan, Span, Used, Wish, bought, cost_fen, prepaid_range
from tests.city.hub import Hub
from tests.city.settlement import Settlement
from tests.city.wires import MWH_PER_STEP, Kind, Report
from tests.support.exact_two_wheel import half_up

OFFLINE_FEN = 20_000
"""What an installation takes without people for a charge begun with a card while the board was offline, by default."""
CUT_OFF = "fire_guard"
A_BOARD = "length(charge_point_code) = 8"
_NOTHING = Report("", 0)


def boards_again(evidence: Evidence, books: Books) -> Iterator[str]:
    """I16: after the rest every board is served again, without a human."""
    for hub in evidence.hubs:
        for board in hub.boards:
            if not (hub.point.linked and board.registered):
                books.accuse(board.code)
                yield f"I16 board {board.code} is not in service after the rest"


def broken_memories(books: Books, codes: set[str]) -> Iterator[str]:
    """Whoever only has the id of a broken memory is never bound, and nothing is billed on it."""
    for table, column in (
        ("charge_points", "code"), ("sessions", "charge_point_code"), ("orders", "charge_point_code"),
        ("session_records", "charge_point_code"),
    ):  # fmt: skip
        for row in books.rows(f"SELECT DISTINCT {column} AS code FROM {table} WHERE length({column}) = 8"):
            if row["code"] not in codes:
                yield f"a board with a broken memory, {row['code']}, is in {table}"


class Boards:
    """Sessions, orders and settlements beside the truth, read once."""

    def __init__(self, evidence: Evidence, books: Books) -> None:
        self.facts: Counter[str] = Counter()
        self._evidence = evidence
        self._books = books
        self._orders = books.by("session_no", f"SELECT * FROM orders WHERE {A_BOARD}")
        self._sessions = books.by("session_no", "SELECT * FROM sessions")
        self._decided = {row["order_no"] for row in books.rows(PEOPLE)}
        self._records: dict[str, list[sqlite3.Row]] = defaultdict(list)
        for row in books.rows(f"SELECT * FROM session_records WHERE {A_BOARD}"):
            self._records[row["session_no"]].append(row)
        self._lines: dict[tuple[str, int], list[sqlite3.Row]] = defaultdict(list)
        for row in books.rows("SELECT * FROM order_usage_lines ORDER BY order_no, bill_no, line_no"):
            self._lines[row["order_no"], row["bill_no"]].append(row)
        self._truths = truths(evidence.hubs)

    # ── I3 ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def kept(self) -> Iterator[str]:
        """I3: every settlement a board was told is safe is there, byte for byte."""
        for _, session in self._truths:
            if session.confirmed and not self._has_record(session):
                self._books.accuse(session.charge_point_code)
                yield f"I3 the settlement of {session.session_no} was confirmed and is not stored as it was sent"

    def _has_record(self, session: SessionTruth) -> bool:
        return any(
            row["raw"] == session.record
            and row["charge_point_code"] == session.charge_point_code
            and row["connector_no"] == session.connector_no
            for row in self._records[session.session_no]
        )

    # ── I8 ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def accounted(self) -> Iterator[str]:
        """I8: every charge is billed as the board counted it, or estimated, or decided by people."""
        known: set[str] = set()
        for hub, session in self._truths:
            known.add(session.session_no)
            self.facts["bike_delivered_mwh"] += session.energy_mwh
            for problem in (*self._own_word(session), *self._account(session), *self._intervals(hub, session)):
                self._books.accuse(session.charge_point_code)
                yield f"I8 session {session.session_no}: {problem}"
        false = self._evidence.tampered | self._evidence.invented
        for session_no, order in self._orders.items():
            billed = order["energy_mwh"] or order["energy_fee_fen"] + order["service_fee_fen"]
            if billed and session_no not in known | false and not session_no.startswith("blank-"):
                self._books.accuse(order["charge_point_code"])
                yield f"I8 order {order['order_no']} bills what no board delivered"

    def _own_word(self, session: SessionTruth) -> Iterator[str]:
        """A settlement is true to the second and to the step of its meter, whatever the board went through."""
        if session.record:
            said = Settlement.of(session.record)
            short_mwh = session.energy_mwh - said.energy_mwh
            if said.charged_s != session.charged_s or not -1 <= short_mwh <= MWH_PER_STEP:
                yield f"{said.charged_s} s and {said.energy_mwh} mWh are settled, it was {session}"

    def _account(self, session: SessionTruth) -> Iterator[str]:
        order = self._orders.get(session.session_no)
        billed = order["energy_mwh"] if order else 0
        decided = order is not None and order["order_no"] in self._decided
        if decided:
            self.facts["bikes_decided"] += 1
        elif self._has_record(session):
            metered = Settlement.of(session.record).energy_mwh
            tampered = session.session_no in self._evidence.tampered
            self.facts["bikes_tampered" if tampered else "bikes_billed"] += 1
            if billed != metered:
                state = order["state"] if order else "not there"
                yield f"{metered} mWh were settled, {billed} mWh are billed (order {state}), nobody decided"
        elif session.session_no in self._evidence.tampered:
            self.facts["bikes_tampered"] += 1
        elif session.lost:
            self.facts["bikes_estimated"] += 1
            seen = self._evidence.journal.seen.get(session.session_no, (_NOTHING,) * 2)[0].energy_mwh
            if not seen <= billed <= session.energy_mwh:
                yield f"{seen} mWh were seen and {session.energy_mwh} mWh delivered, {billed} mWh are estimated"
        elif session.record or session.ended_at_ms:
            yield f"its settlement never came, and it was not lost (uploads {session.uploads})"
        else:
            yield "still runs after the rest"

    def _intervals(self, hub: Hub, session: SessionTruth) -> Iterator[str]:
        """What the platform prices by was said by the board, in this order."""
        said = {(one.charged_s, one.avg_mw, one.max_mw, one.floating) for one in hub.said[session.session_no]}
        spans = self._spans(session.session_no)
        self.facts["bike_reports_said"] += len({one.charged_s for one in hub.said[session.session_no] if one.charged_s})
        self.facts["bike_reports_kept"] += len(spans)
        for before_s, span in zip((0, *(span.until_s for span in spans)), spans, strict=False):
            if span.until_s <= before_s:
                yield f"the report of second {span.until_s} counts behind that of {before_s}"
            if (span.until_s, span.avg_mw, span.max_mw, span.floating) not in said:
                yield f"nobody reported {span}"

    def _spans(self, session_no: str) -> tuple[Span, ...]:
        row = self._sessions.get(session_no)
        found = json.loads(row["intervals"] or "[]") if row is not None else []
        return tuple(Span(until_s, avg_mw, max_mw, floating) for until_s, avg_mw, max_mw, floating, *_ in found)

    # ── I12 ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def priced(self) -> Iterator[str]:
        """I12: an exact engine of our own comes to the same fen, of what was prepaid and of what is taken."""
        for hub, session in self._truths:
            order = self._orders.get(session.session_no)
            if order is None or session.session_no in self._evidence.tampered:
                continue
            for problem in (*self._prepaid(order), *self._price(hub, session, order), *self._cut_off(hub, session)):
                self._books.accuse(session.charge_point_code)
                yield f"I12 order {order['order_no']} of session {session.session_no}: {problem}"

    def _prepaid(self, order: sqlite3.Row) -> Iterator[str]:
        if order["tariff_version_id"] is None:
            return
        least, most = prepaid_range(self._plan_at(order), self._wish(order))
        if not least <= order["hold_fen"] <= most:
            yield f"{order['hold_fen']} fen were set aside, its wish costs {least} to {most}"

    def _price(self, hub: Hub, session: SessionTruth, order: sqlite3.Row) -> Iterator[str]:
        if not order["bill_no"] or order["order_no"] in self._decided:
            return
        used = self._used(session)
        offline = order["method"] in ("card", "offline") and not order["hold_fen"]
        prepaid_fen = OFFLINE_FEN if offline else order["hold_fen"]
        charged = order["energy_fee_fen"] + order["service_fee_fen"]
        covered = order["pass_id"] is not None
        possible = self._plans(hub, session, order)
        costs = [cost_fen(plan, used, prepaid_fen, covered=covered) for plan in possible]
        if charged not in costs:
            yield f"costs {charged} fen, should cost {costs} fen for {used}"
            return
        self._count(order)
        lines = self._lines[order["order_no"], order["bill_no"]]
        hao = sum(line["energy_fee_hao"] + line["service_fee_hao"] for line in lines)
        if half_up(Fraction(hao, 100)) != charged:
            yield f"its bill lists {hao} hao, {charged} fen are charged"
        if not any(all(_is_price_of(plan, line) for line in lines) for plan in possible):
            yield "its bill has prices of another version"

    def _count(self, order: sqlite3.Row) -> None:
        """Which kinds of plans and wishes were reckoned."""
        sheds = self._evidence.sheds
        kind = sheds.kind_of[sheds.tariff_of[sheds.station_of[order["charge_point_code"]]]]
        wish = "a pass" if order["pass_id"] is not None else order["limit_kind"].replace("none", "until full")
        for what in ("bikes_priced", f"bikes_priced {kind}", f"bikes_priced for {wish}"):
            self.facts[what] += 1

    def _used(self, session: SessionTruth) -> Used:
        row = self._sessions[session.session_no]
        spans, cut_off = self._spans(session.session_no), row["stop_reason"] == CUT_OFF
        if self._has_record(session):
            said = Settlement.of(session.record)
            return Used(
                charged_s=said.charged_s, energy_mwh=said.energy_mwh, max_mw=said.max_mw, early_mw=said.early_mw,
                spans=spans, by_fault=said.by_fault or cut_off,
            )  # fmt: skip
        most_mw = max((span.max_mw for span in spans), default=0)
        return Used(
            charged_s=row["charged_s"], energy_mwh=row["energy_mwh"], max_mw=most_mw, spans=spans, by_fault=cut_off
        )

    def _plans(self, hub: Hub, session: SessionTruth, order: sqlite3.Row) -> list[Plan]:
        """What counted when the order was placed; for a charge begun without the platform, when it began.

        A board without a clock, or with a wrong one, cannot prove when that was: any version of the tariff may count.
        """
        sheds = self._evidence.sheds
        if order["tariff_version_id"] is not None:
            return [self._plan_at(order)]
        board = hub.point.board_of(session.charge_point_code)
        doubtful = hub.point.spec.skew_ms or not board.spec.temper.asks_time
        if doubtful:
            return [one.plan for one in sheds.plans_of(session.charge_point_code)]
        return [sheds.plan(session.charge_point_code, session.started_at_ms)]

    def _plan_at(self, order: sqlite3.Row) -> Plan:
        return self._evidence.sheds.plan(order["charge_point_code"], order["placed_at_ms"])

    def _wish(self, order: sqlite3.Row) -> Wish:
        sold = self._evidence.sheds.passes.get(order["pass_id"])
        return Wish(kind=order["limit_kind"], value=order["limit_value"], pass_s=sold.longest_s if sold else 0)

    def _cut_off(self, hub: Hub, session: SessionTruth) -> Iterator[str]:
        """The fire guard leaves those alone whose charger is sound, where nothing smokes."""
        row = self._sessions.get(session.session_no)
        if row is None or row["stop_reason"] != CUT_OFF:
            return
        self.facts["bikes_cut_off"] += 1
        until_ms = session.ended_at_ms or self._books.now_ms
        smoked = any(session.started_at_ms <= at_ms <= until_ms for at_ms in hub.alarms[session.charge_point_code])
        if not smoked and session.session_no not in self._evidence.dangerous:
            yield "the fire guard cut off a sound charger"

    # ── what boards were told ───────────────────────────────────────────────────────────────────────────────────────

    def told(self) -> Iterator[str]:
        """I12: a board is told to deliver what was bought, and no more."""
        for sent in self._evidence.journal.sent:
            order = self._orders.get(sent.act.session_no)
            if sent.act.kind is not Kind.START or order is None:
                continue
            mine = bought(self._plan_at(order), self._wish(order), order["hold_fen"])
            told = Bought(mode=sent.act.mode, amount=sent.act.amount, longest_s=sent.act.longest_s)
            if told != mine:
                self._books.accuse(sent.act.code)
                yield f"I12 the start of order {order['order_no']} tells {told}, {mine} was bought"


def _is_price_of(plan: Plan, line: sqlite3.Row) -> bool:
    if line["kind"] == "time":
        return line["fen_per_hour"] in plan.fen_per_hour
    if line["kind"] == "energy":
        return (line["energy_si_per_kwh"], line["service_si_per_kwh"]) == (plan.energy_si, plan.service_si)
    return True
