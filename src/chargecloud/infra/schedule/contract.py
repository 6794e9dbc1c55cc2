"""What a feature declares to have work done from time to time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chargecloud.infra.sql.engine import Database


@dataclass(frozen=True, slots=True)
class Job:
    """Work that may run twice without harm; runs about every `every_s` seconds on one process of all."""

    name: str
    every_s: int
    run: Callable[[Database], Awaitable[None]]
