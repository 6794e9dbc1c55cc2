"""Groups of settings: read, changed in part, read back and compared."""

from __future__ import annotations

import json

import pytest

from chargecloud.device.commands import ReadParameters, WriteParameters
from chargecloud.device.events import CommandOutcome, WireFaulted
from chargecloud.protocols.dny.frames import answers, commands
from chargecloud.protocols.dny.parameters import GROUPS
from chargecloud.protocols.wire.schema import Frame
from chargecloud.testing.harness import Harness
from tests.support import dny
from tests.support.dny_harness import admitted, expiry, said

BEFORE = answers.GetMaxTimePowerReply(
    max_duration_s=36_000, overload_power_dw=8_000, over_voltage_dv=2_700, under_voltage_dv=1_000
)


def write(harness: Harness, group: str, **values: int | str) -> None:
    command = WriteParameters(
        command_id="write", charge_point_code=dny.CODE, expires_at_ms=expiry(harness), group=group, values=values
    )
    harness.submit(command)


def answer(harness: Harness, frame: Frame, message_id: int) -> list[Frame]:
    harness.take_sent()
    harness.receive(dny.up(frame, message_id=message_id))
    harness.pass_time(0.6)
    return said(harness)


def test_a_group_is_read() -> None:
    harness = admitted()
    harness.submit(
        ReadParameters(command_id="read", charge_point_code=dny.CODE, expires_at_ms=expiry(harness), group="limits")
    )
    assert said(harness) == [commands.GetMaxTimePower()]
    assert answer(harness, BEFORE, 1) == []
    (end,) = harness.ends("read")
    assert end.outcome is CommandOutcome.DONE
    assert json.loads(end.detail)["values"] == BEFORE.shown()


def test_a_part_of_a_group_is_written_between_two_readings() -> None:
    harness = admitted()
    write(harness, "limits", max_duration_s=20_000)
    assert said(harness) == [commands.GetMaxTimePower()]
    (written,) = answer(harness, BEFORE, 1)
    assert written == commands.SetMaxTimePower(
        max_duration_s=20_000, overload_power_dw=8_000, over_voltage_dv=2_700, under_voltage_dv=1_000
    )
    assert answer(harness, answers.SetMaxTimePowerReply(result=0), 2) == [commands.GetMaxTimePower()]
    after = answers.GetMaxTimePowerReply(
        max_duration_s=20_000, overload_power_dw=8_000, over_voltage_dv=2_700, under_voltage_dv=1_000
    )
    answer(harness, after, 3)
    (end,) = harness.ends("write")
    assert end.outcome is CommandOutcome.DONE and json.loads(end.detail)["values"]["max_duration_s"] == 20_000


def test_a_board_that_keeps_its_old_value_is_found_out() -> None:
    harness = admitted()
    write(harness, "limits", max_duration_s=20_000)
    answer(harness, BEFORE, 1)
    answer(harness, answers.SetMaxTimePowerReply(result=0), 2)
    answer(harness, BEFORE, 3)
    (end,) = harness.ends("write")
    assert (end.outcome, end.reason) == (CommandOutcome.REFUSED, "differs")
    assert json.loads(end.detail)["differs"] == ["max_duration_s"]


def test_old_firmware_is_written_in_its_short_form() -> None:
    harness = admitted()
    write(harness, "limits", overload_power_dw=7_000)
    short = answers.GetMaxTimePowerReply(
        max_duration_s=36_000, overload_power_dw=8_000, over_voltage_dv=None, under_voltage_dv=None
    )
    (written,) = answer(harness, short, 1)
    assert written.pack() == bytes.fromhex("A08C" + "581B")


def test_a_board_that_refuses_the_values_says_so() -> None:
    harness = admitted()
    write(harness, "limits", max_duration_s=20_000)
    answer(harness, BEFORE, 1)
    answer(harness, answers.SetMaxTimePowerReply(result=1), 2)
    answer(harness, BEFORE, 3)
    (end,) = harness.ends("write")
    assert (end.outcome, end.reason) == (CommandOutcome.REFUSED, "code_1")


def test_keys_are_hex_digits() -> None:
    harness = admitted()
    write(harness, "card_keys", user_key="159185191880")
    before = answers.GetCardKeysReply(card_sector=0, user_key=bytes(6), new_key=b"\xff" * 6)
    (written,) = answer(harness, before, 1)
    assert written.pack() == bytes.fromhex("00159185191880FFFFFFFFFFFF"), "the vendor's example"


@pytest.mark.parametrize(
    ("group", "values", "what"),
    [
        ("colours", {}, "no group 'colours'; there are charging, protection, limits, card_keys"),
        ("limits", {"colour": 1}, "group limits has no colour"),
    ],
)
def test_what_there_is_not_is_named(group: str, values: dict[str, int | str], what: str) -> None:
    harness = admitted()
    write(harness, group, **values)
    assert what in harness.ends("write")[0].reason and harness.take_sent() == []


def test_a_value_that_does_not_fit_is_named_before_it_is_sent() -> None:
    harness = admitted()
    write(harness, "limits", max_duration_s=70_000)
    assert answer(harness, BEFORE, 1) == []
    assert "max_duration_s" in harness.ends("write")[0].reason


def test_values_nobody_asked_for() -> None:
    harness = admitted()
    harness.receive(dny.up(BEFORE, message_id=9))
    harness.pass_time(0.0)
    assert [event.counts for event in harness.told(WireFaulted)] == [{"unmatched": 1}]
    assert set(GROUPS) == {"charging", "protection", "limits", "card_keys"}
