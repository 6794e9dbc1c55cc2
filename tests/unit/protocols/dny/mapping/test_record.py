"""A settlement as a charge detail record."""

from __future__ import annotations

import pytest

from chargecloud.device.events import ChargeUsage, RecordUploaded, StartMethod, StopClass
from chargecloud.protocols.dny import tables
from chargecloud.protocols.dny.codec import decode
from chargecloud.protocols.dny.frames import uplinks
from chargecloud.protocols.dny.mapping.record import COMPLETED, record_uploaded, stop_class
from tests.support import dny
from tests.support.golden import golden_entries

GOLDEN = {entry["id"]: bytes.fromhex(entry["hex"]) for _, entry in golden_entries("dny")}


def record(raw: bytes) -> RecordUploaded:
    frame = decode(raw).frame
    assert isinstance(frame, uplinks.Settlement)
    return record_uploaded(dny.CODE, frame, raw[12:-2])


def test_a_captured_settlement() -> None:
    event = record(GOLDEN["P038"])
    assert (event.connector_no, event.session_no) == (2, b"TEST_04A26CF3_00".hex().upper())
    assert (event.ended_at_ms, event.started_at_ms) == (1_750_933_027_000, 1_750_933_022_000)
    assert (event.method, event.card_id, event.start_code) == (StartMethod.APP, "", "")
    assert (event.stop_reason, event.stop_class) == ("time_reached", StopClass.COMPLETED)
    assert event.usage == ChargeUsage(charged_s=5, max_power_mw=0, early_max_power_mw=0, occupied_s=None)
    assert event.raw == GOLDEN["P038"][12:-2]


def test_units_and_what_the_board_does_not_know() -> None:
    event = record(GOLDEN["P077"])
    assert (event.energy_mwh, event.billed_energy_mwh, event.amount_hao) == (610_000, 610_000, 0)
    assert event.usage == ChargeUsage(
        charged_s=13_260, max_power_mw=248_000, early_max_power_mw=231_000, occupied_s=720
    )
    assert all(band.amount_hao == band.rate_si_per_kwh == band.energy_mwh == 0 for band in event.bands)


def test_without_timestamp_there_is_no_time() -> None:
    """The platform has its own; a clock of 1970 is passed on as it is and decides nothing."""
    event = record(GOLDEN["P011"])
    assert (event.started_at_ms, event.ended_at_ms) == (None, None)
    assert record(dny.settlement(timestamp=0)).ended_at_ms is None
    early = record(dny.settlement(timestamp=7, duration_s=3600))
    assert (early.ended_at_ms, early.started_at_ms) == (7_000, 7_000 - 3_600_000)


def test_offline_starts_by_card_and_by_code() -> None:
    by_card = record(dny.settlement(start_mode=0, card_or_code=dny.CARD))
    assert (by_card.method, by_card.card_id) == (StartMethod.OFFLINE_CARD, "000000007A8D05DD")
    by_code = record(dny.settlement(start_mode=3, card_or_code=bytes.fromhex("00123456")))
    assert (by_code.method, by_code.card_id, by_code.start_code) == (StartMethod.CODE, "", "00123456")
    strange = record(dny.settlement(start_mode=9))
    assert (strange.method, strange.method_raw) == (StartMethod.OTHER, 9)


@pytest.mark.parametrize("reason", [0x06, 0x0C, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x18, 0x19, 0x1A, 0x1B])
def test_faults_and_dangers_are_aborts(reason: int) -> None:
    assert stop_class(reason) is StopClass.ABORTED


def test_every_reason_has_a_class() -> None:
    assert set(tables.STOP_REASON) > COMPLETED
    assert stop_class(0x00) is stop_class(0x1D) is StopClass.UNKNOWN
    event = record(dny.settlement(stop_reason=0x99))
    assert (event.stop_reason, event.stop_raw, event.stop_class) == ("unknown(153)", 0x99, StopClass.UNKNOWN)
