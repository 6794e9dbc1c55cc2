"""Single values across the border."""

from __future__ import annotations

import pytest

from chargecloud.kernel.clock import BEIJING
from chargecloud.protocols.ykc16.mapping.values import (
    CONNECTOR_NO,
    card_bytes,
    card_label_digits,
    celsius_or_none,
    epoch_ms,
    gun_text,
    hex_or_empty,
    magnitude_ma,
    session_no_of,
    text,
    wire_time,
)


def test_connectors_are_packed_decimal_and_fall_back_to_binary() -> None:
    assert [CONNECTOR_NO[gun] for gun in ("01", "09", "10", "12", "0A", "FF", "00")] == [1, 9, 10, 12, 10, 255, 0]
    assert len(CONNECTOR_NO) == 256


def test_connectors_on_the_wire() -> None:
    assert [gun_text(number) for number in (1, 10, 99)] == ["01", "10", "99"]
    for number in (0, 100, -1):
        with pytest.raises(ValueError, match=str(number)):
            gun_text(number)


def test_d7_currents_lose_their_sign() -> None:
    """343.2 A as a maker that follows GB/T 27930 sends it, as YKC16 sends it, and none."""
    assert magnitude_ma(0x0238) == 343_200
    assert magnitude_ma(4000 + 3432) == 343_200
    assert magnitude_ma(4000) == 0


def test_d10_zero_is_no_temperature() -> None:
    assert [celsius_or_none(raw) for raw in (0, 1, 50, 83)] == [None, -49, 0, 33]


def test_times_are_beijing_times() -> None:
    at_ms = epoch_ms(bytes.fromhex("98B70E11100314"))
    assert at_ms == 1_584_350_087_000, "2020-03-16 17:14:47 at UTC+8"
    assert BEIJING.utcoffset(None).total_seconds() == 8 * 3600
    assert epoch_ms(wire_time(1_767_225_600_250)) == 1_767_225_600_250


@pytest.mark.parametrize("raw", ["00000000000000", "98B70E111F0214", "FFFFFFFFFFFFFF"])
def test_d5_a_time_that_cannot_be_is_none(raw: str) -> None:
    assert epoch_ms(bytes.fromhex(raw)) is None


def test_d5_reserved_bits_are_masked() -> None:
    assert epoch_ms(bytes.fromhex("98B78E91F0F394")) == epoch_ms(bytes.fromhex("98B70E11100314"))


def test_an_idle_connector_has_no_session() -> None:
    assert session_no_of("0" * 32) == "" and session_no_of("0" * 31 + "1") == "0" * 31 + "1"


def test_text_is_printable_or_empty() -> None:
    assert [text(raw) for raw in (b"V1.6", b"\xff" * 17, b"\x00", b"a\x07b", b"")] == ["V1.6", "", "", "", ""]


def test_zero_bytes_are_no_password() -> None:
    assert hex_or_empty(bytes(16)) == "" and hex_or_empty(b"\x00\xab") == "00AB"


def test_cards_on_the_wire() -> None:
    assert card_bytes("00000000D14B0A54") == bytes.fromhex("00000000D14B0A54")
    assert card_label_digits("573") == "0000000000000573" and card_label_digits("") == "0" * 16
    for bad in ("1", "zz" * 8, "0" * 18):
        with pytest.raises(ValueError):
            card_bytes(bad)
    for bad in ("12 3", "1" * 17, "卡"):
        with pytest.raises(ValueError, match="card label"):
            card_label_digits(bad)
