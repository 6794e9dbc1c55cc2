"""Every way a charge ends is one the vendor lists."""

from chargecloud.protocols.ykc16.stop_reasons import STOP_REASON
from chargecloud.protocols.ykc16.tables import (
    BMS_ABORT_REASON,
    CHARGER_ABORT_FAULT,
    CHARGER_ABORT_REASON,
    ERROR_ITEMS,
    HARDWARE_FAULT,
)
from chargecloud.sim import stops
from chargecloud.sim.stops import FAULTS, Stop

ALL = [value for value in vars(stops).values() if isinstance(value, Stop)] + [fault.stop for fault in FAULTS.values()]


def named(parts: tuple, packed: int) -> list[str]:  # type: ignore[type-arg]
    return [part.name for part in parts if part.read(packed)]


def test_codes_are_listed_and_items_are_whole() -> None:
    assert len(ALL) > 8
    for stop in ALL:
        assert stop.code in STOP_REASON
        assert len(named(CHARGER_ABORT_REASON, stop.reason)) == 1
        assert len(named(CHARGER_ABORT_FAULT, stop.fault)) <= 1
    assert named(BMS_ABORT_REASON, stops.TARGET_REACHED) == ["soc_target_reached"]


def test_faults_name_their_bit() -> None:
    names = {kind: HARDWARE_FAULT[fault.bit].identifier for kind, fault in FAULTS.items() if fault.bit}
    assert names == {
        "emergency_stop": "emergency_stop",
        "module": "no_rectifier_module",
        "over_temp": "outlet_over_temp",
        "meter": "meter_comm_lost",
        "door": "door_open",
    }
    lost = int.from_bytes(FAULTS["bms"].stop.bms_errors, "little")
    assert named(ERROR_ITEMS, lost) == ["battery_status_timeout"]
