"""0x3B as a charge detail record: every figure as it came, in our units."""

from __future__ import annotations

import pytest

from chargecloud.device.events import BandRecord, StartMethod, StopClass
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.mapping.record import record_uploaded
from chargecloud.testing.commands import session_no
from chargecloud.testing.harness import START_MS
from tests.support import ykc
from tests.support.golden import golden_entries

TRADE = session_no(ykc.CODE)


def test_a_record_in_our_units() -> None:
    event = record_uploaded(ykc.record(TRADE), b"body")
    assert (event.session_no, event.connector_no, event.raw) == (TRADE, 1, b"body")
    assert (event.started_at_ms, event.ended_at_ms) == (START_MS, START_MS + 1_800_000)
    assert event.closed_at_ms == START_MS + 1_801_000
    assert (event.energy_mwh, event.billed_energy_mwh, event.amount_hao) == (15_131_000, 15_131_000, 196_800)
    assert (event.meter_start_mwh, event.meter_end_mwh) == (1_234_567_800, 1_249_698_800)
    assert (event.vin, event.card_id) == ("LDC000000T0000001", "00000000D14B0A54")
    assert event.bands[1] == BandRecord(
        rate_si_per_kwh=140_000, energy_mwh=10_131_000, billed_energy_mwh=10_131_000, amount_hao=141_800
    )


def test_d17_amounts_are_passed_on_as_the_charge_point_cut_them() -> None:
    """14.1834 became 14.1700 on the wire: who compares must see what was sent."""
    event = record_uploaded(ykc.record(TRADE, peak_amount=141_700, total_amount=141_700), b"")
    assert event.bands[1].amount_hao == 141_700 and event.amount_hao == 141_700


def test_d18_meter_readings_need_not_agree_with_the_total() -> None:
    event = record_uploaded(ykc.record(TRADE, meter_start=0, meter_end=0, total_energy=234_240), b"")
    assert (event.meter_start_mwh, event.meter_end_mwh, event.energy_mwh) == (0, 0, 23_424_000)


def test_d19_loss_adjusted_energy_falls_back_in_records_too() -> None:
    event = record_uploaded(ykc.record(TRADE, total_loss_energy=0), b"")
    assert event.billed_energy_mwh == event.energy_mwh == 15_131_000
    assert event.bands[2].billed_energy_mwh == event.bands[2].energy_mwh == 5_000_000


@pytest.mark.parametrize(
    ("mark", "method"),
    [
        (1, StartMethod.APP),
        (2, StartMethod.CARD),
        (4, StartMethod.OFFLINE_CARD),
        (5, StartMethod.VIN),
        (0, StartMethod.OTHER),
        (3, StartMethod.OTHER),
        (9, StartMethod.OTHER),
    ],
)
def test_d26_an_unknown_start_method_is_other_and_kept_raw(mark: int, method: StartMethod) -> None:
    event = record_uploaded(ykc.record(TRADE, trade_mark=mark), b"")
    assert (event.method, event.method_raw) == (method, mark)


def test_d27_unused_periods_may_carry_no_price() -> None:
    event = record_uploaded(ykc.record(TRADE), b"")
    empty = BandRecord(rate_si_per_kwh=0, energy_mwh=0, billed_energy_mwh=0, amount_hao=0)
    assert event.bands[0] == event.bands[3] == empty


def test_a06_extreme_values_pass_without_losing_a_digit() -> None:
    event = record_uploaded(ykc.record(TRADE, total_energy=0xFFFF_FFFF, meter_end=0xFF_FFFF_FFFF), b"")
    assert event.energy_mwh == 0xFFFF_FFFF * 100 and event.meter_end_mwh == 0xFF_FFFF_FFFF * 100


@pytest.mark.parametrize("raw", [bytes(7), b"\xff" * 7])
def test_impossible_times_are_none(raw: bytes) -> None:
    event = record_uploaded(ykc.record(TRADE, start_time=raw, end_time=raw, trade_time=raw), b"")
    assert (event.started_at_ms, event.ended_at_ms, event.closed_at_ms) == (None, None, None)


@pytest.mark.parametrize("raw", [b"", b"\xff" * 17])
def test_an_unknown_vehicle_has_no_vin(raw: bytes) -> None:
    assert record_uploaded(ykc.record(TRADE, vin=raw), b"").vin == ""


@pytest.mark.parametrize(
    ("code", "family", "name"),
    [
        (0x40, StopClass.COMPLETED, "ended_app_remote_stop"),
        (0x4A, StopClass.START_FAILED, "start_failed_control_system"),
        (0x72, StopClass.ABORTED, "aborted_emergency_stop"),
        (0x90, StopClass.UNKNOWN, "unknown"),
        (0x00, StopClass.UNKNOWN, "unknown(0)"),
    ],
)
def test_stop_reasons(code: int, family: StopClass, name: str) -> None:
    event = record_uploaded(ykc.record(TRADE, stop_reason=code), b"")
    assert (event.stop_class, event.stop_reason, event.stop_raw) == (family, name, code)


def test_captured_records_add_up() -> None:
    """The bands of every real record give its totals: no column is read from the wrong place."""
    seen = 0
    for name, entry in golden_entries("ykc16"):
        raw = bytes.fromhex(entry["hex"])
        if raw[5] != 0x3B or entry["expect"] not in ("decode", "decode_tolerant"):
            continue
        frame = frames.TransactionRecord.parse(raw[6:-2])
        assert frame is not None
        event = record_uploaded(frame, raw[6:-2])
        assert abs(sum(band.energy_mwh for band in event.bands) - event.energy_mwh) <= 400, name
        assert abs(sum(band.amount_hao for band in event.bands) - event.amount_hao) <= 4, name
        seen += 1
    assert seen >= 3
