"""Words about starting and stopping."""

from __future__ import annotations

import pytest

from chargecloud.device.events import StartRefusal
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.mapping.start import refusal_code, reversed_vin, start_answered, stop_answered
from tests.support import ykc


def test_vins_come_last_character_first() -> None:
    assert reversed_vin(b"1000000T000000CDL") == "LDC000000T0000001"
    assert reversed_vin(b"") == "" and reversed_vin(b"\xff" * 17) == ""


@pytest.mark.parametrize(("result", "reason", "code"), [(0, 5, 5), (5, 0, 5), (2, 3, 3), (0, 0, 0)])
def test_where_the_reason_stands(result: int, reason: int, code: int) -> None:
    assert refusal_code(result, reason) == code


def test_a_success_has_no_refusal_whatever_the_reason_byte_says() -> None:
    frame = frames.RemoteStartReply(
        trade_no="1" * 32, pile_code=ykc.CODE, gun_no="01", start_result=1, start_fail_reason=3
    )
    word = start_answered(frame, "id", "")
    assert (word.accepted, word.refusal, word.refusal_raw) == (True, StartRefusal.NONE, 0)


def test_a_stop_that_fails_without_a_reason_failed_for_another() -> None:
    frame = frames.RemoteStopReply(pile_code="", gun_no="", stop_result=0, stop_fail_reason=0)
    word = stop_answered(frame, charge_point_code=ykc.CODE, connector_no=3, command_id="c")
    assert (word.accepted, word.connector_no, word.reason) == (False, 3, "other")
