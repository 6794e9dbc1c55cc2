"""CRC-16/MODBUS in either byte order, and the 16-bit sum."""

from hypothesis import given
from hypothesis import strategies as st

from chargecloud.protocols.wire.checksums import ByteOrder, crc16_modbus, crc_order, sum16


def bitwise(data: bytes) -> int:
    """The algorithm as the vendor document describes it, bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def test_check_value() -> None:
    assert crc16_modbus(b"123456789") == 0x4B37


@given(st.binary(max_size=300))
def test_equals_the_bitwise_algorithm(data: bytes) -> None:
    assert crc16_modbus(data) == bitwise(data)


def test_worked_examples_of_both_orders() -> None:
    assert crc_order(bytes.fromhex("000000025503141278230500"), bytes.fromhex("DA4C")) is ByteOrder.LOW_FIRST
    assert crc_order(bytes.fromhex("25D30003202312120000100100"), bytes.fromhex("D1AC")) is ByteOrder.HIGH_FIRST
    assert crc_order(bytes.fromhex("25D30003202312120000100100"), bytes.fromhex("D1AD")) is None


@given(st.integers(0, 600), st.integers(0, 255))
def test_the_sum_is_the_sum_however_long_and_large(size: int, byte: int) -> None:
    assert sum16(bytes((byte,)) * size) == sum(bytes((byte,)) * size) & 0xFFFF


def test_sum_is_cut_to_sixteen_bits() -> None:
    assert sum16(b"\x01\x02\xff") == 0x102
    assert sum16(b"\xff" * 300) == 300 * 255 % 65536
