"""Dialects: a table of facts."""

from __future__ import annotations

import pytest

from chargecloud.device.events import FellSilent
from chargecloud.device.profile import Profile
from chargecloud.kernel.errors import Invalid
from chargecloud.protocols.common.profiles import dialect_of
from chargecloud.protocols.dny.plugin import Plugin
from chargecloud.protocols.dny.quirks import (
    BUILT_IN,
    NEWEST,
    OF_2022,
    OLDEST,
    PLAIN,
    Dialect,
    StartForm,
    product_of,
)
from chargecloud.testing.harness import Harness, admit
from tests.support import dny


def of(product: str, firmware: str) -> Dialect:
    return dialect_of(PLAIN, BUILT_IN, code=dny.CODE, product=product, firmware=firmware)


def test_without_a_match_the_newest_form_is_tried_first() -> None:
    assert of("21", "6.40") is PLAIN and PLAIN.start_forms == (NEWEST, OF_2022, OLDEST)


def test_the_captured_model_begins_with_what_it_was_seen_to_obey() -> None:
    dialect = of(product_of(0x31), "6.40")
    assert dialect.start_forms == (OF_2022, OLDEST) and dialect.names == ("two-sockets-31",)
    assert of(product_of(0x31), "6.41") is PLAIN


def test_every_profile_says_why_and_has_a_name_of_its_own() -> None:
    assert all(profile.why for profile in BUILT_IN)
    assert len({profile.name for profile in BUILT_IN}) == len(BUILT_IN)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"start_sizes": (36,)}, "start_sizes"),
        ({"start_sizes": ()}, "start_sizes"),
        ({"heartbeat_s": 0}, "heartbeat_s"),
    ],
)
def test_values_no_board_has_are_refused(changes: dict[str, int | tuple[int, ...]], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        Plugin().adapt((Profile(name="odd", product="31", changes=dict(changes)),))


def test_a_form_keeps_the_columns_it_has_room_for() -> None:
    assert StartForm(34).keep(34, 2) == 2 and StartForm(34).keep(35, 2) is None


@pytest.mark.parametrize(("heartbeat_s", "silent"), [(180, 0), (60, 1)])
def test_a_product_that_beats_more_often_is_given_up_earlier(heartbeat_s: int, silent: int) -> None:
    profile = Profile(name="quick", product="31", changes={"heartbeat_s": heartbeat_s})
    harness = Harness(Plugin().adapt((profile,)).connect(0.0))
    admit(harness, dny.register(), dny.CODE)
    for _ in range(6):
        harness.receive(b"link")
        harness.pass_time(30.0)
    assert len(harness.told(FellSilent)) == silent
