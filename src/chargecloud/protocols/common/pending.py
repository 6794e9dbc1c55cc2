"""Commands between our word and the charge point's: one in flight a lane, the rest in a short queue, each with a limit.

A lane is one kind of command to one connector (connector 0: the whole charge point). How an answer finds its command,
by lane, number or content, is the business of the vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from chargecloud.device.commands import DeviceCommand
from chargecloud.device.events import CommandOutcome
from chargecloud.protocols.wire.schema import Frame

ANSWER_LIMIT_S = 10.0
QUEUE_MAX = 8
Number: TypeAlias = bytes | int
"""How a vendor numbers its frames."""


class Talk(Protocol):
    """What lanes need of the conversation with one charge point."""

    lanes: dict[tuple[int, int], list[Exchange[Any, Any]]] | None

    @property
    def now(self) -> float:
        """Monotonic seconds."""
        ...

    @property
    def wall_ms(self) -> int:
        """Wall clock."""
        ...

    @property
    def free_at(self) -> float:
        """Before this no further command may go out."""
        ...

    def dispatch(self, frame: Frame, number: Number | None) -> Number:
        """Put a command on the wire, under a new number or again under an old one; give the number."""
        ...

    def wake_at(self, when: float) -> None:
        """Ask for a sweep no later than this."""
        ...

    def end(
        self,
        command: DeviceCommand,
        outcome: CommandOutcome,
        reason: str = "",
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """Tell how a command ended."""
        ...


T = TypeVar("T", bound=Talk)
C = TypeVar("C", bound=DeviceCommand)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer frame means for its command."""

    accepted: bool
    reason: str = ""
    facts: dict[str, object] | None = None
    cards: tuple[dict[str, object], ...] = ()


def _nothing(talk: Talk, exchange: object) -> None:
    """Most commands end unanswered without another word."""


@dataclass(frozen=True, slots=True)
class Script(Generic[T, C]):
    """How one kind of command goes over the wire."""

    lane: int
    build: Callable[[T, Exchange[T, C]], Frame]
    connector: Callable[[C], int] = lambda command: 0
    steps: Callable[[C], int] = lambda command: 1
    """Frames it takes one after the other, each answered."""
    limit_s: Callable[[C], float] = lambda command: ANSWER_LIMIT_S
    attempts: int = 1
    same_number: bool = False
    """Whether a repeat carries the number of the first attempt."""
    queues: bool = True
    """False: a second one is refused instead of waiting."""
    on_silence: Callable[[T, Exchange[T, C]], None] = _nothing
    """Done before the command ends unanswered."""


class Exchange(Generic[T, C]):
    """One command on its way."""

    __slots__ = (
        "attempts",
        "cards",
        "code",
        "command",
        "connector_no",
        "due",
        "expires",
        "facts",
        "number",
        "refusal",
        "reported",
        "script",
        "sent",
        "sent_at",
        "step",
    )

    def __init__(self, script: Script[T, C], command: C, *, due: float, expires: float, reported: bool) -> None:
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
        self.code = 0
        """Of the frame that waits for its answer."""
        self.number: Number | None = None
        self.step = 0
        self.attempts = 0
        self.refusal = ""
        self.facts: dict[str, object] = {}
        self.cards: list[dict[str, object]] = []


def submit(talk: T, script: Script[T, C], command: C, *, not_before: float = 0.0, reported: bool = True) -> None:
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


def head(talk: Talk, lane: int, connector_no: int = 0) -> Exchange[Any, Any] | None:
    """The command of a lane that waits for its answer."""
    exchanges = talk.lanes.get((lane, connector_no)) if talk.lanes else None
    return exchanges[0] if exchanges and exchanges[0].sent else None


def heads(talk: Talk, lane: int) -> Iterator[Exchange[Any, Any]]:
    """Commands of one kind that wait for their answers, on any connector."""
    return (exchange for exchange in waiting(talk) if exchange.script.lane == lane)


def waiting(talk: Talk) -> Iterator[Exchange[Any, Any]]:
    """Every command that waits for its answer."""
    for exchanges in (talk.lanes or {}).values():
        if exchanges[0].sent:
            yield exchanges[0]


