"""The cache of the embedded profile: dictionaries in one process, forgotten at its end."""

from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from weakref import WeakSet

from chargecloud.infra.cache.backlog import Backlog
from chargecloud.infra.cache.contract import Fenced, Holder
from chargecloud.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class MemoryCacheLimits:
    """How much the in-memory cache keeps."""

    buckets: int = 50_000
    listener_patches: int = 2_000


class MemoryCache:
    """Implements `Cache` inside one event loop."""

    def __init__(self, clock: Clock, limits: MemoryCacheLimits | None = None) -> None:
        self._clock = clock
        self._limits = limits or MemoryCacheLimits()
        self._holders: dict[str, Holder] = {}
        self._last_epoch = 0
        self._buckets: OrderedDict[str, deque[float]] = OrderedDict()
        self._listeners: WeakSet[Backlog] = WeakSet()

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def ready(self) -> None: ...

    def counts(self) -> Mapping[str, int]:
        return {"held": len(self._holders), "buckets": len(self._buckets)}

    def on_fenced(self, fenced: Fenced) -> None:
        """Never happens: there is one process, and it forgets nothing while it lives."""

    async def holder(self, charge_point_code: str) -> Holder | None:
        return self._holders.get(charge_point_code)

    async def claim(self, charge_point_code: str, gateway_id: str, link_id: str, *, replace: int = 0) -> Holder:
        present = self._holders.get(charge_point_code)
        if present is not None and present.epoch != replace:
            return present
        self._last_epoch = max(self._last_epoch + 1, self._clock.now_ms())
        holder = Holder(gateway_id, link_id, self._last_epoch)
        self._holders[charge_point_code] = holder
        return holder

    async def release(self, charge_point_code: str, epoch: int) -> None:
        present = self._holders.get(charge_point_code)
        if present is not None and present.epoch == epoch:
            del self._holders[charge_point_code]

    async def take(self, bucket: str, *, limit: int, window_s: int, strict: bool = True) -> bool:
        now = self._clock.monotonic()
        acts = self._buckets.get(bucket)
        if acts is None:
            acts = self._buckets[bucket] = deque()
            if len(self._buckets) > self._limits.buckets:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(bucket)
        while acts and acts[0] <= now - window_s:
            acts.popleft()
        if len(acts) >= limit:
            return False
        acts.append(now)
        return True

    def broadcast(self, topic: str, patch: bytes) -> None:
        for listener in self._listeners:
            listener.offer(topic, patch)

    def listen(self) -> AsyncIterator[tuple[str, bytes]]:
        listener = Backlog(self._limits.listener_patches)
        self._listeners.add(listener)
        return listener.follow()
