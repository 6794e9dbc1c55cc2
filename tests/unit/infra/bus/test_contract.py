"""The partition of a key is a promise between processes and versions: these numbers may not change."""

from chargecloud.infra.bus.contract import PARTITIONS, partition_of


def test_the_partition_of_a_key_is_fixed() -> None:
    assert PARTITIONS == 16
    assert [partition_of(key) for key in ("32010600019236", "04A1B2C3", "", "站")] == KNOWN
    assert partition_of("32010600019236", 4) == KNOWN[0] % 4


def test_keys_spread_over_all_partitions() -> None:
    found = {partition_of(f"3201060001{number:04d}") for number in range(500)}
    assert found == set(range(PARTITIONS))


KNOWN = [12, 2, 0, 5]
"""Counted with another implementation of CRC-32, modulo 16."""
