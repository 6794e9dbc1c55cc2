"""Energy: what was confirmed is kept, what flowed is billed or in people's hands, at the right price (I3, I8, I12)."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction

from chargecloud.sim.truth import SessionTruth
from tests.city.evidence import PEOPLE, Books, Evidence, truths
from tests.city.host import HALF_HOUR_MS, Host
from tests.city.wires import Report
from tests.city.world import PriceList

BEIJING_MS = 8 * 3_600_000
SLACK_MWH = 100_000
STEP_S = 15
"""How late a change of current may be seen; at rated power this much energy may lie in the neighbouring half hour."""
A_CHARGE_POINT = "length(charge_point_code) = 14"
_NOTHING = Report("", 0)


def online_again(evidence: Evidence, books: Books) -> Iterator[str]:
    """I16: after the rest every charge point is served again, without a human."""
    for host in evidence.hosts:
        if not (host.point.online and host.point.board.ready):
            books.accuse(host.code)
            yield f"I16 charge point {host.code} is not in service after the rest"


class Energy:
    """Sessions, orders and records beside the truth, read once."""

    def __init__(self, evidence: Evidence, books: Books) -> None:
        self.facts: Counter[str] = Counter()
        self._evidence = evidence
        self._books = books
        self._orders = books.by("session_no", f"SELECT * FROM orders WHERE {A_CHARGE_POINT}")
        self._sessions = books.by("session_no", "SELECT * FROM sessions")
        self._decided = {row["order_no"] for row in books.rows(PEOPLE)}
        self._records: dict[str, list[sqlite3.Row]] = defaultdict(list)
        for row in books.rows(f"SELECT * FROM session_records WHERE {A_CHARGE_POINT}"):
            self._records[row["session_no"]].append(row)
        self._lines: dict[tuple[str, int], list[sqlite3.Row]] = defaultdict(list)
        for row in books.rows("SELECT * FROM order_bills ORDER BY order_no, bill_no, band"):
            self._lines[row["order_no"], row["bill_no"]].append(row)

    def kept(self) -> Iterator[str]:
        """I3: every record the charge point was told is safe is there, byte for byte."""
        for host, session in truths(self._evidence.hosts):
            if session.confirmed and not self._has_record(session):
                self._books.accuse(host.code)
                yield f"I3 the record of session {session.session_no} was confirmed and is not stored as it was sent"

    def accounted(self) -> Iterator[str]:
        """I8: every delivered kilowatt-hour is billed once, or estimated, or decided by people."""
        known: dict[str, int] = {}
        for host, session in truths(self._evidence.hosts):
            known[session.session_no] = known.get(session.session_no, 0) + session.energy_mwh
            self.facts["delivered_mwh"] += session.energy_mwh
            for problem in self._account(session):
                self._books.accuse(host.code)
                yield f"I8 session {session.session_no}: {problem}"
        for session_no, order in self._orders.items():
            false = session_no in self._evidence.tampered or session_no in self._evidence.invented
            charged = order["energy_fee_fen"] + order["service_fee_fen"]
            if order["energy_mwh"] > known.get(session_no, 0) and charged and not false:
                self._books.accuse(order["charge_point_code"])
                yield (
                    f"I8 order {order['order_no']} bills {order['energy_mwh']} mWh, "
                    f"{known.get(session_no, 0)} mWh were delivered"
                )

    def priced(self) -> Iterator[str]:
        """I12: an exact tariff engine of our own comes to the same fen."""
        for host, session in truths(self._evidence.hosts):
            order = self._orders.get(session.session_no)
            if order is None or not order["bill_no"] or session.session_no in self._evidence.tampered:
                continue
            for problem in self._price(host, session, order):
                self._books.accuse(host.code)
                yield f"I12 order {order['order_no']} of session {session.session_no}: {problem}"

    def _has_record(self, session: SessionTruth) -> bool:
        return any(
            row["raw"] == session.record
            and row["charge_point_code"] == session.charge_point_code
            and row["connector_no"] == session.connector_no
            for row in self._records[session.session_no]
        )

    def _account(self, session: SessionTruth) -> Iterator[str]:
        delivered, order = session.energy_mwh, self._orders.get(session.session_no)
        billed = order["energy_mwh"] if order else 0
        if order is not None and order["order_no"] in self._decided:
            self.facts["decided_mwh"] += delivered
        elif session.session_no in self._evidence.tampered:
            self.facts["tampered_mwh"] += delivered
            if self._has_record(session) and billed != delivered:
                yield f"a false record stands: {billed} mWh are billed, {delivered} mWh were delivered, nobody decided"
        elif self._has_record(session):
            self.facts["billed_mwh"] += billed
            if billed != delivered:
                state = order["state"] if order else "not there"
                yield f"{delivered} mWh were delivered and recorded, {billed} mWh are billed (order {state})"
        elif session.lost:
            self.facts["lost_mwh"] += delivered - billed
            self.facts["estimated_mwh"] += billed
            seen = self._evidence.journal.seen.get(session.session_no, (_NOTHING,) * 2)[0].energy_mwh
            if not seen <= billed <= delivered:
                yield f"{seen} mWh were seen and {delivered} mWh delivered, {billed} mWh are estimated"
        elif session.record or session.ended_at_ms:
            yield f"its record of {delivered} mWh never came, and it was not lost (uploads {session.uploads})"
        else:
            yield "still runs after the rest"

    def _price(self, host: Host, session: SessionTruth, order: sqlite3.Row) -> Iterator[str]:
        lines = self._lines[order["order_no"], order["bill_no"]]
        mine = self._price_list(host, session, order, lines)
        energy_hao = service_hao = 0
        for line in lines:
            prices = mine.prices_si[line["band"]]
            if prices != si_of(line):
                yield f"band {line['band']} is priced {si_of(line)} si a kWh, not {prices}"
                return
            energy_hao += fee_hao(line["energy_mwh"], prices[0])
            service_hao += fee_hao(line["energy_mwh"], prices[1])
        if order["order_no"] in self._decided:
            return
        total_fen, charged = (
            half_up(Fraction(energy_hao + service_hao, 100)),
            order["energy_fee_fen"] + order["service_fee_fen"],
        )
        if total_fen != charged:
            yield f"costs {charged} fen, should cost {total_fen} fen"
        if sum(line["energy_mwh"] for line in lines) != order["energy_mwh"]:
            yield f"its bill lists {sum(line['energy_mwh'] for line in lines)} mWh of {order['energy_mwh']}"
        yield from self._in_right_bands(host, session, {line["band"]: line["energy_mwh"] for line in lines}, mine)

    def _price_list(self, host: Host, session: SessionTruth, order: sqlite3.Row, lines: list[sqlite3.Row]) -> PriceList:
        """What counted when the order was placed; for a charge begun without the platform, when it began.

        A charge point whose clock was wrong meanwhile cannot prove when that was: any version of the tariff may count.
        """
        world, code = self._evidence.world, session.charge_point_code
        if order["tariff_version_id"] is not None:
            return world.price_list(code, order["placed_at_ms"])
        spec = host.point.board.spec
        doubtful = spec.skew_ms or spec.drift_ppm or host.lost_memory
        if doubtful and lines:
            billed = (lines[0]["band"], si_of(lines[0]))
            for possible in world.price_lists_of(code):
                if (billed[0], possible.prices_si[billed[0]]) == billed:
                    return possible
        return world.price_list(code, session.started_at_ms)

    def _in_right_bands(
        self, host: Host, session: SessionTruth, billed: dict[int, int], mine: PriceList
    ) -> Iterator[str]:
        row = self._sessions[session.session_no]
        truth = true_bands(host, session, mine)
        seen = sum(energy for _, energy in json.loads(row["segments"]))
        unseen = max(session.energy_mwh - seen, 0) + row["gap_mwh"]
        edges = 1 + (session.ended_at_ms - session.started_at_ms) // HALF_HOUR_MS
        step = edges * host.point.board.spec.rated_power_w * STEP_S * 1000 // 3_600
        allowed = max(SLACK_MWH, session.energy_mwh // 100) + unseen + step
        for band in range(4):
            if abs(billed.get(band, 0) - truth[band]) > allowed:
                yield (
                    f"band {band} has {billed.get(band, 0)} mWh on the bill, {truth[band]} mWh by the true clock "
                    f"(± {allowed})"
                )


def true_bands(host: Host, session: SessionTruth, prices: PriceList) -> list[int]:
    """The delivered energy sorted into bands by true time."""
    bands, before = [0, 0, 0, 0], 0
    noted = sorted(host.shares.get((session.connector_no, session.session_no), {}).items())
    last = (session.ended_at_ms - 1) - (session.ended_at_ms - 1) % HALF_HOUR_MS
    for half_ms, until in [*noted, (last, session.energy_mwh)]:
        half_hour = (half_ms + BEIJING_MS) // HALF_HOUR_MS % 48
        bands[prices.half_hours[half_hour]] += until - before
        before = until
    return bands


def si_of(line: sqlite3.Row) -> tuple[int, int]:
    """The prices a bill's line was made with."""
    return line["energy_si_per_kwh"], line["service_si_per_kwh"]


def fee_hao(energy_mwh: int, price_si: int) -> int:
    """Energy times price, exactly, then once rounded half up to 0.0001 yuan."""
    return half_up(Fraction(energy_mwh, 1_000_000) * Fraction(price_si, 10))


def half_up(value: Fraction) -> int:
    """To the next whole number, halves up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
