"""Single values across the border."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.kernel.ids import new_session_no
from chargecloud.protocols.dny.mapping import values
from chargecloud.testing.harness import START_MS


def test_codes_are_the_eight_hex_digits_of_the_id() -> None:
    assert values.code_of(0x04CEAA40) == "04CEAA40" and values.physical_id_of("04CEAA40") == 0x04CEAA40
    for wrong in ("", "4CEAA40", "04ceaa40", "04CEAA4G", "0x04CEAA", "32010600019236"):
        assert values.physical_id_of(wrong) is None


@given(st.integers(0, 0xFFFFFFFF))
def test_codes_and_ids_are_one_to_one(physical_id: int) -> None:
    assert values.physical_id_of(values.code_of(physical_id)) == physical_id


def test_ports_count_from_zero_and_connectors_from_one() -> None:
    assert values.connector_no_of(0) == 1 and values.port_no_of(1) == 0
    assert values.port_no_of(0) == 0xFF, "the board chooses"
    for wrong in (-1, 255, 256):
        with pytest.raises(ValueError, match=f"connector {wrong} "):
            values.port_no_of(wrong)


@given(st.binary(min_size=16, max_size=16).filter(any))
def test_order_numbers_of_any_bytes_survive_both_ways(order_no: bytes) -> None:
    assert values.order_no_of(values.session_no_of(order_no)) == order_no


def test_the_platforms_session_numbers_are_order_numbers() -> None:
    session = new_session_no("04CEAA40", 1, START_MS)
    assert len(values.order_no_of(session)) == 16
    assert values.session_no_of(bytes(16)) == ""


@pytest.mark.parametrize("wrong", ["", "0" * 32, "1" * 31, "1" * 34, "G" * 32, "1 " * 16])
def test_other_numbers_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        values.order_no_of(wrong)


def test_temperatures() -> None:
    assert [values.CELSIUS_OF[raw] for raw in (0, 1, 65, 93, 255)] == [None, -64, 0, 28, 190]
    assert len(values.CELSIUS_OF) == 256


def test_firmware_cards_text_and_units() -> None:
    assert [values.firmware_text(raw) for raw in (640, 101, 5)] == ["6.40", "1.01", "0.05"]
    assert values.card_id_of(bytes.fromhex("7A8D05DD")) == "000000007A8D05DD"
    assert [values.text(raw) for raw in (None, b"", b"V1\0", b"\xff\x80")] == ["", "", "V1", ""]
    assert values.scaled(None, 100) is None and values.scaled(3, 100) == 300


def test_ids_of_a_broken_memory() -> None:
    for device_no in (10_011_001, 12_000_000, 13_000_001):
        assert values.is_broken(0x04000000 | device_no) and values.is_broken(0x05000000 | device_no)
    assert not values.is_broken(0x04CEAA40)
