"""Enumerations and packed pieces."""

from chargecloud.protocols.wire.parts import Choices, bits, derived, flags

COLOURS = Choices({0: ("red", "红"), 2: ("blue", "蓝")})


def test_known_and_unknown_numbers_have_names() -> None:
    assert COLOURS.identifier(2) == "blue"
    assert COLOURS.text(2) == "蓝"
    assert COLOURS.identifier(7) == "unknown(7)"
    assert COLOURS.text(7) == "未知(7)"
    assert dict(COLOURS)[0].identifier == "red"
    assert len(COLOURS) == 2


def test_bits_are_cut_from_the_lowest() -> None:
    assert bits(2, 2, "item", "项").read(0b1001_1000) == 0b10
    assert bits(0, 12, "voltage", "电压", scale=2).read(0x1155) == "3.41"
    assert bits(2, 2, "item", "项").place == "bit 2–3"


def test_flags_list_the_set_bits() -> None:
    assert flags("set", "位", COLOURS).read(0b101) == ["red", "blue"]
    assert flags("set", "位", COLOURS).read(0b010) == []


def test_derived_text() -> None:
    assert derived("text", "文", "all", lambda packed: f"{packed:x}").read(255) == "ff"
