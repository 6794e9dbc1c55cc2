"""Passwords that guessers try first."""

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from chargecloud.features.operators import model
from chargecloud.features.operators.messages import Role
from chargecloud.features.operators.service_guesses import guessed_first
from chargecloud.features.operators.service_passwords import hash_password
from chargecloud.kernel.errors import Invalid


@pytest.mark.parametrize("password", ["12345678", "Password123", "qwertyuiop", "woaini1314", "ChongDian123"])
def test_frequent_ones_are_known_whatever_their_case(password: str) -> None:
    assert guessed_first(password)


@pytest.mark.parametrize("password", ["a long enough secret", "桩群调度-2026", "wo ai chongdian zhuang"])
def test_others_are_not(password: str) -> None:
    assert not guessed_first(password)


def test_all_that_are_frequent_and_long_enough_are_refused() -> None:
    long_enough = [each for each in FREQUENCY_LISTS["passwords"] if len(each) >= model.MIN_PASSWORD]
    assert len(long_enough) > 10_000 and all(guessed_first(each) for each in long_enough)


def test_our_own_list_repeats_nothing_of_the_public_one() -> None:
    assert model.NOTORIOUS.isdisjoint(FREQUENCY_LISTS["passwords"])
    assert all(len(each) >= model.MIN_PASSWORD for each in model.NOTORIOUS)


async def test_none_of_them_is_hashed_but_for_the_public_account() -> None:
    with pytest.raises(Invalid, match="常见"):
        await hash_password("qwertyuiop", username="boss", role=Role.AUDITOR)
    assert (await hash_password("qwertyuiop", username="demo", role=Role.DEMO)).startswith("$argon2id$")
