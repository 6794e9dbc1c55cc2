"""Passwords that guessers try first: the frequent ones of public leaks (zxcvbn's list), and those of this country."""

from functools import cache

from chargecloud.features.operators import model


def guessed_first(password: str) -> bool:
    """Whether it is one of them, whatever its case. The first call reads the list: 0.2 s and 12 MB, in a thread."""
    plain = password.lower()
    return plain in model.NOTORIOUS or plain in _frequent()


@cache
def _frequent() -> frozenset[str]:
    """The 11,611 of the list that are long enough to be passwords here."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(each for each in FREQUENCY_LISTS["passwords"] if len(each) >= model.MIN_PASSWORD)
