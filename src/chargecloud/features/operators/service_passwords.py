"""Argon2id off the event loop: at most four at a time, a bounded queue behind them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chargecloud.features.operators import model
from chargecloud.features.operators.messages import Role
from chargecloud.features.operators.service_guesses import guessed_first
from chargecloud.kernel.errors import TooMany

THREADS = 4
"""Each hash takes 19 MiB; four keep sign-ins quick and memory small."""
MAX_WAITING = 64

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="argon2")
_places = asyncio.BoundedSemaphore(THREADS + MAX_WAITING)

P = ParamSpec("P")
T = TypeVar("T")

NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$Oo5PqMymUXwJxV9Hm3LnGQ$gcdAl22dcb8Ea30YrSMt0qHRKvwtDsSK/QbtcgLk1Vw"
"""A hash of forgotten bytes; verified for unknown names, so that they take as long as known ones."""


async def hash_password(password: str, *, username: str, role: Role) -> str:
    """A hash to store, after the password was found good enough."""
    model.check_password(password, username, role)
    if role is not Role.DEMO and await _run(guessed_first, password):
        raise model.password_weak()
    return await _run(_hasher.hash, password)


async def verify(stored_hash: str, password: str) -> bool:
    """Whether the password belongs to the hash; an over-long one is wrong without being tried."""
    if len(password) > model.MAX_PASSWORD:
        return False
    return await _run(_matches, stored_hash, password)


def _matches(stored_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(stored_hash, password)
    except (VerificationError, InvalidHashError):
        return False


async def _run(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    if _places.locked():
        raise TooMany("登录请求过多，请稍后再试", "sign_in_busy", retry_after_s=2)
    async with _places:
        return await asyncio.get_running_loop().run_in_executor(_pool, partial(work, *args, **kwargs))
