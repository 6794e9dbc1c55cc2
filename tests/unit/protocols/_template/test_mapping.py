"""The template's words."""

from __future__ import annotations

import pytest

from chargecloud.device.events import Beat, Booted, ConnectorStatus, MeterSampled, StartAnswered
from chargecloud.protocols._template.mapping import EVENTS, read

CODE = "32010600019236"


def test_every_line_is_read() -> None:
    lines = {
        "BOOT": f"BOOT {CODE} 2 V1",
        "BEAT": "BEAT 1 0",
        "METER": "METER 1 - 2 0 0",
        "RECORD": "RECORD 1 s 5 6",
        "STARTED": "STARTED 1 s ok",
        "STOPPED": "STOPPED 1 no",
    }
    assert set(lines) == set(EVENTS)
    assert all(read(CODE, text.split()) is not None for text in lines.values())


def test_what_they_say() -> None:
    boot = read(CODE, ["BOOT", CODE, "2", "V1"])
    assert isinstance(boot, Booted) and (boot.connector_count, boot.firmware_version) == (2, "V1")
    assert read(CODE, ["BEAT", "2", "1"]) == Beat(charge_point_code=CODE, connector_no=2, faulted=True)
    sample = read(CODE, ["METER", "1", "s", "3", "5", "6"])
    assert isinstance(sample, MeterSampled) and sample.status is ConnectorStatus.CHARGING and sample.session_no == "s"
    odd = read(CODE, ["METER", "1", "-", "77", "5", "6"])
    assert isinstance(odd, MeterSampled) and odd.status is ConnectorStatus.OTHER and odd.session_no == ""
    started = read(CODE, ["STARTED", "1", "s", "no"])
    assert isinstance(started, StartAnswered) and not started.accepted


@pytest.mark.parametrize("words", [[], ["HELLO"], ["BEAT", "1"], ["BEAT", "x", "0"], ["BEAT", "1" * 13, "0"], ["BOOT"]])
def test_anything_else_is_nothing(words: list[str]) -> None:
    assert read(CODE, words) is None
