"""The plain dialect and what profiles make of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chargecloud.device.profile import Profile
from chargecloud.kernel.errors import Invalid
from chargecloud.protocols.common import profiles
from chargecloud.protocols.common.profiles import checked, dialect_of


@dataclass(frozen=True, slots=True)
class Spoken(profiles.Dialect):
    """A dialect with one field of each kind."""

    beat_s: int = 60
    odd: bool = False
    sizes: tuple[int, ...] = (2, 1)

    def __post_init__(self) -> None:
        if not self.sizes:
            raise ValueError("sizes are missing")


PLAIN = Spoken()


def profile(name: str, prefix: str = "1", **changes: bool | int | str | tuple[int, ...]) -> Profile:
    return Profile(name=name, code_prefix=prefix, changes=changes)


def test_nothing_changes_without_a_match() -> None:
    assert dialect_of(PLAIN, (profile("a", "2", beat_s=5),), code="1", firmware="") is PLAIN


def test_profiles_add_up_and_the_last_wins() -> None:
    given = (profile("a", beat_s=5, odd=True), profile("b", beat_s=7, sizes=(3,)))
    dialect = dialect_of(PLAIN, given, code="12", firmware="")
    assert dialect == Spoken(names=("a", "b"), beat_s=7, odd=True, sizes=(3,))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"beet_s": 1}, r"no beet_s; there are beat_s, odd, sizes"),
        ({"beat_s": True}, "beat_s is int, not True"),
        ({"odd": 1}, "odd is bool, not 1"),
        ({"sizes": ()}, "sizes are missing"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, bool | int | tuple[int, ...]], says: str) -> None:
    with pytest.raises(Invalid, match=says) as caught:
        checked(PLAIN, (profile("a", **changes),))
    assert caught.value.code == "profile_invalid"