def is_busy(talk: Talk, lane: int, connector_no: int = 0) -> bool:
    """Whether a lane has anything in it."""
    return bool(talk.lanes and (lane, connector_no) in talk.lanes)


def answered(talk: Talk, exchange: Exchange[Any, Any], answer: Answer) -> None:
    """Take an answer: go on with the next frame of the command, or end it."""
    exchange.facts.update(answer.facts or {})
    exchange.cards.extend(answer.cards)
    if not answer.accepted and not exchange.refusal:
        exchange.refusal = answer.reason or "refused"
    exchange.step += 1
    if exchange.step < exchange.script.steps(exchange.command):
        exchange.sent = False
        exchange.number = None
        exchange.attempts = 0
        exchange.due = talk.now
        _send_when_due(talk, exchange)
        return
    outcome = CommandOutcome.REFUSED if exchange.refusal else CommandOutcome.DONE
    finish(talk, exchange, outcome, exchange.refusal)


def finish(talk: Talk, exchange: Exchange[Any, Any], outcome: CommandOutcome, reason: str = "") -> None:
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


def sweep(talk: Talk) -> None:
    """Send what may go now, repeat or give up what nobody answered, drop what expired in the queue."""
    for lane in list((talk.lanes or {}).values()):
        for queued in lane[1:]:
            if queued.expires <= talk.now:
                lane.remove(queued)
                _tell_end(talk, queued, CommandOutcome.EXPIRED, "expired")
            else:
                talk.wake_at(queued.expires)
        first = lane[0]
        if not first.sent:
            _send_when_due(talk, first)
        elif first.due <= talk.now:
            _unanswered(talk, first)
        else:
            talk.wake_at(first.due)


def abandon(talk: Talk, reason: str) -> None:
    """End everything as unanswered: the socket is gone."""
    lanes, talk.lanes = talk.lanes or {}, None
    for lane in lanes.values():
        for exchange in lane:
            _tell_end(talk, exchange, CommandOutcome.UNANSWERED, reason)


def _send_when_due(talk: Talk, exchange: Exchange[Any, Any]) -> None:
    """Send at the exchange's time, not before the charge point can take another command, not after it expired."""
    due = max(exchange.due, talk.free_at)
    fresh = exchange.step == 0 and exchange.reported
    if fresh and exchange.expires <= talk.now:
        finish(talk, exchange, CommandOutcome.EXPIRED, "expired")
    elif due > talk.now:
        talk.wake_at(min(due, exchange.expires) if fresh else due)
    else:
        _send(talk, exchange)


def _send(talk: Talk, exchange: Exchange[Any, Any]) -> None:
    script = exchange.script
    try:
        frame = script.build(talk, exchange)
        exchange.number = talk.dispatch(frame, exchange.number if script.same_number else None)
    except ValueError as error:
        finish(talk, exchange, CommandOutcome.REFUSED, f"invalid: {error}")
        return
    if not exchange.sent:
        exchange.sent = True
        exchange.sent_at = talk.now if exchange.step == 0 else exchange.sent_at
    exchange.code = frame.code
    exchange.attempts += 1
    exchange.due = talk.now + script.limit_s(exchange.command)
    talk.wake_at(exchange.due)


def _unanswered(talk: Talk, exchange: Exchange[Any, Any]) -> None:
    if exchange.attempts < exchange.script.attempts:
        if talk.free_at > talk.now:
            talk.wake_at(talk.free_at)
        else:
            _send(talk, exchange)
        return
    exchange.script.on_silence(talk, exchange)
    if exchange.refusal:
        finish(talk, exchange, CommandOutcome.REFUSED, exchange.refusal)
    else:
        finish(talk, exchange, CommandOutcome.UNANSWERED, "no_answer")


def _tell_end(talk: Talk, exchange: Exchange[Any, Any], outcome: CommandOutcome, reason: str) -> None:
    if not exchange.reported:
        return
    facts = dict(exchange.facts)
    if exchange.cards:
        facts["cards"] = exchange.cards
    talk.end(exchange.command, outcome, reason, facts)
