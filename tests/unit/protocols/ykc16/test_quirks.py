"""Dialects: who is matched, what changes, and that nothing changes without a match."""

from __future__ import annotations

import pytest

from chargecloud.device.events import ClockReported, MeterSampled
from chargecloud.device.profile import Profile
from chargecloud.kernel.errors import Invalid
from chargecloud.protocols.common.profiles import dialect_of as matched
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.plugin import Plugin
from chargecloud.protocols.ykc16.quirks import BUILT_IN, TOLERANT, Dialect
from chargecloud.testing.harness import Harness, admit
from tests.support import ykc

FIRST_BIT_IS_ONE = Profile(
    name="first-bit", why="test", changes={"fault_shift": 1}, code_prefix="3201", firmware_prefix="EV"
)
NO_SECONDS = Profile(name="no-seconds", why="test", changes={"seconds_lost": True}, firmware_prefix="EV")


def dialect_of(code: str, firmware: str, profiles: tuple[Profile, ...] = BUILT_IN) -> Dialect:
    return matched(TOLERANT, profiles, code=code, firmware=firmware)


def test_nobody_known_is_tolerated() -> None:
    assert dialect_of("32010600019236", "V1.6.3") is TOLERANT
    assert dialect_of("", "") is TOLERANT


def test_both_prefixes_must_match() -> None:
    quirks = (FIRST_BIT_IS_ONE,)
    assert dialect_of("32010600019236", "EV2.0", quirks).fault_shift == 1
    assert dialect_of("42010600019236", "EV2.0", quirks).fault_shift == 0
    assert dialect_of("32010600019236", "XX2.0", quirks).fault_shift == 0


def test_several_quirks_add_up() -> None:
    dialect = dialect_of("32010600019236", "EV2.0", (FIRST_BIT_IS_ONE, NO_SECONDS))
    assert (dialect.fault_shift, dialect.seconds_lost) == (1, True)
    assert dialect.names == ("first-bit", "no-seconds")


@pytest.mark.parametrize("changes", [{"fault_shit": 1}, {"fault_shift": True}, {"fault_shift": 99}, {"names": 1}])
def test_a_change_that_is_unknown_or_does_not_fit_is_refused(changes: dict[str, bool | int]) -> None:
    with pytest.raises(Invalid, match=r"profile typo: .*(fault_shi|names)"):
        Plugin().adapt((Profile(name="typo", changes=dict(changes), firmware_prefix="EV"),))


def test_the_table_says_why_and_names_each_once() -> None:
    assert all(quirk.why and quirk.name for quirk in BUILT_IN)
    assert len({quirk.name for quirk in BUILT_IN}) == len(BUILT_IN)


def with_quirks(*quirks: Profile) -> Harness:
    harness = Harness(Plugin().adapt(quirks).connect(0.0))
    admit(harness, ykc.login(firmware=b"EV2.0"), ykc.CODE)
    return harness


def test_d8_the_fault_bits_are_moved_to_the_numbers_of_the_document() -> None:
    for quirks, expected in (((), 0x1001), ((FIRST_BIT_IS_ONE,), 0x2002)):
        harness = with_quirks(*quirks)
        harness.receive(ykc.up(ykc.realtime(hardware_fault=0x1001)))
        assert harness.told(MeterSampled)[0].fault_bits == expected


def test_d5_clocks_without_seconds_are_compared_by_the_minute() -> None:
    for quirks, skew_ms in (((), -30_000), ((NO_SECONDS,), 0)):
        harness = with_quirks(*quirks)
        harness.pass_time(30.0)
        reply = frames.TimeSyncReply(pile_code=ykc.CODE, current_time=ykc.wire_time(0))
        harness.receive(ykc.up(reply))
        assert harness.told(ClockReported)[0].skew_ms == skew_ms
