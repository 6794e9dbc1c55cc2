"""Editions of firmware."""

from chargecloud.protocols.dny.tables import DEVICE_TYPE, PORT_STATE, TYPE_CODE
from chargecloud.sim.dny.temper import BOARD_FAULTS, TEMPERS, TYPE_CODES


def test_every_edition_is_one_the_vendor_lists() -> None:
    assert all(temper.device_type in DEVICE_TYPE for temper in TEMPERS.values())
    assert all(name == temper.name for name, temper in TEMPERS.items())
    assert all(code in TYPE_CODE for code in TYPE_CODES.values())


def test_faults_by_number_are_port_states_that_mean_one() -> None:
    numbers = {int(fault) for fault in BOARD_FAULTS if fault.isdecimal()}
    assert {0, 1, 2, 3, 5}.isdisjoint(numbers)
    assert set(PORT_STATE) - {0, 1, 2, 3, 5} <= numbers
