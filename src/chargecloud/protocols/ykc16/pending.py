"""Commands between our word and the charge point's: one in flight a lane, the rest in a short queue, each with a limit.

A lane is one kind of command to one connector (connector 0: the whole charge point). Answers find their command by lane
and content; the sequence number is only a hint, because some makers never echo it (D2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chargecloud.device.commands import DeviceCommand
from chargecloud.device.events import CommandOutcome
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.ykc16.conversation import Conversation

ANSWER_LIMIT_S = 10.0
QUEUE_MAX = 8
C = TypeVar("C", bound=DeviceCommand)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer frame means for its command."""

    accepted: bool
    reason: str = ""
    facts: dict[str, object] | None = None
    cards: tuple[dict[str, object], ...] = ()


def _nothing(talk: Conversation, exchange: object) -> None:
    """Most commands end unanswered without another word."""


@dataclass(frozen=True, slots=True)
class Script(Generic[C]):
    """How one kind of command goes over the wire."""

    lane: int
    """Type code of the answer."""
    build: Callable[[Conversation, Exchange[C]], Frame]
    connector: Callable[[C], int] = lambda command: 0
    steps: Callable[[C], int] = lambda command: 1
    """Frames it takes one after the other, each answered."""
    limit_s: Callable[[C], float] = lambda command: ANSWER_LIMIT_S
    attempts: int = 1
    queues: bool = True
    """False: a second one is refused instead of waiting."""
    on_silence: Callable[[Conversation, Exchange[C]], None] = _nothing
    """Done before the command ends unanswered."""


class Exchange(Generic[C]):
    """One command on its way."""

    __slots__ = (
        "attempts",
        "cards",
        "command",
        "connector_no",
        "due",
        "expires",
        "facts",
        "refusal",
        "reported",
        "script",
        "sent",
        "sent_at",
        "sequence",
        "step",
    )

    def __init__(self, script: Script[C], command: C, *, due: float, expires: float, reported: bool) -> None:
        self.script = script
        self.command = command
        self.connector_no: int = script.connector(command)
        self.due = due
        """Before it is sent: when it may be. Afterwards: when its patience ends."""
        self.expires = expires
        self.reported = reported
        """False for what the conversation does on its own account."""
        self.sent = False
        self.sent_at = 0.0
        self.sequence = b""
        self.step = 0
        self.attempts = 0
        self.refusal = ""
        self.facts: dict[str, object] = {}
        self.cards: list[dict[str, object]] = []


def submit(
    talk: Conversation, script: Script[C], command: C, *, not_before: float = 0.0, reported: bool = True
) -> None:
    """Send a command now, or line it up behind the one its lane is busy with."""
    expires = talk.now + (command.expires_at_ms - talk.wall_ms) / 1000
    due = max(talk.now, not_before)
    exchange = Exchange(script, command, due=due, expires=expires, reported=reported)
    if talk.lanes is None:
        talk.lanes = {}
    lane = talk.lanes.setdefault((script.lane, exchange.connector_no), [])
    if lane and (not script.queues or len(lane) > QUEUE_MAX):
        _tell_end(talk, exchange, CommandOutcome.REFUSED, "busy")
        return
    lane.append(exchange)
    if lane[0] is exchange:
        _send_when_due(talk, exchange)
    elif reported:
        talk.wake_at(expires)


def head(talk: Conversation, lane: int, connector_no: int = 0) -> Exchange[Any] | None:
    """The command of a lane that waits for its answer."""
    exchanges = talk.lanes.get((lane, connector_no)) if talk.lanes else None
    return exchanges[0] if exchanges and exchanges[0].sent else None


def heads(talk: Conversation, lane: int) -> Iterator[Exchange[Any]]:
    """Commands of one kind that wait for their answers, on any connector."""
    for (kind, _), exchanges in (talk.lanes or {}).items():
        if kind == lane and exchanges[0].sent:
            yield exchanges[0]


