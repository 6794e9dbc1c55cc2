"""What every protocol offers the gateway, and what the gateway offers the business."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol, runtime_checkable

import msgspec

from chargecloud.device.capability import Capability
from chargecloud.device.commands import DeviceCommand
from chargecloud.device.events import DeviceEvent
from chargecloud.device.profile import Profile
from chargecloud.device.unitlog import UnitLog


class Connection(Protocol):
    """One charge point's conversation, without a socket and without a clock; or that of several behind a hub.

    With `Capability.SEVERAL_CHARGE_POINTS` more charge points may be introduced once the first is admitted (ADR 15).
    Whom an event is about and whom a command is for is told by their own `charge_point_code`, not the connection's.

    `now` is always monotonic seconds. `wall_ms` is the time of day, where one goes onto the wire or into the frame log.
    """

    charge_point_code: str
    """Empty until the (first) charge point has introduced itself."""
    admitted: bool
    closing: bool
    """Set when the connection wants its socket closed after the output has been sent (refused, hopeless, silent)."""
    close_reason: str

    def receive(self, data: bytes, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Take bytes; give what they say. Never raises, whatever the bytes.

        `Booted` is said only of who is not admitted; later introductions are answered by the connection itself.
        """
        ...

    def usual(self, data: bytes) -> bytes | None:
        """What to answer (or nothing, b"") when a read is one sound frame of the kinds that are nearly all traffic.

        Changes nothing: the caller sends the answer and hands both to `take_usual` before it calls anything else here.
        None means that the read is for `receive`.
        """
        ...

    def take_usual(self, data: bytes, answer: bytes, now: float, wall_ms: int) -> DeviceEvent:
        """Take a read that `usual` has answered; gives what it says."""
        ...

    def submit(self, command: DeviceCommand, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Put a command on the wire, or end it at once (expired, busy). Raises Unsupported for a foreign command."""
        ...

    def tick(self, now: float, wall_ms: int) -> Sequence[DeviceEvent]:
        """Silence, unanswered commands, repeats, paced pushes, stale partial frames."""
        ...

    def deadline(self) -> float:
        """When `tick` next has something to do; infinity when never."""
        ...

    def take_output(self) -> list[bytes]:
        """Frames to send, in order; hands them over and forgets them."""
        ...

    def take_frames(self) -> UnitLog:
        """Units that passed since the last call for the frame log, bad ones included, as many as a bound allows."""
        ...

    def probe(self, now: float, wall_ms: int) -> None:
        """Ask for a sign of life (abuse A02): output a harmless query."""
        ...

    def abandon(self, reason: str) -> Sequence[DeviceEvent]:
        """The socket is gone: end every pending command as unanswered."""
        ...


class LineConnection(Connection, Protocol):
    """What a connection offers besides, with `Capability.SEVERAL_CHARGE_POINTS`."""

    def charge_point_of(self, raw: bytes) -> str:
        """Whose a unit is, for the frame log; empty for what belongs to the line. Never raises."""
        ...


class ProtocolPlugin(Protocol):
    """A vendor protocol as the catalogue holds it."""

    name: ClassVar[str]
    title: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]]
    introduction_s: ClassVar[float]
    """How long an honest connection may be open before a charge point introduces itself, where the gateway would wait
    less; 0 leaves it to the gateway."""

    def adapt(self, profiles: Sequence[Profile]) -> "ProtocolPlugin":
        """The same protocol with these profiles behind its own; Invalid names what one of them cannot change."""
        ...

    def connect(self, now: float) -> Connection:
        """A fresh conversation for a socket just accepted."""
        ...

    def decode(self, data: bytes) -> list[dict[str, object]]:
        """Every unit in the bytes as `chargecloud decode` prints it. Never raises."""
        ...


@runtime_checkable
class Legible(Protocol):
    """What a protocol may offer besides: its frames column by column, with the words of the vendor's document."""

    def explain(self, data: bytes) -> list[dict[str, object]]:
        """What `decode` gives, each unit with `hex`, `title` and `lines` besides. Never raises.

        A line has `name`, `label` (Chinese), `unit`, `raw_hex`, `value` and `text`, the meaning of a listed value.
        """
        ...


class LoggedFrame(msgspec.Struct, frozen=True, gc=False):
    """One line of a charge point's frame log."""

    id: int
    charge_point_code: str
    at_ms: int
    up: bool
    protocol: str
    raw: bytes


class FrameLog(Protocol):
    """Where a gateway puts frames; keeps at least the last day across restarts."""

    def write(self, charge_point_code: str, protocol: str, frames: UnitLog) -> None:
        """Take frames without blocking; drops and counts when it cannot keep up."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Frames written, dropped, expired."""
        ...
