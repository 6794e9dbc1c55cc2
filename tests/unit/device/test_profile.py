"""Whom a profile is about."""

from __future__ import annotations

import pytest

from chargecloud.device.profile import Profile


def test_a_profile_without_a_filter_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="match everybody"):
        Profile(name="all", changes={"x": 1})
    with pytest.raises(ValueError, match="match everybody"):
        Profile(name="all", changes={"x": 1}, firmware_below="6.41")


@pytest.mark.parametrize(
    ("code", "product", "firmware", "matches"),
    [
        ("3201", "31", "V6.40", True),
        ("3201", "31", "V6.9", True),
        ("3201", "31", "V6.41", False),
        ("3201", "31", "V7.1", False),
        ("3201", "31", "", False),
        ("3201", "21", "V6.40", False),
        ("4201", "31", "V6.40", False),
    ],
)
def test_every_filter_has_to_match(code: str, product: str, firmware: str, matches: bool) -> None:
    profile = Profile(name="p", changes={}, code_prefix="32", product="31", firmware_prefix="V", firmware_below="6.41")
    assert profile.matches(code=code, product=product, firmware=firmware) is matches


def test_firmware_that_is_not_told_is_below_nothing() -> None:
    old = Profile(name="old", changes={}, code_prefix="3", firmware_below="2.0")
    assert not old.matches(code="32", product="", firmware="")
    assert old.matches(code="32", product="", firmware="1.9")