def is_busy(talk: Conversation, lane: int, connector_no: int = 0) -> bool:
    """Whether a lane has anything in it."""
    return bool(talk.lanes and (lane, connector_no) in talk.lanes)


def answered(talk: Conversation, exchange: Exchange[Any], answer: Answer) -> None:
    """Take an answer: go on with the next frame of the command, or end it."""
    exchange.facts.update(answer.facts or {})
    exchange.cards.extend(answer.cards)
    if not answer.accepted and not exchange.refusal:
        exchange.refusal = answer.reason or "refused"
    exchange.step += 1
    if exchange.step < exchange.script.steps(exchange.command):
        _send(talk, exchange)
        return
    outcome = CommandOutcome.REFUSED if exchange.refusal else CommandOutcome.DONE
    finish(talk, exchange, outcome, exchange.refusal)


def finish(talk: Conversation, exchange: Exchange[Any], outcome: CommandOutcome, reason: str = "") -> None:
    """End the command at the head of its lane and give the next one its turn."""
    key = (exchange.script.lane, exchange.connector_no)
    lanes = talk.lanes or {}
    lane = lanes[key]
    lane.pop(0)
    _tell_end(talk, exchange, outcome, reason)
    if lane:
        lane[0].due = max(talk.now, lane[0].due)
        _send_when_due(talk, lane[0])
    else:
        del lanes[key]


def sweep(talk: Conversation) -> None:
    """Send what may go now, repeat or give up what nobody answered, drop what expired in the queue."""
    for lane in list((talk.lanes or {}).values()):
        for waiting in lane[1:]:
            if waiting.expires <= talk.now:
                lane.remove(waiting)
                _tell_end(talk, waiting, CommandOutcome.EXPIRED, "expired")
            else:
                talk.wake_at(waiting.expires)
        first = lane[0]
        if not first.sent:
            _send_when_due(talk, first)
        elif first.due <= talk.now:
            _unanswered(talk, first)
        else:
            talk.wake_at(first.due)


def abandon(talk: Conversation, reason: str) -> None:
    """End everything as unanswered: the socket is gone."""
    lanes, talk.lanes = talk.lanes or {}, None
    for lane in lanes.values():
        for exchange in lane:
            _tell_end(talk, exchange, CommandOutcome.UNANSWERED, reason)


def _send_when_due(talk: Conversation, exchange: Exchange[Any]) -> None:
    if exchange.expires <= talk.now and exchange.reported:
        finish(talk, exchange, CommandOutcome.EXPIRED, "expired")
    elif exchange.due > talk.now:
        talk.wake_at(min(exchange.due, exchange.expires))
    else:
        _send(talk, exchange)


def _send(talk: Conversation, exchange: Exchange[Any]) -> None:
    try:
        frame = exchange.script.build(talk, exchange)
        sequence = talk.next_sequence()
        talk.say(frame, sequence)
    except ValueError as error:
        finish(talk, exchange, CommandOutcome.REFUSED, f"invalid: {error}")
        return
    if not exchange.sent:
        exchange.sent = True
        exchange.sent_at = talk.now
    exchange.sequence = sequence
    exchange.attempts += 1
    exchange.due = talk.now + exchange.script.limit_s(exchange.command)
    talk.wake_at(exchange.due)


def _unanswered(talk: Conversation, exchange: Exchange[Any]) -> None:
    if exchange.attempts < exchange.script.attempts:
        _send(talk, exchange)
        return
    exchange.script.on_silence(talk, exchange)
    if exchange.refusal:
        finish(talk, exchange, CommandOutcome.REFUSED, exchange.refusal)
    else:
        finish(talk, exchange, CommandOutcome.UNANSWERED, "no_answer")


def _tell_end(talk: Conversation, exchange: Exchange[Any], outcome: CommandOutcome, reason: str) -> None:
    if not exchange.reported:
        return
    facts = dict(exchange.facts)
    if exchange.cards:
        facts["cards"] = exchange.cards
    talk.end(exchange.command, outcome, reason, facts)
