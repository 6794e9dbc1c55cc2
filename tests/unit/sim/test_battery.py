"""Batteries: curve, demand, conservation."""

import pytest

from chargecloud.sim.battery import EFFICIENCY, LFP, NCM, Battery, Chemistry


@pytest.mark.parametrize("chemistry", [LFP, NCM], ids=lambda chemistry: chemistry.name)
def test_voltage_rises_with_charge(chemistry: Chemistry) -> None:
    volts = [chemistry.cell_v(soc / 100) for soc in range(101)]
    assert volts == sorted(volts)
    assert volts[0] > 2.5
    assert volts[-1] < chemistry.full_cell_v


def test_lfp_is_flat_in_the_middle_and_ncm_is_not() -> None:
    assert LFP.cell_v(0.8) - LFP.cell_v(0.2) < 0.1 < NCM.cell_v(0.8) - NCM.cell_v(0.2)


def test_demand_is_constant_then_tapers() -> None:
    battery = Battery(NCM, 96, 210, soc=0.2)
    constant = [_demand(battery, soc / 100) for soc in range(10, 81)]
    taper = [_demand(battery, soc / 100) for soc in range(80, 101)]
    assert len(set(constant)) == 1
    assert constant[0] == pytest.approx(210 * 1.2)
    assert taper == sorted(taper, reverse=True)
    assert 0 < taper[-1] < 0.1 * constant[0]


def _demand(battery: Battery, soc: float) -> float:
    battery.soc = soc
    return battery.demand_current()


@pytest.mark.parametrize(("temp_c", "full"), [(-10, False), (5, False), (25, True), (45, True), (52, False)])
def test_demand_falls_in_cold_and_heat(temp_c: float, full: bool) -> None:
    battery = Battery(LFP, 104, 150, soc=0.5, temp_c=temp_c)
    assert (battery.demand_current() == pytest.approx(battery.max_current)) is full


def test_energy_is_conserved_and_charge_only_rises() -> None:
    battery = Battery(NCM, 96, 210, soc=0.1)
    before, seen = battery.stored_wh, battery.soc
    for _ in range(500):
        battery.charge(100, 10, 100)
        assert battery.soc >= seen
        seen = battery.soc
    assert battery.stored_wh - before == pytest.approx(500 * 100 * EFFICIENCY)


def test_it_is_never_more_than_full() -> None:
    battery = Battery(LFP, 104, 150, soc=0.99)
    battery.charge(1_000_000, 10, 100)
    assert battery.soc == 1


def test_it_warms_up_under_current_and_cools_down_without() -> None:
    battery = Battery(NCM, 96, 210, soc=0.2, temp_c=20, ambient_c=20)
    battery.charge(30_000, 1_800, 200)
    warm = battery.temp_c
    assert 22 < warm < 45
    battery.charge(0, 1_800, 0)
    assert 20 < battery.temp_c < warm


def test_terminal_voltage_stays_below_the_limit() -> None:
    battery = Battery(NCM, 96, 210, soc=0.99)
    assert battery.terminal_voltage(10_000) == battery.max_voltage
