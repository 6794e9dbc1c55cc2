"""What a run sets from outside: the product's random numbers, drawn from the seed, and the pace of heartbeats."""

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from chargecloud.features.stations import model_codes
from chargecloud.kernel import ids
from chargecloud.sim import beats


@contextmanager
def seeded_secrets(seed: int) -> Iterator[None]:
    """Within this, ids are drawn from the seed."""
    rng = random.Random(f"{seed}/secrets")
    drawn = SimpleNamespace(
        token_hex=lambda size=32: rng.randbytes(size).hex(),
        token_urlsafe=lambda size=32: rng.randbytes(size).hex(),
        randbelow=rng.randrange,
        choice=rng.choice,
    )
    for module in (ids, model_codes):
        module.secrets = drawn
    try:
        yield
    finally:
        for module in (ids, model_codes):
            module.secrets = secrets


@contextmanager
def heartbeats_every(seconds: float) -> Iterator[None]:
    """Within this, virtual charge points beat so seldom."""
    usual = beats.EVERY_S
    beats.EVERY_S = seconds
    try:
        yield
    finally:
        beats.EVERY_S = usual
