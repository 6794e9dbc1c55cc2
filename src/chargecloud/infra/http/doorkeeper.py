"""Who stands at the drivers' socket: addresses that failed too often, newer connections of a device, rights that ended.

One for a process. It knows no driver and no token: a guest itself says how it is looked at and how it goes.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import structlog

from chargecloud.infra.cache.contract import Cache
from chargecloud.infra.http.live import LiveHub
from chargecloud.infra.http.watcher import Watcher
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import ChargeCloudError
from chargecloud.kernel.ids import new_id

log = structlog.get_logger("chargecloud.socket")

FAILURES_A_MINUTE = 30
BANNED_S = 60.0
BANNED_AT_ONCE = 10_000
"""Addresses kept in mind; the oldest goes first."""
WAITING = 2_000
"""Connections that have not logged in yet; whoever comes then is sent away."""
LOOK_EVERY_S = 1.0
CHECK_AGAIN_S = 60.0
CHECKS_AT_ONCE, CHECKS_SPREAD_S = 50, 30
"""Thousands who came at once are not looked at at once: so many a second, or as many as it takes in half a minute."""

Stamp = tuple[int, str]
"""When a connection logged in, and a name that settles a draw."""


class Guest(Watcher, ABC):
    """A connection that has logged in: the newest of its driver and device stays."""

    def __init__(self, door: str, device_id: str, stamp: Stamp) -> None:
        super().__init__()
        self.door = door
        self.device_id = device_id
        self.stamp = stamp
        self.check_at = 0.0

    @abstractmethod
    def kick(self) -> None:
        """A newer connection of this device has come: say so and leave."""

    @abstractmethod
    async def check(self) -> None:
        """Look whether it may still be here, and leave when not; called once a minute."""


@dataclass
class Doorkeeper:
    """Started and stopped with the hub."""

    hub: LiveHub
    cache: Cache
    clock: Clock
    waiting: int = 0
    kicked: int = 0
    refused: int = 0
    _last_ms: int = 0
    _banned: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _guests: set[Guest] = field(default_factory=set)
    _task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look after guests."""
        self._task = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Stop looking; the hub sends the guests away."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def counts(self) -> Mapping[str, int]:
        """For metrics."""
        return {
            "guests": len(self._guests),
            "waiting": self.waiting,
            "kicked": self.kicked,
            "refused": self.refused,
            "banned": len(self._banned),
        }

    def stamp(self) -> Stamp:
        """For a connection that logs in now; within a process each is later than the one before."""
        self._last_ms = max(self.clock.now_ms(), self._last_ms + 1)
        return self._last_ms, new_id()

    def is_banned(self, source: str) -> bool:
        """Whether too many logins from there failed a moment ago."""
        until = self._banned.get(source)
        if until is None:
            return False
        if self.clock.monotonic() < until:
            return True
        del self._banned[source]
        return False

    async def failed(self, source: str) -> None:
        """Count a login that was refused; too many, and the address has to wait."""
        self.refused += 1
        if await self.cache.take(f"socket.failed:{source}", limit=FAILURES_A_MINUTE, window_s=60, strict=False):
            return
        self._banned[source] = self.clock.monotonic() + BANNED_S
        self._banned.move_to_end(source)
        if len(self._banned) > BANNED_AT_ONCE:
            self._banned.popitem(last=False)
        log.warning("socket.address_banned", source=source, seconds=int(BANNED_S))

    def enter(self, guest: Guest) -> None:
        """Let a guest in: older connections of the same device have to go, here and in every other process."""
        guest.check_at = self.clock.monotonic() + CHECK_AGAIN_S
        self._guests.add(guest)
        for other in self.hub.attached(guest.door):
            if isinstance(other, Guest) and other is not guest:
                self._meet(other, guest.device_id, guest.stamp)
        self.hub.attach(guest, guest.door)
        self._tell(guest)

    def part(self, guest: Guest) -> None:
        """Forget a guest."""
        self._guests.discard(guest)

    def hear(self, guest: Guest, said: Mapping[str, object]) -> bool:
        """What was said at a guest's door; whether it was about the arrival of another."""
        arrived = said.get("arrived")
        if not isinstance(arrived, list) or len(arrived) != 3:
            return False
        device_id, at_ms, name = arrived
        if isinstance(device_id, str) and isinstance(at_ms, int) and isinstance(name, str):
            self._meet(guest, device_id, (at_ms, name))
        return True

    def _meet(self, guest: Guest, device_id: str, stamp: Stamp) -> None:
        """Two connections of one device: the older goes. A clock may be behind, so the older is told who is newer."""
        if device_id != guest.device_id or stamp == guest.stamp or guest.close_code:
            return
        if stamp > guest.stamp:
            self.kicked += 1
            guest.kick()
        else:
            self._tell(guest)

    def _tell(self, guest: Guest) -> None:
        body = {"arrived": [guest.device_id, *guest.stamp]}
        self.cache.broadcast(guest.door, msgspec.json.encode(body))

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look_once()

    async def look_once(self) -> None:
        """Look at some of those whose minute is over."""
        now = self.clock.monotonic()
        due = [each for each in self._guests if each.check_at <= now]
        for guest in due[: max(CHECKS_AT_ONCE, len(self._guests) // CHECKS_SPREAD_S)]:
            guest.check_at = now + CHECK_AGAIN_S
            await self._check(guest)
            await asyncio.sleep(0)

    async def _check(self, guest: Guest) -> None:
        if guest.close_code:
            return
        try:
            await guest.check()
        except ChargeCloudError as error:
            log.warning("socket.check_postponed", code=error.code)
