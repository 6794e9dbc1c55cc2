"""Commands: one holder at a time, none twice, none after its time (I9, I10)."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from tests.city.evidence import Books, Evidence, truths
from tests.city.journal import START, Received, Sent


def one_holder(evidence: Evidence, books: Books) -> Iterator[str]:
    """I9: connections that were given commands for one charge point did not overlap."""
    by_code: dict[str, list[tuple[int, Received]]] = defaultdict(list)
    for number, received in evidence.journal.received.items():
        by_code[received.code].append((number, received))
    for code, found in by_code.items():
        found.sort(key=lambda entry: (entry[1].first_ms, entry[1].last_ms))
        for (one, first), (other, second) in pairwise(found):
            if second.first_ms < first.last_ms:
                books.accuse(code)
                yield f"I9 connections {one} and {other} of {code} both received commands at the same time"


def in_time(evidence: Evidence, books: Books) -> Iterator[str]:
    """No start or stop left the gateway after its expiry, and none that was never asked for."""
    starts = books.by("command_id", "SELECT * FROM device_commands WHERE kind = 'StartCharging'")
    stops: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for row in books.rows("SELECT * FROM device_commands WHERE kind = 'StopCharging'"):
        connector_no = json.loads(row["body"])["connector_no"]
        stops[row["charge_point_code"], connector_no].append((row["at_ms"], row["expires_at_ms"]))
    for sent in evidence.journal.sent:
        if not (_start_is_due(sent, starts) if sent.frame_type == START else _stop_is_due(sent, stops)):
            books.accuse(sent.code)
            what = f"start of session {sent.session_no}" if sent.frame_type == START else "stop"
            yield f"a {what} left for {sent.code}/{sent.connector_no} at {sent.at_ms}, expired or never asked for"


def _start_is_due(sent: Sent, starts: dict[str, object]) -> bool:
    row = starts.get(f"start:{sent.session_no}")
    return row is not None and row["at_ms"] <= sent.at_ms <= row["expires_at_ms"]


def _stop_is_due(sent: Sent, stops: dict[tuple[str, int], list[tuple[int, int]]]) -> bool:
    return any(at <= sent.at_ms <= until for at, until in stops[sent.code, sent.connector_no])


def once(evidence: Evidence, books: Books) -> Iterator[str]:
    """I10: a start is sent once and has effect once."""
    sent = Counter(sent.session_no for sent in evidence.journal.sent if sent.frame_type == START)
    begun = Counter((session.session_no, session.charge_point_code) for _, session in truths(evidence.hosts))
    for session_no, count in sent.items():
        if count > 1:
            yield f"I10 the start of session {session_no} was sent {count} times"
    for (session_no, code), count in begun.items():
        if count > 1:
            books.accuse(code)
            yield f"I10 session {session_no} began {count} times at {code}"
