"""One connection driven by one program, and what must hold whatever the program and whoever the vendor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from random import Random

import msgspec

from chargecloud.device.commands import ConfirmRecord, DeviceCommand
from chargecloud.device.contract import Connection
from chargecloud.device.events import BalanceAsked, CommandEnded, CommandOutcome, DeviceEvent, StartRequested
from chargecloud.testing.harness import START_MS

TICKS_MAX = 500


class Drive(ABC):
    """Calls the connection the way the gateway does and checks everything that comes out."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.now = 0.0
        self.ends = Counter[str]()
        self.submitted = Counter[str]()
        self.confirmations = 0
        self.confirmed = 0
        self.last_request = "none"

    @abstractmethod
    def check_sent(self, raw: bytes) -> None:
        """What must hold of every frame we send; counts confirmations in `confirmed`."""

    @abstractmethod
    def check_told(self, event: DeviceEvent) -> None:
        """What must hold of every event, above all whom it is about."""

    @property
    def wall_ms(self) -> int:
        return START_MS + int(self.now * 1000)

    def receive(self, data: bytes) -> None:
        closed = self.connection.closing
        events = self.connection.receive(data, self.now, self.wall_ms)
        assert not (closed and events), "events after closing"
        self._took(events)

    def submit(self, command: DeviceCommand) -> None:
        number = f"c{sum(self.submitted.values())}"
        self.submitted[number] += 1
        self.confirmations += isinstance(command, ConfirmRecord)
        command = msgspec.structs.replace(command, command_id=number)
        events = self.connection.submit(command, self.now, self.wall_ms)
        self._took(events, expired=command.expires_at_ms <= self.wall_ms)

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        for _ in range(TICKS_MAX):
            due = self.connection.deadline()
            if due > until:
                self.now = until
                return
            self.now = max(self.now, due)
            self._took(self.connection.tick(self.now, self.wall_ms))
        raise AssertionError(f"the deadline does not move on from {self.now}")

    def end(self) -> None:
        self._took(self.connection.abandon("socket_closed"))
        assert self.ends == self.submitted, f"ends {self.ends}, submitted {self.submitted}"
        assert self.confirmed <= self.confirmations, "a record was confirmed that nobody stored"

    def _took(self, events: Sequence[DeviceEvent], *, expired: bool = False) -> None:
        output = self.connection.take_output()
        assert not (expired and output), "an expired command reached the wire"
        for raw in output:
            self.check_sent(raw)
        for event in events:
            self.check_told(event)
            if isinstance(event, StartRequested | BalanceAsked):
                self.last_request = event.request_id
            elif isinstance(event, CommandEnded):
                assert isinstance(event.outcome, CommandOutcome)
                self.ends[event.command_id] += 1
        self.connection.take_frames()


def mutated(random: Random, data: bytes, splices: Sequence[bytes], extremes: Sequence[int]) -> bytes:
    """Some of the bytes changed: flips, extremes, cuts, repeats, a splice of another frame."""
    changed = bytearray(data)
    for _ in range(random.choice((0, 0, 1, 1, 2, 5))):
        if not changed:
            break
        at = random.randrange(len(changed))
        way = random.randrange(6)
        if way == 0:
            changed[at] ^= 1 << random.randrange(8)
        elif way == 1:
            changed[at] = random.choice(extremes)
        elif way == 2:
            del changed[at:]
        elif way == 3:
            changed[at:at] = changed[max(0, at - random.randrange(1, 9)) : at]
        elif way == 4:
            changed[at : at + random.randrange(1, 9)] = random.randbytes(random.randrange(1, 9))
        else:
            changed[at:] = random.choice(splices)[at:]
    return bytes(changed)


def with_an_accident(random: Random, scene: Sequence[bytes]) -> bytes:
    """A scene, now and then with one part lost, doubled or moved."""
    parts = list(scene)
    if random.random() < 0.4:
        at, way = random.randrange(len(parts)), random.randrange(3)
        if way == 0:
            del parts[at]
        elif way == 1:
            parts.insert(at, parts[at])
        else:
            parts.append(parts.pop(at))
    return b"".join(parts)
