import pytest

from chargecloud.kernel.energy import average_power_w, kwh_text


@pytest.mark.parametrize(("energy_mwh", "text"), [(0, "0.0000"), (100, "0.0001"), (12_345_600, "12.3456")])
def test_energy_reads_as_kwh_with_four_decimals(energy_mwh: int, text: str) -> None:
    assert kwh_text(energy_mwh) == text


def test_mean_power_of_one_kwh_in_an_hour_is_a_kilowatt() -> None:
    assert average_power_w(1_000_000, 3_600_000) == 1000


def test_no_time_no_power() -> None:
    assert average_power_w(1_000_000, 0) == 0
