"""The access token of a mini program: fetched when first needed, renewed early, never handed out.

Several processes each keep a copy. WeChat's `stable_token` gives all of them the same one while it lives, so there is
nothing to agree on between them and no secret in cache or database (docs/adr/0040).
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import ChargeCloudError

EARLY_S = 300.0
"""In its last five minutes the old and the new one both count."""
TRY_AGAIN_S = 10.0
"""After a renewal that failed while the old one still counts."""


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """As WeChat gives it."""

    access_token: str
    expires_in: int


Fetch = Callable[[], Awaitable[AccessToken]]


class TokenHolder:
    """One for each mini program and process; whoever comes while it is fetched waits for that one."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._renew_at = 0.0
        self._dead_at = 0.0

    async def token(self) -> str:
        """The token in force; what `fetch` raises when there is none."""
        if self._clock.monotonic() < self._renew_at:
            return self._token
        async with self._lock:
            now = self._clock.monotonic()
            if now < self._renew_at:
                return self._token
            try:
                fresh = await self._fetch()
            except ChargeCloudError:
                if now >= self._dead_at:
                    raise
                self._renew_at = min(now + TRY_AGAIN_S, self._dead_at)
                return self._token
            self._token = fresh.access_token
            self._dead_at = now + fresh.expires_in
            self._renew_at = max(now, self._dead_at - EARLY_S)
            return self._token

    def drop(self, token: str) -> None:
        """WeChat did not know this one any more; a newer one is kept."""
        if token == self._token:
            self._token = ""
            self._renew_at = self._dead_at = 0.0
