"""Commands: one holder at a time, none twice, none after its time (I9, I10)."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from tests.city.evidence import Books, Evidence, truths
from tests.city.journal import Received, Sent
from tests.city.wires import Kind

REPEATED_WITHIN_MS = 20_000
"""Where the protocol repeats what is not answered, its one repeat comes 15 s later."""
CARD_STARTS_WITHIN_MS = 10_000
"""A start that was asked for at a board is not logged as a command: its order is the wish."""
Due = Callable[[Sent, int], bool]


def one_holder(evidence: Evidence, books: Books) -> Iterator[str]:
    """I9: connections that were given commands for one charge point did not overlap."""
    by_code: dict[str, list[Received]] = defaultdict(list)
    for received in evidence.journal.received:
        by_code[received.code].append(received)
    for code, found in by_code.items():
        found.sort(key=lambda received: (received.first_ms, received.last_ms))
        until: dict[int, int] = {}
        for received in found:
            for link_no, last_ms in until.items():
                if link_no != received.link_no and received.first_ms < last_ms:
                    books.accuse(code)
                    yield f"I9 connections {link_no} and {received.link_no} of {code} both received commands at a time"
            until[received.link_no] = max(until.get(received.link_no, 0), received.last_ms)


def in_time(evidence: Evidence, books: Books) -> Iterator[str]:
    """No start, stop or new limit left the gateway after its expiry, and none that was never asked for."""
    due = {Kind.START: _starts(books), Kind.STOP: _stops(books), Kind.LIMIT: _limits(books)}
    for sent in evidence.journal.sent:
        grace_ms = REPEATED_WITHIN_MS if sent.repeat else 0
        if not due[sent.act.kind](sent, grace_ms):
            act = sent.act
            books.accuse(act.code)
            what = f"{act.kind} of session {act.session_no}" if act.session_no else f"{act.kind}"
            yield f"a {what} left for {act.code}/{act.connector_no} at {sent.at_ms}, expired or never asked for"


def _starts(books: Books) -> Due:
    asked = {
        row["command_id"].removeprefix("start:"): (row["at_ms"], row["expires_at_ms"])
        for row in books.rows("SELECT * FROM device_commands WHERE kind = 'StartCharging'")
    }
    for row in books.rows("SELECT session_no, placed_at_ms FROM orders WHERE method = 'card'"):
        asked.setdefault(row["session_no"], (row["placed_at_ms"], row["placed_at_ms"] + CARD_STARTS_WITHIN_MS))

    def due(sent: Sent, grace_ms: int) -> bool:
        at_ms, until_ms = asked.get(sent.act.session_no, (0, 0))
        return at_ms <= sent.at_ms <= until_ms + grace_ms

    return due


def _stops(books: Books) -> Due:
    asked: dict[tuple[str, int], list[tuple[str, int, int]]] = defaultdict(list)
    for row in books.rows("SELECT * FROM device_commands WHERE kind = 'StopCharging'"):
        body = json.loads(row["body"])
        asked[row["charge_point_code"], body["connector_no"]].append(
            (body["session_no"], row["at_ms"], row["expires_at_ms"])
        )

    def due(sent: Sent, grace_ms: int) -> bool:
        act = sent.act
        return any(
            at_ms <= sent.at_ms <= until_ms + grace_ms and act.session_no in ("", session_no)
            for session_no, at_ms, until_ms in asked[act.code, act.connector_no]
        )

    return due


def _limits(books: Books) -> Due:
    asked: dict[tuple[str, int], list[tuple[int, int, int]]] = defaultdict(list)
    for row in books.rows("SELECT * FROM device_commands WHERE kind = 'ChangeLimit'"):
        body = json.loads(row["body"])
        asked[row["charge_point_code"], body["connector_no"]].append(
            (body["limit"]["duration_s"], row["at_ms"], row["expires_at_ms"])
        )

    def due(sent: Sent, grace_ms: int) -> bool:
        return any(
            at_ms <= sent.at_ms <= until_ms + grace_ms and sent.act.amount == amount
            for amount, at_ms, until_ms in asked[sent.act.code, sent.act.connector_no]
        )

    return due


def once(evidence: Evidence, books: Books) -> Iterator[str]:
    """I10: a start is sent once, and repeated at most once where the protocol does so; it has effect once."""
    starts = [sent for sent in evidence.journal.sent if sent.act.kind is Kind.START]
    first = Counter(sent.act.session_no for sent in starts if not sent.repeat)
    again = Counter((sent.act.session_no, sent.link_no, sent.act.number) for sent in starts if sent.repeat)
    begun = Counter((session.session_no, session.charge_point_code) for _, session in truths(evidence.hosts))
    begun.update((session.session_no, session.charge_point_code) for _, session in truths(evidence.hubs))
    for session_no, count in first.items():
        if count > 1:
            yield f"I10 the start of session {session_no} was sent {count} times"
    for (session_no, _, _), count in again.items():
        if count > 1:
            yield f"I10 the start of session {session_no} was repeated {count} times"
    for (session_no, code), count in begun.items():
        if count > 1:
            books.accuse(code)
            yield f"I10 session {session_no} began {count} times at {code}"
