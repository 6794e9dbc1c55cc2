"""The cache of the cluster profile, on Redis.

Redis may be flushed, restarted or away at any moment. The truth about a connection is at the gateway that has it: each
remembers what it holds and tells it again, often enough that entries do not run out, and at once when the directory
was lost. Whoever finds a later epoch in its place has lost, and is told. While the server is away, nobody can take a
charge point over, so whoever held one last still does.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping

import structlog

from chargecloud.infra.cache import redis_scripts as scripts
from chargecloud.infra.cache.contract import Fenced, Holder
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.cache.redis_line import RedisLine, RedisOptions, end
from chargecloud.infra.cache.redis_live import RedisLive
from chargecloud.infra.cache.redis_scripts import holder_of
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Unavailable

log = structlog.get_logger("chargecloud.cache")

TOLD_AT_ONCE = 500
"""Entries a script looks after in one go: about a millisecond of the server's time."""
LEAST_WAIT_S = 0.002


class RedisCache:
    """Implements `Cache` for several processes."""

    def __init__(self, url: str, clock: Clock, options: RedisOptions | None = None) -> None:
        """`url`: redis://[name:password@]host[:port][/number], or rediss:// over TLS."""
        self._options = options or RedisOptions()
        self._clock = clock
        self._line = RedisLine(url, self._options)
        self._live = RedisLive(self._line, self._options)
        self._alone = MemoryCache(clock)
        """Counts acts while the server is away."""
        self._held: dict[str, Holder] = {}
        self._seen: OrderedDict[str, Holder] = OrderedDict()
        self._born = b""
        self._fenced: Fenced | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._lost = 0
        self._granted_alone = 0

    async def start(self) -> None:
        """Connect; a server that is away is waited for in the background, one that turns us away is Unavailable."""
        await self._line.introduce()
        self._live.start()
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Give up nothing: entries that were not released run out by themselves."""
        if self._keeping is not None:
            await end([self._keeping])
            self._keeping = None
        await self._live.stop()
        await self._line.close()

    def counts(self) -> Mapping[str, int]:
        """For metrics."""
        return {
            "held": len(self._held),
            "down": int(self._line.down),
            "outages": self._line.outages,
            "fenced": self._lost,
            "granted_alone": self._granted_alone,
            "lost_batches": self._live.lost_batches,
        }

    async def ready(self) -> None:
        """Unavailable while the server does not answer (for /readyz)."""
        await self._line.pulse()

    def on_fenced(self, fenced: Fenced) -> None:
        self._fenced = fenced

    async def holder(self, charge_point_code: str) -> Holder | None:
        try:
            said = await self._line.run(scripts.HOLDER, self._places(charge_point_code), self._options.settle_ms)
        except Unavailable:
            known = self._remembered(charge_point_code)
            if known is None:
                raise
            return known
        if said[0] == b"held":
            return self._remember(charge_point_code, holder_of(*said[1:]))
        if said[0] == b"wait":
            known = self._remembered(charge_point_code)
            if known is None:
                raise _settling()
            return known
        self._seen.pop(charge_point_code, None)
        return None

    async def claim(self, charge_point_code: str, gateway_id: str, link_id: str, *, replace: int = 0) -> Holder:
        waited_until = self._clock.monotonic() + self._options.claim_within_s
        while True:
            own = self._held.get(charge_point_code) or Holder("", "", 0)
            try:
                said = await self._line.run(
                    scripts.CLAIM,
                    self._places(charge_point_code),
                    gateway_id,
                    link_id,
                    replace,
                    own.epoch,
                    own.gateway_id,
                    own.link_id,
                    self._options.settle_ms,
                    self._options.hold_s * 1000,
                )
            except Unavailable:
                return self._claim_alone(charge_point_code, Holder(gateway_id, link_id, replace))
            if said[0] != b"wait":
                break
            if self._clock.monotonic() >= waited_until:
                raise _settling()
            await asyncio.sleep(max(LEAST_WAIT_S, int(said[1]) / 1000))
        holder = holder_of(*said[1:])
        if said[0] == b"won":
            self._held[charge_point_code] = holder
        return self._remember(charge_point_code, holder)

    async def release(self, charge_point_code: str, epoch: int) -> None:
        held = self._held.get(charge_point_code)
        if held is not None and held.epoch == epoch:
            del self._held[charge_point_code]
            self._seen.pop(charge_point_code, None)
        await self._line.run(
            scripts.RELEASE, [self._line.key("holder", charge_point_code)], epoch, self._options.released_s * 1000
        )

    async def take(self, bucket: str, *, limit: int, window_s: int, strict: bool = True) -> bool:
        key, act = self._line.key("limit", bucket), secrets.token_hex(8)
        try:
            said = await self._line.run(scripts.TAKE, [key], limit, window_s * 1000, act)
        except Unavailable:
            if strict:
                raise
            return await self._alone.take(bucket, limit=limit, window_s=window_s)
        return said[0] == b"yes"

    def broadcast(self, topic: str, patch: bytes) -> None:
        self._live.broadcast(topic, patch)

    def listen(self) -> AsyncIterator[tuple[str, bytes]]:
        return self._live.listen()

    def _places(self, charge_point_code: str) -> list[str]:
        return [self._line.key("holder", charge_point_code), self._line.key("born")]

    def _claim_alone(self, charge_point_code: str, wanted: Holder) -> Holder:
        """Without the server, a claim is decided only about what this process holds: nobody else can have it.

        `wanted.epoch` is the epoch to replace.
        """
        own = self._held.get(charge_point_code)
        if own is None:
            raise Unavailable(
                "the directory of connections cannot be asked just now; it will be tried again at the next login",
                "cache_unavailable",
            )
        if own.epoch != wanted.epoch:
            return own
        self._granted_alone += 1
        granted = Holder(wanted.gateway_id, wanted.link_id, max(own.epoch + 1, self._clock.now_ms()))
        self._held[charge_point_code] = granted
        return self._remember(charge_point_code, granted)

    def _remembered(self, charge_point_code: str) -> Holder | None:
        return self._held.get(charge_point_code) or self._seen.get(charge_point_code)

    def _remember(self, charge_point_code: str, holder: Holder) -> Holder:
        self._seen[charge_point_code] = holder
        self._seen.move_to_end(charge_point_code)
        if len(self._seen) > self._options.remembered:
            self._seen.popitem(last=False)
        return holder

    async def _keep(self) -> None:
        """Tell what this process holds: now and then, and at once when the directory was lost or the server is back."""
        clock = asyncio.get_running_loop().time
        due = clock() + self._options.assert_s
        while True:
            try:
                born = await self._line.pulse()
                if born != self._born or clock() >= due:
                    await self._assert_all()
                    self._born, due = born, clock() + self._options.assert_s
            except Unavailable:
                self._born = b""
            await asyncio.sleep(self._options.pulse_s)

    async def _assert_all(self) -> None:
        held = list(self._held.items())
        for start in range(0, len(held), TOLD_AT_ONCE):
            part = held[start : start + TOLD_AT_ONCE]
            wanted = [f"{each.epoch} {each.gateway_id} {each.link_id}" for _, each in part]
            keys = [self._line.key("holder", code) for code, _ in part]
            lost = await self._line.run(scripts.ASSERT, keys, self._options.hold_s * 1000, *wanted)
            for number, epoch in zip(lost[::2], lost[1::2], strict=True):
                self._fence(*part[int(number) - 1], int(epoch))

    def _fence(self, charge_point_code: str, mine: Holder, epoch: int) -> None:
        """Somebody else has it under a later epoch. It stays in `_held` until released, so that it is told again."""
        if self._held.get(charge_point_code) is not mine:
            return
        self._lost += 1
        self._seen.pop(charge_point_code, None)
        log.warning("cache.fenced", charge_point_code=charge_point_code, link_id=mine.link_id, by_epoch=epoch)
        if self._fenced is not None:
            self._fenced(charge_point_code, epoch)


def _settling() -> Unavailable:
    return Unavailable("the directory of connections was lost and is being told again", "directory_settling")
